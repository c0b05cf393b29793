"""Child processes: a short one that is waited for, and a daemon that outlives us and is known again later."""

import os
import pwd
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import IO, Any

import psutil
from msgspec import Struct

from seatrial.domain.event import Pulse, Tell, rest
from seatrial.domain.fault import Fault

BEAT_S = 0.2
GRACE_S = 10.0
KILL_WAIT_S = 30.0  # the kernel takes its time to give back a large process's memory
LOG_TAIL_BYTES = 4096


class Account(Struct, frozen=True, kw_only=True):
    """The account a child runs as."""

    name: str
    uid: int
    gid: int


class Completed(Struct, frozen=True, kw_only=True):
    """A child that ended. `exit` is its exit code, negative for the signal that ended it."""

    stdout: str
    stderr: str
    exit: int
    seconds: float

    @property
    def ok(self) -> bool:
        return self.exit == 0


class Identity(Struct, frozen=True, kw_only=True):
    """A process that is known again: a pid alone is reused, a pid with its start (seconds after boot) is not."""

    pid: int
    started_s: float

    @property
    def alive(self) -> bool:
        """Whether that very process still runs; a zombie does not."""
        process = self._process()
        return process is not None and not _is_zombie(process)

    @property
    def gone(self) -> bool:
        """Whether nothing of that process is left, so that its ports and files are free.

        One that is killed becomes a zombie at once, and its last threads may hold them for a moment longer.
        """
        process = self._process()
        return process is None or (_is_zombie(process) and _threads(process) <= 1)

    def _process(self) -> psutil.Process | None:
        """That very process, if need be as a zombie."""
        if (child := _children.get(self.pid)) is not None and child.poll() is not None:
            del _children[self.pid]
        try:
            process = psutil.Process(self.pid)
            return process if abs(_started_s(process) - self.started_s) <= 0.5 else None
        except psutil.Error:
            return None

    def send(self, number: signal.Signals) -> None:
        """Send a signal to that process, and to no other that may have its pid by now."""
        if (process := self._process()) is not None:
            try:
                process.send_signal(number)
            except psutil.Error:
                pass  # it ended between the look and the signal


_children: dict[int, subprocess.Popen[bytes]] = {}
"""Daemons this very process started: polled, so that an ended one leaves no zombie."""


