"""Runs a program and measures it with all its children: the clock, the processor's time, the most memory."""

import os
import resource
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import psutil
from msgspec import Struct

LOOK_EVERY_S = 0.02
WEIGH_EVERY_S = 0.2
TELL_TO_END_S = 60.0


class Limits(Struct, frozen=True, kw_only=True):
    """What a program may take; beyond it, it is stopped."""

    seconds: float
    bytes: int


class Ran(Struct, frozen=True, kw_only=True):
    """A program that ended. `stopped`: "" or what it took too much of. `peak_bytes` is the largest sum of the resident
    memory of all its processes (what they share is in it once for each), looked at five times a second;
    `largest_bytes` what the kernel says of its largest process (ru_maxrss; that begins with its parent's memory, so
    where it is no more than ours, it is the largest that was seen)."""

    exit: int
    stopped: str
    wall_s: float
    cpu_s: float
    peak_bytes: int
    largest_bytes: int


class Resident(NamedTuple):
    """Bytes in memory: of all processes together, of the largest."""

    all: int
    largest: int


def run(command: Sequence[str], out: Path, err: Path, limits: Limits) -> Ran:
    """Run it to its end or its limits, what it prints in files. It is gone afterwards, children too, whatever happens
    here meanwhile: Ctrl-C reaches us alone."""
    with out.open("wb") as stdout, err.open("wb") as stderr:
        began = time.perf_counter()
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, start_new_session=True
        )
    try:
        status, usage, stopped, seen = _watched(child, began, limits)
    except BaseException:
        _kill(child.pid)
        child.wait()
        raise
    wall = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    largest = max(seen.largest, usage.ru_maxrss * 1024 if usage.ru_maxrss > ours else 0)
    return Ran(
        exit=child.returncode,
        stopped=stopped,
        wall_s=wall,
        cpu_s=usage.ru_utime + usage.ru_stime,
        peak_bytes=max(seen.all, largest),
        largest_bytes=largest,
    )


def told_to_end(command: Sequence[str]) -> int:
    """Run it to its end; on Ctrl-C it is told to end (SIGTERM) and has a minute to remove what it made."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        return child.wait()
    except BaseException:
        child.terminate()
        try:
            child.wait(TELL_TO_END_S)
        finally:
            _kill(child.pid)
            child.wait()
        raise


def _watched(
    child: subprocess.Popen[bytes], began: float, limits: Limits
) -> tuple[int, resource.struct_rusage, str, Resident]:
    seen, weigh_at, stopped = Resident(0, 0), began, ""
    while True:
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
        if pid:
            return status, usage, stopped, seen
        now = time.perf_counter()
        if now >= weigh_at:
            now_held = _resident(child.pid)
            seen = Resident(max(seen.all, now_held.all), max(seen.largest, now_held.largest))
            weigh_at = now + WEIGH_EVERY_S
        if not stopped and (stopped := _beyond(now - began, seen.all, limits)):
            _kill(child.pid)
        time.sleep(LOOK_EVERY_S)


def _beyond(seconds: float, peak_bytes: int, limits: Limits) -> str:
    if seconds > limits.seconds:
        return f"{limits.seconds:g} s"
    return f"{limits.bytes / 1e9:,.1f} GB" if peak_bytes > limits.bytes else ""


def _tree(pid: int) -> list[psutil.Process]:
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _resident(pid: int) -> Resident:
    held = [0]
    for process in _tree(pid):
        try:
            held.append(process.memory_info().rss)
        except psutil.Error:
            pass  # it ended meanwhile
    return Resident(sum(held), max(held))


def _kill(pid: int) -> None:
    """The process and its children; a parent that is waited for elsewhere stays ours to wait for."""
    tree = _tree(pid)
    for process in tree:
        try:
            process.send_signal(signal.SIGKILL)
        except psutil.Error:
            pass  # it ended meanwhile
    psutil.wait_procs([process for process in tree if process.pid != pid], timeout=10)
