"""Quantiles within 1 %, whatever the values and however they were added up."""

import math
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from seatrial.domain.sketch import ERROR, Sketch, bucket, merged, value_of

VALUES = st.lists(st.integers(1, 10**12), min_size=1, max_size=300)


def sketch(values: list[int]) -> Sketch:
    return Sketch.of(Counter(bucket(value) for value in values))


@given(VALUES, st.floats(0, 1))
def test_a_quantile_is_within_one_percent_of_the_exact_one(values: list[int], share: float) -> None:
    exact = sorted(values)[math.floor(share * (len(values) - 1))]
    assert abs(sketch(values).quantile(share) - exact) <= ERROR * exact + 1e-6 * exact


@given(VALUES, VALUES, VALUES)
def test_adding_up_is_free_of_order_and_grouping(a: list[int], b: list[int], c: list[int]) -> None:
    whole = sketch(a + b + c)
    assert merged([sketch(c), sketch(a), sketch(b)]) == whole
    assert merged([merged([sketch(a), sketch(b)]), sketch(c)]) == whole
    assert whole.count == len(a) + len(b) + len(c)


@given(VALUES, st.integers(0, 10**12))
def test_the_share_above_a_value_misses_only_what_is_just_above_it(values: list[int], border: int) -> None:
    share = sketch(values).share_above(border)
    above = sum(value > border for value in values) / len(values)
    far_above = sum(value > max(border, 1) * 1.021 for value in values) / len(values)
    assert far_above <= share <= above


@given(st.floats(0, 1e15))
def test_no_value_is_further_from_its_bucket_than_one_percent(value: float) -> None:
    stands = value_of(bucket(value))
    assert abs(stands - max(value, 1)) <= ERROR * max(value, 1) * 1.0001


def test_an_empty_sketch_has_no_time() -> None:
    assert Sketch().quantile(0.99) == 0
    assert Sketch().share_above(0) == 0
    assert merged([]) == Sketch()
