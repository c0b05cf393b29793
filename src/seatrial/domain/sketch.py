"""Histograms of times that can be added to one another: a quantile is within 1 % of the true one.

Buckets grow by a constant factor (DDSketch: Masson, Rim and Lee, VLDB 2019), so adding is associative and free of
order: logs read in parts and workers that measured apart give the same sketch as one reader would.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping

from msgspec import Struct

ERROR = 0.01
GAMMA = (1 + ERROR) / (1 - ERROR)
_LOG_GAMMA = math.log(GAMMA)


class Sketch(Struct, frozen=True):
    """Counts by bucket, ascending. Bucket b > 0 holds values in (GAMMA**(b-1), GAMMA**b]; 0 holds those up to 1."""

    buckets: tuple[int, ...] = ()
    counts: tuple[int, ...] = ()

    @classmethod
    def of(cls, counted: Mapping[int, int]) -> "Sketch":
        """From counts by bucket, such as a `Counter` filled with `bucket`."""
        filled = sorted(counted.items())
        return cls(tuple(bucket for bucket, _ in filled), tuple(count for _, count in filled))

    @property
    def count(self) -> int:
        return sum(self.counts)

    def quantile(self, share: float) -> float:
        """The value below which this share of the values lies, within 1 %; 0 of an empty sketch."""
        rank = share * (self.count - 1)
        seen = 0
        for bucket, count in zip(self.buckets, self.counts, strict=True):
            seen += count
            if seen > rank:
                return value_of(bucket)
        return 0.0

    def share_above(self, value: float) -> float:
        """The share of the values that are surely above this one: those less than 2 % above it may be missing."""
        border = bucket(value)
        above = sum(count for at, count in zip(self.buckets, self.counts, strict=True) if at > border)
        return above / self.count if above else 0.0

    def counted(self) -> Counter[int]:
        """Counts by bucket, to add to."""
        return Counter(dict(zip(self.buckets, self.counts, strict=True)))


def bucket(value: float) -> int:
    """The bucket of a value ≥ 0, such as a time in µs."""
    return 0 if value <= 1 else math.ceil(math.log(value) / _LOG_GAMMA)


def value_of(bucket: int) -> float:
    """The value that stands for a bucket: no member of it is further away than 1 %."""
    return 1.0 if bucket == 0 else 2 * GAMMA**bucket / (GAMMA + 1)


def merged(sketches: Iterable[Sketch]) -> Sketch:
    """The sketch of all values of these."""
    total: Counter[int] = Counter()
    for sketch in sketches:
        total.update(sketch.counted())
    return Sketch.of(total)
