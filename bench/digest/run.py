"""Digests the same slow log in two ways on one machine, and prints both as a table: seatrial, and pt-query-digest.

    .venv/bin/python bench/digest/run.py --events 200000 --repeat 3

The log is written by a real MySQL under the sample's traffic, then repeated until it is long enough. Needs the engine
(`seatrial lab install`) and Debian's package percona-toolkit; with --log any other slow log of MySQL 8 or 9. What it
starts is named bench-…, and is removed at the end, also after an error or Ctrl-C.
"""

import os
import platform
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import click
from msgspec import Struct

from seatrial.adapters.crew import Crew
from seatrial.cli.main import say_fault
from seatrial.domain.event import silent
from seatrial.domain.fault import Cancelled, Exit, Fault
from seatrial.lab import engine
from seatrial.parsing.slow_log import SlowLog
from seatrial.sample import slow_log
from seatrial.sample.load import load as fill
from seatrial.sample.server import Sample
from seatrial.sample.setup import APP, DATABASE, ROOT
from seatrial.sample.traffic import Order, run
from seatrial.stages.digest import Log, digest

NAME = "bench-digest"
TOOL = "pt-query-digest"


class Measured(Struct, frozen=True, kw_only=True):
    """One way in one round: `events` it says it read, the clock around it, and the processor's time it took."""

    events: int
    wall_s: float
    cpu_s: float


@click.command()
@click.option("--events", default=200_000, show_default=True, type=click.IntRange(1000), help="Length of the log.")
@click.option("--repeat", default=3, show_default=True, type=click.IntRange(1, 20), help="Rounds; medians are printed.")
@click.option("--seconds", default=20, show_default=True, type=click.IntRange(2), help="Of traffic, before repeating.")
@click.option("--log", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Take this log instead.")
@click.option("--database", default=DATABASE, show_default=True, help="The log's database.")
def main(events: int, repeat: int, seconds: int, log: Path | None, database: str) -> None:
    """Measure both ways in turn, round by round, so that noise of the machine meets both alike."""
    if shutil.which(TOOL) is None:
        raise Fault(
            "bench.no-tool",
            f"{TOOL} cannot be found",
            remedy="apt-get install percona-toolkit",
            exit=Exit.CONFIG,
        )
    with tempfile.TemporaryDirectory(prefix=f"{NAME}-") as folder:
        long = log or _written(Path(folder), events, seconds)
        ways: dict[str, Callable[[], Measured]] = {
            TOOL: lambda: _pt(long),
            "seatrial": lambda: _ours(long, database, Crew()),
            "· on one core": lambda: _ours(long, database, None),
            "· reading alone": lambda: _reading(long),
        }
        rounds: dict[str, list[Measured]] = {name: [] for name in ways}
        for number in range(1, repeat + 1):
            for name, way in ways.items():
                _say(f"round {number} of {repeat}: {name}")
                rounds[name].append(way())
        click.echo(_table(long, rounds))


def _written(work: Path, events: int, seconds: int) -> Path:
    """A log of about so many events: what a real server wrote, again and again."""
    sample = Sample(NAME)
    try:
        _say("a sample with traffic, every statement logged")
        sample.up(engine.find().mysql_root, silent)
        fill(sample.login(ROOT, None), scale=0.05, replace=True, tell=silent)
        log = slow_log.start(sample, "bench.log", silent)
        run(Order(login=sample.login(APP), rate_per_s=100, seconds=seconds, awkward=True), silent)
        slow_log.stop(sample, silent)
        once = log.read_bytes()
    finally:
        sample.down(silent)
    long = work / "slow.log"
    times = max(1, events // once.count(b"\n# Query_time: "))
    with long.open("wb") as file:
        for _ in range(times):
            file.write(once)
    return long


def _pt(log: Path) -> Measured:
    words = [TOOL, "--limit", "100%", "--no-version-check", str(log)]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode or (found := re.search(r"# Overall: ([\d.]+)([kM]?) total", done.stdout)) is None:
        raise Fault("bench.failed", f"{TOOL} ended with {done.returncode}: {done.stderr[-300:]}", remedy="see above")
    events = round(float(found[1]) * {"": 1, "k": 1000, "M": 1_000_000}[found[2]])
    return Measured(events=events, wall_s=wall, cpu_s=_cpu(after) - _cpu(before))


def _ours(log: Path, database: str, crew: Crew | None) -> Measured:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began, cpu = time.perf_counter(), time.process_time()
    with log.open("rb") as stream:
        made = digest(
            [Log(name=log.name, stream=stream, bytes=log.stat().st_size)],
            database=database,
            schema=None,
            keep=None,
            now=datetime.now(UTC),
            tell=silent,
            crew=crew,
        )
    wall, own = time.perf_counter() - began, time.process_time() - cpu
    workers = _cpu(resource.getrusage(resource.RUSAGE_CHILDREN)) - _cpu(before)
    return Measured(events=made.events, wall_s=wall, cpu_s=own + workers)


def _reading(log: Path) -> Measured:
    began, cpu = time.perf_counter(), time.process_time()
    with log.open("rb") as stream:
        events = sum(1 for executed in SlowLog(stream, log.name) if not executed.command)
    return Measured(events=events, wall_s=time.perf_counter() - began, cpu_s=time.process_time() - cpu)


def _cpu(usage: resource.struct_rusage) -> float:
    return usage.ru_utime + usage.ru_stime


def _table(log: Path, rounds: dict[str, list[Measured]]) -> str:
    size = log.stat().st_size
    base = Measured(
        events=1,
        wall_s=median(one.wall_s / one.events for one in rounds[TOOL]),
        cpu_s=median(one.cpu_s / one.events for one in rounds[TOOL]),
    )
    lines = [
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {platform.machine()}, {os.cpu_count()} cores, "
        f"load average {os.getloadavg()[0]:.1f} at the end",
        f"a log of {size / 1e6:,.1f} MB; {len(rounds[TOOL])} rounds, medians",
        "",
        "| way | events | s (least–most) | cpu s | events/s | MB/s | against pt-query-digest by the clock | by cpu s |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        *(_row(name, measured, size, base) for name, measured in rounds.items()),
    ]
    return "\n".join(lines)


def _row(name: str, measured: Sequence[Measured], size: int, base: Measured) -> str:
    walls = [one.wall_s for one in measured]
    wall, cpu, events = median(walls), median(one.cpu_s for one in measured), measured[0].events
    spread = f"{wall:.1f} ({min(walls):.1f}–{max(walls):.1f})"
    rates = f"{events / wall:,.0f} | {size / 1e6 / wall:.1f}"
    times = f"{base.wall_s / (wall / events):.1f} × | {base.cpu_s / (cpu / events):.1f} ×"
    return f"| {name} | {events:,} | {spread} | {cpu:.1f} | {rates} | {times} |"


def _say(text: str) -> None:
    click.echo(f"… {text}", err=True)


if __name__ == "__main__":
    try:
        main(standalone_mode=False)
    except click.UsageError as error:
        error.show()
        sys.exit(int(Exit.USAGE))
    except Fault as trouble:
        say_fault(trouble, as_json=False)
        sys.exit(int(trouble.exit))
    except (Cancelled, KeyboardInterrupt, click.Abort):
        _say("stopped; what was started is removed")
        sys.exit(int(Exit.RETRY))
