"""A Vitess cluster's state as its own tools tell it."""

import re
from enum import StrEnum

from msgspec import Struct

_AWAY = re.compile(r"Unavailable|connection refused|EOF|no healthy tablet|deadline exceeded|server has gone away")


class Tablet(Struct, frozen=True, kw_only=True):
    alias: str
    keyspace: str
    shard: str
    primary: bool


class StreamState(StrEnum):
    """States of a VReplication stream (Vitess 24, binlogdata.proto)."""

    INIT = "Init"
    COPYING = "Copying"
    RUNNING = "Running"
    STOPPED = "Stopped"
    ERROR = "Error"
    LAGGING = "Lagging"


class Stream(Struct, frozen=True, kw_only=True):
    """One stream of a workflow on one shard. `lag_s` is how far it is behind its source; None while unknown."""

    shard: str
    state: str
    message: str
    lag_s: float | None
    rows_copied: int
    position: str


class WorkflowStatus(Struct, frozen=True, kw_only=True):
    """A workflow as it is now. `copying` are the tables that still are being copied or wait for it."""

    name: str
    keyspace: str
    source_keyspace: str
    streams: tuple[Stream, ...]
    copying: frozenset[str]

    @property
    def failed(self) -> str:
        """What a stream in state Error says; "" if none is."""
        return next((s.message or "no message" for s in self.streams if s.state == StreamState.ERROR), "")

    @property
    def away(self) -> bool:
        """Whether what failed is only a server that cannot be reached: Vitess shows Error, and tries again itself."""
        errors = [s.message for s in self.streams if s.state == StreamState.ERROR]
        return bool(errors) and all(_AWAY.search(message) for message in errors)

    @property
    def stopped(self) -> bool:
        return any(s.state == StreamState.STOPPED for s in self.streams)

    @property
    def following(self) -> bool:
        """Whether every table is copied and every stream applies changes."""
        return bool(self.streams) and not self.copying and all(s.state == StreamState.RUNNING for s in self.streams)

    @property
    def standing(self) -> bool:
        """Whether every table is copied and every stream has stopped."""
        return bool(self.streams) and not self.copying and all(s.state == StreamState.STOPPED for s in self.streams)

    @property
    def lag_s(self) -> float | None:
        """The slowest stream's lag; None while any is unknown."""
        lags = [s.lag_s for s in self.streams]
        known = [lag for lag in lags if lag is not None]
        return max(known) if known and len(known) == len(lags) else None


class VDiffShard(Struct, frozen=True, kw_only=True):
    """VDiff's report of one table on one shard, with a bounded number of differing rows as Vitess printed them."""

    table: str
    shard: str
    state: str
    rows_compared: int
    mismatched: int
    extra_source: int
    extra_target: int
    differing: tuple[tuple[dict[str, str], dict[str, str]], ...]  # (source row, target row)
    only_source: tuple[dict[str, str], ...]
    only_target: tuple[dict[str, str], ...]
    error: str = ""
