import os
import signal
import socket
import sys
import time
from pathlib import Path

import psutil
import pytest

from seatrial.adapters.process import Identity, identify, last_words, run, start_daemon, stop, wait_ready
from seatrial.domain.event import Event, silent
from seatrial.domain.fault import Cancelled, Fault


def test_run_returns_both_outputs_and_the_exit_code() -> None:
    done = run(["sh", "-c", "cat; echo to-stderr >&2; exit 3"], tell=silent, timeout_s=10, stdin="given")
    assert (done.stdout, done.stderr, done.exit, done.ok) == ("given", "to-stderr\n", 3, False)


def test_run_kills_the_whole_group_when_the_time_is_over(tmp_path: Path) -> None:
    pid_file = tmp_path / "grandchild"
    with pytest.raises(Fault) as fault:
        run(["sh", "-c", f"sleep 60 & echo $! > {pid_file}; wait"], tell=silent, timeout_s=0.6)
    assert fault.value.code == "process.timeout"
    assert _gone(int(pid_file.read_text()))


def test_run_is_cancelled_by_its_tell_within_half_a_second(tmp_path: Path) -> None:
    pid_file = tmp_path / "child"
    began = time.monotonic()

    def tell(_: Event) -> None:
        if pid_file.exists() and pid_file.read_text():
            raise Cancelled

    with pytest.raises(Cancelled):
        run(["sh", "-c", f"echo $$ > {pid_file}; exec sleep 60"], tell=tell, timeout_s=60)
    assert time.monotonic() - began < 2
    assert _gone(int(pid_file.read_text()))


def test_run_does_not_hang_on_much_output() -> None:
    done = run([sys.executable, "-c", "print('x' * 3_000_000)"], tell=silent, timeout_s=30)
    assert len(done.stdout) == 3_000_001


def test_run_appends_stderr_to_a_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("before\n")
    assert run(["sh", "-c", "echo said >&2"], tell=silent, timeout_s=10, log=log).stderr == ""
    assert log.read_text() == "before\nsaid\n"


def test_a_child_does_not_inherit_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEATRIAL_SOURCE_PASSWORD", "planted")
    monkeypatch.setenv("SEATRIAL_HOME", "/kept")
    told = run(["env"], tell=silent, timeout_s=10, env={"MORE": "added"}).stdout
    assert "planted" not in told
    assert "SEATRIAL_HOME=/kept" in told and "MORE=added" in told


def test_a_missing_program_is_a_fault() -> None:
    with pytest.raises(Fault) as fault:
        run(["/nowhere/program"], tell=silent, timeout_s=1)
    assert fault.value.code == "process.missing"


def test_a_reused_pid_is_not_the_same_process() -> None:
    ours = identify(os.getpid())
    assert ours is not None and ours.alive
    assert not Identity(pid=ours.pid, started_s=ours.started_s - 60).alive


HALF_DEAD = """
import ctypes, socket, threading, time
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
threading.Thread(target=time.sleep, args=(60,)).start()
ctypes.CDLL(None).syscall(60, 0)  # exit: of this thread alone
"""


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the number of the system call is another there")
def test_a_process_is_gone_only_when_its_last_thread_is(tmp_path: Path) -> None:
    log = tmp_path / "log"
    daemon = start_daemon([sys.executable, "-c", HALF_DEAD], log=log)
    try:
        wait_ready("it", lambda: not daemon.alive, process=None, log=log, timeout_s=10, tell=silent)
        assert not daemon.gone
        with pytest.raises(OSError):
            socket.create_server(("127.0.0.1", int(log.read_text())))
    finally:
        stop([daemon], silent, grace_s=0)
    assert daemon.gone
    socket.create_server(("127.0.0.1", int(log.read_text()))).close()


def test_a_signal_never_reaches_the_one_who_got_the_pid(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    monkeypatch.setattr(psutil.Process, "send_signal", lambda self, number: sent.append(number))
    ours = identify(os.getpid())
    assert ours is not None
    Identity(pid=ours.pid, started_s=ours.started_s - 60).send(signal.SIGTERM)
    assert sent == []


def test_the_identity_holds_when_the_wall_clock_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = identify(os.getpid())
    assert ours is not None
    shift = 3600.0
    boot, create = psutil.boot_time(), psutil.Process.create_time
    monkeypatch.setattr(psutil, "boot_time", lambda: boot + shift)
    monkeypatch.setattr(psutil.Process, "create_time", lambda self: create(self) + shift)
    assert ours.alive


def test_a_daemon_outlives_nothing_but_is_stopped_by_term(tmp_path: Path) -> None:
    log = tmp_path / "log"
    daemon = start_daemon(["sh", "-c", "echo up; exec sleep 60"], log=log)
    assert daemon.alive
    wait_ready("it", lambda: "up" in log.read_text(), process=daemon, log=log, timeout_s=5, tell=silent)
    stop([daemon], silent)
    assert not daemon.alive and _gone(daemon.pid)


def test_a_daemon_deaf_to_term_is_killed_after_the_grace(tmp_path: Path) -> None:
    log = tmp_path / "log"
    daemon = start_daemon(["sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.1; done"], log=log)
    wait_ready("it", lambda: "up" in log.read_text(), process=daemon, log=log, timeout_s=5, tell=silent)
    stop([daemon], silent, grace_s=0.3)
    assert not daemon.alive


def test_a_daemon_that_ends_while_starting_is_a_fault_with_its_last_words(tmp_path: Path) -> None:
    log = tmp_path / "log"
    daemon = start_daemon(["sh", "-c", "echo no room on the disk; exit 1"], log=log)
    with pytest.raises(Fault) as fault:
        wait_ready("it", lambda: False, process=daemon, log=log, timeout_s=5, tell=silent)
    assert fault.value.code == "process.ended"
    assert "no room on the disk" in fault.value.what


def test_last_words_of_no_log() -> None:
    assert last_words(Path("/nowhere")) == "it left no log"


def _gone(pid: int) -> bool:
    until = time.monotonic() + 2
    while time.monotonic() < until:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False
