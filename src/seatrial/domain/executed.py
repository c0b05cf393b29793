"""What a server's log tells of the statements it executed: one by one, or some at once, column by column."""

from collections.abc import Iterator, Sequence
from operator import attrgetter

from msgspec import Struct


class Executed(Struct, frozen=True, kw_only=True):
    """One statement as a server's log tells it, literals and all: lives in memory, and in nothing that is stored.

    Moments are wall clock, µs since 1970 UTC. `command` is an administrator command (`Quit`), "" for a statement.
    `weight`: of how many it is the one that a log with a rate limit has.
    """

    ended_us: int
    took_us: int
    lock_us: int = 0
    rows_sent: int = 0
    rows_examined: int = 0
    rows_affected: int = 0
    bytes_sent: int = 0
    errno: int = 0
    connection: int = 0
    user: str = ""
    database: str = ""
    command: str = ""
    sql: bytes = b""
    error: str = ""  # its message, where the log has one
    shard_queries: int = 0
    host: str = ""
    tmp_tables: int = 0
    tmp_disk_tables: int = 0
    full_scan: bool = False
    weight: int = 1


class Batch(Struct, frozen=True, kw_only=True):
    """Statements in their log's order, a sequence for each field of `Executed`, all of one length; None stands for a
    field that has its default in all of them."""

    ended_us: Sequence[int]
    took_us: Sequence[int]
    connection: Sequence[int]
    sql: Sequence[bytes]
    user: Sequence[str]
    database: Sequence[str]
    errno: Sequence[int]
    command: Sequence[str] | None = None
    lock_us: Sequence[int] | None = None
    rows_sent: Sequence[int] | None = None
    rows_examined: Sequence[int] | None = None
    rows_affected: Sequence[int] | None = None
    bytes_sent: Sequence[int] | None = None
    shard_queries: Sequence[int] | None = None
    host: Sequence[str] | None = None
    tmp_tables: Sequence[int] | None = None
    tmp_disk_tables: Sequence[int] | None = None
    full_scan: Sequence[bool] | None = None
    weight: Sequence[int] | None = None

    @classmethod
    def of(cls, some: Sequence[Executed]) -> "Batch":
        """At least one."""
        return cls(**dict(zip(_COLUMNS, zip(*map(_figures, some), strict=True), strict=True)))

    def __len__(self) -> int:
        return len(self.sql)

    def each(self) -> Iterator[Executed]:
        """The statements one by one."""
        known = [name for name in _COLUMNS if getattr(self, name) is not None]
        for row in zip(*(getattr(self, name) for name in known), strict=True):
            yield Executed(**dict(zip(known, row, strict=True)))


_COLUMNS = Batch.__struct_fields__
_figures = attrgetter(*_COLUMNS)
