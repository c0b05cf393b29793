"""Rows accounted for: the target's count against two counts of the source (rule T3)."""

import pytest

from seatrial.domain.comparison import RowAccount


@pytest.mark.parametrize(
    ("before", "after", "target", "copies", "bound", "balanced"),
    [
        (100, 100, 100, 1, 0, True),
        (100, 100, 99, 1, 0, False),
        (100, 100, 101, 1, 0, False),
        (100, 110, 100, 1, 0, True),
        (100, 110, 110, 1, 10, True),
        (100, 110, 120, 1, 10, True),
        (100, 110, 121, 1, 10, False),
        (110, 100, 90, 1, 10, True),
        (110, 100, 89, 1, 10, False),
        (25, 25, 100, 4, 0, True),
        (25, 25, 99, 4, 0, False),
        (25, 26, 108, 4, 1, True),
        (25, 26, 109, 4, 1, False),
        (0, 0, 0, 1, 0, True),
        (100, 100, 100, 1, None, True),
        (100, 101, 100, 1, None, None),
        (100, 100, 99, 1, None, None),
    ],
)
def test_balanced(before: int, after: int, target: int, copies: int, bound: int | None, balanced: bool | None) -> None:
    account = RowAccount(source_before=before, source_after=after, target=target, copies=copies, bound=bound)
    assert account.balanced is balanced
