"""performance_schema's statement digests at one moment: what two such snapshots are made of that make a digest."""

from msgspec import Struct

FORMAT = "seatrial statement snapshot"
"""The first field of a snapshot's file, by which it is recognised."""

VERSION = 1

DIALECT = "performance_schema statements"
"""Of a digest that was made of two snapshots."""

STEP = 10 ** (1 / 50)
"""By so much the buckets of the server's histograms grow, from 10 µs on (MySQL 8 and later)."""


class Bucket(Struct, frozen=True, array_like=True):
    """A bucket of the server's histograms: durations from `low_ps` up to `high_ps`."""

    number: int
    low_ps: int
    high_ps: int


class StatementCount(Struct, frozen=True, kw_only=True):
    """One row: statements of one text in one database, counted since the server's start or the last TRUNCATE.

    Times are the server's picoseconds; sums of them begin anew at 2**64. `histogram`: executions by the number of the
    bucket; empty where the server keeps none.
    """

    schema: str | None  # the session's database
    digest: str
    text: str  # as MySQL writes it, and without anything that could be a literal
    count: int
    time_ps: int
    min_ps: int
    max_ps: int
    lock_ps: int
    errors: int
    warnings: int
    rows_affected: int
    rows_sent: int
    rows_examined: int
    tmp_tables: int
    tmp_disk_tables: int
    select_full_join: int
    select_full_range_join: int
    select_range: int
    select_range_check: int
    select_scan: int
    sort_merge_passes: int
    sort_range: int
    sort_rows: int
    sort_scan: int
    no_index_used: int
    no_good_index_used: int
    first_seen: str  # UTC, ISO 8601; "" where the server does not say
    last_seen: str
    p95_ps: int | None = None  # of all executions; MySQL 8 and later
    p99_ps: int | None = None
    p999_ps: int | None = None
    histogram: tuple[tuple[int, int], ...] = ()

    @property
    def key(self) -> tuple[str | None, str]:
        """What names the row on its server."""
        return self.schema, self.digest


class Snapshot(Struct, frozen=True, kw_only=True):
    """The rows of one database. `others` counts the statements of the server's other rows, `beyond` those that no row
    was left for, `executes` those of any database that were prepared by the protocol; `no_histogram` says why there are
    no histograms, "" where there are."""

    format: str = FORMAT
    version: int = VERSION
    server: str
    server_uuid: str  # MariaDB's server_uid; "" where the server has neither
    moment: str  # UTC, ISO 8601, by the server's clock
    uptime_s: int
    database: str
    digests_size: int
    others: int
    beyond: int
    no_histogram: str
    instruments_off: int  # kinds of statements the server does not count
    instruments_untimed: int  # and those it counts without a time
    executes: int = 0
    buckets: tuple[Bucket, ...]
    statements: tuple[StatementCount, ...]
