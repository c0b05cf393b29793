"""Which query and transaction classes of a workload break a target's limits, and how often, as far as a log tells."""

from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct

from seatrial.domain.workload import Digest, QueryClass, Times, TransactionClass


class Limit(StrEnum):
    """What is limited; in the order of what fails for certain and not only when the target is slow."""

    ROWS = "rows"
    BYTES = "bytes"
    QUERY_TIME = "query time"
    TRANSACTION_TIME = "transaction time"


class Bounds(Struct, frozen=True, kw_only=True):
    """What a target allows one statement, or one transaction, to take. None: without bound."""

    rows: int
    result_bytes: int | None
    read_us: int
    write_us: int
    transaction_us: int


class Breach(Struct, frozen=True, kw_only=True):
    """A class that breaks a limit. `bound` and `most` are in rows, bytes or µs.

    Of its executions at least `at_least` broke it and at most `at_most`; the two are the same where the log tells.
    `estimated`: `most` was computed, not logged, and it may be that none did (`at_least` is 0).
    """

    limit: Limit
    bound: int
    id: str  # of the query class; of the transaction class where transaction time is limited
    at: int  # its place in the digest's classes, or transactions
    count: int
    most: int
    at_least: int
    at_most: int
    estimated: bool = False


def forecast(digest: Digest, bounds: Bounds) -> tuple[Breach, ...]:
    """Every breach; by limit, the most frequent first. Times are the log's own: a slower target breaks more."""
    found = [
        *(breach for at, query in enumerate(digest.classes) for breach in _of_query(at, query, bounds)),
        *(
            breach
            for at, transaction in enumerate(digest.transactions)
            for breach in _of_transaction(at, transaction, bounds)
        ),
    ]
    order = list(Limit)
    return tuple(sorted(found, key=lambda each: (order.index(each.limit), -each.at_least, -each.at_most, each.at)))


def _of_query(at: int, query: QueryClass, bounds: Bounds) -> Iterator[Breach]:
    if query.rows_sent_max > bounds.rows:
        # one sent the most; of the others no more than the rest of the rows allows
        others = (query.rows_sent - query.rows_sent_max) // (bounds.rows + 1)
        yield Breach(
            limit=Limit.ROWS,
            bound=bounds.rows,
            id=query.id,
            at=at,
            count=query.count,
            most=query.rows_sent_max,
            at_least=1,
            at_most=min(1 + others, query.count),
        )
    if bounds.result_bytes is not None and query.bytes_sent > bounds.result_bytes:
        yield from _of_bytes(at, query, bounds.result_bytes)
    allowed_us = bounds.write_us if query.verb.writes else bounds.read_us
    if query.times.max_us > allowed_us:
        often = _often(query.times, query.count, allowed_us)
        yield Breach(
            limit=Limit.QUERY_TIME,
            bound=allowed_us,
            id=query.id,
            at=at,
            count=query.count,
            most=query.times.max_us,
            at_least=often,
            at_most=often,
        )


def _of_bytes(at: int, query: QueryClass, allowed: int) -> Iterator[Breach]:
    """A log tells the bytes of a class together: a mean above the bound is certain, the largest result an estimate."""
    mean = query.bytes_sent / max(query.count, 1)
    largest = max(mean, query.bytes_sent / query.rows_sent * query.rows_sent_max if query.rows_sent else 0)
    if largest > allowed:
        yield Breach(
            limit=Limit.BYTES,
            bound=allowed,
            id=query.id,
            at=at,
            count=query.count,
            most=min(round(largest), query.bytes_sent),
            at_least=1 if mean > allowed else 0,
            at_most=min(query.bytes_sent // (allowed + 1), query.count),
            estimated=True,
        )


def _of_transaction(at: int, transaction: TransactionClass, bounds: Bounds) -> Iterator[Breach]:
    # a statement on its own is bounded by its own time
    if transaction.explicit and transaction.times.max_us > bounds.transaction_us:
        often = _often(transaction.times, transaction.count, bounds.transaction_us)
        yield Breach(
            limit=Limit.TRANSACTION_TIME,
            bound=bounds.transaction_us,
            id=transaction.id,
            at=at,
            count=transaction.count,
            most=transaction.times.max_us,
            at_least=often,
            at_most=often,
        )


def _often(times: Times, count: int, bound_us: int) -> int:
    """How many took longer; the longest did, even where the sketch cannot tell it from the bound."""
    return max(round(times.sketch.share_above(bound_us) * count), 1)
