"""`seatrial digest merge`, and how `seatrial digest LOG --part` is carried out."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import click

from seatrial.cli.desk import Desk, over_dossier
from seatrial.cli.live import live
from seatrial.cli.output import print_json
from seatrial.domain.event import Tell
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.workload import Digest
from seatrial.report import words
from seatrial.stages.digest import Key
from seatrial.stages.digest.export import exported
from seatrial.trial.parts import key_of, merge_into, merging, read_key, write_part

OUR_ACCOUNTS = frozenset({"seatrial_reader", "seatrial_mover"})
"""As a trial names them if nobody says otherwise; what they did is no workload. A dossier knows their real names."""


@click.command()
@partial(over_dossier, needless_with="part")
@click.argument("parts", metavar="PART...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--part",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a larger partial digest there instead; needs no dossier.",
)
def merge(desk: Desk, parts: tuple[Path, ...], part: Path | None) -> None:
    """Make one digest of the partial digests of a fleet, as if all of its logs had been read here.

    In whatever order they are given and however they were merged before, it is the same digest. No key is needed.

    \b
      seatrial digest slow.log --part web1.part --key fleet.key --database shop
      seatrial digest merge web1.part web2.part -d acme
      seatrial digest merge web1.part web2.part --part all.part
    """
    if part is None:
        made: Digest = desk.do(merging(parts)).body
    else:
        with live(quiet=desk.as_json) as tell:
            made = merge_into(part, parts, tell)
    if desk.as_json:
        print_json(exported(made))
    else:
        click.echo("\n".join(_page(made, len(parts), part)))


def _page(made: Digest, parts: int, part: Path | None) -> Iterator[str]:
    yield (
        f"parts: {parts:,}, logs: {len(made.files):,}; {made.events:,} statements in {words.duration(made.seconds)} on "
        f"{made.connections:,} connections, {made.errors:,} with errors; {len(made.classes):,} classes, "
        f"{made.transaction_count:,} transactions, {made.incomplete_transactions:,} incomplete"
    )
    for caveat in made.caveats:
        yield f"! {caveat}"
    yield f"Next: seatrial digest merge {part} …" if part is not None else "Next: seatrial digest show; seatrial plan"


def part_of_logs(desk: Desk, part: Path, *, key: Path | None) -> Digest:
    """Write the partial digest of the desk's logs. The dossier's key is used where no other is named."""
    values, database = desk.settings.workload.values, desk.settings.workload.database
    if desk.bare and not database:
        raise _needed("database", "which database's statements count", "--db NAME")
    if desk.bare and values and key is None:
        raise _needed("key", "how values are hashed", "--key FILE, from seatrial digest key; or --no-values")
    with live(quiet=desk.as_json) as tell:
        return write_part(
            desk.bench(tell),
            part,
            database=database or desk.settings.source_address.database,
            key=_key(desk, key, values, tell),
            ours=OUR_ACCOUNTS if desk.bare else desk.settings.ours,
        )


def _key(desk: Desk, path: Path | None, values: bool, tell: Tell) -> Key | None:
    if path is not None:
        return read_key(path, tell)
    return key_of(desk.dossier) if values and not desk.bare else None


def _needed(what: str, why: str, option: str) -> Fault:
    return Fault(
        f"digest.part-needs-{what}",
        f"without a dossier nothing says {why}",
        remedy=f"add {option}; or -d DOSSIER",
        exit=Exit.USAGE,
    )
