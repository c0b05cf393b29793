"""What `verify` compared: rows on the source beside rows on the target's own MySQL, never through vtgate (R1)."""

from enum import StrEnum
from typing import Any

from msgspec import Struct


class Equality(StrEnum):
    EQUAL = "equal"
    DIFFERENT = "different"
    COULD_NOT_LOOK = "could-not-look"


class ShardComparison(Struct, frozen=True, kw_only=True):
    """Vitess's VDiff for one table on one shard, in rows."""

    shard: str
    rows_compared: int
    mismatched: int
    extra_source: int
    extra_target: int


class SampleComparison(Struct, frozen=True, kw_only=True):
    """Our own check beside VDiff: keys drawn on the source, both rows read from MySQL itself and compared.

    `moved` counts keys that differed at first and agreed when read again: rows in flight, not differences.
    """

    rows_checked: int
    mismatched: int
    moved: int


class RowAccount(Struct, frozen=True, kw_only=True):
    """Rows on both sides (rule T3). Counted twice on the source, before and after; `bound` is how many rows may
    have come or gone in between, 0 for a resting table, None where that could not be known."""

    source_before: int
    source_after: int
    target: int
    copies: int  # 1, or the number of shards for a reference table
    bound: int | None

    @property
    def balanced(self) -> bool | None:
        """Whether the target's rows lie within the bound of the source's; None where the bound is unknown."""
        low = min(self.source_before, self.source_after)
        high = max(self.source_before, self.source_after)
        if self.bound is None:
            return True if self.target == low * self.copies == high * self.copies else None
        slack = self.bound * self.copies
        return low * self.copies - slack <= self.target <= high * self.copies + slack


class TableComparison(Struct, frozen=True, kw_only=True):
    """One table, verified in all ways. `reason` says why it is different or could not be looked at."""

    table: str
    keyspace: str
    equality: Equality
    shards: tuple[ShardComparison, ...]
    rows: RowAccount
    sample: SampleComparison | None
    reason: str = ""

    @property
    def rows_compared(self) -> int:
        return sum(shard.rows_compared for shard in self.shards)

    @property
    def mismatches(self) -> int:
        return sum(s.mismatched + s.extra_source + s.extra_target for s in self.shards)


class Verification(Struct, frozen=True, kw_only=True):
    """All tables of a load. `taken_at` is when it ended (UTC); older than a day it is stale for a switch."""

    tables: tuple[TableComparison, ...]
    rows_compared: int
    mismatches: int
    seconds: float
    taken_at: str
    source_version: str
    target_version: str

    @property
    def equality(self) -> Equality:
        """The gravest of the tables'."""
        seen = {table.equality for table in self.tables}
        for equality in (Equality.DIFFERENT, Equality.COULD_NOT_LOOK):
            if equality in seen:
                return equality
        return Equality.EQUAL if seen else Equality.COULD_NOT_LOOK


class Mismatch(Struct, frozen=True, kw_only=True):
    """One row that differs, by key, with both sides (None: no such row there). Holds values: private."""

    table: str
    keyspace: str
    shard: str
    key: dict[str, Any]
    source: dict[str, Any] | None
    target: dict[str, Any] | None


class Mismatches(Struct, frozen=True):
    """The rows that differ, a bounded number of each table."""

    rows: tuple[Mismatch, ...]
