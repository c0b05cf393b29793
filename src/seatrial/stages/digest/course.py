"""One query class over time: how many statements ended in each minute, and how long they took together."""

from collections.abc import Sequence

from msgspec import Struct

from seatrial.domain.moments import utc
from seatrial.domain.workload import Course
from seatrial.stages.digest.tally import together

SLICES = 120
MINUTE_US = 60_000_000


class CourseTally(Struct, array_like=True, eq=False):
    """Slices of a minute, or of two, four … where these would be more than SLICES. They begin at multiples of their
    length since 1970 UTC, so those of two parts of a log fit each other."""

    width_us: int = MINUTE_US
    queries: dict[int, int] = {}
    busy_us: dict[int, int] = {}

    def add_all(self, ended: Sequence[int], durations: Sequence[int]) -> None:
        """Statements: when they ended, in order, and how long they took."""
        for start, stop in together(ended, self.width_us):
            self._add(ended[start] // self.width_us, stop - start, sum(durations[start:stop]))

    def repeat(self, at_us: int, took_us: int, more: int) -> None:
        """Count a statement that was added so many times more."""
        self._add(at_us // self.width_us, more, more * took_us)

    def take(self, other: "CourseTally") -> None:
        while self.width_us < other.width_us:
            self._double()
        for number, count in other.queries.items():
            self._add(number * other.width_us // self.width_us, count, other.busy_us[number])

    def _add(self, number: int, count: int, busy_us: int) -> None:
        new = number not in self.queries
        self.queries[number] = self.queries.get(number, 0) + count
        self.busy_us[number] = self.busy_us.get(number, 0) + busy_us
        while new and max(self.queries) - min(self.queries) >= SLICES:
            self._double()

    def _double(self) -> None:
        queries, busy_us = self.queries, self.busy_us
        self.width_us *= 2
        self.queries, self.busy_us = {}, {}
        for number, count in queries.items():
            self.queries[number // 2] = self.queries.get(number // 2, 0) + count
            self.busy_us[number // 2] = self.busy_us.get(number // 2, 0) + busy_us[number]

    def told(self) -> Course | None:
        """All slices from the first to the last that has a statement; None of a class without any."""
        if not self.queries:
            return None
        numbers = range(min(self.queries), max(self.queries) + 1)
        return Course(
            first=utc(numbers[0] * self.width_us),
            seconds=self.width_us // 1_000_000,
            queries=tuple(self.queries.get(number, 0) for number in numbers),
            busy_us=tuple(self.busy_us.get(number, 0) for number in numbers),
        )
