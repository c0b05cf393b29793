"""A recorded workload run against a scratch copy: what it took, what failed, what answered otherwise."""

from enum import StrEnum

from msgspec import Struct

from seatrial.domain.generator import LeftOut
from seatrial.domain.rehearsal import Pace
from seatrial.domain.workload import Times


class Guard(Struct, frozen=True, kw_only=True):
    """What was looked at before the first statement (rule R1): all of it must name the scratch copy alone."""

    keyspaces: tuple[str, ...]
    tables: int  # whose plan was asked of vtgate
    rules: int  # routing rules that begin in the scratch copy
    denied: int


class StartingState(Struct, frozen=True, kw_only=True):
    """Whether the copy and the recording begin at the same state (rule T4).

    `apart` counts the transactions the source committed between the two; None where it cannot be known.
    """

    copied_at: str  # UTC, when the copy stood still
    copied_gtid: str
    recorded_from: str
    recorded_gtid: str
    apart: int | None
    because: str


class Divergence(StrEnum):
    STARTING_STATE = "starting-state"  # a duplicate key, or a row that is not there: the copy is of another moment
    UNSUPPORTED = "unsupported"  # Vitess refuses the statement
    ERROR = "error"  # any other error the source did not give
    NO_ERROR = "no-error"  # the source gave an error, the target did not
    ROWS = "rows"  # another number of rows was read


class Difference(Struct, frozen=True, kw_only=True):
    """One way in which a query class went otherwise than on the source. `message` carries no literal."""

    kind: Divergence
    query: str
    number: int
    message: str
    count: int


class ReplayedClass(Struct, frozen=True, kw_only=True):
    """A query class on the target. `response` counts from the moment the statement was due (open loop: waiting for
    the one before it counts), `service` from the moment it was sent."""

    query: str
    count: int
    errors: int
    rows: int
    rows_differ: int
    response: Times
    service: Times


class Lateness(Struct, frozen=True, kw_only=True):
    """How late the generator itself was: from when a statement could be sent to when it was, µs."""

    p50_us: int
    p99_us: int
    max_us: int


class Replay(Struct, frozen=True, kw_only=True):
    """One replay. `honest` says whether its times may be believed; `because` why not (rule T6)."""

    keyspace: str
    speed: float
    workers: int
    connections: int
    recorded_seconds: float
    seconds: float
    transactions: int
    transactions_failed: int
    statements: int
    statements_failed: int
    skipped: int  # the rest of transactions that failed, and statements that were not ours to send
    reads: int
    reads_differ: int
    classes: tuple[ReplayedClass, ...]
    differences: tuple[Difference, ...]
    lateness: Lateness
    generator_cpu: float  # cores used by the workers, of `cores`
    machine_cpu: float  # cores used by everything on the machine
    cores: int
    honest: bool
    because: str
    guard: Guard
    state: StartingState
    pace: tuple[Pace, ...]
    source_version: str
    target_version: str
    vitess_version: str
    left_out: tuple[LeftOut, ...] = ()  # what was not ours to send, by reason; counted in `skipped` too


class TriedFailure(Struct, frozen=True, kw_only=True):
    """Statements of one class that failed for one reason while a command ran."""

    fingerprint: str
    message: str
    count: int


class Tried(Struct, frozen=True, kw_only=True):
    """A command run with the scratch copy's address in its environment. Its output is kept in private."""

    program: str  # the command's first word; the rest may hold secrets
    command_sha256: str
    exit: int
    seconds: float
    statements: int | None  # seen by vtgate meanwhile; None where its log could not be read
    failures: tuple[TriedFailure, ...]
    output_lines: int
    output: str  # the private file that holds it
    guard: Guard
