"""Limits held against a workload: what must break does, what cannot does not, and the count is one a log can give."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from seatrial.domain.forecast import Bounds, Limit, forecast
from seatrial.domain.sketch import Sketch, bucket
from seatrial.domain.workload import Digest, QueryClass, Times, Verb
from tests.unit import factories

BOUNDS = Bounds(rows=100, result_bytes=1_000, read_us=500_000, write_us=50_000, transaction_us=200_000)


def times(values: list[int]) -> Times:
    return replace(
        factories.digest().classes[0].times,
        total_us=sum(values),
        min_us=min(values),
        max_us=max(values),
        sketch=Sketch.of(Counter(bucket(value) for value in values)),
    )


def query(**changed: Any) -> QueryClass:
    quiet = {"rows_sent": 0, "rows_sent_max": 0, "bytes_sent": 0, "verb": Verb.SELECT, "times": times([1_000] * 8)}
    return replace(factories.digest().classes[0], **{**quiet, "count": 8, **changed})


def of(*classes: QueryClass, transactions: tuple[Any, ...] = ()) -> Digest:
    return replace(factories.digest(), classes=classes, transactions=transactions)


def test_a_workload_within_the_limits_breaks_none() -> None:
    assert forecast(of(query(), query(rows_sent=800, rows_sent_max=100)), BOUNDS) == ()


@given(st.lists(st.integers(0, 300), min_size=1, max_size=40))
def test_how_often_rows_break_the_limit_is_never_outside_what_is_told(rows: list[int]) -> None:
    found = forecast(of(query(count=len(rows), rows_sent=sum(rows), rows_sent_max=max(rows))), BOUNDS)
    truth = sum(each > BOUNDS.rows for each in rows)
    assert bool(found) is (truth > 0)
    for breach in found:
        assert breach.limit is Limit.ROWS and breach.most == max(rows)
        assert breach.at_least <= truth <= breach.at_most


@given(st.lists(st.integers(1, 2_000_000), min_size=1, max_size=40))
def test_how_often_time_breaks_the_limit_is_within_two_percent_of_the_bound(taken: list[int]) -> None:
    found = forecast(of(query(count=len(taken), times=times(taken))), BOUNDS)
    assert bool(found) is (max(taken) > BOUNDS.read_us)
    for breach in found:
        sure = sum(each > BOUNDS.read_us * 1.021 for each in taken)
        assert sure <= breach.at_least == breach.at_most <= sum(each > BOUNDS.read_us for each in taken)


def test_writes_have_a_bound_of_their_own() -> None:
    slow = times([60_000] * 8)
    assert forecast(of(query(times=slow)), BOUNDS) == ()
    (breach,) = forecast(of(query(times=slow, verb=Verb.UPDATE)), BOUNDS)
    assert (breach.bound, breach.at_least, breach.count) == (50_000, 8, 8)


@pytest.mark.parametrize(
    ("bytes_sent", "rows_sent", "rows_sent_max", "told"),
    [
        (9_000, 0, 0, (1, 8)),  # 1,125 each: one at least is above 1,000
        (4_000, 8, 4, (0, 3)),  # 500 a row, four of them at once: about 2,000
        (4_000, 8, 1, None),  # 500 at most
        (900, 9, 9, None),  # not even all together
    ],
)
def test_bytes_are_an_estimate(
    bytes_sent: int, rows_sent: int, rows_sent_max: int, told: tuple[int, int] | None
) -> None:
    found = forecast(of(query(bytes_sent=bytes_sent, rows_sent=rows_sent, rows_sent_max=rows_sent_max)), BOUNDS)
    assert [(each.at_least, each.at_most) for each in found] == ([told] if told else [])
    assert all(each.estimated and each.most <= bytes_sent for each in found)
    assert forecast(of(query(bytes_sent=10**9)), replace(BOUNDS, result_bytes=None)) == ()


def test_a_transaction_counts_from_its_begin_and_a_single_statement_has_none() -> None:
    kind = factories.digest().transactions[3]
    long = replace(kind, count=4, times=times([100_000, 300_000, 900_000, 900_000]))
    (breach,) = forecast(of(transactions=(replace(long, explicit=False), long)), BOUNDS)
    assert (breach.limit, breach.id, breach.at, breach.at_least) == (Limit.TRANSACTION_TIME, kind.id, 1, 3)


def test_breaches_stand_by_limit_and_then_by_how_often() -> None:
    often = query(id="often", times=times([600_000] * 8))
    seldom = query(id="seldom", times=times([600_000, *[10] * 7]), rows_sent=101, rows_sent_max=101)
    assert [(each.limit, each.id) for each in forecast(of(seldom, often), BOUNDS)] == [
        (Limit.ROWS, "seldom"),
        (Limit.QUERY_TIME, "often"),
        (Limit.QUERY_TIME, "seldom"),
    ]
