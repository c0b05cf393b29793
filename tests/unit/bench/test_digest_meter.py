"""What the digest's benchmark measures of a program and its children, and that none outlives it."""

import signal
import sys
import threading
from pathlib import Path

import psutil
import pytest

from bench.digest.meter import Limits, Ran, run
from bench.digest.table import Measured, table

PLENTY = Limits(seconds=30, bytes=1 << 40)
# a child of the program holds the memory
HOLDS = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, '-c', 'held = bytearray(90_000_000); import time; time.sleep(%s)'])
print(child.pid, flush=True)
child.wait()
"""


def measured(tmp_path: Path, program: str, limits: Limits = PLENTY) -> Ran:
    return run([sys.executable, "-c", program], tmp_path / "out", tmp_path / "err", limits)


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_the_clock_the_processor_and_the_exit_are_told(tmp_path: Path) -> None:
    ran = measured(tmp_path, "import sys, time; time.sleep(0.3); print('done'); sys.exit(3)")
    assert (ran.exit, ran.stopped) == (3, "")
    assert 0.3 < ran.wall_s < 10 and 0 < ran.cpu_s < ran.wall_s + 1
    assert (tmp_path / "out").read_text() == "done\n"


def test_the_memory_of_children_is_counted(tmp_path: Path) -> None:
    ran = measured(tmp_path, HOLDS % 0.8)
    assert ran.peak_bytes > ran.largest_bytes > 90_000_000


@pytest.mark.parametrize(
    ("limits", "why"), [(Limits(seconds=0.7, bytes=1 << 40), "0.7 s"), (Limits(seconds=30, bytes=50_000_000), "0.1 GB")]
)
def test_what_goes_beyond_a_limit_is_stopped_with_its_children(tmp_path: Path, limits: Limits, why: str) -> None:
    ran = measured(tmp_path, HOLDS % 60, limits)
    assert ran.stopped == why and ran.exit == -signal.SIGKILL and ran.wall_s < 20
    assert gone(int((tmp_path / "out").read_text()))


def test_an_interrupt_leaves_nothing_running(tmp_path: Path) -> None:
    timer = threading.Timer(0.8, signal.raise_signal, [signal.SIGINT])
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        measured(tmp_path, HOLDS % 60)
    assert gone(int((tmp_path / "out").read_text()))


def ran(wall_s: float, stopped: str = "") -> Ran:
    return Ran(exit=0, stopped=stopped, wall_s=wall_s, cpu_s=wall_s, peak_bytes=50_000_000, largest_bytes=40_000_000)


def test_ways_are_held_against_the_first_by_what_they_read() -> None:
    ways = {
        "other": [Measured(ran=ran(8, "0.5 GB"), events=500, share=0.5)],
        "ours": [Measured(ran=ran(wall), events=1000) for wall in (3, 4, 9)],
    }
    other, mine = table("(a) a log", 100_000_000, ways, "other").splitlines()[-2:]
    assert other == (
        "| other | about 500 | 8.0, stopped at 0.5 GB, 50% read | 6.2 | 62 | 8.0 | 50 (40) | 1.0 × | 1.0 × |"
    )
    assert mine == "| ours | 1,000 | 4.0 (3.0–9.0) | 25.0 | 250 | 4.0 | 50 (40) | 4.0 × | 4.0 × |"


def test_a_way_that_was_stopped_before_it_told_anything_has_no_rate() -> None:
    ways = {"other": [Measured(ran=ran(8, "8 s"), events=0, share=0.0)], "ours": [Measured(ran=ran(2), events=10)]}
    other, mine = table("(a) a log", 1_000_000, ways, "other").splitlines()[-2:]
    assert other == "| other | – | 8.0, stopped at 8 s | – | – | 8.0 | 50 (40) | – | – |"
    assert mine.endswith("| – | – |")
