"""Counting as a log goes by: times, the values of columns, slices of time. Memory does not grow with the log."""

from collections.abc import Iterable

from seatrial.domain.sketch import Sketch, bucket
from seatrial.domain.workload import Column, ColumnValues, Slice, Times

VALUES_KEPT = 10_000
SLICES = 600
_SHORT_US = 10_000
_SHORT = [bucket(us) for us in range(_SHORT_US)]  # most statements are short: no logarithm for each


class TimeTally:
    """Durations in µs."""

    __slots__ = ("buckets", "least", "most", "total")

    def __init__(self) -> None:
        self.total = 0
        self.least = 1 << 62
        self.most = 0
        self.buckets: dict[int, int] = {}

    def add(self, us: int) -> None:
        self.total += us
        if us < self.least:
            self.least = us
        if us > self.most:
            self.most = us
        number = _SHORT[us] if us < _SHORT_US else bucket(us)
        self.buckets[number] = self.buckets.get(number, 0) + 1

    def times(self) -> Times:
        sketch = Sketch.of(self.buckets)
        least = self.least if self.buckets else 0
        p50, p95, p99 = (min(max(round(sketch.quantile(at)), least), self.most) for at in (0.5, 0.95, 0.99))
        return Times(
            total_us=self.total,
            min_us=least,
            max_us=self.most,
            p50_us=p50,
            p95_us=p95,
            p99_us=p99,
            sketch=sketch,
        )


class ValueTally:
    """How often each value of a column was named. Values are kept as Python's hashes of bytes, which are keyed with
    a random number of this process, known to nobody and gone with it."""

    __slots__ = ("capped", "counts", "executions")

    def __init__(self) -> None:
        self.executions = 0
        self.capped = False
        self.counts: dict[int, int] = {}

    def add(self, values: Iterable[bytes | None]) -> None:
        """One execution that named these values."""
        self.executions += 1
        for value in values:
            self._count(hash(value))

    def add_one(self, value: bytes) -> None:
        """One execution that named one value."""
        self.executions += 1
        hashed = hash(value)
        if hashed in self.counts:
            self.counts[hashed] += 1
        else:
            self._count(hashed)

    def _count(self, hashed: int) -> None:
        if hashed in self.counts:
            self.counts[hashed] += 1
        elif len(self.counts) < VALUES_KEPT:
            self.counts[hashed] = 1
        else:
            self.capped = True

    def spread(self, column: Column) -> ColumnValues:
        top = sorted(self.counts.values(), reverse=True)[:5]
        return ColumnValues(
            column=column,
            executions=self.executions,
            distinct=len(self.counts),
            capped=self.capped,
            top_shares=tuple(round(count / self.executions, 6) for count in top),
        )


class Series:
    """Slices of equal length that double when the log outgrows them: never more than SLICES."""

    def __init__(self) -> None:
        self._width_us = 1_000_000
        self._origin_us: int | None = None
        self._slices: dict[int, list[int]] = {}  # queries, errors, busy µs, longest µs

    def add(self, at_us: int, took_us: int, failed: bool) -> None:
        if self._origin_us is None:
            self._origin_us = at_us - took_us
        number = (at_us - self._origin_us) // self._width_us
        if number < 0:
            number = 0
        while number >= SLICES:
            self._double()
            number = (at_us - self._origin_us) // self._width_us
        one = self._slices.get(number)
        if one is None:
            one = self._slices[number] = [0, 0, 0, 0]
        one[0] += 1
        one[1] += failed
        one[2] += took_us
        if took_us > one[3]:
            one[3] = took_us

    def _double(self) -> None:
        self._width_us *= 2
        halved: dict[int, list[int]] = {}
        for number, (queries, errors, busy, longest) in self._slices.items():
            into = halved.setdefault(number // 2, [0, 0, 0, 0])
            into[:] = [into[0] + queries, into[1] + errors, into[2] + busy, max(into[3], longest)]
        self._slices = halved

    def slices(self) -> tuple[Slice, ...]:
        width = self._width_us / 1e6
        return tuple(
            Slice(second=number * width, seconds=width, queries=queries, errors=errors, busy_us=busy, max_us=longest)
            for number in range(max(self._slices, default=-1) + 1)
            for queries, errors, busy, longest in [self._slices.get(number, [0, 0, 0, 0])]
        )
