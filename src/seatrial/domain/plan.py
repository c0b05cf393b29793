"""A sharding plan: where each table goes and why, and what Vitess's own planner makes of the workload under it."""

from enum import StrEnum

from msgspec import Struct

from seatrial.domain.vschema import VSchema, VSchemas
from seatrial.domain.workload import Column


class Placement(StrEnum):
    SHARDED = "sharded"
    REFERENCE = "reference"
    UNSHARDED = "unsharded"


class Answer(StrEnum):
    """What the planner says of a query class. It proves where a query goes, not that its answer is right (rule T1)."""

    SINGLE = "single"  # one shard, or a keyspace of one
    SEVERAL = "several"  # some shards, or several queries
    SCATTER = "scatter"  # all shards
    UNSUPPORTED = "unsupported"  # Vitess refuses it
    UNPLANNED = "unplanned"  # cannot be planned this way (SET, CALL, LOCK TABLES …): to be executed on a scratch copy


class PlannedQuery(Struct, frozen=True, kw_only=True):
    """A query class under the plan. `variants` are the routes' kinds in Vitess's words, such as EqualUnique."""

    query: str
    answer: Answer
    variants: tuple[str, ...] = ()
    keyspaces: tuple[str, ...] = ()
    said: str = ""  # Vitess's words, where it refused


class PlacedTable(Struct, frozen=True, kw_only=True):
    """Where a table goes. `key` is its sharding key's column; `reason` is said in words."""

    table: str
    placement: Placement
    key: str = ""
    sequence: str = ""
    executions: int = 0  # statements that touch it, in the log
    writes: int = 0
    writes_per_s: float = 0.0
    reason: str


class Shares(Struct, frozen=True, kw_only=True):
    """Shares of the workload by answer, each from 0 to 1; they add to 1 unless the workload is empty."""

    single: float = 0.0
    several: float = 0.0
    scatter: float = 0.0
    unsupported: float = 0.0
    unplanned: float = 0.0


class Alternative(Struct, frozen=True, kw_only=True):
    """A key that was weighed: the transactions that stay on one value of it, and the executions that name it."""

    key: str
    tables: int
    transactions_single: float
    executions_bound: float
    because: str


class CrossTransaction(Struct, frozen=True, kw_only=True):
    """A class of transactions that does not stay on one value of the key, and the cause in words."""

    transaction: str
    count: int
    crossing: int
    because: str


class Skew(Struct, frozen=True, kw_only=True):
    """How evenly the key's values are used: the largest one's share of the executions that name it."""

    column: Column
    distinct: int
    top_share: float


class Plan(Struct, frozen=True, kw_only=True):
    """The whole plan. `vschemas` by role, ready for provision; the first of `alternatives` is the chosen one."""

    shards: int
    vschemas: dict[str, VSchema]
    tables: tuple[PlacedTable, ...]
    queries: tuple[PlannedQuery, ...]
    by_executions: Shares
    by_time: Shares
    transactions_single: float
    crossing: tuple[CrossTransaction, ...]
    alternatives: tuple[Alternative, ...]
    skew: tuple[Skew, ...]
    vitess_version: str
    asked: int

    def placed(self) -> VSchemas:
        return VSchemas(self.vschemas)
