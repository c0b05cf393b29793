import sys
import time
from pathlib import Path

import psutil
import pytest

from seatrial.adapters.command import run_command
from seatrial.domain.event import Event, silent
from seatrial.domain.fault import Cancelled, Fault


def sh(script: str, output: Path, shown: list[bytes] | None = None, env: dict[str, str] | None = None) -> int:
    take = shown.append if shown is not None else lambda _: None
    return run_command(["sh", "-c", script], env=env or {}, output=output, show=take, tell=silent).exit


def test_output_is_shown_and_kept_where_only_its_owner_reads(tmp_path: Path) -> None:
    shown: list[bytes] = []
    ran = run_command(
        ["sh", "-c", "echo out; echo err >&2; printf $MORE; exit 3"],
        env={"MORE": "end"}, output=tmp_path / "log", show=shown.append, tell=silent,
    )  # fmt: skip
    assert b"".join(shown) == (tmp_path / "log").read_bytes() == b"out\nerr\nend"
    assert (ran.exit, ran.lines) == (3, 3)
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600


def test_a_signal_is_told_as_the_shell_does(tmp_path: Path) -> None:
    assert sh("kill -9 $$", tmp_path / "log") == 137


def test_a_program_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(Fault) as fault:
        run_command(["/no/such"], env={}, output=tmp_path / "log", show=lambda _: None, tell=silent)
    assert fault.value.code == "try.no-command"


def test_a_file_that_is_no_program_is_a_fault(tmp_path: Path) -> None:
    script = tmp_path / "suite"
    script.write_text("echo no interpreter is named\n")
    script.chmod(0o755)
    with pytest.raises(Fault) as fault:
        run_command([str(script)], env={}, output=tmp_path / "log", show=lambda _: None, tell=silent)
    assert fault.value.code == "try.no-command" and fault.value.remedy


def test_what_it_leaves_behind_has_time_to_end_by_itself(tmp_path: Path) -> None:
    done = tmp_path / "done"
    script = f"(trap 'echo cleaned > {done}; exit' TERM; touch {tmp_path}/up; while :; do sleep 0.02; done) &\n"
    script += f"while [ ! -e {tmp_path}/up ]; do sleep 0.02; done"
    assert sh(script, tmp_path / "log") == 0
    assert done.read_text() == "cleaned\n"


def test_our_passwords_are_not_passed_on_and_theirs_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEATRIAL_READER_PASSWORD", "planted")
    monkeypatch.setenv("APP_PASSWORD", "theirs")
    sh("env", tmp_path / "log")
    told = (tmp_path / "log").read_text()
    assert "planted" not in told and "theirs" in told


def test_cancelled_it_is_gone_within_a_second_with_all_it_started(tmp_path: Path) -> None:
    pids: list[int] = []

    def show(said: bytes) -> None:
        pids.extend(map(int, said.split()))

    def tell(_: Event) -> None:
        if pids:
            raise Cancelled

    script = (
        "import os, signal, time; signal.signal(15, signal.SIG_IGN); os.fork(); "
        "print(os.getpid(), flush=True); time.sleep(60)"
    )
    with pytest.raises(Cancelled):
        run_command([sys.executable, "-c", script], env={}, output=tmp_path / "log", show=show, tell=tell)
    began = time.monotonic()
    while any(psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie" for pid in pids):
        assert time.monotonic() - began < 1
        time.sleep(0.05)


def test_a_command_that_leaves_a_daemon_behind_is_over_when_it_ends(tmp_path: Path) -> None:
    began = time.monotonic()
    sh("sleep 60 & echo started", tmp_path / "log")
    assert time.monotonic() - began < 3
    assert (tmp_path / "log").read_text() == "started\n"
