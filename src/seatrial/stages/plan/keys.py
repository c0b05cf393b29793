"""Candidates for a sharding key, and families of them: columns of several tables that carry the same value.

A column qualifies if every row has a value of it, rows keep that value, and it hashes to one place however it is
written. Columns are linked by joins, by equal values within transactions, by foreign keys and by their names.
"""

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from msgspec import Struct

from seatrial.domain.schema import Column as SchemaColumn
from seatrial.domain.schema import Schema, Table
from seatrial.domain.workload import MANY, Column
from seatrial.stages.plan.workload import Workload

SELDOM = 0.05
"""Up to this share of a table's executions may change a key's column, or insert without it: Vitess refuses those."""

ALWAYS = 0.95
"""Two columns carry the same value if they do in this share of the transactions that have one value of each."""

NAMED_ALIKE = 0.5
DECLARED = 1.0
"""The weight of a link that the schema tells, in executions: the log's own links come first."""

_INTEGERS = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint"})
_TEXTS = frozenset({"char", "varchar"})
_BYTES = frozenset({"binary", "varbinary"})


class Family(Struct, frozen=True, kw_only=True):
    """Columns of the same value, at most one a table. `executions` is the number of those that name one of them."""

    columns: Mapping[str, str]
    executions: int

    @property
    def names(self) -> list[str]:
        """Its columns' names, the most common first."""
        return [name for name, _ in sorted(Counter(self.columns.values()).items(), key=lambda it: (-it[1], it[0]))]

    def __str__(self) -> str:
        return self.names[0]


def kind(column: SchemaColumn) -> str:
    """What the column's values are for a hash: columns of one kind agree on it. "" for those that cannot be a key."""
    if column.nullable or column.generated:
        return ""
    if column.data_type in _INTEGERS:
        return "integer"
    if column.data_type in _BYTES:
        return "bytes"
    if column.data_type in _TEXTS:
        return "loose text" if (column.collation or "").endswith("_ci") else "exact text"
    return ""


class Candidates:
    """Every column that qualifies, with its kind; and what speaks against the others."""

    def __init__(self, schema: Schema, workload: Workload) -> None:
        self._columns = {Column(table.name, column.name): column for table in schema.tables for column in table.columns}
        self._workload = workload
        self._updated, self._without, looked_up = _against(workload, schema)
        self.kinds = {
            column: kind(each)
            for column, each in self._columns.items()
            if not self.objection(column) and (column in looked_up or _indexed(schema.table(column.table), column.name))
        }

    def objection(self, column: Column) -> str:
        """Why the column cannot be a key; "" if nothing is known against it."""
        each = self._columns[column]
        executions = self._workload.use(column.table).executions
        if each.nullable:
            return "may be NULL"
        if each.generated:
            return "is generated"
        if not kind(each):
            return f"is of type {each.data_type}"
        if (updated := self._updated[column]) > SELDOM * executions:
            return f"is changed by {updated:,} of {executions:,} statements, and rows do not move between shards"
        if (without := self._without[column]) > SELDOM * executions:
            return f"is not given by {without:,} of {executions:,} statements, which insert without it"
        return ""


def _indexed(table: Table, column: str) -> bool:
    return any(part.column == column for index in table.indexes for part in index.parts)


def _against(workload: Workload, schema: Schema) -> tuple[Counter[Column], Counter[Column], set[Column]]:
    """By column: executions that update it, and that insert without it; then the columns rows are looked up by."""
    updated: Counter[Column] = Counter()
    without: Counter[Column] = Counter()
    looked_up: set[Column] = set()
    columns = {table.name: [Column(table.name, column.name) for column in table.columns] for table in schema.tables}
    for statement in workload.statements:
        looked_up.update(statement.equals)
        for column in statement.updated:
            updated[column] += statement.count
        if not statement.inserts:
            looked_up.update(statement.known)
        elif len(statement.tables) == 1:  # INSERT … SELECT gives values that no log shows
            for column in columns[statement.tables[0]]:
                if column not in statement.known and column != statement.generated:
                    without[column] += statement.count
    return updated, without, looked_up


