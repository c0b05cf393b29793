"""Uneven shares: few shops are large, many are small (Zipf's law)."""

import itertools
import random
from bisect import bisect
from collections.abc import Sequence
from typing import Generic, TypeVar

T = TypeVar("T")

EXPONENT = 1.05


def shares(count: int, exponent: float = EXPONENT) -> tuple[float, ...]:
    """The share of each rank, largest first; they sum to 1."""
    raw = [1 / rank**exponent for rank in range(1, count + 1)]
    whole = sum(raw)
    return tuple(value / whole for value in raw)


def divide(total: int, count: int, least: int = 1) -> tuple[int, ...]:
    """`total` in `count` whole parts by Zipf's shares, largest first, none under `least`; the sum may exceed `total`
    by what the small ones were given."""
    return tuple(max(least, int(total * share)) for share in shares(count))


class Skewed(Generic[T]):
    """Draws from `items` by Zipf's shares, the first most often."""

    def __init__(self, items: Sequence[T]) -> None:
        if not items:
            raise ValueError("nothing to draw from")
        self._items = items
        self._bounds = list(itertools.accumulate(shares(len(items))))

    def draw(self, rng: random.Random) -> T:
        return self._items[min(bisect(self._bounds, rng.random()), len(self._items) - 1)]
