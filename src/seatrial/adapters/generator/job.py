"""What passes between a replay and its workers: a job and statements in files, JSON lines back."""

from msgspec import Struct

from seatrial.domain.generator import WorkerReport

PASSWORD_VARIABLE = "SEATRIAL_REPLAY_PASSWORD"  # noqa: S105 – the variable's name


class Job(Struct, frozen=True, kw_only=True):
    """A worker's whole task. `go` is a file that appears when all workers are ready: it holds the common begin."""

    host: str
    port: int
    user: str
    database: str
    speed: float
    slice_s: float
    statements: str
    go: str
    connections: frozenset[int]


class Statement(Struct, frozen=True, array_like=True):
    """A statement as it is to be sent; `sql` is marked already. `kind` is a `fitting.Kind`."""

    connection: int
    at_us: int
    kind: int
    query: str
    rows: int
    errno: int
    sql: bytes


class Ready(Struct, frozen=True, tag="ready"):
    """All statements are in memory: their file is not needed any more."""

    statements: int


class Go(Struct, frozen=True):
    """When the replay begins: wall clock, seconds since 1970."""

    at: float


class Progressed(Struct, frozen=True, kw_only=True, tag="progress"):
    """So far. `behind_us`: how long the statement that is most overdue waits for its connection; `idle_s`: how long
    ago the last answer came, while one is outstanding."""

    done: int
    failed: int
    behind_us: int
    idle_s: float


class Finished(Struct, frozen=True, tag="finished"):
    report: WorkerReport


class GaveUp(Struct, frozen=True, tag="gave-up"):
    """The target cannot be reached (any more)."""

    what: str


Said = Ready | Progressed | Finished | GaveUp
