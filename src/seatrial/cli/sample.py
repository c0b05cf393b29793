"""`seatrial sample …`: the demo business on this machine."""

import os
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from seatrial.cli.live import live
from seatrial.cli.output import print_json
from seatrial.domain.secret import Secret
from seatrial.lab import engine
from seatrial.sample import load as loading
from seatrial.sample import slow_log
from seatrial.sample import traffic as driving
from seatrial.sample.accounts import make_accounts
from seatrial.sample.server import DEFAULT_NAME, Sample, Status
from seatrial.sample.setup import ROOT
from seatrial.sample.slow_log import LogStatus
from seatrial.sample.truth import KindSummary, Summary
from seatrial.sample.via import resolve

_NAME = click.option("--name", default=DEFAULT_NAME, show_default=True, help="Which sample, of several.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@click.group()
def sample() -> None:
    """A demo business: a MySQL with shops, rows, and traffic to move.

    \b
      seatrial sample up                             a MySQL of its own on 127.0.0.1
      seatrial sample load --scale 1                 about 100 MB of shops, orders, reviews …
      seatrial sample traffic --rate 50              its users, until Ctrl-C
      seatrial sample down                           stop it and remove everything
    """


@sample.command()
@_NAME
@_JSON
def up(name: str, as_json: bool) -> None:
    """Start the sample's MySQL; make it first if there is none. May be repeated."""
    with live(quiet=as_json) as tell:
        status = Sample(name).up(engine.find().mysql_root, tell)
    _print_status(status, as_json)


@sample.command()
@_NAME
@_JSON
def status(name: str, as_json: bool) -> None:
    """Say where the sample is and whether it runs."""
    _print_status(Sample(name).status(), as_json)


@sample.command()
@_NAME
@click.option("--scale", default=1.0, show_default=True, type=click.FloatRange(0.01, 1000), help="1 is about 100 MB.")
@click.option("--seed", default=loading.DEFAULT_SEED, show_default=True, help="The same seed gives the same rows.")
@click.option("--replace", is_flag=True, help="Throw away what is in the database.")
@_JSON
def load(name: str, scale: float, seed: int, replace: bool, as_json: bool) -> None:
    """Make the schema and fill it.

    \b
      seatrial sample load --scale 0.1
      seatrial sample load --scale 10 --replace
    """
    with live(quiet=as_json) as tell:
        loaded = loading.load(Sample(name).login(ROOT, None), scale=scale, seed=seed, replace=replace, tell=tell)
    if as_json:
        print_json(loaded)
    else:
        click.echo(
            f"{loaded.rows:,} rows, {loaded.stored_bytes / 1e6:,.0f} MB of data and index in {loaded.seconds:.1f} s"
            f"\nNext: seatrial sample traffic --via sample:{name} --rate 50"
        )


@sample.command()
@click.option(
    "--via",
    default=f"sample:{DEFAULT_NAME}",
    show_default=True,
    help="sample:NAME, or mysql://user@host:port[/database] of a MySQL or a vtgate.",
)
@click.option("--rate", default=20.0, show_default=True, help="Transactions a second.")
@click.option("--seconds", type=click.FloatRange(0, min_open=True), help="How long; without it, until Ctrl-C.")
@click.option(
    "--connections", default=driving.DEFAULT_CONNECTIONS, show_default=True, help="Connections to spread over."
)
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same transactions in turn.")
@click.option(
    "--truth",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A new file that takes a line for each transaction: when, how long, what became of it.",
)
@click.option(
    "--awkward",
    is_flag=True,
    help="Also what a sharded server refuses or answers wrongly: ROLLUP over all shops, GET_LOCK, a change of shop …",
)
@_JSON
def traffic(
    via: str,
    rate: float,
    seconds: float | None,
    connections: int,
    seed: int,
    truth: Path | None,
    awkward: bool,
    as_json: bool,
) -> None:
    """Trade with the shops: orders, payments, carts, a change of rates …

    Transactions become due at the given rate, whether or not the database keeps up. Errors never end the traffic;
    Ctrl-C does, and prints the summary. A password for a mysql:// address is taken from SEATRIAL_SAMPLE_PASSWORD.

    \b
      seatrial sample traffic --rate 50 --seconds 60 --truth truth.jsonl
      seatrial sample traffic --rate 50 --via mysql://app@127.0.0.1:15306/
    """
    password = os.environ.get(driving.PASSWORD_VARIABLE)
    order = driving.Order(
        login=resolve(via, Secret(password) if password else None),
        rate_per_s=rate,
        seconds=seconds,
        connections=connections,
        seed=seed,
        awkward=awkward,
    )
    with live(quiet=as_json) as tell:
        summary = driving.run(order, tell, truth)
    if as_json:
        print_json(summary)
    else:
        _print_summary(summary)


@sample.group()
def log() -> None:
    """Have every statement logged, as the owner of a server does before a trial; see also: seatrial slow-log.

    \b
      seatrial sample log on                         and how it is done, what it takes, how it is undone
      seatrial sample log on --file second.log       go on in another file
      seatrial sample log status
      seatrial sample log off
    """


@log.command()
@_NAME
@click.option("--file", default=slow_log.DEFAULT_FILE, show_default=True, help="Its name in the sample's data folder.")
@_JSON
def on(name: str, file: str, as_json: bool) -> None:
    """Log every statement of sessions that are opened from now on. On a log that is on: go on in that file."""
    with live(quiet=as_json) as tell:
        page = slow_log.plan(Sample(name), file, tell)
        slow_log.begin(Sample(name), page, tell)
    if as_json:
        print_json(page)
    else:
        click.echo(f"{page.text()}\n\nDone here. Take it back: seatrial sample log off --name {name}")


@log.command()
@_NAME
@_JSON
def off(name: str, as_json: bool) -> None:
    """Set everything to what it was before `on`. The log's file stays."""
    with live(quiet=as_json) as tell:
        found = slow_log.stop(Sample(name), tell)
    _print_log(found, as_json)


@log.command(name="status")
@_NAME
@_JSON
def log_status(name: str, as_json: bool) -> None:
    """Say what is logged, and where."""
    _print_log(slow_log.status(Sample(name)), as_json)


@sample.command()
@_NAME
@click.option("--trial", required=True, help="The trial's name: Vitess's database on the source is named after it.")
def accounts(name: str, trial: str) -> None:
    """Make the two accounts a trial needs, as `seatrial load --accounts` prints them; say where their passwords are.

    \b
      seatrial collect -d demo --option-file "$(seatrial sample accounts --trial demo)"
    """
    click.echo(make_accounts(Sample(name), trial))


@sample.command()
@_NAME
@click.option("--keep-data", is_flag=True, help="Only stop; `up` starts it again with its rows.")
def down(name: str, keep_data: bool) -> None:
    """Stop the sample and remove it, rows and all."""
    with live() as tell:
        Sample(name).down(tell, keep_data=keep_data)


def _print_status(status: Status, as_json: bool) -> None:
    if as_json:
        print_json(status)
        return
    click.echo(f"{status.name}: {f'up, MySQL {status.version}' if status.running else 'down'}")
    click.echo(f"address  {status.address}")
    click.echo(f"app      mysql --defaults-extra-file={status.app_options} {status.database}")
    click.echo(f"root     mysql --defaults-extra-file={status.root_options}")


def _print_log(found: LogStatus, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    what = "every statement of new sessions" if found.every_statement else "slow statements only"
    click.echo(f"{found.name}: the slow log is {f'on, {what}' if found.on else 'off'}")
    click.echo(f"file     {found.path}  ({found.bytes / 1e6:,.1f} MB)")


def _print_summary(summary: Summary) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1))
    for heading in (
        "kind",
        "count",
        "committed",
        "rolled back",
        "failed",
        "unknown",
        "half",
        "p50 ms",
        "p99 ms",
        "max ms",
    ):
        table.add_column(heading, justify="left" if heading == "kind" else "right", no_wrap=True)
    for kind in (*summary.kinds, summary.total):
        table.add_row(*_cells(kind))
    console = Console(highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = 120
    console.print(table)
    console.print(
        f"{summary.rate_per_s:.1f}/s of {summary.asked_per_s:g}/s asked, over {summary.seconds:.1f} s; longest time"
        f" without a commit {summary.longest_gap_ms:,.0f} ms; at most {summary.late_max_ms:,.0f} ms late"
    )
    for error in summary.errors:
        console.print(f"  {error.count} × {error.number} at {error.statement}: {escape(error.message)}")


def _cells(kind: KindSummary) -> tuple[str, ...]:
    counts = (kind.count, kind.committed, kind.rolled_back, kind.failed, kind.unknown, kind.half)
    times = (kind.p50_ms, kind.p99_ms, kind.max_ms)
    return kind.kind, *map(str, counts), *("–" if ms is None else f"{ms:.1f}" for ms in times)
