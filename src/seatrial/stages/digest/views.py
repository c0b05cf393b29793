"""A digest looked at: some of its classes in an order, one of them with its transactions, times as a histogram."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from itertools import pairwise

from msgspec import Struct

from seatrial.domain.sketch import Sketch, value_of
from seatrial.domain.workload import Digest, QueryClass, TransactionClass, Verb

SHORTEST_ID = 8


class Order(StrEnum):
    TIME = "time"  # that the class took together
    COUNT = "count"
    P99 = "p99"
    ROWS = "rows"  # examined and sent
    ERRORS = "errors"


_FIGURES: Mapping[Order, Callable[[QueryClass], int]] = {
    Order.TIME: lambda query: query.times.total_us,
    Order.COUNT: lambda query: query.count,
    Order.P99: lambda query: query.times.p99_us,
    Order.ROWS: lambda query: query.rows_examined + query.rows_sent,
    Order.ERRORS: lambda query: query.errors,
}


def figure(query: QueryClass, order: Order) -> int:
    """What the order compares."""
    return _FIGURES[order](query)


def chosen(
    digest: Digest,
    *,
    order: Order = Order.TIME,
    min_time_s: float = 0.0,
    verbs: Sequence[Verb] = (),
    tables: Sequence[str] = (),
) -> list[QueryClass]:
    """The classes that took at least this time together, are of one of the verbs and touch one of the tables (any,
    where none is named), the largest first. Names of tables are compared without regard to case."""
    wanted = {table.lower() for table in tables}
    kept = [
        query
        for query in digest.classes
        if query.times.total_us >= min_time_s * 1e6
        and (not verbs or query.verb in verbs)
        and (not wanted or any(table.lower() in wanted for table in query.tables))
    ]
    return sorted(kept, key=lambda query: (-figure(query, order), -query.times.total_us, query.id))


def beginning(digest: Digest, start: str) -> list[QueryClass | TransactionClass]:
    """The query and transaction classes whose id begins so."""
    start = start.lower()
    queries = [each for each in digest.classes if each.id.startswith(start)]
    return [*queries, *(each for each in digest.transactions if each.id.startswith(start))]


def transactions_with(digest: Digest, query: str) -> list[TransactionClass]:
    """The transaction classes that hold the query class of that id, the most frequent first."""
    return [each for each in digest.transactions if query in each.queries]


def id_length(digest: Digest) -> int:
    """How many digits of an id tell the classes of this digest apart: at least eight."""
    ids = sorted([*(each.id for each in digest.classes), *(each.id for each in digest.transactions)])
    longest = SHORTEST_ID
    for one, other in pairwise(ids):
        while one != other and one[:longest] == other[:longest]:
            longest += 1
    return longest


class Decade(Struct, frozen=True):
    """Executions that took from 10**power up to ten times that, in µs."""

    power: int
    count: int


def decades(sketch: Sketch) -> list[Decade]:
    """The sketch as pt-query-digest draws it: by powers of ten, from the fastest to the slowest that occur."""
    counts: dict[int, int] = {}
    for bucket, count in zip(sketch.buckets, sketch.counts, strict=True):
        power = len(str(int(value_of(bucket)))) - 1
        counts[power] = counts.get(power, 0) + count
    if not counts:
        return []
    return [Decade(power, counts.get(power, 0)) for power in range(min(counts), max(counts) + 1)]
