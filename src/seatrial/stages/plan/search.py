"""Finds a placement: a key family first, then one table at a time while it gains.

The gain is a share: of the transactions that stay on one value of the key (one that stays in the unsharded keyspace
counts half: it is served by one shard, but cannot be spread), a tenth of the executions that name their key, less a
tenth of the bytes that stay unsharded. The search is greedy and ends where no move of one table gains.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from seatrial.domain.event import Pulse, Tell
from seatrial.domain.plan import Placement
from seatrial.domain.schema import Schema, Table
from seatrial.domain.workload import Column, ColumnValues
from seatrial.stages.plan import keys
from seatrial.stages.plan.keys import Family
from seatrial.stages.plan.place import REFERENCE, UNSHARDED, Place, Run, Stay, by, names_key, run
from seatrial.stages.plan.workload import Statement, Transaction, Use, Workload

HALF = 0.5
BOUND_WEIGHT = 0.1
BYTES_WEIGHT = 0.1
LEAVING = 0.003
"""A table that has the key's column is taken from it only if that saves 3 transactions in 1,000."""

REFERENCE_BYTES = 1 << 30
REFERENCE_WRITES_PER_S = 10.0
REFERENCE_WRITE_SHARE = 0.1
"""Every write of a reference table is made on each shard again (rule W2)."""

FAMILIES = 12
"""So many families are tried, those named by most executions."""

STARTS = 4
MOST_KEYS = 3
"""A second and a third key are looked for beside the best few."""

ROUNDS = 10

MORE_KEYS_FROM = 0.1
"""Another key is looked for where tables with this share of the executions or bytes have no column of the first."""

FEWEST_VALUES = 4
LARGEST_SHARE = 0.9


class Scored(Struct, frozen=True, kw_only=True):
    """A placement of every table with its figures, all shares."""

    families: tuple[Family, ...]
    places: Mapping[str, Place]
    gain: float
    transactions_single: float
    executions_bound: float
    unfit: str = ""  # why its key cannot be used, however good the figures

    @property
    def sharded(self) -> int:
        return sum(place.sharded for place in self.places.values())


class Field:
    """The schema and the workload, indexed for quick answers to: what if this table went there?"""

    def __init__(self, schema: Schema, workload: Workload) -> None:
        self.schema = schema
        self.workload = workload
        self.tables: dict[str, Table] = {table.name: table for table in schema.tables}
        self.transactions = workload.transactions
        self.statements = [each for each in workload.statements if each.verb.touches_rows]
        self.weight = sum(each.weight for each in self.transactions) + sum(workload.blind.values()) or 1.0
        self.executions = sum(each.count for each in self.statements) or 1
        self.bytes = sum(table.data_bytes + table.index_bytes for table in schema.tables) or 1
        self.transactions_of = _by_table(enumerate(each.tables for each in self.transactions))
        self.statements_of = _by_table(enumerate(each.tables for each in self.statements))
        self.knows_transactions = bool(workload.transactions or workload.blind)
        self.read_with = _read_with(self.transactions) if self.knows_transactions else _joined_with(self.statements)
        self.pointed_at = _pointed_at(schema)
        self.candidates = keys.Candidates(schema, workload)
        self.families = keys.families(schema, workload, self.candidates)

    def use(self, table: str) -> Use:
        return self.workload.use(table)

    def writes_per_s(self, table: str) -> float:
        return self.use(table).writes / self.workload.seconds if self.workload.seconds else 0.0

    def share_of_bytes(self, table: str) -> float:
        return (self.tables[table].data_bytes + self.tables[table].index_bytes) / self.bytes

    def may_be_reference(self, table: str, places: Mapping[str, Place]) -> bool:
        """Small, seldom written, and read together with sharded tables; one the log never shows, pointed at by them."""
        use, size = self.use(table), self.tables[table]
        if size.data_bytes + size.index_bytes > REFERENCE_BYTES:
            return False
        if self.writes_per_s(table) > REFERENCE_WRITES_PER_S or use.writes > REFERENCE_WRITE_SHARE * use.executions:
            return False
        beside = self.read_with[table] if use.executions else self.pointed_at[table]
        return any(places[other].sharded for other in beside)