def _is_zombie(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.Error:  # it ended between two looks, or may not be looked at: it is no process of ours that runs
        return True


def _threads(process: psutil.Process) -> int:
    try:
        return process.num_threads()
    except psutil.Error:
        return 0


def identify(pid: int) -> Identity | None:
    """The identity of a running process; None if there is none of that pid."""
    try:
        return Identity(pid=pid, started_s=_started_s(psutil.Process(pid)))
    except psutil.Error:
        return None


def _started_s(process: psutil.Process) -> float:
    # Relative to boot: the wall clock may be set while a lab runs, and would make a stranger of it.
    return round(process.create_time() - psutil.boot_time(), 2)


def unprivileged() -> Account | None:
    """The account for programs that refuse root: `nobody` when we are root, else None (stay who we are)."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise Fault(
            "process.no-account",
            "we run as root, MySQL refuses root, and there is no account `nobody` to run it as",
            remedy="run seatrial as an ordinary user",
        ) from None
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)


def own_folder(folder: Path, account: Account | None, mode: int = 0o755) -> Path:
    """Make the folder, if need be, and give it to the account."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(mode)
    if account is not None:
        os.chown(folder, account.uid, account.gid)
    return folder


def run(
    argv: Sequence[str | Path],
    *,
    tell: Tell,
    timeout_s: float,
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    account: Account | None = None,
    log: Path | None = None,
) -> Completed:
    """Run a program to its end in a process group of its own, telling `Pulse` meanwhile.

    A non-zero exit is not a fault here: the caller reads it. The whole group is killed when `tell` raises and when
    the time is over (Fault `process.timeout`). `env` is added to ours, which is passed on without our passwords.
    With a `log`, stderr is appended to it as it comes, and is not returned.
    """
    command = [str(part) for part in argv]
    began = time.monotonic()
    with log.open("ab") if log else nullcontext(subprocess.PIPE) as stderr:
        child = _spawn(
            command,
            stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=env,
            cwd=cwd,
            account=account,
        )
    given = stdin.encode() if stdin is not None else None
    try:
        while True:
            tell(Pulse())
            try:
                out, err = child.communicate(given, timeout=BEAT_S)
                break
            except subprocess.TimeoutExpired:
                if time.monotonic() - began > timeout_s:
                    raise _too_slow(command, timeout_s) from None
    finally:
        if child.poll() is None:
            _kill_group(child)
    return Completed(
        stdout=out.decode(errors="replace"),
        stderr=(err or b"").decode(errors="replace"),
        exit=child.returncode,
        seconds=time.monotonic() - began,
    )


def start_daemon(
    argv: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    account: Account | None = None,
) -> Identity:
    """Start a program that outlives us, in a session of its own, its output appended to `log`."""
    with log.open("ab") as output:
        if account is not None:
            os.fchown(output.fileno(), account.uid, account.gid)
        child = _spawn(
            [str(part) for part in argv],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=cwd,
            account=account,
        )
    _children[child.pid] = child
    return identify(child.pid) or Identity(pid=child.pid, started_s=0)


def wait_ready(
    name: str,
    ready: Callable[[], bool],
    *,
    process: Identity | None,
    log: Path,
    timeout_s: float,
    tell: Tell,
) -> None:
    """Wait until `ready()`; a process that ended before, or took too long, is a Fault with its log's last words."""
    until = time.monotonic() + timeout_s
    while not ready():
        tell(Pulse())
        if process is not None and not process.alive:
            raise Fault(
                "process.ended",
                f"{name} ended while starting: {last_words(log)}",
                remedy=f"read {log}",
            )
        if time.monotonic() > until:
            raise Fault(
                "process.not-ready",
                f"{name} was not ready after {timeout_s:.0f} s: {last_words(log)}",
                remedy=f"read {log}; on a busy machine run the same command again",
                retry=True,
            )
        rest(tell, 0.05)


def stop(processes: Sequence[Identity], tell: Tell, grace_s: float = GRACE_S) -> None:
    """End processes, all at once: TERM, and KILL for those that are still there after the grace.

    Returns when nothing is left of them. Cancelling waits for nothing more, but every one has had its TERM.
    """
    for process in processes:
        process.send(signal.SIGTERM)
    until = time.monotonic() + grace_s
    while not all(process.gone for process in processes) and time.monotonic() < until:
        rest(tell, 0.05)
    for process in processes:
        process.send(signal.SIGKILL)
    wait_gone(processes, tell, until + KILL_WAIT_S - time.monotonic())


def wait_gone(processes: Sequence[Identity], tell: Tell, timeout_s: float = KILL_WAIT_S) -> None:
    """Wait until nothing is left of processes that have been killed (see `Identity.gone`)."""
    until = time.monotonic() + timeout_s
    while left := [process for process in processes if not process.gone]:
        if time.monotonic() > until:
            raise Fault(
                "process.immortal",
                f"process {left[0].pid} does not end, not even by SIGKILL",
                remedy="look at it with ps; it may hang in the kernel on a broken disk",
            )
        rest(tell, 0.05)


def last_words(log: Path, lines: int = 3) -> str:
    """The end of a log, on one line; says so when there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - LOG_TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return "it left no log"
    kept = [line.strip() for line in text.splitlines() if line.strip()][-lines:]
    return " | ".join(kept) or "its log is empty"


def _spawn(
    command: list[str],
    *,
    stdin: int,
    stdout: int | IO[bytes],
    stderr: int | IO[bytes],
    env: Mapping[str, str] | None,
    cwd: Path | None,
    account: Account | None,
) -> "subprocess.Popen[bytes]":
    dropped: dict[str, Any] = {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}
    try:
        return subprocess.Popen(
            command,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            env={**_inherited(), **(env or {})},
            cwd=cwd,
            start_new_session=True,
            **dropped,
        )
    except FileNotFoundError as error:
        raise Fault(
            "process.missing",
            f"there is no program {error.filename or command[0]}",
            remedy="run: seatrial lab install",
        ) from None
    except PermissionError as error:
        raise Fault(
            "process.not-allowed",
            f"we may not run {error.filename or command[0]}" + (f" as {account.name}" if account else ""),
            remedy="every folder above it must be readable and searchable for that account",
        ) from None


def _inherited() -> dict[str, str]:
    # Our passwords are for us: a child gets what it needs by a file, and its environment can be read in /proc.
    return {name: value for name, value in os.environ.items() if not name.upper().endswith(("PASSWORD", "MYSQL_PWD"))}


def _kill_group(child: "subprocess.Popen[bytes]") -> None:
    try:
        os.killpg(child.pid, signal.SIGKILL)  # it leads its own group, so this can hit no other
    except ProcessLookupError:
        pass
    child.wait()
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe is not None:
            pipe.close()


def _too_slow(command: list[str], timeout_s: float) -> Fault:
    return Fault(
        "process.timeout",
        f"{Path(command[0]).name} {' '.join(command[1:3])} was not done after {timeout_s:.0f} s and was stopped",
        remedy="run the same command again when the machine is less busy",
        retry=True,
    )
