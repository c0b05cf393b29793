"""`seatrial digest`."""

from collections.abc import Iterator
from pathlib import Path

import click

from seatrial.cli.desk import Desk, over_dossier
from seatrial.cli.output import print_json
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.workload import Digest, QueryClass
from seatrial.trial.journey import step

_TOP = 15
_LONGEST = 60


@click.command()
@over_dossier
@click.argument("logs", metavar="[LOG]...", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--record",
    is_flag=True,
    help="Keep every statement, literals and all, in the dossier's private part: replay needs it.",
)
def digest(desk: Desk, logs: tuple[Path, ...], record: bool) -> None:
    """Make slow logs into query classes and transactions; no literal of them is kept.

    Without a LOG, those of trial.toml are read; several in the order given, which is to be that of their writing. Only
    statements of the source's database count.

    \b
      seatrial digest slow.log -d acme
      seatrial digest slow.log.1 slow.log -d acme
      seatrial digest slow.log --record -d acme
    """
    if Path("-") in logs:
        raise Fault(
            "digest.standard-input",
            "a log cannot be read from standard input yet",
            remedy="write it to a file, and name that",
            exit=Exit.USAGE,
        )
    wanted = record or desk.settings.workload.record
    if logs:
        desk = desk.over_logs(logs, record=wanted)
    elif wanted:
        desk = desk.over_logs([desk.dossier.root / log for log in desk.settings.workload.logs], record=True)
    made: Digest = desk.do(step("digest")).body
    if desk.as_json:
        print_json(made)
    else:
        click.echo("\n".join(_page(made, wanted)))


def _page(digest: Digest, recorded: bool) -> Iterator[str]:
    size = sum(file.bytes for file in digest.files)
    yield (
        f"{digest.events:,} statements in {digest.seconds:,.0f} s on {digest.connections:,} connections, "
        f"{digest.errors:,} with errors; {len(digest.classes):,} classes, from {size / 1e6:,.1f} MB of log"
    )
    yield ""
    yield f"{'count':>9}  {'total s':>9}  {'p50 ms':>8}  {'p95 ms':>8}  {'p99 ms':>8}  {'share':>6}  class"
    for query in digest.classes[:_TOP]:
        yield _row(query, digest.query_time_us)
    if len(digest.classes) > _TOP:
        yield f"{'':>57}  … and {len(digest.classes) - _TOP:,} more"
    yield ""
    explicit = sum(each.count for each in digest.transactions if each.explicit)
    rolled_back = sum(each.rolled_back for each in digest.transactions)
    yield (
        f"{digest.transaction_count:,} transactions of {len(digest.transactions):,} kinds: {explicit:,} from BEGIN to "
        f"COMMIT or ROLLBACK ({rolled_back:,} rolled back), {digest.transaction_count - explicit:,} single statements; "
        f"{digest.incomplete_transactions:,} incomplete"
    )
    if digest.other_databases:
        yield f"{digest.other_databases:,} statements of other databases were left out."
    if unread := [query for query in digest.classes if query.not_parsed]:
        yield f"{len(unread):,} classes could not be parsed, such as {unread[0].id}: {unread[0].not_parsed}"
    for missed in digest.not_understood:
        yield f"not understood: {missed.count:,} × {missed.what}, first at byte {missed.offset:,} of {missed.file}"
    for caveat in digest.caveats:
        yield f"! {caveat}"
    if recorded:
        yield "The statements are kept in the dossier's private part, which no bundle takes along."
    yield "Next: seatrial plan"


def _row(query: QueryClass, total_us: int) -> str:
    times = query.times
    share = times.total_us / total_us if total_us else 0
    text = query.fingerprint if len(query.fingerprint) <= _LONGEST else query.fingerprint[: _LONGEST - 1] + "…"
    quantiles = "  ".join(f"{us / 1000:>8,.2f}" for us in (times.p50_us, times.p95_us, times.p99_us))
    return f"{query.count:>9,}  {times.total_us / 1e6:>9,.2f}  {quantiles}  {share:>6.1%}  {text}"
