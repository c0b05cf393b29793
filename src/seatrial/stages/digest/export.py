"""A digest for other programs: the JSON of every `--json` with its schema, and a table of the classes as CSV.

These names are promised: a field may be added, none is renamed or changes its unit. The artifact's own layout may.
"""

import csv
import io
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from seatrial.domain.workload import Digest, LogFile, NotUnderstood, QueryClass, Share, TransactionClass

_P999 = 0.999


class ExportedClass(Struct, frozen=True, kw_only=True):
    """Statements that are equal but for their literals. Sums, least and most are exact, quantiles within 1 %."""

    id: str
    fingerprint: str
    shape: str
    verb: str
    tables: tuple[str, ...]
    columns: tuple[str, ...]  # held to values, joined or updated: `table.column`
    databases: tuple[str, ...]
    not_parsed: str
    count: int
    errors: int
    query_time_s: float
    min_s: float
    mean_s: float
    p50_s: float
    p95_s: float
    p99_s: float
    p999_s: float
    max_s: float
    lock_time_s: float
    rows_sent: int
    rows_sent_max: int
    rows_examined: int
    rows_affected: int
    bytes_sent: int
    shard_queries: int
    tmp_tables: int
    tmp_disk_tables: int
    full_scans: int
    accounts: tuple[str, ...]  # `account-1=123`: labels with how many statements, the most first
    hosts: tuple[str, ...]
    tags: tuple[str, ...]  # `action=show=123`
    first: str
    last: str
    pt_checksum: str  # by which pt-query-digest names it; "" where that cannot be known


class ExportedCourse(Struct, frozen=True, kw_only=True):
    """A query class over time, in slices of `seconds` from `first` on: how many statements ended, and how many ran at
    once, mean."""

    id: str
    first: str
    seconds: int
    queries: tuple[int, ...]
    concurrency: tuple[float, ...]


class ExportedTransactionClass(Struct, frozen=True, kw_only=True):
    """Transactions of the same query classes in the same order. `explicit`: from BEGIN to COMMIT or ROLLBACK."""

    id: str
    classes: tuple[str, ...]
    explicit: bool
    count: int
    rolled_back: int
    time_s: float
    p50_s: float
    p95_s: float
    p99_s: float
    max_s: float


class ExportedTransactions(Struct, frozen=True, kw_only=True):
    """`count` is of the whole ones; `incomplete` were begun before the log, or not ended in it."""

    count: int
    explicit: int
    rolled_back: int
    incomplete: int
    classes: tuple[ExportedTransactionClass, ...]


class ExportedSlice(Struct, frozen=True, kw_only=True):
    """A slice of the log's time, `second` since its first event. `concurrency`: statements running at once, mean."""

    second: float
    seconds: float
    queries: int
    errors: int
    concurrency: float
    max_s: float


class Export(Struct, frozen=True, kw_only=True):
    """A digest. Moments are UTC, ISO 8601; times are seconds, to the microsecond."""

    dialect: str
    files: tuple[LogFile, ...]
    first: str
    last: str
    seconds: float
    events: int
    errors: int
    connections: int
    query_time_s: float
    lock_time_s: float
    rows_sent: int
    rows_examined: int
    rows_affected: int
    bytes_sent: int
    other_databases: int
    classes: tuple[ExportedClass, ...]
    transactions: ExportedTransactions
    series: tuple[ExportedSlice, ...]
    courses: tuple[ExportedCourse, ...]
    not_understood: tuple[NotUnderstood, ...]
    caveats: tuple[str, ...]


