"""Sends point reads at rising rates, and prints how late the generator itself was at each: the highest honest rate.

    .venv/bin/python bench/replay/run.py

Needs the engine (`seatrial lab install`), or the address of a MySQL or vtgate that holds the table: see --help. What
it starts is named bench-…, and is removed at the end, also after an error or Ctrl-C.
"""

import os
import random
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import click
from msgspec import Struct

from seatrial.adapters.generator import Workers
from seatrial.adapters.mysql.client import Connection, Login
from seatrial.cli.main import say_fault
from seatrial.domain.event import silent
from seatrial.domain.fault import Fault
from seatrial.domain.generator import GeneratorRun
from seatrial.domain.sketch import merged
from seatrial.domain.workload import Recorded
from seatrial.lab import engine
from seatrial.sample.server import Sample
from seatrial.sample.setup import ROOT
from seatrial.stages.replay.replay import LATE_US, STARVED

NAME = "bench-replay"
DATABASE = "bench_replay"
ROWS = 1000
RATES = (500, 1000, 2000, 4000, 6000, 8000, 12000, 16000, 24000, 32000)


class Measured(Struct, frozen=True, kw_only=True):
    """One run. `reached` is statements a second; times in µs."""

    rate: int
    reached: float
    late: tuple[int, int, int]  # median, 99th percentile, most
    service: tuple[int, int]  # median, 99th percentile
    workers_cpu: float
    machine_cpu: float
    prompt: bool


@click.command()
@click.option("--seconds", default=5.0, show_default=True, help="Of each rate.")
@click.option("--connections", default=32, show_default=True)
@click.option("--workers", default=(1, 2), multiple=True, show_default=True, help="May be given more than once.")
@click.option("--via", default="", help="HOST:PORT/DATABASE with a table t (id INT PRIMARY KEY), instead of our own.")
@click.option("--user", default="root", show_default=True, help="With --via; without a password.")
def main(seconds: float, connections: int, workers: tuple[int, ...], via: str, user: str) -> None:
    """Raise the rate until the generator is late, the target cannot keep up, or the machine is full."""
    click.echo(
        f"- {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, load average "
        f"{os.getloadavg()[0]:.1f} before; {connections} connections, {seconds:g} s each"
    )
    with ExitStack() as stack:
        login = _given(via, user) if via else _own(stack)
        for number in workers:
            measured = list(_rising(login, number, seconds, connections))
            click.echo(_table(number, measured))


def _rising(login: Login, workers: int, seconds: float, connections: int) -> Iterator[Measured]:
    for rate in RATES:
        run = Workers(login).run(
            _point_reads(rate, seconds, connections),
            login.database or "",
            speed=1.0,
            workers=workers,
            slice_s=1.0,
            tell=silent,
        )
        measured = _measured(run, rate)
        yield measured
        if measured.reached < 0.9 * rate or measured.late[1] > 10 * LATE_US:
            return


def _point_reads(rate: int, seconds: float, connections: int) -> Iterator[Recorded]:
    luck, at_us = random.Random(1), 0.0
    while (at_us := at_us + luck.expovariate(rate) * 1e6) < seconds * 1e6:
        sql = b"SELECT * FROM t WHERE id = %d" % luck.randrange(ROWS)
        yield Recorded(luck.randrange(connections), int(at_us), 0, "0123456789abcdef", "", 1, 0, sql)


def _measured(run: GeneratorRun, rate: int) -> Measured:
    late = merged(report.lateness for report in run.reports)
    service = merged(each.service for report in run.reports for each in report.classes)
    p99 = round(late.quantile(0.99))
    return Measured(
        rate=rate,
        reached=sum(report.statements for report in run.reports) / run.seconds,
        late=(round(late.quantile(0.5)), p99, max(report.lateness_max_us for report in run.reports)),
        service=(round(service.quantile(0.5)), round(service.quantile(0.99))),
        workers_cpu=sum(report.cpu_s for report in run.reports) / run.seconds,
        machine_cpu=run.machine_cpu,
        prompt=p99 <= LATE_US,
    )


def _table(workers: int, measured: list[Measured]) -> str:
    lines = [
        "",
        f"{workers} worker{'s' if workers > 1 else ''}",
        "",
        "| asked /s | reached /s | late p50 / p99 / max ms | service p50 / p99 ms | workers' cores | all cores | "
        "p99 ≤ 1 ms |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for each in measured:
        late = " / ".join(f"{us / 1000:.2f}" for us in each.late)
        service = " / ".join(f"{us / 1000:.2f}" for us in each.service)
        full = " (full)" if each.machine_cpu > STARVED * (os.cpu_count() or 1) else ""
        lines.append(
            f"| {each.rate:,} | {each.reached:,.0f} | {late} | {service} | {each.workers_cpu:.2f} | "
            f"{each.machine_cpu:.2f}{full} | {'yes' if each.prompt else 'no'} |"
        )
    return "\n".join(lines)


def _given(via: str, user: str) -> Login:
    address, _, database = via.partition("/")
    host, _, port = address.partition(":")
    return Login(user=user, host=host, port=int(port or 3306), database=database)


def _own(stack: ExitStack) -> Login:
    sample = Sample(NAME)
    stack.callback(sample.down, silent)
    sample.up(engine.find().mysql_root, silent)
    login = sample.login(ROOT, None)
    with Connection(login) as connection:
        connection.execute(f"CREATE DATABASE {DATABASE}")
        connection.execute(f"CREATE TABLE {DATABASE}.t (id INT PRIMARY KEY, v VARCHAR(40))")
        values = ", ".join(f"({number}, REPEAT('x', 40))" for number in range(ROWS))
        connection.execute(f"INSERT INTO {DATABASE}.t VALUES {values}")
    return sample.login(ROOT, DATABASE)


if __name__ == "__main__":
    try:
        main(standalone_mode=False)
    except Fault as fault:
        say_fault(fault, as_json=False)
        sys.exit(int(fault.exit))
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
