"""A digest in the layout of pt-query-digest's `--output json`, as far as a digest knows what stands there.

Numbers of `metrics` are texts, times with six digits behind the point, as they are there. What a digest does not have
is left out: examples of queries, users and hosts, and the spread of all but times (docs/digest.md has the list).
"""

import math
import re
from collections.abc import Iterator, Sequence

from msgspec import Struct, field

from seatrial.domain.identifier import literal, qualified
from seatrial.domain.sketch import Sketch, merged, value_of
from seatrial.domain.workload import Digest, QueryClass
from seatrial.stages.digest.views import decades

_DECADES = 8
"""Of its histogram: from 1 µs up to 10 s and more."""
_WORD = re.compile(r"[a-z]+", re.IGNORECASE)

Metric = dict[str, str]


class PtFile(Struct, frozen=True, kw_only=True):
    """A log."""

    name: str
    size: int


class PtGlobal(Struct, frozen=True, kw_only=True):
    """All classes together."""

    files: tuple[PtFile, ...]
    query_count: int
    unique_query_count: int
    queries_per_second: float
    concurrency: float
    metrics: dict[str, Metric]


class PtTable(Struct, frozen=True, kw_only=True):
    """Statements that would tell more of a table."""

    status: str
    create: str


class PtClass(Struct, frozen=True, kw_only=True):
    """A query class, with our fingerprint. Moments are UTC, to the second."""

    attribute: str
    checksum: str
    fingerprint: str
    distillate: str
    query_count: int
    ts_min: str
    ts_max: str
    metrics: dict[str, Metric]
    histograms: dict[str, tuple[int, ...]]
    tables: tuple[PtTable, ...]


class PtDigest(Struct, frozen=True, kw_only=True):
    """The whole of it."""

    of_all: PtGlobal = field(name="global")
    classes: tuple[PtClass, ...]


def as_pt(digest: Digest) -> PtDigest:
    """The digest so laid out; classes by their time, the largest first."""
    count = sum(query.count for query in digest.classes)
    return PtDigest(
        of_all=PtGlobal(
            files=tuple(PtFile(name=file.name, size=file.bytes) for file in digest.files),
            query_count=count,
            unique_query_count=len(digest.classes),
            queries_per_second=round(count / digest.seconds, 6) if digest.seconds else 0.0,
            concurrency=round(digest.query_time_us / 1e6 / digest.seconds, 6) if digest.seconds else 0.0,
            metrics=dict(_metrics(digest.classes, 0)),
        ),
        classes=tuple(_class(query, count) for query in digest.classes),
    )


def _class(query: QueryClass, of: int) -> PtClass:
    database = query.databases[:1]
    metrics = dict(_metrics([query], of))
    if database:
        metrics["db"] = {"value": database[0]}
    counts = [0] * _DECADES
    for decade in decades(query.times.sketch):
        counts[min(decade.power, _DECADES - 1)] += decade.count
    return PtClass(
        attribute="fingerprint",
        checksum=query.pt_checksum,
        fingerprint=query.fingerprint,
        distillate=_distillate(query),
        query_count=query.count,
        ts_min=_second(query.first),
        ts_max=_second(query.last),
        metrics=metrics,
        histograms={"Query_time": tuple(counts)},
        tables=tuple(_table(database, table) for table in query.tables),
    )


def _metrics(classes: Sequence[QueryClass], of: int) -> Iterator[tuple[str, Metric]]:
    """Of these classes together; as a share of so many statements, 0: as none."""
    count = sum(query.count for query in classes)
    share = count / of if of else None
    lock_us = sum(query.lock_us for query in classes)
    yield "Query_time", _seconds(_times(classes, count), share)
    yield "Lock_time", _seconds({"sum": lock_us, "avg": lock_us / max(count, 1)}, share)
    sums = {
        "Rows_sent": sum(query.rows_sent for query in classes),
        "Rows_examined": sum(query.rows_examined for query in classes),
        "Rows_affected": sum(query.rows_affected for query in classes),
        "Bytes_sent": sum(query.bytes_sent for query in classes),
        "Created_tmp_tables": sum(query.tmp_tables for query in classes),
        "Created_tmp_disk_tables": sum(query.tmp_disk_tables for query in classes),
    }
    most = {"Rows_sent": max((query.rows_sent_max for query in classes), default=0)}
    for name, total in sums.items():
        figures = {"sum": total, "avg": total / max(count, 1), **({"max": most[name]} if name in most else {})}
        yield name, _whole(figures, share)


def _times(classes: Sequence[QueryClass], count: int) -> dict[str, float]:
    total_us = sum(query.times.total_us for query in classes)
    mean = total_us / max(count, 1)
    sketch = merged(query.times.sketch for query in classes)
    least = min((query.times.min_us for query in classes), default=0)
    most = max((query.times.max_us for query in classes), default=0)
    return {
        "sum": total_us,
        "min": least,
        "max": most,
        "avg": mean,
        "median": min(max(sketch.quantile(0.5), least), most),
        "pct_95": min(max(sketch.quantile(0.95), least), most),
        "stddev": _deviation(sketch, mean),
    }


def _deviation(sketch: Sketch, mean: float) -> float:
    squares = sum(
        count * (value_of(bucket) - mean) ** 2 for bucket, count in zip(sketch.buckets, sketch.counts, strict=True)
    )
    return math.sqrt(squares / sketch.count) if sketch.count else 0.0


def _seconds(figures_us: dict[str, float], share: float | None) -> Metric:
    seconds = {name: us / 1e6 for name, us in figures_us.items()} | ({} if share is None else {"pct": share})
    return {name: f"{figure:.6f}" for name, figure in seconds.items()}


def _whole(figures: dict[str, float], share: float | None) -> Metric:
    """Cut to whole numbers, also the share, as they are there."""
    return {name: f"{int(figure)}" for name, figure in (figures | ({} if share is None else {"pct": share})).items()}


def _second(moment: str) -> str:
    """An ISO 8601 moment in UTC, as it is written there: without fraction and zone."""
    return moment[:19]


def _distillate(query: QueryClass) -> str:
    """The statement in short, such as `SELECT orders customers`."""
    word = _WORD.search(query.fingerprint)
    verb = query.verb.upper() if query.verb.touches_rows else word[0].upper() if word is not None else ""
    return " ".join((verb, *query.tables))


def _table(database: Sequence[str], table: str) -> PtTable:
    within = "".join(f" FROM {qualified(name)}" for name in database)
    return PtTable(
        status=f"SHOW TABLE STATUS{within} LIKE {literal(table)}\\G",
        create=f"SHOW CREATE TABLE {qualified(*database, table)}\\G",
    )
