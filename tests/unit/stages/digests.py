"""Digests by hand, written as transactions in short.

A statement is a verb, tables, and what it does: `select orders shop_id=1 id=2` gives two columns of the first table
values numbered 1 and 2; `lines.shop_id=1` names another table's; `*` is more than one value; `a.x~b.y` joins;
`set:status` updates. The same words but for the numbers are the same query class.
"""

import hashlib
import re
from collections import Counter
from datetime import UTC, datetime

from msgspec.structs import replace

from seatrial.domain.schema import Column as SchemaColumn
from seatrial.domain.schema import ForeignKey, Index, IndexPart, Schema, Table
from seatrial.domain.sketch import Sketch
from seatrial.domain.workload import (
    MANY,
    Column,
    ColumnValues,
    Digest,
    Pattern,
    QueryClass,
    Times,
    Touch,
    TransactionClass,
    Verb,
)

MOMENT = datetime(2026, 11, 20, tzinfo=UTC).isoformat()


def times(count: int) -> Times:
    return Times(
        total_us=100 * count, min_us=100, max_us=100, p50_us=100, p95_us=100, p99_us=100, sketch=Sketch.of({1: count})
    )


def _column(text: str, tables: list[str]) -> Column:
    table, dot, name = text.rpartition(".")
    return Column(table if dot else tables[0], name)


class Log:
    """Collects transactions; `digest` sums them up."""

    def __init__(self, seconds: float = 100.0) -> None:
        self._seconds = seconds
        self._queries: dict[str, QueryClass] = {}
        self._counts: Counter[str] = Counter()
        self._patterns: Counter[tuple[Touch, ...]] = Counter()
        self.values: list[ColumnValues] = []

    def add(self, count: int, *statements: str, not_parsed: str = "") -> "Log":
        touches = tuple(self._touch(statement, not_parsed) for statement in statements)
        self._patterns[touches] += count
        for touch in touches:
            self._counts[touch.query] += count
        return self

    def spread(self, column: str, distinct: int, top: float = 0.1) -> "Log":
        table, _, name = column.partition(".")
        self.values.append(
            ColumnValues(column=Column(table, name), executions=100, distinct=distinct, capped=False, top_shares=(top,))
        )
        return self

    def id(self, statement: str) -> str:
        """The query class of a statement."""
        return hashlib.sha256(re.sub(r"=\S+", "=", statement).encode()).hexdigest()[:16]

    def _touch(self, statement: str, not_parsed: str) -> Touch:
        verb, named, *words = statement.split()
        tables = [] if named == "-" else named.split(",")
        values = {}
        for word in words:
            if "=" in word:
                column, number = word.split("=")
                values[_column(column, tables)] = MANY if number == "*" else int(number)
        pairs = [tuple(_column(side, tables) for side in word.split("~")) for word in words if "~" in word]
        query = self.id(statement)
        self._queries[query] = QueryClass(
            id=query,
            fingerprint=statement,
            shape=statement,
            verb=Verb(verb),
            tables=() if not_parsed else tuple(tables),
            bound=tuple(values),
            joined=tuple((one, other) for one, other in pairs),
            updated=tuple(_column(word[4:], tables) for word in words if word.startswith("set:")),
            not_parsed=not_parsed,
            count=0,
            errors=0,
            times=times(0),
            lock_us=0,
            rows_sent=0,
            rows_sent_max=0,
            rows_examined=0,
            rows_affected=0,
            bytes_sent=0,
            first=MOMENT,
            last=MOMENT,
            databases=("shop",),
        )
        return Touch(query, tuple(values.items()))

    def digest(self) -> Digest:
        kinds: dict[tuple[str, ...], list[Pattern]] = {}
        for touches, count in self._patterns.items():
            kinds.setdefault(tuple(touch.query for touch in touches), []).append(Pattern(touches=touches, count=count))
        classes = [_counted(query, self._counts[query.id]) for query in self._queries.values()]
        return Digest(
            dialect="mysql slow log",
            files=(),
            first=MOMENT,
            last=MOMENT,
            seconds=self._seconds,
            events=sum(self._counts.values()),
            errors=0,
            connections=1,
            query_time_us=100 * sum(self._counts.values()),
            classes=tuple(sorted(classes, key=lambda each: -each.count)),
            transactions=tuple(
                TransactionClass(
                    id=hashlib.sha256("".join(queries).encode()).hexdigest()[:16],
                    queries=queries,
                    count=sum(pattern.count for pattern in patterns),
                    rolled_back=0,
                    explicit=len(queries) > 1,
                    times=times(1),
                    patterns=tuple(patterns),
                    patterns_left_out=0,
                )
                for queries, patterns in kinds.items()
            ),
            incomplete_transactions=0,
            values=tuple(self.values),
            series=(),
            not_understood=(),
            other_databases=0,
            caveats=(),
        )


def _counted(query: QueryClass, count: int) -> QueryClass:
    return replace(query, count=count, times=times(count))


def table(name: str, columns: str, *, primary: str = "", rows: int = 1000, refers: str = "") -> Table:
    """`columns` such as `id+ shop_id note?/text`: `+` AUTO_INCREMENT, `?` nullable, then type and collation;
    `refers` such as `shop_id:shops.id`."""
    made = tuple(_made(word) for word in columns.split())
    keys = primary.split() or [made[0].name]
    parents = [word.split(":") for word in refers.split()]
    return Table(
        name=name,
        engine="InnoDB",
        collation="utf8mb4_0900_ai_ci",
        rows_estimate=rows,
        data_bytes=rows * 100,
        index_bytes=0,
        columns=made,
        indexes=(Index(name="PRIMARY", unique=True, parts=tuple(IndexPart(column=key) for key in keys)),),
        foreign_keys=tuple(
            ForeignKey(
                name=f"{name}_{mine}",
                columns=(mine,),
                parent_schema="shop",
                parent_table=theirs.split(".")[0],
                parent_columns=(theirs.split(".")[1],),
                on_delete="RESTRICT",
                on_update="RESTRICT",
            )
            for mine, theirs in parents
        ),
    )


def _made(word: str) -> SchemaColumn:
    found = re.fullmatch(r"(\w+)(\+?)(\??)(?:/(\w+))?(?:/(\w+))?", word)
    assert found is not None, word
    name, auto, nullable, kind, collation = found.groups()
    kind = kind or "bigint"
    return SchemaColumn(
        name=name,
        type=kind,
        data_type=kind,
        nullable=bool(nullable),
        collation=collation or ("utf8mb4_0900_ai_ci" if "char" in kind or "text" in kind else None),
        auto_increment=bool(auto),
    )


def schema(*tables: Table) -> Schema:
    return Schema(database="shop", charset="utf8mb4", collation="utf8mb4_0900_ai_ci", tables=tables)
