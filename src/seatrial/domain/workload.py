"""What a log of statements says: query classes and transaction classes, without one literal of them."""

from enum import StrEnum

from msgspec import Struct

from seatrial.domain.sketch import Sketch


class Verb(StrEnum):
    """What a statement does, as far as routing and transactions care."""

    SELECT = "select"
    INSERT = "insert"
    REPLACE = "replace"
    UPDATE = "update"
    DELETE = "delete"
    BEGIN = "begin"
    COMMIT = "commit"
    ROLLBACK = "rollback"
    SET = "set"
    DDL = "ddl"
    OTHER = "other"

    @property
    def reads(self) -> bool:
        return self is Verb.SELECT

    @property
    def writes(self) -> bool:
        return self in (Verb.INSERT, Verb.REPLACE, Verb.UPDATE, Verb.DELETE)

    @property
    def touches_rows(self) -> bool:
        return self.reads or self.writes


class Column(Struct, frozen=True, order=True):
    """A column of a table of the source, both as they are written in the schema."""

    table: str
    name: str

    def __str__(self) -> str:
        return f"{self.table}.{self.name}"


class Times(Struct, frozen=True, kw_only=True):
    """Durations in µs. Sum, least and most are exact; quantiles are within 1 %."""

    total_us: int
    min_us: int
    max_us: int
    p50_us: int
    p95_us: int
    p99_us: int
    sketch: Sketch


class Share(Struct, frozen=True):
    """How many of a class's statements were of this account or host, which has a label in place of its name; or had
    this tag."""

    label: str
    count: int


class Course(Struct, frozen=True, kw_only=True):
    """A class over time: slices of `seconds` each, the first beginning at `first`. `busy_us` is the time statements
    took: divided by the slice, how many ran at once."""

    first: str  # UTC, ISO 8601
    seconds: int
    queries: tuple[int, ...]
    busy_us: tuple[int, ...]


class QueryClass(Struct, frozen=True, kw_only=True):
    """All statements that are equal but for their literals (and the lengths of their lists).

    `shape` is one of them with every literal replaced by a bind variable `:v1`, `:v2` …: what a planner can be
    asked. `tables` and the columns are named as in the statement, without database and alias. `bound` are columns
    held to values by `=` or `IN` in every statement of the class, or given values by an INSERT.
    """

    id: str  # 16 hexadecimal digits, the same in every log and on every machine
    fingerprint: str
    shape: str
    verb: Verb
    tables: tuple[str, ...]
    bound: tuple[Column, ...]
    joined: tuple[tuple[Column, Column], ...]
    updated: tuple[Column, ...]
    not_parsed: str  # why the parser could not read it; "" where it could
    count: int
    errors: int
    times: Times
    lock_us: int
    rows_sent: int
    rows_sent_max: int
    rows_examined: int
    rows_affected: int
    bytes_sent: int
    first: str  # UTC, ISO 8601
    last: str
    databases: tuple[str, ...]
    shard_queries: int = 0  # queries sent to shards, where the log is vtgate's
    tmp_tables: int = 0
    tmp_disk_tables: int = 0
    full_scans: int = 0  # statements that the log says read a whole table; MySQL's own log does not say it
    accounts: tuple[Share, ...] = ()
    hosts: tuple[Share, ...] = ()
    tags: tuple[Share, ...] = ()  # of comments, as `controller=orders`
    course: Course | None = None
    pt_checksum: str = ""  # pt-query-digest's, of the first statement; "" where its literals cannot be told apart


MANY = -1
"""In a pattern: the column had more than one value in the transaction."""


class Touch(Struct, frozen=True):
    """One statement of a pattern: the query class, and which value each of its bound columns had.

    Values are numbered in the order of their appearance in the transaction: the same number, the same value.
    """

    query: str
    values: tuple[tuple[Column, int], ...]


class Pattern(Struct, frozen=True, kw_only=True):
    """Transactions of one class whose statements share their values in the same way."""

    touches: tuple[Touch, ...]
    count: int


