"""Counters become rates; gauges, restarts and missing values do not."""

import pytest

from seatrial.domain.collection import BinlogFile, StatusSample
from seatrial.domain.rates import grown_bytes, is_counter, per_second, per_second_since_start


def samples(first: dict[str, str], last: dict[str, str], apart_s: int = 10) -> tuple[StatusSample, ...]:
    return (
        StatusSample(at="2026-11-20T09:00:00+00:00", values=first),
        StatusSample(at=f"2026-11-20T09:00:{apart_s:02d}+00:00", values=last),
    )


def test_a_counter_grows_by_a_rate() -> None:
    assert per_second(samples({"questions": "100"}, {"questions": "350"}), "questions") == 25.0


@pytest.mark.parametrize(
    "made",
    [
        samples({"questions": "100"}, {"questions": "90"}),
        samples({"questions": "1", "uptime": "900"}, {"questions": "5", "uptime": "3"}),
        samples({}, {"questions": "5"}),
        samples({"questions": "x"}, {"questions": "5"}),
        samples({"questions": "1"}, {"questions": "5"}, apart_s=0),
        samples({"questions": "1"}, {"questions": "5"})[:1],
        (),
    ],
)
def test_no_rate_is_better_than_a_wrong_one(made: tuple[StatusSample, ...]) -> None:
    assert per_second(made, "questions") is None


def test_a_gauge_has_no_rate() -> None:
    made = samples({"threads_running": "1"}, {"threads_running": "9"})
    assert per_second(made, "threads_running") is None
    assert per_second_since_start(made[0], "threads_running") is None


def test_the_mean_since_start_is_not_rounded_to_whole_rows_a_second() -> None:
    sample = StatusSample(at="2026-11-20T09:00:00+00:00", values={"innodb_rows_inserted": "182808", "uptime": "72120"})
    rate = per_second_since_start(sample, "innodb_rows_inserted")
    assert rate is not None
    assert round(rate * 86_400) == 219_005


def test_the_mean_since_start_begins_at_the_last_flush() -> None:
    values = {"questions": "100", "uptime": "1000", "uptime_since_flush_status": "10"}
    assert per_second_since_start(StatusSample(at="2026-11-20T09:00:00+00:00", values=values), "questions") == 10.0


@pytest.mark.parametrize(
    ("name", "counter"),
    [("questions", True), ("innodb_buffer_pool_pages_flushed", True), ("innodb_buffer_pool_pages_dirty", False),
     ("uptime", False), ("max_used_connections", False), ("com_select", True)],
)  # fmt: skip
def test_counters_and_gauges_are_told_apart(name: str, counter: bool) -> None:
    assert is_counter(name) is counter


def files(**sizes: int) -> tuple[BinlogFile, ...]:
    return tuple(BinlogFile(name=name.replace("_", "."), size_bytes=size) for name, size in sizes.items())


@pytest.mark.parametrize(
    ("before", "after", "grown"),
    [
        (files(b_01=100, b_02=50), files(b_01=100, b_02=80), 30),
        (files(b_01=100, b_02=50), files(b_02=90, b_03=5), 45),
        (files(b_01=100), files(b_07=10, b_08=5), 15),
        (files(), files(), 0),
        (files(b_999999=10), files(b_999999=10, b_1000000=3), 3),
    ],
)
def test_growth_survives_rotation_and_purge(
    before: tuple[BinlogFile, ...], after: tuple[BinlogFile, ...], grown: int
) -> None:
    assert grown_bytes(before, after) == grown
