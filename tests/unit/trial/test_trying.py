import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from seatrial.adapters.mysql.client import Login
from seatrial.domain.executed import Executed
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.replaying import Guard, Tried
from seatrial.trial import trying as module
from seatrial.trial.settings import Settings
from seatrial.trial.trying import trying
from seatrial.trial.wiring import ScratchGate
from tests.unit import factories
from tests.unit.factories_replay import guard
from tests.unit.fakes import Told

SCRIPT = """
import os
print(os.environ["SEATRIAL_HOST"], os.environ["MYSQL_TCP_PORT"], os.environ["DATABASE_URL"])
raise SystemExit(5)
"""


class FakeLog:
    lost = 0

    def __init__(self, *statements: Executed) -> None:
        self._statements = list(statements)

    def take(self) -> list[Executed]:
        taken, self._statements = self._statements, []
        return taken


def executed(sql: str, database: str, error: str = "") -> Executed:
    return Executed(ended_us=1, took_us=1, sql=sql.encode(), database=database, error=error)


@pytest.fixture
def tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a command on a bench whose vtgate told these statements; what `try` stores, and what was shown."""
    guarded: list[str] = []
    told = Told()

    def looked(*_: object) -> Guard:
        guarded.append("guarded")
        return guard()

    monkeypatch.setattr(module, "guard", looked)
    monkeypatch.setattr(module, "insist_on_rows", looked)
    monkeypatch.setattr(module, "copied", lambda bench: bench.read("load"))

    def run(*command: str, log: FakeLog | None = None, confined: bool = True, told: Told = told) -> tuple[Tried, bytes]:
        @contextmanager
        def scratch_gate(*_: object) -> Iterator[ScratchGate]:
            yield ScratchGate(login=Login(user="u", host="127.0.0.9", port=7), log=cast(Any, log), confined=confined)

        bodies = {"provision": factories.provisioned(), "load": factories.loaded()}
        wiring = SimpleNamespace(cluster=lambda: None, scratch_gate=scratch_gate, sample=lambda: None)
        (tmp_path / "private").mkdir(exist_ok=True)
        bench: Any = SimpleNamespace(
            read=lambda kind: SimpleNamespace(body=bodies[kind]),
            wiring=wiring,
            settings=Settings(name="acme", source="mysql://reader@db.example:3306/shop"),
            tell=told,
            instance="scratch",
            dossier=SimpleNamespace(root=tmp_path, private=tmp_path / "private"),
        )
        shown: list[bytes] = []
        body = trying(command, shown.append).run(bench)["try"]
        assert guarded == ["guarded", "guarded"]
        return body, b"".join(shown)

    return run


def test_the_command_finds_the_copy_in_its_environment_and_its_exit_is_told(tried: Any, tmp_path: Path) -> None:
    body, shown = tried(sys.executable, "-c", SCRIPT)
    home = factories.provisioned().home.name
    assert shown.decode() == f"127.0.0.9 7 mysql://u@127.0.0.9:7/{home}\n"
    assert (body.exit, body.output_lines, body.statements) == (5, 1, None)
    assert (tmp_path / body.output).read_bytes() == shown
    assert (tmp_path / "private/try").stat().st_mode & 0o777 == 0o700


def test_only_the_program_is_told_of_the_command(tried: Any) -> None:
    body, _ = tried("/bin/sh", "-c", "true", "--password=planted")
    assert body.program == "sh" and "planted" not in repr(body)


def test_failures_of_the_copy_are_told_and_not_those_of_other_keyspaces(tried: Any) -> None:
    ours = guard().keyspaces[0]
    log = FakeLog(
        executed("select 1", ours), executed("select nope", ours, "Unknown column"), executed("begin", ""),
        executed("select nope", "somebody_elses", "Unknown column"),
    )  # fmt: skip
    body, _ = tried("true", log=log)
    assert body.statements == 3
    assert [(each.message, each.count) for each in body.failures] == [("Unknown column", 1)]


def test_a_command_that_is_not_there_is_a_fault(tried: Any) -> None:
    with pytest.raises(Fault) as fault:
        tried("no-such-command")
    assert fault.value.code == "try.no-command"


def test_where_the_gate_knows_the_source_too_nothing_is_run_and_the_copy_stays_unwritten(
    tried: Any, tmp_path: Path
) -> None:
    told = Told()
    with pytest.raises(Fault) as fault:
        tried("touch", str(tmp_path / "ran"), confined=False, told=told)
    assert (fault.value.code, fault.value.exit) == ("try.production", Exit.CONFIG)
    assert not (tmp_path / "ran").exists()
    assert told.acts == []
