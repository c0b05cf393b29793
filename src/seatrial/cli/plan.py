"""`seatrial plan`."""

from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from seatrial.cli.desk import Desk, over_dossier
from seatrial.cli.output import print_json
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.plan import Answer, Placement, Plan, PlannedQuery, Shares
from seatrial.domain.vschema import VSchemas, plain
from seatrial.domain.workload import Digest, QueryClass
from seatrial.dossier.store import said_if_full, write_whole
from seatrial.trial.journey import step

_SHOWN = 12
_WORST_FIRST = (Answer.UNSUPPORTED, Answer.SCATTER, Answer.UNPLANNED, Answer.SEVERAL)


@click.command()
@over_dossier
@click.option("--shards", type=int, help="Plan for so many shards, in this call; provision goes by trial.toml.")
@click.option("--write", "folder", type=Path, help="Write the VSchemas there, to be edited; relative to the dossier.")
def plan(desk: Desk, shards: int | None, folder: Path | None) -> None:
    """Choose the sharding key and every table's keyspace from the workload, and ask Vitess's planner about each query.

    With `vschema` set in trial.toml, nothing is chosen: those VSchemas are put to the same proof.

    \b
      seatrial plan -d acme
      seatrial plan -d acme --shards 8
      seatrial plan -d acme --write vschema
    """
    meant = desk.settings.shards
    if shards is not None:
        desk = msgspec.structs.replace(desk, settings=msgspec.structs.replace(desk.settings, shards=shards))
    made: Plan = desk.do(step("plan")).body
    if folder is not None:
        _write(made.placed(), desk.dossier.root / folder, folder)
    if desk.as_json:
        print_json(made)
        return
    digest: Digest = desk.bench(lambda _: None).read("digest").body
    for line in _told(made, digest):
        click.echo(line)
    if made.shards != meant:
        click.echo(f"This is a plan for {made.shards} shards; for provision, set shards = {made.shards} in trial.toml.")
    if folder is not None:
        click.echo(
            f'Written to {folder}. To use what you make of it: vschema = "{folder}" in trial.toml, then plan again.'
        )
    click.echo(f"Next: seatrial provision -d {desk.dossier.root}")


def _write(vschemas: VSchemas, folder: Path, named: Path) -> None:
    """One file a role; a file that says something else is never overwritten."""
    files = {
        folder / f"{role}.json": msgspec.json.format(msgspec.json.encode(plain(vschema)), indent=2) + b"\n"
        for role, vschema in vschemas.roles.items()
    }
    strangers = [path for path in folder.glob("*.json") if path not in files] if folder.is_dir() else []
    if other := sorted([*strangers, *(p for p, text in files.items() if p.exists() and p.read_bytes() != text)]):
        raise Fault(
            "plan.folder-in-use",
            f"{other[0]} is there already and says something else",
            remedy=f"name another folder than {named}, or move its files away",
            exit=Exit.CONFIG,
        )
    with said_if_full(folder):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise Fault(
                "plan.no-folder",
                f"{folder} is a file, or lies under one",
                remedy="name another folder",
                exit=Exit.CONFIG,
            ) from None
    for path, text in files.items():
        write_whole(path, text)


def _told(made: Plan, digest: Digest) -> Iterator[str]:
    best = made.alternatives[0]
    yield f"Key: {best.key}: {best.because}."
    yield from _skew(made)
    yield ""
    yield from _tables(made)
    yield ""
    yield from _workload(made, digest)
    yield ""
    yield "Weighed:"
    for each in made.alternatives:
        single = f"{each.transactions_single:.1%} of transactions, " if digest.transactions else ""
        figures = f"{each.tables} tables, {single}{each.executions_bound:.1%}"
        yield f"  {each.key:<34} {figures} of executions name it. {_sentence(each.because)}"
    yield f"{made.asked} plans by Vitess {made.vitess_version}; nothing was executed."


def _skew(made: Plan) -> Iterator[str]:
    if not made.skew:
        return
    distinct = max(each.distinct for each in made.skew)
    worst = max(made.skew, key=lambda each: each.top_share)
    yield f"  {distinct:,} values of it seen; the largest takes {worst.top_share:.1%} of what names {worst.column}."


def _tables(made: Plan) -> Iterator[str]:
    width = max((len(each.table) for each in made.tables), default=0)
    order = list(Placement)
    for each in sorted(made.tables, key=lambda placed: (order.index(placed.placement), -placed.executions)):
        where = f"{each.placement} by {each.key}" if each.key else str(each.placement)
        yield f"  {each.table:<{width}}  {where:<22} {each.reason}"


def _workload(made: Plan, digest: Digest) -> Iterator[str]:
    yield f"{'Query classes':<16}{'executions':>12}{'time':>9}"
    for name in Shares.__struct_fields__:
        share, time = getattr(made.by_executions, name), getattr(made.by_time, name)
        yield f"  {name:<14}{share:>12.2%}{time:>9.2%}"
    queries = {query.id: query for query in digest.classes}
    wanting = [each for each in made.queries if each.answer in _WORST_FIRST]
    wanting.sort(key=lambda each: (_WORST_FIRST.index(each.answer), -queries[each.query].count))
    for each in wanting[:_SHOWN]:
        yield from _wanting(each, queries[each.query])
    if len(wanting) > _SHOWN:
        yield f"  … and {len(wanting) - _SHOWN} more: --json"
    if not digest.transactions:
        yield "Transactions that stay in one place: not known, the digest has none"
        return
    yield f"Transactions that stay in one place: {made.transactions_single:.2%}"
    for crossing in made.crossing[:5]:
        yield f"  {crossing.crossing:,} of {crossing.count:,} of {crossing.transaction} do not: {crossing.because}"


def _wanting(planned: PlannedQuery, query: QueryClass) -> Iterator[str]:
    text = " ".join(query.fingerprint.split())
    yield f"  {planned.answer:<12}{query.count:>7,} × {query.id} {text if len(text) <= 90 else text[:89] + '…'}"
    if planned.said:
        yield f"{'':<24}{planned.said}"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
