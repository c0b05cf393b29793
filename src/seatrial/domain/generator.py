"""What the workers of a replay report."""

from msgspec import Struct

from seatrial.domain.sketch import Sketch


class Sent(Struct, frozen=True, kw_only=True):
    """What one worker saw of one query class. Sketches and sums are of µs, for `response` and `service` alike."""

    query: str
    count: int
    errors: int
    rows: int
    rows_differ: int
    response: Sketch
    response_total_us: int
    response_min_us: int
    response_max_us: int
    service: Sketch
    service_total_us: int
    service_min_us: int
    service_max_us: int


class WorkerSlice(Struct, frozen=True, kw_only=True):
    """What a worker saw in one slice of the replay's time."""

    number: int
    finished: int
    failed: int
    response: Sketch


class WorkerError(Struct, frozen=True, kw_only=True):
    """Statements of one class with one error. `message` has its particulars taken out; number 0 and "" where the
    source had an error and the target none (then `expected` is the source's number)."""

    query: str
    number: int
    message: str
    expected: int
    count: int


class WorkerReport(Struct, frozen=True, kw_only=True):
    """One worker's whole result: two of them add up to what one worker would have seen."""

    connections: int
    transactions: int
    transactions_failed: int
    statements: int
    statements_failed: int
    skipped: int
    reads: int
    reads_differ: int
    classes: tuple[Sent, ...]
    errors: tuple[WorkerError, ...]
    lateness: Sketch
    lateness_max_us: int
    slices: tuple[WorkerSlice, ...]
    seconds: float
    cpu_s: float


class LeftOut(Struct, frozen=True, kw_only=True):
    """Statements of the recording that were not ours to send: why, and how many."""

    reason: str
    count: int


class GeneratorRun(Struct, frozen=True, kw_only=True):
    """What the workers reported, and what the machine did meanwhile."""

    reports: tuple[WorkerReport, ...]
    seconds: float
    machine_cpu: float  # cores used by everything
    cores: int
    left_out: tuple[LeftOut, ...] = ()
