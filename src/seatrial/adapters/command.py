"""Somebody's own command, run with our environment added, its output shown as it comes and kept."""

import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from msgspec import Struct

from seatrial.domain.event import Pulse, Tell
from seatrial.domain.fault import Exit, Fault

_BEAT_S = 0.1
_GRACE_S = 0.7
_CHUNK = 1 << 16


class Ran(Struct, frozen=True, kw_only=True):
    """A command that ended: its exit code (128 + N when signal N ended it), seconds, lines of output."""

    exit: int
    seconds: float
    lines: int


def run_command(
    command: Sequence[str], *, env: Mapping[str, str], output: Path, show: Callable[[bytes], None], tell: Tell
) -> Ran:
    """Run it to its end in a process group of its own; both its outputs go to `show` and to the file (0600) in the
    order they come. When `tell` raises, and when the command leaves processes behind, the group is ended.

    Fault `try.no-command` where there is no such program. Our own passwords are not passed on.
    """
    handle = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as kept:
        began = time.monotonic()
        child = _started(command, env)
        try:
            lines = _pass_on(child, kept, show, tell)
            code = child.wait()
        finally:
            _end_group(child)
    return Ran(exit=code if code >= 0 else 128 - code, seconds=round(time.monotonic() - began, 3), lines=lines)


def _started(command: Sequence[str], env: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    kept = {name: value for name, value in os.environ.items() if not _ours(name)}
    try:
        return subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**kept, **env},
            start_new_session=True,
        )
    except OSError as error:  # it is not there, may not be run, or is no program: a script without its #! line
        raise Fault(
            "try.no-command",
            f"{command[0]} cannot be run: {error.strerror}",
            remedy="name a program that is there, with its path: seatrial try -d DIR -- PROGRAM ARGUMENTS",
            exit=Exit.USAGE,
        ) from None


def _ours(name: str) -> bool:
    return name.startswith("SEATRIAL_") and name.endswith("PASSWORD")


def _pass_on(child: "subprocess.Popen[bytes]", kept: IO[bytes], show: Callable[[bytes], None], tell: Tell) -> int:
    """Until the output ends, or the command has ended and says nothing more; the number of lines."""
    assert child.stdout is not None  # noqa: S101 – it was asked for
    pipe = child.stdout.fileno()
    lines, last = 0, b"\n"
    while True:
        tell(Pulse())
        ended = child.poll() is not None
        if select.select((pipe,), (), (), 0 if ended else _BEAT_S)[0]:
            if not (said := os.read(pipe, _CHUNK)):
                break
            kept.write(said)
            show(said)
            lines, last = lines + said.count(b"\n"), said[-1:]
        elif ended:
            break  # what holds the pipe open was left behind
    while child.poll() is None:  # it closed its output, and goes on
        tell(Pulse())
        time.sleep(_BEAT_S)
    return lines + (last != b"\n")


def _lives(child: "subprocess.Popen[bytes]") -> bool:
    """Whether anything of its group is still there."""
    child.poll()
    try:
        os.killpg(child.pid, 0)
    except ProcessLookupError:
        return False
    return True


def _end_group(child: "subprocess.Popen[bytes]") -> None:
    """TERM to the group, which it leads, and KILL to what is still there after the grace."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(child.pid, number)
        except ProcessLookupError:
            break
        until = time.monotonic() + _GRACE_S
        while _lives(child) and time.monotonic() < until:
            time.sleep(0.02)
    child.wait()
    if child.stdout is not None:
        child.stdout.close()
