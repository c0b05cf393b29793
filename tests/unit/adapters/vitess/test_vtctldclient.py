"""vtctldclient's complaints become one sentence, and its silence a retry."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from seatrial.adapters.vitess.vtctldclient import Vtctldclient, said_by
from seatrial.domain.fault import Exit, Fault


def recorded(name: str) -> str:
    return Path(__file__).with_name(f"{name}.txt").read_text()


def test_the_recorded_complaints_are_sentences() -> None:
    assert said_by(recorded("refused_not_empty")) == (
        "failed to validate that all target tables are empty: non-empty tables found in target keyspace(t_sharded): "
        "noprim, orders"
    )
    assert said_by(recorded("refused_no_streams")).startswith(
        "failed to get workflow state for t_unsharded.w_u workflow"
    )


@pytest.mark.parametrize(
    ("stderr", "said"),
    [
        ("", "no reason given"),
        ("\n \n", "no reason given"),
        ("E1121 plain text\n", "E1121 plain text"),
        (
            '{"level":"INFO","msg":"first"}\n{"level":"ERROR","msg":"rpc error: code = NotFound desc = gone"}\n\n',
            "gone",
        ),
        ('{"no": "msg"}', '{"no": "msg"}'),
        ("[1]", "[1]"),
        ("a\tb   c", "a b c"),
    ],
)
def test_what_it_said(stderr: str, said: str) -> None:
    assert said_by(stderr) == said


def test_a_long_complaint_stays_one_line() -> None:
    assert len(said_by("x" * 10_000)) == 600


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"


def program(folder: Path, script: str, server: str) -> Vtctldclient:
    path = folder / "vtctldclient"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return Vtctldclient(path, server)


def test_data_and_text(tmp_path: Path, server: str) -> None:
    client = program(tmp_path, """echo '["w_s"]'""", server)
    assert client.json("Workflow", "list") == ["w_s"]
    assert client.text("Workflow", "list") == '["w_s"]\n'


@pytest.mark.parametrize(
    ("script", "code", "exit"),
    [
        ("echo 'rpc error: code = Unknown desc = not empty' >&2; exit 1", "vitess.refused", Exit.FAULT),
        ("echo 'rpc error: code = Unavailable desc = refused' >&2; exit 1", "vitess.unreachable", Exit.RETRY),
        ("echo 'dial tcp: connection refused' >&2; exit 1", "vitess.unreachable", Exit.RETRY),
        ("echo no json", "vitess.not-json", Exit.FAULT),
    ],
)
def test_refusals(tmp_path: Path, server: str, script: str, code: str, exit: Exit) -> None:
    with pytest.raises(Fault) as fault:
        program(tmp_path, script, server).json("Workflow", "--keyspace", "k", "list")
    assert (fault.value.code, fault.value.exit) == (code, exit)


def test_a_refusal_does_not_repeat_what_may_be_private(tmp_path: Path, server: str) -> None:
    with pytest.raises(Fault) as fault:
        program(tmp_path, "exit 1", server).text("ExecuteFetchAsDBA", "zone1-100", "x" * 80, "two\nlines")
    assert "ExecuteFetchAsDBA zone1-100" in fault.value.what
    assert "xxx" not in fault.value.what
    assert "two" not in fault.value.what


def test_nobody_listening_is_known_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as once:
        port = once.getsockname()[1]
    with pytest.raises(Fault) as fault:
        program(tmp_path, "sleep 60", f"127.0.0.1:{port}").text("GetKeyspaces")
    assert (fault.value.code, fault.value.exit) == ("vitess.unreachable", Exit.RETRY)
