"""One query class, and what is counted of it."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import IntEnum
from operator import itemgetter
from typing import TypeVar

from msgspec import Struct, field

from seatrial.domain.executed import Batch
from seatrial.domain.workload import Column, QueryClass
from seatrial.parsing.statement import Statement
from seatrial.stages.digest.tally import TimeTally

T = TypeVar("T")


class Control(IntEnum):
    """What a class does to its connection's transaction."""

    NONE = 0
    BEGIN = 1
    COMMIT = 2
    ROLLBACK = 3
    AUTOCOMMIT = 4  # or back: the statement says which
    IMPLICIT = 5  # commits what is open, whoever asks
    ASIDE = 6  # SET, SHOW and the like: outside of BEGIN no transaction


class Class(Struct, array_like=True, eq=False):
    """One query class, counted. `keys` are the bound columns whose values are followed; `plain` is the text of the
    first of its statements, as a parser is shown it."""

    number: int
    id: str
    fingerprint: str
    shape: str
    plain: str
    statement: Statement
    control: Control = Control.NONE
    keys: tuple[Column, ...] = ()
    elsewhere: bool = False
    names_all_of_ours: bool = False  # every table with our database before it
    times: TimeTally = field(default_factory=TimeTally)
    count: int = 0
    errors: int = 0
    lock_us: int = 0
    rows_sent: int = 0
    rows_sent_max: int = 0
    rows_examined: int = 0
    rows_affected: int = 0
    bytes_sent: int = 0
    shard_queries: int = 0
    first_us: int = 0
    last_us: int = 0
    databases: set[str] = set()
    rows: list[int] = []  # of the batch that is being added
    named: list[list[int]] = []  # values of the keys, of executions in it that name one each
    named_many: list[list[list[int]]] = []  # of those that may name several

    def count_rows(self, batch: Batch, rows: Sequence[int]) -> tuple[Sequence[int], Sequence[int], Sequence[int]]:
        """Count these statements, column by column; when each ended, how long it took, and its error, for whoever
        counts them too."""
        of = _picked(rows)
        ended, took, errnos = of(batch.ended_us), of(batch.took_us), of(batch.errno)
        self.first_us = min(self.first_us, min(ended)) if self.count else min(ended)
        self.last_us = max(self.last_us, max(ended))
        self.count += len(rows)
        self.times.add_all(took)
        self.errors += len(errnos) - errnos.count(0)
        self.databases.update(of(batch.database))
        if batch.lock_us is not None:
            self.lock_us += sum(of(batch.lock_us))
        if batch.rows_sent is not None:
            sent = of(batch.rows_sent)
            self.rows_sent += sum(sent)
            self.rows_sent_max = max(self.rows_sent_max, max(sent))
        if batch.rows_examined is not None:
            self.rows_examined += sum(of(batch.rows_examined))
        if batch.rows_affected is not None:
            self.rows_affected += sum(of(batch.rows_affected))
        if batch.bytes_sent is not None:
            self.bytes_sent += sum(of(batch.bytes_sent))
        if batch.shard_queries is not None:
            self.shard_queries += sum(of(batch.shard_queries))
        return ended, took, errnos

    def repeat(self, batch: Batch, row: int, more: int) -> None:
        """Count a statement that was counted so many times more."""

        def again(column: Sequence[int] | None) -> int:
            return more * column[row] if column is not None else 0

        self.count += more
        self.times.repeat(batch.took_us[row], more)
        self.lock_us += again(batch.lock_us)
        self.rows_sent += again(batch.rows_sent)
        self.rows_examined += again(batch.rows_examined)
        self.rows_affected += again(batch.rows_affected)
        self.bytes_sent += again(batch.bytes_sent)
        self.shard_queries += again(batch.shard_queries)
        self.errors += more * (batch.errno[row] != 0)

    def take(self, other: "Class") -> None:
        """Add what the following part of the log counted."""
        self.first_us = min(self.first_us, other.first_us) if self.count else other.first_us
        self.last_us = max(self.last_us, other.last_us)
        self.count += other.count
        self.errors += other.errors
        self.times.take(other.times)
        self.lock_us += other.lock_us
        self.rows_sent += other.rows_sent
        self.rows_sent_max = max(self.rows_sent_max, other.rows_sent_max)
        self.rows_examined += other.rows_examined
        self.rows_affected += other.rows_affected
        self.bytes_sent += other.bytes_sent
        self.shard_queries += other.shard_queries
        self.databases |= other.databases
        if variables(other.shape) > variables(self.shape):
            self.shape = other.shape

    def uncounted(self) -> "Class":
        """The same class with nothing counted."""
        return Class(
            self.number,
            self.id,
            self.fingerprint,
            self.shape,
            self.plain,
            self.statement,
            self.control,
            self.keys,
            self.elsewhere,
            self.names_all_of_ours,
        )

    def told(self) -> QueryClass:
        statement = self.statement
        return QueryClass(
            id=self.id,
            fingerprint=self.fingerprint,
            shape=self.shape,
            verb=statement.verb,
            tables=statement.tables,
            bound=tuple(dict.fromkeys(bound.column for bound in statement.bound)),
            joined=statement.joined,
            updated=statement.updated,
            not_parsed=statement.not_parsed,
            count=self.count,
            errors=self.errors,
            times=self.times.times(),
            lock_us=self.lock_us,
            rows_sent=self.rows_sent,
            rows_sent_max=self.rows_sent_max,
            rows_examined=self.rows_examined,
            rows_affected=self.rows_affected,
            bytes_sent=self.bytes_sent,
            first=utc(self.first_us),
            last=utc(self.last_us),
            databases=tuple(sorted(self.databases - {""})),
            shard_queries=self.shard_queries,
        )


def _picked(rows: Sequence[int]) -> Callable[[Sequence[T]], Sequence[T]]:
    """What takes these rows out of a column."""
    if len(rows) == 1:
        return lambda column: (column[rows[0]],)
    return itemgetter(*rows)


def variables(shape: str) -> int:
    """How many bind variables a shape has."""
    return shape.count(":v")


def utc(us: int) -> str:
    """A moment as it stands in artifacts: UTC, ISO 8601, to the µs."""
    return datetime.fromtimestamp(us // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{us % 1_000_000:06d}Z"
