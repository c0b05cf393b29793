"""Why each table goes where it goes, and why a key was not taken: said in words, with numbers."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from seatrial.domain.plan import Alternative, CrossTransaction, Placement
from seatrial.domain.workload import Column, Digest
from seatrial.stages.plan.keys import Family
from seatrial.stages.plan.place import Place, Stay, run
from seatrial.stages.plan.search import Field, Scored


def reason(field: Field, table: str, places: Mapping[str, Place], families: Sequence[Family]) -> str:
    """Why the table has that place."""
    place, use = places[table], field.use(table)
    if place.sharded:
        return _why_sharded(field, table, places, families)
    if not use.executions:
        if place.placement is Placement.REFERENCE:
            beside = _few([other for other in sorted(field.pointed_at[table]) if places[other].sharded])
            return f"the log never touches it; columns of {beside} point at it, and it is small"
        return "the log never touches it, and nothing that is sharded points at it"
    writes = f"{use.writes:,} of {use.executions:,} statements on it write, {field.writes_per_s(table):.3g} a second"
    beside = _few([other for other in sorted(field.read_with[table]) if places[other].sharded])
    if place.placement is Placement.REFERENCE:
        return f"read together with {beside}, which are sharded; small; {writes}, each made on every shard again"
    return f"{_why_not_by_key(field, table, families)}; {writes}; " + (
        f"not small or seldom written enough for a copy on every shard beside {beside}"
        if beside and not field.may_be_reference(table, places)
        else "not read together with sharded tables"
        if not beside
        else "it stays on one server"
    )


def _why_not_by_key(field: Field, table: str, families: Sequence[Family]) -> str:
    names = [column.name for column in field.tables[table].columns]
    for family in families:
        if table in family.columns:
            return f"fewer transactions would stay in one place if it went by its {family.columns[table]}"
        if (name := str(family)) in names and (why := field.candidates.objection(Column(table, name))):
            return f"its {name} {why}"
    return "no column of it carries the key"


def _why_sharded(field: Field, table: str, places: Mapping[str, Place], families: Sequence[Family]) -> str:
    key, use = Column(table, places[table].key), field.use(table)
    if not use.executions:
        return f"the log never touches it; its {key.name} is named and typed like the key of the others"
    naming, joined, made, changed = 0, set(), 0, 0
    for number in field.statements_of[table]:
        statement = field.statements[number]
        naming += statement.count * (key in statement.known)
        made += statement.count * (key == statement.generated)
        changed += statement.count * (key in statement.updated)
        joined |= {other.table for other in statement.equals.get(key, ()) if other.table != table}
    share = 100 * naming / use.executions
    said = f"{share:.1f} % of {use.executions:,} statements on it name {key.name}"
    if made:
        said += f"; {made:,} make a new one"
    if changed:
        said += f"; {changed:,} change it, which Vitess refuses"
    if joined:
        said += f"; joined by it with {_few(sorted(joined))}"
    family = next((each for each in families if each.columns.get(table) == key.name), None)
    if family is not None and len(family.columns) > 1:
        said += f"; {len(family.columns) - 1} other tables carry the same value"
    return said


def crossing(field: Field, scored: Scored, digest: Digest) -> tuple[CrossTransaction, ...]:
    """The classes of transactions that leave one value, those with the most transactions first."""
    causes: dict[str, Counter[str]] = defaultdict(Counter)
    for transaction in field.transactions:
        ran = run(transaction, scored.places)
        if ran.stay is Stay.CROSSING:
            causes[transaction.kind][ran.because] += transaction.weight  # type: ignore[assignment]
    for kind, count in field.workload.blind.items():
        causes[kind]["no pattern of it was kept"] += count
    counts = {kind.id: kind.count for kind in digest.transactions}
    found = [
        CrossTransaction(
            transaction=kind,
            count=counts[kind],
            crossing=round(sum(because.values())),
            because=because.most_common(1)[0][0],
        )
        for kind, because in causes.items()
        if sum(because.values()) >= 0.5
    ]
    return tuple(sorted(found, key=lambda each: (-each.crossing, each.transaction)))


def alternative(scored: Scored, because: str, key: str = "") -> Alternative:
    """A placement that was weighed, in short."""
    return Alternative(
        key=key or ", ".join(str(family) for family in scored.families),
        tables=scored.sharded,
        transactions_single=round(scored.transactions_single, 6),
        executions_bound=round(scored.executions_bound, 6),
        because=because,
    )


def chosen(scored: Scored, field: Field) -> str:
    """Why the first is the first."""
    if not scored.sharded:
        return "no column is named by enough statements: nothing is gained by sharding this workload"
    if not field.knows_transactions:
        return f"{scored.executions_bound:.1%} of the executions name it; transactions are not known"
    return (
        f"keeps {scored.transactions_single:.1%} of the transactions in one place, and {scored.executions_bound:.1%} "
        "of the executions name it"
    )


def why_not(scored: Scored, best: Scored, field: Field) -> str:
    """Why the other was taken."""
    if scored.unfit:
        return scored.unfit
    if not scored.sharded:
        return "nothing would be spread over the shards"
    if scored.transactions_single < best.transactions_single - 0.0005:
        causes: Counter[str] = Counter()
        for transaction in field.transactions:
            if (ran := run(transaction, scored.places)).stay is Stay.CROSSING:
                causes[ran.because] += transaction.weight  # type: ignore[assignment]
        most = f", most often because {causes.most_common(1)[0][0]}" if causes else ""
        return f"{1 - scored.transactions_single:.1%} of the transactions would leave one value{most}"
    if scored.executions_bound < best.executions_bound - 0.0005:
        return f"only {scored.executions_bound:.1%} of the executions name it"
    return f"{scored.sharded} tables could be spread by it, not {best.sharded}"


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