def families(schema: Schema, workload: Workload, candidates: Candidates) -> list[Family]:
    """Families by the executions that name them, the most first. Strong links are made first, and one that would
    put two columns of a table into one family is not made."""
    qualified = candidates.kinds
    home: dict[Column, dict[str, str]] = {column: {column.table: column.name} for column in qualified}
    links = _links(schema, workload, qualified)
    for (one, other), _ in sorted(links.items(), key=lambda item: (-item[1], item[0])):
        mine, theirs = home[one], home[other]
        if mine is theirs or mine.keys() & theirs.keys():
            continue
        mine.update(theirs)
        for table, name in theirs.items():
            home[Column(table, name)] = mine
    executions: Counter[int] = Counter()
    for statement in workload.statements:
        for family in {id(home[column]) for column in statement.known if column in home}:
            executions[family] += statement.count
    unique = {id(family): family for family in home.values()}
    found = [Family(columns=columns, executions=executions[number]) for number, columns in unique.items()]
    return sorted(found, key=lambda family: (-family.executions, -len(family.columns), sorted(family.columns.items())))


def _links(schema: Schema, workload: Workload, qualified: Mapping[Column, str]) -> dict[tuple[Column, Column], float]:
    """How strongly two columns are known to carry the same value, in executions."""
    links: dict[tuple[Column, Column], float] = defaultdict(float)

    def link(one: Column, other: Column, weight: float) -> None:
        if one.table != other.table and one in qualified and qualified[one] == qualified.get(other):
            links[min(one, other), max(one, other)] += weight

    for statement in workload.statements:
        for one, group in statement.equals.items():
            for other in group:
                if one < other:
                    link(one, other, statement.count)
    for (one, other), weight in _same_values(workload, qualified).items():
        link(one, other, weight)
    for table in schema.tables:
        for key in table.foreign_keys:
            for mine, theirs in zip(key.columns, key.parent_columns, strict=True):
                link(Column(table.name, mine), Column(key.parent_table, theirs), DECLARED)
    for one, other in named_alike(schema):
        link(one, other, NAMED_ALIKE)
    return links


def _same_values(workload: Workload, qualified: Mapping[Column, str]) -> dict[tuple[Column, Column], float]:
    """Pairs of columns that had one and the same value in (nearly) all transactions that had one value of each."""
    valued = [
        (transaction.weight, values)
        for transaction in workload.transactions
        if len(transaction.tables) > 1 and (values := _single_values(transaction.values, qualified))
    ]
    equal: dict[tuple[Column, Column], float] = defaultdict(float)
    for weight, values in valued:
        by_number: dict[int, list[Column]] = defaultdict(list)
        for column, number in values.items():
            by_number[number].append(column)
        for columns in by_number.values():
            for pair in itertools.combinations(sorted(columns), 2):
                equal[pair] += weight
    both: dict[tuple[Column, Column], float] = defaultdict(float)
    partners: dict[Column, list[Column]] = defaultdict(list)
    for one, other in equal:
        partners[one].append(other)
    for weight, values in valued:
        for one in values:
            for other in partners.get(one, ()):
                if other in values:
                    both[one, other] += weight
    return {pair: weight for pair, weight in equal.items() if weight >= ALWAYS * both[pair]}


def _single_values(every: Iterator[tuple[Column, int]], qualified: Mapping[Column, str]) -> dict[Column, int]:
    found: dict[Column, int] = {}
    for column, number in every:
        if column in qualified:
            found[column] = number if found.get(column, number) == number else MANY
    return {column: number for column, number in found.items() if number != MANY}


def named_alike(schema: Schema) -> Iterator[tuple[Column, Column]]:
    """Columns that are named after another table and its key: orders.customer_id or orders.customer, customers.id."""
    called: dict[str, list[Column]] = defaultdict(list)
    for table in schema.tables:
        if (key := _own_key(table)) is not None:
            for one in singulars(table.name):
                called[one].append(Column(table.name, key))
                called[f"{one}_{key.lower()}"].append(Column(table.name, key))
    types = {Column(table.name, each.name): each.type for table in schema.tables for each in table.columns}
    for table in schema.tables:
        for each in table.columns:
            for owner in called.get(each.name.lower(), ()):
                if owner.table != table.name and types[owner] == each.type:
                    yield Column(table.name, each.name), owner


def _own_key(table: Table) -> str | None:
    """The column that numbers a table's own rows: its AUTO_INCREMENT one, else a primary key of one column."""
    if (column := table.auto_increment) is not None:
        return column.name
    primary = next((index for index in table.indexes if index.primary), None)
    return primary.parts[0].column if primary is not None and len(primary.parts) == 1 else None


def singulars(name: str) -> set[str]:
    """What one row of a table of that name may be called: countries → country, countrie, countri."""
    low = name.lower()
    found = {low}
    if low.endswith("ies"):
        found.add(low[:-3] + "y")
    if low.endswith("es"):
        found.add(low[:-2])
    if low.endswith("s"):
        found.add(low[:-1])
    return found