def _by_table(numbered: Iterable[tuple[int, Iterable[str]]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for number, tables in numbered:
        for table in tables:
            found[table].append(number)
    return found


def _read_with(transactions: Sequence[Transaction]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for transaction in transactions:
        for touch in transaction.touches:
            for table in set(touch.statement.tables) - touch.statement.written:
                found[table] |= transaction.tables - {table}
    return found


def _joined_with(statements: Sequence[Statement]) -> dict[str, set[str]]:
    """The same as far as statements alone tell it."""
    found: dict[str, set[str]] = defaultdict(set)
    for statement in statements:
        for table in set(statement.tables) - statement.written:
            found[table] |= set(statement.tables) - {table}
    return found


def _pointed_at(schema: Schema) -> dict[str, set[str]]:
    """Tables to those whose columns name them, by foreign key or by name."""
    found: dict[str, set[str]] = defaultdict(set)
    for table in schema.tables:
        for key in table.foreign_keys:
            found[key.parent_table].add(table.name)
    for mine, theirs in keys.named_alike(schema):
        found[theirs.table].add(mine.table)
    return found


class Trial:
    """A placement under change, its figures kept up to date table by table."""

    def __init__(self, field: Field, places: Mapping[str, Place], members: Mapping[str, Sequence[Place]]) -> None:
        self._field = field
        self.places = dict(places)
        self._members = members
        self.runs: list[Run] = [run(each, self.places) for each in field.transactions]
        self.bound = [names_key(each, self.places) for each in field.statements]
        self.gain = (
            sum(self._worth(number) for number in range(len(self.runs)))
            + sum(self._named(number) for number in range(len(self.bound)))
            - sum(self._burden(table) for table in self.places)
        )

    def move(self, table: str, place: Place) -> float:
        """Put the table there; what that gains."""
        transactions, statements = self._field.transactions_of[table], self._field.statements_of[table]
        before = self._local(table, transactions, statements)
        self.places[table] = place
        for number in transactions:
            self.runs[number] = run(self._field.transactions[number], self.places)
        for number in statements:
            self.bound[number] = names_key(self._field.statements[number], self.places)
        gained = self._local(table, transactions, statements) - before
        self.gain += gained
        return gained

    def _local(self, table: str, transactions: Sequence[int], statements: Sequence[int]) -> float:
        return sum(map(self._worth, transactions)) + sum(map(self._named, statements)) - self._burden(table)

    def _worth(self, number: int) -> float:
        stay = self.runs[number].stay
        share = self._field.transactions[number].weight / self._field.weight
        return share if stay is Stay.VALUE else HALF * share if stay is Stay.UNSHARDED else 0.0

    def _named(self, number: int) -> float:
        share = self._field.statements[number].count / self._field.executions
        return BOUND_WEIGHT * share * self.bound[number]

    def _burden(self, table: str) -> float:
        place = self.places[table]
        unsharded = BYTES_WEIGHT * self._field.share_of_bytes(table) * (place.placement is Placement.UNSHARDED)
        return unsharded + LEAVING * (not place.sharded and bool(self._members.get(table)))


def score(
    field: Field,
    places: Mapping[str, Place],
    families: Sequence[Family] = (),
    unfit: str = "",
    members: Mapping[str, Sequence[Place]] | None = None,
) -> Scored:
    """The figures of a placement as it is."""
    trial = Trial(field, places, members or {})
    single = sum(
        transaction.weight
        for transaction, ran in zip(field.transactions, trial.runs, strict=True)
        if ran.stay is not Stay.CROSSING
    )
    bound = sum(each.count for each, named in zip(field.statements, trial.bound, strict=True) if named)
    return Scored(
        families=tuple(families),
        places=dict(places),
        gain=trial.gain,
        transactions_single=single / field.weight,
        executions_bound=bound / field.executions,
        unfit=unfit,
    )


def search(field: Field, values: Mapping[Column, ColumnValues], shards: int, tell: Tell) -> list[Scored]:
    """Placements by the families' keys, the best first; everything unsharded is one of them."""
    tried = [family for family in field.families[:FAMILIES] if family.executions]
    alone = [climb(field, [family], unfit(family, values, shards), tell) for family in tried]
    alone.sort(key=_rank)
    fit = [family for family in tried if not unfit(family, values, shards)]
    joined = [_with_more_keys(field, each, fit, tell) for each in alone[:STARTS] if not each.unfit]
    none = score(field, dict.fromkeys(field.tables, UNSHARDED))
    best = min((each for each in (*alone, *joined, none) if each.sharded or not each.families), key=_rank)
    others = [each for each in (*alone, none) if (each.sharded or not each.families) and each != best]
    return [best, *sorted(others, key=_rank)]


def _rank(scored: Scored) -> tuple[bool, float, int, int]:
    return bool(scored.unfit), -round(scored.gain, 9), len(scored.families), -scored.sharded


def _with_more_keys(field: Field, best: Scored, others: Sequence[Family], tell: Tell) -> Scored:
    """The same with a second and a third key, as long as many tables have no column of those before."""
    while len(best.families) < MOST_KEYS and (rest := _left(field, best)):
        further = [each for each in others if each not in best.families and rest & each.columns.keys()]
        tried = [climb(field, [*best.families, each], "", tell) for each in further[:STARTS]]
        better = max(tried, key=lambda scored: scored.gain, default=best)
        if better.gain <= best.gain + LEAVING:
            break
        best = better
    return best


def _left(field: Field, scored: Scored) -> set[str]:
    """The tables without a column of its keys, if they are many enough by executions or bytes to want one."""
    rest = {
        table
        for table, place in scored.places.items()
        if place.placement is not Placement.REFERENCE and not any(table in each.columns for each in scored.families)
    }
    executions = sum(field.use(table).executions for table in rest)
    all_executions = sum(field.use(table).executions for table in field.tables) or 1
    size = sum(field.share_of_bytes(table) for table in rest if field.use(table).executions)
    return rest if executions >= MORE_KEYS_FROM * all_executions or size >= MORE_KEYS_FROM else set()


def climb(field: Field, families: Sequence[Family], because: str, tell: Tell) -> Scored:
    """From the families' own placement upwards, by moves of single tables."""
    members = {table: list(dict.fromkeys(_keys(field, table, families))) for table in field.tables}
    start = {table: members[table][0] if members[table] else UNSHARDED for table in field.tables}
    for table in field.tables:
        if not members[table] and field.may_be_reference(table, start):
            start[table] = REFERENCE
    trial = Trial(field, start, members)
    moved, rounds = True, 0
    while moved and rounds < ROUNDS:
        moved, rounds = False, rounds + 1
        for table in sorted(field.tables, key=lambda name: -field.use(name).executions):
            if field.use(table).executions:
                tell(Pulse())
                moved |= _best_move(field, trial, table, members[table])
    return score(field, trial.places, families, because, members)


def _best_move(field: Field, trial: Trial, table: str, members: Sequence[Place]) -> bool:
    here = trial.places[table]
    best, best_gain = here, 1e-9
    reference = [REFERENCE] if field.may_be_reference(table, trial.places) else []
    for place in (*members, *reference, UNSHARDED):
        if place != here:
            gained = trial.move(table, place)
            if gained > best_gain:
                best, best_gain = place, gained
            trial.move(table, here)
    if best != here:
        trial.move(table, best)
    return best != here


def _keys(field: Field, table: str, families: Sequence[Family]) -> Iterator[Place]:
    """The columns by which the families could shard the table: their own, else one of the same name and kind."""
    for family in families:
        if table in family.columns:
            yield by(family.columns[table])
    auto = field.tables[table].auto_increment
    for family in families:
        if table in family.columns:
            continue
        kind = next(field.candidates.kinds[Column(*member)] for member in family.columns.items())
        for name in family.names:
            if _telling(name, family) and not (auto and auto.name == name) and _kind(field, table, name) == kind:
                yield by(name)
                break


def _kind(field: Field, table: str, name: str) -> str:
    """The kind of that column as a key; of a table the log never touches, nothing speaks against one."""
    if field.use(table).executions:
        return field.candidates.kinds.get(Column(table, name), "")
    return next((keys.kind(column) for column in field.tables[table].columns if column.name == name), "")


def _telling(name: str, family: Family) -> bool:
    """Whether a name says what it means in any table: shop_id does, id does not."""
    return sum(each == name for each in family.columns.values()) > 1


def unfit(family: Family, values: Mapping[Column, ColumnValues], shards: int) -> str:
    """Why the family's values cannot fill the shards, as far as the log shows; "" if they can."""
    seen = [values[column] for table, name in family.columns.items() if (column := Column(table, name)) in values]
    if not seen:
        return ""
    distinct = max(each.distinct for each in seen)
    if distinct < max(FEWEST_VALUES, shards):
        return f"the log shows {distinct} values of it, too few for {shards} shards"
    most = max(seen, key=lambda each: each.executions)
    if most.top_shares and most.top_shares[0] > LARGEST_SHARE:
        return f"one value of it takes {most.top_shares[0]:.0%} of the executions"
    return ""
