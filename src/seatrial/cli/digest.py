"""`seatrial digest …`."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import click

from seatrial.cli.desk import Desk, over_dossier
from seatrial.cli.digest_diff import diff
from seatrial.cli.digest_export import export
from seatrial.cli.digest_filters import filter_options
from seatrial.cli.digest_group import LogsOrCommand
from seatrial.cli.digest_key import key as key_command
from seatrial.cli.digest_merge import merge, part_of_logs
from seatrial.cli.digest_show import show
from seatrial.cli.digest_snapshot import snapshot
from seatrial.cli.output import print_json
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.naming import SCRATCH
from seatrial.domain.statements import DIALECT
from seatrial.domain.workload import Digest, QueryClass
from seatrial.parsing.logs.recognise import Form
from seatrial.report.workload_limits import held
from seatrial.stages.digest.export import exported
from seatrial.trial.journey import step

_TOP = 15
_LONGEST = 60


@click.group(cls=LogsOrCommand, invoke_without_command=True, subcommand_metavar="")
@partial(over_dossier, needless_with="part")
@click.argument("logs", metavar="[LOG]...", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--record",
    is_flag=True,
    help="Keep every statement, literals and all, in the dossier's private part: replay needs it.",
)
@click.option(
    "--keep-samples",
    "samples",
    is_flag=True,
    help="Keep of each class its slowest statement and a usual one, literals and all, and the names of accounts and "
    "hosts, in the dossier's private part: `digest show ID` shows them.",
)
@click.option(
    "--format",
    "form",
    metavar="FORM",
    type=click.Choice([each.value for each in Form]),  # of an Enum, click would take the names
    help=f"What the logs are ({', '.join(Form)}); else their content tells.",
)
@click.option(
    "--no-values",
    is_flag=True,
    help="Look at no value, not even to hash it. A plan cannot be made of such a digest.",
)
@click.option(
    "--part",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a partial digest there, for `digest merge`, and nothing into a dossier; none is needed.",
)
@click.option(
    "--key",
    type=click.Path(path_type=Path, dir_okay=False),
    help="For --part: the file with the fleet's key; else it is the dossier's own.",
)
@click.option(
    "--db",
    "--database",
    "database",
    metavar="NAME",
    help="The database whose statements count; else the source's of the dossier.",
)
@filter_options
def digest(
    desk: Desk,
    logs: tuple[Path, ...],
    record: bool,
    samples: bool,
    form: str | None,
    no_values: bool,
    part: Path | None,
    key: Path | None,
    database: str | None,
    **filters: Any,
) -> None:
    """Make slow logs into query classes and transactions; no literal of them is kept.

    Without a LOG, those of trial.toml are read; several in the order of their first statements. A LOG may be
    packed with gzip, bzip2 or zstd, and in the JSON of CloudWatch; - is standard input. Only statements of the
    source's database count.

    \b
      seatrial digest slow.log -d acme
      seatrial digest slow.log.1 slow.log -d acme
      seatrial digest slow.log --record -d acme

    A word that stands first and is one of the commands below is that command; a LOG of such a name is written ./show.

    \b
      seatrial digest show -d acme            the classes as a table, and the limits they break
      seatrial digest diff A B -d acme        what got slower, what is new, what is gone
      seatrial digest export -d acme          for other programs
      seatrial digest snapshot -d acme        performance_schema's counts, where there is no log
      seatrial digest key -d acme             the key for the partial digests (--part) of a fleet
      seatrial digest merge A B -d acme       one digest of them
    """
    _no_command_among(logs)
    _insist_on_sense(part, for_part=key, kept=record or samples, no_values=no_values)
    changes = {
        "record": record or None,
        "samples": samples or None,
        "format": Form(form) if form else None,
        "values": False if no_values else None,
        "database": database,
        **{name: value or None for name, value in filters.items()},
    }
    desk = desk.over_logs(logs, **changes)
    if part is not None:
        _show(part_of_logs(desk, part, key=key), desk, f"digest merge {part} …")
        return
    wanted = desk.settings.workload.record
    made: Digest = desk.do(step("digest")).body
    _show(made, desk, "replay" if wanted and desk.instance == SCRATCH else "plan", recorded=wanted)


for _command in (show, diff, export, snapshot, key_command, merge):
    digest.add_command(_command)


def _show(made: Digest, desk: Desk, following: str, *, recorded: bool = False) -> None:
    if desk.as_json:
        print_json(exported(made))
    else:
        click.echo("\n".join(_page(made, recorded, following)))


def _insist_on_sense(part: Path | None, *, for_part: object, kept: bool, no_values: bool) -> None:
    """What is kept, and what must not be kept, do not go together."""
    if kept and (part is not None or no_values):
        raise Fault(
            "digest.keeps-and-keeps-not",
            f"--record and --keep-samples keep literals, {'--part' if part is not None else '--no-values'} keeps none",
            remedy="leave one of the two out; a recording is made where it is replayed",
            exit=Exit.USAGE,
        )
    if for_part and part is None:
        raise Fault(
            "digest.no-part-asked",
            "--key is for a partial digest, and none is asked for",
            remedy="add --part FILE; in a dossier values are told apart by hashes that are not stored",
            exit=Exit.USAGE,
        )


def _no_command_among(logs: tuple[Path, ...]) -> None:
    """`seatrial digest -d acme show` is meant as a command; that there is no log of that name would mislead."""
    for log in logs:
        if str(log) in digest.commands and not log.exists():
            raise Fault(
                "digest.command-first",
                f"{log} stands behind an option, so it is taken for a log, and there is none of that name",
                remedy=f"write the command first: seatrial digest {log} …",
                exit=Exit.USAGE,
            )


def _page(digest: Digest, recorded: bool, following: str = "plan") -> Iterator[str]:
    counted = digest.dialect == DIALECT
    size = sum(file.bytes for file in digest.files) / 1e6
    connections = "" if counted else f" on {digest.connections:,} connections"
    source = "by two snapshots" if counted else f"from {size:,.1f} MB of log"
    yield (
        f"{digest.events:,} statements in {digest.seconds:,.0f} s{connections}, {digest.errors:,} with errors; "
        f"{len(digest.classes):,} classes, {source}"
    )
    yield ""
    yield f"{'count':>9}  {'total s':>9}  {'p50 ms':>8}  {'p95 ms':>8}  {'p99 ms':>8}  {'share':>6}  class"
    for query in digest.classes[:_TOP]:
        yield _row(query, digest.query_time_us)
    if len(digest.classes) > _TOP:
        yield f"{'':>57}  … and {len(digest.classes) - _TOP:,} more"
    yield ""
    if not counted:
        yield _transactions(digest)
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
    for each in held(digest):
        if each.breaches:
            classes = len({breach.id for breach in each.breaches})
            yield f"! {classes:,} classes break a limit of {each.name}, {each.profile.title}: seatrial digest show"
    if digest.events:
        yield f"Next: seatrial {following}"
    else:
        yield "Next: see that it is a log of the source's server, and logs statements of its database"


def _transactions(digest: Digest) -> str:
    explicit = sum(each.count for each in digest.transactions if each.explicit)
    rolled_back = sum(each.rolled_back for each in digest.transactions)
    return (
        f"{digest.transaction_count:,} transactions of {len(digest.transactions):,} kinds: {explicit:,} from BEGIN to "
        f"COMMIT or ROLLBACK ({rolled_back:,} rolled back), {digest.transaction_count - explicit:,} single statements; "
        f"{digest.incomplete_transactions:,} incomplete"
    )


def _row(query: QueryClass, total_us: int) -> str:
    times = query.times
    share = times.total_us / total_us if total_us else 0
    text = query.fingerprint if len(query.fingerprint) <= _LONGEST else query.fingerprint[: _LONGEST - 1] + "…"
    quantiles = "  ".join(f"{us / 1000:>8,.2f}" for us in (times.p50_us, times.p95_us, times.p99_us))
    return f"{query.count:>9,}  {times.total_us / 1e6:>9,.2f}  {quantiles}  {share:>6.1%}  {text}"
