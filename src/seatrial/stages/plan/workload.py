"""The digest as the search wants it: statements over the schema's own tables, and transactions of them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from seatrial.domain.schema import Schema, Table
from seatrial.domain.workload import Column, Digest, QueryClass, TransactionClass, Verb


class Statement(Struct, frozen=True, kw_only=True):
    """A query class over tables of the schema. `known` are the columns whose value each statement of it gives, also
    by a join; `generated` is the column whose value the server makes. `unread`: what it touches is not known."""

    query: str
    verb: Verb
    tables: tuple[str, ...]
    written: frozenset[str]
    known: frozenset[Column]
    equals: Mapping[Column, frozenset[Column]]
    generated: Column | None
    updated: frozenset[Column]
    count: int
    unread: bool

    @property
    def inserts(self) -> bool:
        return self.verb in (Verb.INSERT, Verb.REPLACE)


class Touched(Struct, frozen=True):
    """A statement of a transaction with the numbers of the values its columns have."""

    statement: Statement
    values: Mapping[Column, int]


class Transaction(Struct, frozen=True, kw_only=True):
    """One pattern. `weight` is the number of transactions it stands for, with its part of those left out."""

    kind: str
    touches: tuple[Touched, ...]
    tables: frozenset[str]
    weight: float

    @property
    def values(self) -> Iterator[tuple[Column, int]]:
        return (pair for touch in self.touches for pair in touch.values.items())


class Use(Struct, frozen=True, kw_only=True):
    """What the log does with one table: executions that touch it, and those that write it."""

    executions: int = 0
    writes: int = 0


class Workload(Struct, frozen=True, kw_only=True):
    """The whole workload. `blind` counts the transactions no pattern was kept of."""

    statements: tuple[Statement, ...]
    transactions: tuple[Transaction, ...]
    uses: Mapping[str, Use]
    blind: Mapping[str, int]
    seconds: float

    def use(self, table: str) -> Use:
        return self.uses.get(table, Use())


class Names:
    """Finds the schema's tables and columns by the names statements give them."""

    def __init__(self, schema: Schema) -> None:
        self.tables = {table.name: table for table in schema.tables}
        self._tables = {table.name.lower(): table for table in schema.tables} | self.tables
        self._columns = {
            (table.name, column.name.lower()): Column(table.name, column.name)
            for table in schema.tables
            for column in table.columns
        }

    def table(self, name: str) -> Table | None:
        return self._tables.get(name) or self._tables.get(name.lower())

    def column(self, column: Column) -> Column | None:
        table = self.table(column.table)
        return self._columns.get((table.name, column.name.lower())) if table else None

    def columns(self, columns: Iterable[Column]) -> Iterator[Column]:
        return (found for column in columns if (found := self.column(column)) is not None)


def workload(digest: Digest, schema: Schema) -> Workload:
    """Read the digest over that schema; tables the schema does not have are left out."""
    names = Names(schema)
    statements = {query.id: _statement(query, names) for query in digest.classes}
    uses: dict[str, Counter[str]] = defaultdict(Counter)
    for statement in statements.values():
        for table in statement.tables:
            uses[table]["executions"] += statement.count
            uses[table]["writes"] += statement.count * (table in statement.written)
    return Workload(
        statements=tuple(each for each in statements.values() if each.tables),
        transactions=tuple(each for kind in digest.transactions for each in _transactions(kind, statements, names)),
        uses={table: Use(**counts) for table, counts in uses.items()},
        blind={kind.id: kind.count for kind in digest.transactions if kind.count and not kind.patterns},
        seconds=digest.seconds,
    )


def _statement(query: QueryClass, names: Names) -> Statement:
    tables = tuple(dict.fromkeys(table.name for name in query.tables if (table := names.table(name)) is not None))
    equals = _equalities(
        (one, other)
        for pair in query.joined
        if (one := names.column(pair[0])) is not None and (other := names.column(pair[1])) is not None
    )
    bound = set(names.columns(query.bound))
    return Statement(
        query=query.id,
        verb=query.verb,
        tables=tables,
        written=frozenset(_written(query, tables, names)),
        known=frozenset(bound.union(*(equals.get(column, frozenset()) for column in bound))),
        equals=equals,
        generated=_generated(query, tables, bound, names),
        updated=frozenset(names.columns(query.updated)) if query.verb is Verb.UPDATE else frozenset(),
        count=query.count,
        unread=query.verb.touches_rows and bool(query.not_parsed),
    )


def _written(query: QueryClass, tables: tuple[str, ...], names: Names) -> set[str]:
    if not query.verb.writes:
        return set()
    updated = {column.table for column in names.columns(query.updated)} & set(tables)
    return updated if query.verb is Verb.UPDATE and updated else set(tables[:1])


def _generated(query: QueryClass, tables: tuple[str, ...], bound: set[Column], names: Names) -> Column | None:
    """The AUTO_INCREMENT column that an INSERT leaves to the server."""
    if query.verb is not Verb.INSERT or len(tables) != 1:
        return None
    column = names.tables[tables[0]].auto_increment
    if column is None or Column(tables[0], column.name) in bound:
        return None
    return Column(tables[0], column.name)


def _equalities(pairs: Iterable[tuple[Column, Column]]) -> dict[Column, frozenset[Column]]:
    """Each joined column to all columns that are equal to it in the statement, itself among them."""
    groups: dict[Column, set[Column]] = {}
    for one, other in pairs:
        whole = groups.get(one, {one}) | groups.get(other, {other})
        for column in whole:
            groups[column] = whole
    return {column: frozenset(whole) for column, whole in groups.items()}


def _transactions(kind: TransactionClass, statements: Mapping[str, Statement], names: Names) -> Iterator[Transaction]:
    kept = sum(pattern.count for pattern in kind.patterns)
    for pattern in kind.patterns:
        touches = []
        for touch in pattern.touches:
            statement = statements.get(touch.query)
            if statement is None or not (statement.tables or statement.unread):
                continue
            values = {found: number for column, number in touch.values if (found := names.column(column)) is not None}
            for column, number in list(values.items()):
                for equal in statement.equals.get(column, ()):
                    values.setdefault(equal, number)
            touches.append(Touched(statement, values))
        if not touches:
            continue  # it touches no table of ours: SET, SELECT 1
        yield Transaction(
            kind=kind.id,
            touches=tuple(touches),
            tables=frozenset(table for each in touches for table in each.statement.tables),
            weight=pattern.count * kind.count / kept if kept else 0.0,
        )
