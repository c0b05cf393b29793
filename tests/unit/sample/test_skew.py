"""Few are large, many are small."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.sample.skew import Skewed, divide, shares


@given(st.integers(1, 500))
def test_shares_fall_and_sum_to_one(count: int) -> None:
    found = shares(count)
    assert sum(found) == pytest.approx(1)
    assert list(found) == sorted(found, reverse=True)


@given(st.integers(0, 100_000), st.integers(1, 300), st.integers(1, 5))
def test_everyone_gets_the_least_and_nobody_more_than_there_is(total: int, count: int, least: int) -> None:
    parts = divide(total, count, least)
    assert len(parts) == count
    assert min(parts) >= least
    assert sum(parts) <= total + least * count


def test_the_first_is_drawn_most_and_the_seed_decides() -> None:
    skewed = Skewed("abcdefghij")
    rng = random.Random(5)
    drawn = [skewed.draw(rng) for _ in range(3000)]
    counts = Counter(drawn)
    assert counts.most_common(1)[0][0] == "a"
    assert counts["a"] > 2 * counts["d"]
    again = random.Random(5)
    assert [skewed.draw(again) for _ in range(3000)] == drawn


def test_nothing_to_draw_from_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing"):
        Skewed([])