def exported(digest: Digest) -> Export:
    """The whole digest, without what only a plan needs (patterns, spread of values)."""
    classes = tuple(map(exported_class, digest.classes))
    return Export(
        dialect=digest.dialect,
        files=digest.files,
        first=digest.first,
        last=digest.last,
        seconds=digest.seconds,
        events=digest.events,
        errors=digest.errors,
        connections=digest.connections,
        query_time_s=digest.query_time_us / 1e6,
        lock_time_s=sum(each.lock_us for each in digest.classes) / 1e6,
        rows_sent=sum(each.rows_sent for each in classes),
        rows_examined=sum(each.rows_examined for each in classes),
        rows_affected=sum(each.rows_affected for each in classes),
        bytes_sent=sum(each.bytes_sent for each in classes),
        other_databases=digest.other_databases,
        classes=classes,
        transactions=ExportedTransactions(
            count=digest.transaction_count,
            explicit=sum(each.count for each in digest.transactions if each.explicit),
            rolled_back=sum(each.rolled_back for each in digest.transactions),
            incomplete=digest.incomplete_transactions,
            classes=tuple(map(exported_transaction, digest.transactions)),
        ),
        series=tuple(
            ExportedSlice(
                second=each.second,
                seconds=each.seconds,
                queries=each.queries,
                errors=each.errors,
                concurrency=round(each.busy_us / 1e6 / each.seconds, 6) if each.seconds else 0.0,
                max_s=each.max_us / 1e6,
            )
            for each in digest.series
        ),
        courses=tuple(
            ExportedCourse(
                id=query.id,
                first=query.course.first,
                seconds=query.course.seconds,
                queries=query.course.queries,
                concurrency=tuple(round(us / 1e6 / query.course.seconds, 6) for us in query.course.busy_us),
            )
            for query in digest.classes
            if query.course is not None
        ),
        not_understood=digest.not_understood,
        caveats=digest.caveats,
    )


def exported_class(query: QueryClass) -> ExportedClass:
    times = query.times
    columns = {*query.bound, *query.updated, *(column for pair in query.joined for column in pair)}
    return ExportedClass(
        id=query.id,
        fingerprint=query.fingerprint,
        shape=query.shape,
        verb=query.verb,
        tables=query.tables,
        columns=tuple(map(str, sorted(columns))),
        databases=query.databases,
        not_parsed=query.not_parsed,
        count=query.count,
        errors=query.errors,
        query_time_s=times.total_us / 1e6,
        min_s=times.min_us / 1e6,
        mean_s=round(times.total_us / query.count / 1e6, 6) if query.count else 0.0,
        p50_s=times.p50_us / 1e6,
        p95_s=times.p95_us / 1e6,
        p99_s=times.p99_us / 1e6,
        p999_s=min(max(round(times.sketch.quantile(_P999)), times.min_us), times.max_us) / 1e6,
        max_s=times.max_us / 1e6,
        lock_time_s=query.lock_us / 1e6,
        rows_sent=query.rows_sent,
        rows_sent_max=query.rows_sent_max,
        rows_examined=query.rows_examined,
        rows_affected=query.rows_affected,
        bytes_sent=query.bytes_sent,
        shard_queries=query.shard_queries,
        tmp_tables=query.tmp_tables,
        tmp_disk_tables=query.tmp_disk_tables,
        full_scans=query.full_scans,
        accounts=_shares(query.accounts),
        hosts=_shares(query.hosts),
        tags=_shares(query.tags),
        first=query.first,
        last=query.last,
        pt_checksum=query.pt_checksum,
    )


def _shares(shares: Sequence[Share]) -> tuple[str, ...]:
    return tuple(f"{share.label}={share.count}" for share in shares)


def exported_transaction(transaction: TransactionClass) -> ExportedTransactionClass:
    times = transaction.times
    return ExportedTransactionClass(
        id=transaction.id,
        classes=transaction.queries,
        explicit=transaction.explicit,
        count=transaction.count,
        rolled_back=transaction.rolled_back,
        time_s=times.total_us / 1e6,
        p50_s=times.p50_us / 1e6,
        p95_s=times.p95_us / 1e6,
        p99_s=times.p99_us / 1e6,
        max_s=times.max_us / 1e6,
    )


def as_csv(classes: Sequence[ExportedClass]) -> str:
    """A line a class (RFC 4180) under a line of the fields' names; lists are written with blanks between."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(ExportedClass.__struct_fields__)
    for each in classes:
        writer.writerow(_cell(value) for value in msgspec.structs.astuple(each))
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, tuple):
        return " ".join(value)
    return f"{value:.6f}" if isinstance(value, float) else value


def schema() -> dict[str, Any]:
    """The JSON schema (2020-12) of `Export`."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(Export)}
