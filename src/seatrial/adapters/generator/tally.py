"""What a worker counts while it sends."""

from collections import Counter

from seatrial.domain.generator import Sent, WorkerError, WorkerReport, WorkerSlice
from seatrial.domain.sketch import Sketch, bucket


class ClassTally:
    """One query class. Times are kept of the statements that succeeded."""

    __slots__ = ("count", "errors", "response", "rows", "rows_differ", "service")

    def __init__(self) -> None:
        self.count = 0
        self.errors = 0
        self.rows = 0
        self.rows_differ = 0
        self.response = TimeTally()
        self.service = TimeTally()


class TimeTally:
    """Durations, in µs."""

    __slots__ = ("buckets", "max_us", "min_us", "total_us")

    def __init__(self) -> None:
        self.buckets: dict[int, int] = {}
        self.total_us = 0
        self.min_us = 1 << 62
        self.max_us = 0

    def add(self, us: int) -> None:
        number = bucket(us)
        self.buckets[number] = self.buckets.get(number, 0) + 1
        self.total_us += us
        if us < self.min_us:
            self.min_us = us
        if us > self.max_us:
            self.max_us = us


class SliceTally:
    __slots__ = ("failed", "finished", "response")

    def __init__(self) -> None:
        self.finished = 0
        self.failed = 0
        self.response: dict[int, int] = {}


class Tally:
    """All of one worker. A transaction is counted in the slice in which it ends."""

    def __init__(self, slice_s: float) -> None:
        self._slice_s = slice_s
        self._classes: dict[str, ClassTally] = {}
        self._slices: dict[int, SliceTally] = {}
        self._errors: Counter[tuple[str, int, str, int]] = Counter()
        self._lateness = TimeTally()
        self.done = 0
        self.failed = 0
        self.transactions = 0
        self.transactions_failed = 0
        self.skipped = 0
        self.reads = 0
        self.reads_differ = 0

    def sent_late(self, us: int) -> None:
        """How late a statement left by our own fault."""
        self._lateness.add(us)

    def succeeded(self, query: str, response_us: int, service_us: int, at_s: float) -> ClassTally:
        """A statement that the target answered without an error."""
        tally = self.of(query)
        self.done += 1
        tally.count += 1
        tally.response.add(response_us)
        tally.service.add(service_us)
        response = self._slice(at_s).response
        number = bucket(response_us)
        response[number] = response.get(number, 0) + 1
        return tally

    def refused(self, query: str, number: int, message: str) -> None:
        """A statement that failed, and had not failed on the source."""
        self._count_error(query)
        self.failed += 1
        self._errors[query, number, message, 0] += 1

    def refused_as_expected(self, query: str) -> None:
        """A statement that failed on the source as well."""
        self._count_error(query)

    def not_refused(self, query: str, expected: int) -> None:
        """A statement that succeeded, and had failed on the source."""
        self._errors[query, 0, "", expected] += 1

    def read(self, tally: ClassTally, rows: int, recorded: int) -> None:
        self.reads += 1
        tally.rows += rows
        if rows != recorded:
            self.reads_differ += 1
            tally.rows_differ += 1

    def transaction(self, at_s: float, *, failed: bool = False) -> None:
        self.transactions += 1
        self.transactions_failed += failed
        slice_ = self._slice(at_s)
        slice_.finished += 1
        slice_.failed += failed

    def of(self, query: str) -> ClassTally:
        tally = self._classes.get(query)
        if tally is None:
            tally = self._classes[query] = ClassTally()
        return tally

    def report(self, *, connections: int, seconds: float, cpu_s: float) -> WorkerReport:
        return WorkerReport(
            connections=connections,
            transactions=self.transactions,
            transactions_failed=self.transactions_failed,
            statements=self.done,
            statements_failed=self.failed,
            skipped=self.skipped,
            reads=self.reads,
            reads_differ=self.reads_differ,
            classes=tuple(_sent(query, tally) for query, tally in sorted(self._classes.items())),
            errors=tuple(
                WorkerError(query=query, number=number, message=message, expected=expected, count=count)
                for (query, number, message, expected), count in sorted(self._errors.items())
            ),
            lateness=Sketch.of(self._lateness.buckets),
            lateness_max_us=self._lateness.max_us,
            slices=tuple(
                WorkerSlice(
                    number=number, finished=each.finished, failed=each.failed, response=Sketch.of(each.response)
                )
                for number, each in sorted(self._slices.items())
            ),
            seconds=seconds,
            cpu_s=cpu_s,
        )

    def _count_error(self, query: str) -> None:
        tally = self.of(query)
        self.done += 1
        tally.count += 1
        tally.errors += 1

    def _slice(self, at_s: float) -> SliceTally:
        number = max(0, int(at_s / self._slice_s))
        slice_ = self._slices.get(number)
        if slice_ is None:
            slice_ = self._slices[number] = SliceTally()
        return slice_


def _sent(query: str, tally: ClassTally) -> Sent:
    response, service = tally.response, tally.service
    return Sent(
        query=query,
        count=tally.count,
        errors=tally.errors,
        rows=tally.rows,
        rows_differ=tally.rows_differ,
        response=Sketch.of(response.buckets),
        response_total_us=response.total_us,
        response_min_us=response.min_us if response.buckets else 0,
        response_max_us=response.max_us,
        service=Sketch.of(service.buckets),
        service_total_us=service.total_us,
        service_min_us=service.min_us if service.buckets else 0,
        service_max_us=service.max_us,
    )