class TransactionClass(Struct, frozen=True, kw_only=True):
    """Transactions with the same sequence of query classes, immediate repeats told once.

    A statement outside BEGIN … COMMIT is a transaction of its own. `patterns`: the most frequent first;
    `patterns_left_out` counts the transactions of those that were too many to keep.
    """

    id: str
    queries: tuple[str, ...]
    count: int
    rolled_back: int
    explicit: bool  # between BEGIN and COMMIT or ROLLBACK
    times: Times
    patterns: tuple[Pattern, ...]
    patterns_left_out: int


class ColumnValues(Struct, frozen=True, kw_only=True):
    """How the values of a bound column are spread, counted by keyed hashes that are kept nowhere.

    `top_shares`: the shares of the most frequent values among `executions`, at most five, largest first.
    `distinct` is a lower bound where `capped`.
    """

    column: Column
    executions: int
    distinct: int
    capped: bool
    top_shares: tuple[float, ...]


class LogFile(Struct, frozen=True, kw_only=True):
    """A log as it was read. `server` is its banner's version, "" where it has none."""

    name: str
    sha256: str
    bytes: int
    server: str


class NotUnderstood(Struct, frozen=True, kw_only=True):
    """Text of a log that is no part of an event we know; `offset` is the first place, in bytes."""

    file: str
    offset: int
    what: str
    count: int


class Slice(Struct, frozen=True, kw_only=True):
    """One slice of the log's time. `busy_us` is the time statements took: divided by the slice, the concurrency."""

    second: float  # since the first slice began, at a whole second
    seconds: float
    queries: int
    errors: int
    busy_us: int
    max_us: int


class Digest(Struct, frozen=True, kw_only=True):
    """A workload. Classes by total time, transactions by count, the largest first."""

    dialect: str  # "mysql slow log" or "vtgate query log"
    files: tuple[LogFile, ...]
    first: str
    last: str
    seconds: float
    events: int
    errors: int
    connections: int
    query_time_us: int
    classes: tuple[QueryClass, ...]
    transactions: tuple[TransactionClass, ...]
    incomplete_transactions: int  # begun before the log or not ended in it
    values: tuple[ColumnValues, ...]
    series: tuple[Slice, ...]
    not_understood: tuple[NotUnderstood, ...]
    other_databases: int  # events of databases that are not ours, left out
    caveats: tuple[str, ...]  # what the log cannot show: sampled, cut, clock in the future …
    without_values: bool = False  # nobody looked at values: there are no patterns, and no spread of values
    numbered_tables_merged: bool = False  # --merge-numbered-tables: classes name families of tables

    @property
    def transaction_count(self) -> int:
        return sum(each.count for each in self.transactions)

    def query(self, id: str) -> QueryClass:
        """The class of that id; KeyError if there is none."""
        for each in self.classes:
            if each.id == id:
                return each
        raise KeyError(id)


class Sample(Struct, frozen=True, kw_only=True):
    """A statement with its literals, as it was logged; `cut` where only its beginning is kept. `at`: when it began."""

    sql: str
    cut: bool
    took_us: int
    at: str  # UTC, ISO 8601


class Samples(Struct, frozen=True, kw_only=True):
    """What a digest leaves out: by query class its slowest statement and one as slow as most, and the names that the
    labels of accounts and hosts stand for. It exists in private files only, and is shown until the day it expires,
    with the digest of the same logs (`of`, their sha256).
    """

    expires: str = ""  # ISO 8601
    of: tuple[str, ...] = ()
    worst: dict[str, Sample]
    typical: dict[str, Sample]
    accounts: dict[str, str]
    hosts: dict[str, str]


class Recorded(Struct, frozen=True, array_like=True):
    """One statement of a recording, with its literals: it exists in private files only.

    `connection` counts from 0; `at_us` is when it began, since the recording's `began_us`; `rows` are those sent.
    """

    connection: int
    at_us: int
    took_us: int
    query: str
    database: str
    rows: int
    errno: int
    sql: bytes


class Recording(Struct, frozen=True, kw_only=True):
    """The head of a private recording; its one data file holds a `Recorded` a line, as JSON."""

    expires: str  # the day after which it may not be used any more, ISO 8601
    began: str  # UTC, ISO 8601: where `Recorded.at_us` counts from
    seconds: float
    events: int
    connections: int
