"""Counting as a log goes by: times, the values of columns, slices of time. Memory does not grow with the log.

What is counted here adds up: `take` adds what another part of the log counted, and in whatever order and grouping
parts are taken, the sums are the same.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain

from msgspec import Struct

from seatrial import compiled
from seatrial.domain.sketch import Sketch, bucket
from seatrial.domain.workload import Column, ColumnValues, Slice, Times

VALUES_KEPT = 10_000
SLICES = 600
_SHORT = [bucket(us) for us in range(10_000)]  # most statements are short: no logarithm for each


def count_values_in_python(counts: dict[int, int], values: Iterable[int], most: int) -> bool:
    """Count values, so many different ones at most; whether there are more."""
    capped = False
    for value in values:
        if value in counts:
            counts[value] += 1
        elif len(counts) < most:
            counts[value] = 1
        else:
            capped = True
    return capped


def count_column_in_python(counts: dict[int, int], rows: list[list[int]], column: int, most: int) -> bool:
    """The same for a column of these rows."""
    return count_values_in_python(counts, [row[column] for row in rows], most)


def count_times_in_python(
    buckets: dict[int, int], durations: Sequence[int], short: list[int], bucket: Callable[[int], int]
) -> None:
    """Count durations by their buckets; `short` has those of the shortest ones."""
    for us, count in Counter(durations).items():
        number = short[us] if 0 <= us < len(short) else bucket(us)
        buckets[number] = buckets.get(number, 0) + count


count_values, count_column, count_times = count_values_in_python, count_column_in_python, count_times_in_python
if compiled.counting is not None:
    count_values, count_column = compiled.counting.count_values, compiled.counting.count_column
    count_times = compiled.counting.count_times


def together(ended: Sequence[int], width_us: int) -> Iterator[tuple[int, int]]:
    """(start, stop) of stretches of moments, which are in order, that lie in one slice of that width each."""
    start = 0
    while start < len(ended):
        stop = bisect_left(ended, (ended[start] // width_us + 1) * width_us, start)
        yield start, stop
        start = stop


class TimeTally(Struct, array_like=True, eq=False):
    """Durations in µs."""

    total: int = 0
    least: int = 1 << 62
    most: int = 0
    buckets: dict[int, int] = {}

    def add_all(self, durations: Sequence[int]) -> None:
        self.total += sum(durations)
        self.least = min(self.least, min(durations))
        self.most = max(self.most, max(durations))
        count_times(self.buckets, durations, _SHORT, bucket)

    def repeat(self, us: int, more: int) -> None:
        """Count a duration that was added so many times more."""
        self.total += more * us
        self.buckets[bucket(us)] += more

    def take(self, other: "TimeTally") -> None:
        self.total += other.total
        self.least = min(self.least, other.least)
        self.most = max(self.most, other.most)
        for number, count in other.buckets.items():
            self.buckets[number] = self.buckets.get(number, 0) + count

    def median(self) -> float:
        """Within 1 %; 0 of none."""
        return Sketch.of(self.buckets).quantile(0.5)

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


class ValueTally(Struct, array_like=True, eq=False):
    """How often each value of a column was named. Values are here as keyed hashes only."""

    executions: int = 0
    capped: bool = False
    counts: dict[int, int] = {}

    def add_ones(self, named: list[list[int]], key: int) -> None:
        """Executions that named one value of each key."""
        self.executions += len(named)
        self.capped |= count_column(self.counts, named, key, VALUES_KEPT)

    def add_many(self, named: list[list[list[int]]], key: int) -> None:
        """Executions that named several values of each key, different ones."""
        self.executions += len(named)
        values = [*chain.from_iterable([some[key] for some in named])]
        self.capped |= count_values(self.counts, values, VALUES_KEPT)

    def take(self, other: "ValueTally") -> None:
        self.executions += other.executions
        self.capped = self.capped or other.capped
        self._count_all(other.counts)

    def _count_all(self, more: Mapping[int, int]) -> None:
        counts = self.counts
        room = VALUES_KEPT - len(counts)
        for hashed, count in more.items():
            if hashed in counts:
                counts[hashed] += count
            elif room > 0:
                counts[hashed] = count
                room -= 1
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


class Series(Struct, array_like=True, eq=False):
    """Slices of equal length that double when the log outgrows them: never more than SLICES. They begin at multiples
    of their length since 1970 UTC, so those of two parts of a log fit each other."""

    width_us: int = 1_000_000
    low: int = 0
    high: int = 0
    filled: dict[int, list[int]] = {}  # queries, errors, busy µs, longest µs

    def add_all(self, ended: Sequence[int], durations: Sequence[int], errnos: Sequence[int]) -> None:
        """Statements: when they ended, in order, how long they took, and their errors."""
        for start, stop in together(ended, self.width_us):
            took = durations[start:stop]
            failed = stop - start - errnos[start:stop].count(0)
            self._add(ended[start], stop - start, failed, sum(took), max(took))

    def _add(self, at_us: int, queries: int, failed: int, busy_us: int, longest_us: int) -> None:
        one = self.filled.get(at_us // self.width_us) or self._slice(at_us)
        one[0] += queries
        one[1] += failed
        one[2] += busy_us
        if longest_us > one[3]:
            one[3] = longest_us

    def repeat(self, at_us: int, took_us: int, failed: bool, more: int) -> None:
        """Count a statement that was added so many times more."""
        one = self._slice(at_us)
        one[:] = [one[0] + more, one[1] + more * failed, one[2] + more * took_us, one[3]]

    def take(self, other: "Series") -> None:
        while self.width_us < other.width_us:
            self._double()
        for number, (queries, errors, busy, longest) in other.filled.items():
            one = self._slice(number * other.width_us)
            one[:] = [one[0] + queries, one[1] + errors, one[2] + busy, max(one[3], longest)]

    def _slice(self, at_us: int) -> list[int]:
        number = at_us // self.width_us
        if not self.filled:
            self.low = self.high = number
        self.low, self.high = min(self.low, number), max(self.high, number)
        while self.high - self.low >= SLICES:
            self._double()
        return self.filled.setdefault(at_us // self.width_us, [0, 0, 0, 0])

    def _double(self) -> None:
        self.width_us *= 2
        self.low //= 2
        self.high //= 2
        halved: dict[int, list[int]] = {}
        for number, (queries, errors, busy, longest) in self.filled.items():
            into = halved.setdefault(number // 2, [0, 0, 0, 0])
            into[:] = [into[0] + queries, into[1] + errors, into[2] + busy, max(into[3], longest)]
        self.filled = halved

    def slices(self) -> tuple[Slice, ...]:
        width = self.width_us / 1e6
        return tuple(
            Slice(
                second=(number - self.low) * width,
                seconds=width,
                queries=queries,
                errors=errors,
                busy_us=busy,
                max_us=longest,
            )
            for number in (range(self.low, self.high + 1) if self.filled else ())
            for queries, errors, busy, longest in [self.filled.get(number, [0, 0, 0, 0])]
        )
