"""A cutover rehearsed under load, there and back; and a cutover itself."""

from enum import StrEnum

from msgspec import Struct


class Switch(Struct, frozen=True, kw_only=True):
    """One switch of traffic. `what` is `reads`, `writes` or `reverse`; seconds count from the rehearsal's begin."""

    what: str
    keyspace: str
    began_s: float
    ended_s: float


class TrafficCount(Struct, frozen=True, kw_only=True):
    """What the application saw in one rehearsal (rule R5). `half` are transactions that lost a statement to an
    error and yet committed; `unknown` lost the connection while committing."""

    transactions: int
    committed: int
    rolled_back: int
    failed: int
    half: int
    unknown: int
    errors: dict[str, int]  # message class to count


class Pace(Struct, frozen=True, kw_only=True):
    """One slice of the rehearsal for its chart: `slice_s` long from `second` on."""

    second: float
    slice_s: float
    committed: int
    failed: int
    latency_p50_ms: float | None
    latency_max_ms: float | None


class Window(Struct, frozen=True, kw_only=True):
    """What users felt in a span of time: the longest time without a commit, and response times (due to answer)."""

    gap_ms: float
    stall_p99_ms: float
    stall_max_ms: float
    count: int


class SequenceCheck(Struct, frozen=True, kw_only=True):
    """A sequence after the switch (rule R6): its next value must exceed every value in use."""

    sequence: str
    table: str
    column: str
    next_value: int
    max_value: int

    @property
    def ahead(self) -> bool:
        return self.next_value > self.max_value


class Ledger(Struct, frozen=True, kw_only=True):
    """Committed transactions looked up again on the source after the way back. `lost` and `doubled` must be 0;
    `surplus` are rows of transactions the application believes failed."""

    committed: int
    found: int
    lost: int
    doubled: int
    surplus: int


class Rehearsal(Struct, frozen=True, kw_only=True):
    """Traffic through vtgate; reads, then writes switched; rows flowing back; reversed; verified again.

    `allowed_because` is `sample` or the words of the declaration that the source is a clone (rule R4).
    `pause_ms` is the longest time without any commit around the switch of writes and around the reverse;
    `stall_p99_ms` and `stall_max_ms` are transaction times in those windows.
    """

    allowed_because: str
    rate_per_s: float
    switches: tuple[Switch, ...]
    traffic: TrafficCount
    pause_switch_ms: float
    pause_reverse_ms: float
    stall_p99_ms: float
    stall_max_ms: float
    baseline_p99_ms: float
    sequences: tuple[SequenceCheck, ...]
    ledger: Ledger | None
    flowed_back: bool
    equal_after: bool
    routing_restored: bool
    pace: tuple[Pace, ...]
    seconds: float
    buffer: str

    @property
    def pause_ms(self) -> float:
        return max(self.pause_switch_ms, self.pause_reverse_ms)


class TrafficState(StrEnum):
    """Where the application's traffic is served (read from the cluster, never from a file)."""

    SOURCE = "source"
    READS_SWITCHED = "reads-switched"
    TARGET = "target"
    MIXED = "mixed"


class GateLimits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `cutover` asks before a switch."""

    quiet_s: int = 60  # no foreign writer on the source for this long (rule R3)
    transaction_s: int = 5  # no transaction older than this (rules S7, R5)
    verified_h: int = 24
    lag_s: int = 10


class GateAnswer(Struct, frozen=True, kw_only=True):
    """One gate before a switch: what was asked, whether it lets pass, what was seen."""

    gate: str
    open: bool
    seen: str


class KeyspaceTraffic(Struct, frozen=True, kw_only=True):
    keyspace: str
    workflow: str
    state: TrafficState


class Cutover(Struct, frozen=True, kw_only=True):
    """A switch or reverse on the real thing: the gates it passed, and who serves what afterwards."""

    act: str  # "switch", "reverse" or "recover"
    gates: tuple[GateAnswer, ...]
    switches: tuple[Switch, ...]
    traffic: tuple[KeyspaceTraffic, ...]
    routing_rules_before: str  # JSON, as Vitess gave them
    routing_rules_after: str
    denied_tables_after: dict[str, tuple[str, ...]]  # "keyspace/shard" to the tables it denies
    way_back: bool
