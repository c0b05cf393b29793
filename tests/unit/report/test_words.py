"""Numbers and names as a reader sees them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.report import words


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "–"), (0, "0"), (1_204, "1,204"), (26.44, "26.4"), (0.0363, "0.0363"), (100.4, "100"), (3.0, "3")],
)
def test_short(value: float | None, said: str) -> None:
    assert words.short(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "–"), (0, "0 B"), (999, "999 B"), (999_950, "1,000 kB"), (2_360_000, "2.36 MB"), (5e15, "5,000 TB")],
)
def test_size(value: float | None, said: str) -> None:
    assert words.size(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "–"),
        (0, "0 s"),
        (0.002, "< 0.01 s"),
        (41.6, "41.6 s"),
        (59.999, "1 min 00 s"),
        (252, "4 min 12 s"),
        (3_599.9, "1 h 00 min"),
        (11_100, "3 h 05 min"),
        (187_200, "2 d 4 h"),
    ],
)
def test_duration(value: float | None, said: str) -> None:
    assert words.duration(value) == said


def test_moment() -> None:
    assert words.moment("2026-11-20T10:12:44+01:00") == "2026-11-20 09:12 UTC"
    assert words.moment("2026-11-20T09:12:44") == "2026-11-20 09:12 UTC"
    assert words.moment("yesterday") == "yesterday"


def test_measured() -> None:
    assert words.measured(None, "ms") == "not measured"
    assert words.measured(1, "yes/no") == "yes"
    assert words.measured(1_104.4, "ms") == "1,104 ms"
    assert words.measured(3, "") == "3"
    assert words.measured(1, "tables") == "1 table"
    assert words.measured(1, "ms") == "1 ms"


ACTING = [*map(chr, (*range(10), *range(11, 32), *range(127, 160))), *"\u200b\u200f\u202a\u202e\u2066\u2028\ufeff"]


@given(st.text(st.one_of(st.characters(), st.sampled_from(ACTING))))
def test_safe_leaves_nothing_that_acts(text: str) -> None:
    shown = words.safe(text)
    assert not set(shown) & set(ACTING)
    assert words.safe(shown) == shown
    if text.isprintable():
        assert shown == text
