"""Follows a running copy: what each table has, how fast it goes, how long it will take."""

import time

from seatrial.domain.event import Note, Progress, Tell
from seatrial.domain.movement import ProgressPoint
from seatrial.domain.vitess import StreamState, WorkflowStatus
from seatrial.stages.load.count import Shards, Size, sizes
from seatrial.stages.load.order import Order

FOLLOW_LAG_S = 5.0


class Watch:
    """State of one watching: looks are told as progress, finished tables as notes."""

    def __init__(self, order: Order, shards: Shards, tell: Tell) -> None:
        self._order = order
        self._shards = shards
        self._tell = tell
        self._began = time.monotonic()
        self._copied_at: float | None = None
        self._first_seen: dict[tuple[str, str], float] = {}
        self._finished: dict[tuple[str, str], float] = {}
        self._sizes: dict[str, dict[str, Size]] = {}
        self._braked_since: float | None = None
        self.braked_seconds = 0.0
        self.looks = 0
        self.points: list[ProgressPoint] = []

    def look(self, states: list[WorkflowStatus]) -> bool:
        """Take a look, tell it; whether every table is copied and every stream follows closely (or, for a scratch
        copy, stands still)."""
        self.looks += 1
        copying: set[str] = set()
        for workflow, state in zip(self._order.workflows, states, strict=True):
            self._size(workflow.keyspace)
            waiting = pending(state, workflow.tables)
            copying |= waiting
            self._note_finished(workflow.keyspace, set(workflow.tables) - waiting)
        self._progress(states, copying)
        # a stream just made says Running before it begins: pending tables tell it from one that follows
        scratch = self._order.scratch
        whole = not copying and all(state.standing if scratch else state.following for state in states)
        if whole and self._copied_at is None:
            self._copied_at = time.monotonic()
        return whole and (scratch or all((state.lag_s or 0) <= FOLLOW_LAG_S for state in states))

    def measure(self) -> None:
        """Take the sizes once more, when all is over."""
        for workflow in self._order.workflows:
            self._size(workflow.keyspace)

    def lost_sight(self) -> None:
        """The cluster was away: connections are stale."""
        self._shards.forget()

    def braked(self, since: float) -> None:
        self._braked_since = since

    def released(self) -> None:
        if self._braked_since is not None:
            self.braked_seconds += time.monotonic() - self._braked_since
            self._braked_since = None

    @property
    def copy_seconds(self) -> float:
        return round((self._copied_at or time.monotonic()) - self._began, 2)

    def bytes_of(self, keyspace: str, table: str) -> int:
        return self._sizes.get(keyspace, {}).get(table, Size(0, 0)).bytes

    def seconds_of(self, keyspace: str, table: str) -> float:
        """From the moment its first row was seen to the moment it was whole; 0 if it was whole at the first look."""
        key = (keyspace, table)
        return round(max(0.0, self._finished.get(key, 0.0) - self._first_seen.get(key, 0.0)), 2)

    def _size(self, keyspace: str) -> None:
        self._sizes[keyspace] = dict(sizes(keyspace, self._shards))

    def _note_finished(self, keyspace: str, whole: set[str]) -> None:
        now = time.monotonic()
        for table, size in self._sizes[keyspace].items():
            key = (keyspace, table)
            if size.rows and key not in self._first_seen:
                self._first_seen[key] = now
            if table in whole and key not in self._finished:
                self._finished[key] = now
                self._first_seen.setdefault(key, now)
                seconds = self.seconds_of(keyspace, table)
                self._tell(Note(text=f"{table} is whole: about {size.rows:,} rows, {seconds:.0f} s"))

    def _progress(self, states: list[WorkflowStatus], copying: set[str]) -> None:
        ours = {(w.keyspace, table) for w in self._order.workflows for table in w.tables}
        seen = [size for ks, tables in self._sizes.items() for name, size in tables.items() if (ks, name) in ours]
        rows, size = sum(s.rows for s in seen), sum(s.bytes for s in seen)
        second = time.monotonic() - self._began
        self.points.append(ProgressPoint(second=round(second, 1), rows=rows, bytes=size))
        total = sum(self._order.table(table).rows_estimate for _, table in ours)
        rate = rows / second if second else 0.0
        left = max(0.0, (total - rows) / rate) if copying and rate and total > rows else None
        self._tell(
            Progress(
                phase=self._phase(states, copying),
                done=rows,
                total=max(total, rows),
                unit="rows",
                left_s=left,
                detail=f"{size / 1e6:,.0f} MB, {rate:,.0f} rows/s, {len(ours) - len(copying)} of {len(ours)} tables"
                + (f", now {', '.join(self._under_way(copying))}" if copying else ""),
            )
        )

    def _phase(self, states: list[WorkflowStatus], copying: set[str]) -> str:
        scratch = self._order.scratch
        # a scratch copy's streams stop one by one, each when its tables are whole
        if any(_halted(state) if scratch else state.stopped for state in states):
            return "paused"
        if copying:
            return "copying"
        if any(stream.state == StreamState.COPYING for state in states for stream in state.streams):
            return "building keys"  # rows are there; deferred secondary keys are added (rule W3)
        return "standing still" if scratch else "catching up"

    def _under_way(self, copying: set[str]) -> list[str]:
        """The tables whose rows are coming in, each with its share and its own time left, by its own rate."""
        now = time.monotonic()
        said = []
        for (keyspace, table), since in self._first_seen.items():
            if table not in copying or (keyspace, table) in self._finished:
                continue
            rows, total = self._sizes[keyspace][table].rows, self._order.table(table).rows_estimate
            rate = rows / (now - since) if now > since else 0.0
            left = f", {max(0, total - rows) / rate:.0f} s left" if rate else ""
            said.append(f"{table} {min(99, 100 * rows // max(1, total))} %{left}")
        return said[:3] or sorted(copying)[:2]


def _halted(state: WorkflowStatus) -> bool:
    """Whether every stream has stopped before the tables were whole."""
    return bool(state.copying) and all(stream.state == StreamState.STOPPED for stream in state.streams)


def pending(state: WorkflowStatus, tables: tuple[str, ...]) -> set[str]:
    """The tables not yet whole. A stream that has not begun names none, may say Running, and has no position: all
    of its tables wait."""
    if any(stream.state == StreamState.INIT or not stream.position for stream in state.streams):
        return set(tables)
    return set(state.copying)
