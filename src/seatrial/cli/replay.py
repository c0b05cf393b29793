"""`seatrial replay`."""

import sys

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from seatrial.cli.desk import Desk, over_dossier
from seatrial.cli.output import print_json
from seatrial.domain.replaying import Replay
from seatrial.domain.workload import Digest
from seatrial.trial.workload import REPLAY, replayed_log

_CLASSES = 8
_DIFFERENCES = 8


@click.command()
@over_dossier
@click.option("--speed", type=float, help="Times the recorded speed; trial.toml says 1 unless changed.")
@click.option("--workers", type=click.IntRange(0, 256), help="Worker processes; 0 for one a core but one.")
def replay(desk: Desk, speed: float | None, workers: int | None) -> None:
    """Send the recorded statements to the scratch copy, at their recorded times, on as many connections.

    Times count from the moment a statement was due. Nothing is sent before it is proved that the copy is one, and
    that no statement can leave it. A copy that took a replay is not the source's state any more: load it anew before
    the next.

    \b
      seatrial digest LOG -d acme --record
      seatrial load -d acme --instance scratch
      seatrial replay -d acme
      seatrial replay -d acme --speed 2
    """
    given = {name: value for name, value in (("speed", speed), ("workers", workers)) if value is not None}
    asked = msgspec.structs.replace(desk.settings.replay, **given)
    desk = msgspec.structs.replace(desk, settings=msgspec.structs.replace(desk.settings, replay=asked))
    replayed: Replay = desk.do(REPLAY).body
    if desk.as_json:
        print_json(replayed)
    else:
        _print(replayed, replayed_log(desk.dossier).body)


def _print(replayed: Replay, digest: Digest) -> None:
    click.echo(
        f"{replayed.transactions:,} transactions in {replayed.seconds:,.1f} s on {replayed.connections:,} connections "
        f"at {replayed.speed:g} times the recorded speed; {replayed.transactions_failed:,} failed"
    )
    click.echo(
        f"{replayed.statements:,} statements, {replayed.statements_failed:,} failed, {replayed.skipped:,} not sent; "
        f"{replayed.reads_differ:,} of {replayed.reads:,} reads gave another number of rows"
    )
    for each in replayed.left_out:
        click.echo(f"  not sent: {each.count:,} {each.reason}")
    _print_classes(replayed, digest)
    for difference in replayed.differences[:_DIFFERENCES]:
        number = f" {difference.number}" if difference.number else ""
        click.echo(
            f"{difference.kind:<15}{difference.count:>8,} ×{number} {difference.message or 'no error here'}  "
            f"({difference.query})"
        )
    if len(replayed.differences) > _DIFFERENCES:
        click.echo(f"and {len(replayed.differences) - _DIFFERENCES} more kinds of difference")
    state = replayed.state
    click.echo(f"Starting state: {'apart unknown' if state.apart is None else f'{state.apart:,} transactions apart'}; "
               f"{state.because}")  # fmt: skip
    click.echo(f"Times {'may be believed' if replayed.honest else 'are NOT to be believed'}: {replayed.because}")
    click.echo("Next: seatrial judge, then seatrial report; when done: seatrial load cancel --instance scratch")


def _print_classes(replayed: Replay, digest: Digest) -> None:
    known = {query.id: query for query in digest.classes}
    table = Table(box=None, pad_edge=False, title=None)
    table.add_column("slowest classes: ms, source → target", overflow="ellipsis", no_wrap=True, ratio=1)
    for name, width in (("count", 7), ("p50", 17), ("p99", 17)):
        table.add_column(name, justify="right", no_wrap=True, min_width=width)
    for each in replayed.classes[:_CLASSES]:
        source = known.get(each.query)
        then = source.times if source else None

        def both(now_us: int, then_us: int | None) -> str:
            return f"{then_us / 1000:.2f} → {now_us / 1000:.2f}" if then_us is not None else f"{now_us / 1000:.2f}"

        table.add_row(
            Text(source.fingerprint if source else each.query),
            f"{each.count:,}",
            both(each.response.p50_us, then.p50_us if then else None),
            both(each.response.p99_us, then.p99_us if then else None),
        )
    Console(highlight=False, width=None if sys.stdout.isatty() else 120).print(table)
