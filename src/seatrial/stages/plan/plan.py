"""The stage: from the workload and the schema to VSchemas, reasons, and what Vitess's own planner says of them."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence

from seatrial.domain.collection import Collection
from seatrial.domain.event import Note, Progress, Tell
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.plan import Alternative, PlacedTable, Plan, Shares, Skew
from seatrial.domain.ports import Planner
from seatrial.domain.schema import Schema
from seatrial.domain.topology import shard_names
from seatrial.domain.vschema import VSchemas
from seatrial.domain.workload import Column, ColumnValues, Digest
from seatrial.stages.plan import emit, words
from seatrial.stages.plan.ask import ask, shares
from seatrial.stages.plan.keys import Family
from seatrial.stages.plan.place import UNSHARDED, Place, by
from seatrial.stages.plan.search import Field, Scored, score, search
from seatrial.stages.plan.workload import Names, workload

ALTERNATIVES = 6


def plan(
    digest: Digest, collection: Collection, *, shards: int, given: VSchemas | None, planner: Planner, tell: Tell
) -> Plan:
    """Choose where every table goes, and put every query class to the planner under that choice.

    With `given`, nothing is searched: those VSchemas are put to the same proof. `shards` must be a power of two.
    Faults: `plan.no-values`, `plan.numbered-tables`.
    """
    shard_names(shards)
    if digest.without_values:
        raise Fault(
            "plan.no-values",
            "the digest was made with --no-values: which statements of a transaction name the same value is not known",
            remedy="make it anew without --no-values (values are kept as hashes at most): seatrial digest LOG",
            exit=Exit.CONFIG,
        )
    if digest.numbered_tables_merged:
        raise Fault(
            "plan.numbered-tables",
            "the digest was made with --merge-numbered-tables: its classes name families, and a plan places tables",
            remedy="make it anew without --merge-numbered-tables: seatrial digest LOG",
            exit=Exit.CONFIG,
        )
    schema = collection.schema
    tell(Progress(phase="reading the workload"))
    field = Field(schema, workload(digest, schema))
    if not field.knows_transactions:
        said = (
            "the digest has no transactions: what stays in one place is not known, and keys are found by names, joins "
        )
        tell(Note(text=said + "and foreign keys alone", warning=True))
    values = _values(digest, schema)
    if given is not None:
        given.check(schema)
        scored, alternatives = _theirs(field, given)
    else:
        scored, alternatives = _searched(field, values, shards, tell)
    vschemas = given or emit.vschemas(schema, scored.places, _names(scored))
    vschemas.check(schema)

    planner.adopt(emit.with_columns(vschemas, schema), shards, tell)
    began = time.monotonic()
    asked = ask(digest, field.workload, scored.places, planner, tell)
    seconds = time.monotonic() - began
    tell(Note(text=f"{asked.plans} plans in {seconds:.1f} s, by Vitess {planner.version()}"))
    return Plan(
        shards=shards,
        vschemas=vschemas.roles,
        tables=tuple(_placed(field, scored, vschemas, given is not None)),
        queries=asked.queries,
        by_executions=Shares(**shares(asked.queries, digest, lambda query: query.count)),
        by_time=Shares(**shares(asked.queries, digest, lambda query: query.times.total_us)),
        transactions_single=round(scored.transactions_single, 6),
        crossing=words.crossing(field, scored, digest),
        alternatives=alternatives,
        skew=_skew(scored, values),
        vitess_version=planner.version(),
        asked=asked.plans,
    )


def _theirs(field: Field, given: VSchemas) -> tuple[Scored, tuple[Alternative, ...]]:
    places = emit.places_of(given, field.schema)
    scored = score(field, places)
    key = ", ".join(sorted({place.key for place in places.values() if place.sharded}))
    return scored, (words.alternative(scored, "these VSchemas are people's own: nothing was searched", key),)


def _searched(
    field: Field, values: Mapping[Column, ColumnValues], shards: int, tell: Tell
) -> tuple[Scored, tuple[Alternative, ...]]:
    tell(Progress(phase="looking for keys"))
    found = search(field, values, shards, tell)
    best = found[0]
    if not best.sharded:
        tell(Note(text=f"everything stays unsharded: {words.chosen(best, field)}", warning=True))
    shown = [words.alternative(best, words.chosen(best, field), "" if best.sharded else "none")]
    for other in found[1:ALTERNATIVES]:
        shown.append(words.alternative(other, words.why_not(other, best, field), "" if other.families else "none"))
    for name, places in _baselines(field):
        scored = score(field, places)
        shown.append(words.alternative(scored, f"a baseline: {words.why_not(scored, best, field)}", name))
    return best, tuple(shown)


def _baselines(field: Field) -> list[tuple[str, dict[str, Place]]]:
    """What is done without thinking: the primary key everywhere; each table's most frequent column."""
    primary, frequent = {}, {}
    named: Counter[Column] = Counter()
    for statement in field.statements:
        if not statement.inserts:
            for column in statement.known:
                named[column] += statement.count
    for table in field.schema.tables:
        identity = table.identity_columns[:1] if table.identity else ()
        primary[table.name] = by(identity[0]) if identity else UNSHARDED
        most = max((Column(table.name, each.name) for each in table.columns), key=lambda column: named[column])
        frequent[table.name] = by(most.name) if named[most] else primary[table.name]
    return [("each table's primary key", primary), ("each table's most frequent column", frequent)]


def _names(scored: Scored) -> dict[str, str]:
    """After which column each sharded table's vindex is called: one name a family."""
    found = {}
    for table, place in scored.places.items():
        family = next((each for each in scored.families if _shards(each, table, place.key)), None)
        found[table] = str(family) if family else place.key
    return found


def _shards(family: Family, table: str, key: str) -> bool:
    return family.columns.get(table) == key or (table not in family.columns and key in family.names)


def _placed(field: Field, scored: Scored, vschemas: VSchemas, theirs: bool) -> list[PlacedTable]:
    sequences = {
        name: entry.auto_increment.sequence
        for vschema in vschemas.roles.values()
        for name, entry in vschema.tables.items()
        if entry.auto_increment is not None
    }
    found = []
    for table in field.schema.tables:
        place, use = scored.places[table.name], field.use(table.name)
        reason = words.reason(field, table.name, scored.places, scored.families)
        found.append(
            PlacedTable(
                table=table.name,
                placement=place.placement,
                key=place.key,
                sequence=sequences.get(table.name, ""),
                executions=use.executions,
                writes=use.writes,
                writes_per_s=round(field.writes_per_s(table.name), 4),
                reason=f"as your VSchema says; {reason}" if theirs else reason,
            )
        )
    return found


def _values(digest: Digest, schema: Schema) -> dict[Column, ColumnValues]:
    names = Names(schema)
    return {found: each for each in digest.values if (found := names.column(each.column)) is not None}


def _skew(scored: Scored, values: Mapping[Column, ColumnValues]) -> tuple[Skew, ...]:
    """Of every key the log shows values of, the most executed first."""
    keys_used: Sequence[Column] = [Column(table, place.key) for table, place in scored.places.items() if place.sharded]
    seen = sorted((values[each] for each in keys_used if each in values), key=lambda each: -each.executions)
    return tuple(
        Skew(
            column=each.column, distinct=each.distinct, top_share=round(each.top_shares[0] if each.top_shares else 0, 6)
        )
        for each in seen
    )
