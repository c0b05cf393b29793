"""Small stand-ins for the ports: a MySQL that answers by regular expression, and a cluster that keeps its state."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import psutil
from msgspec.structs import replace

from seatrial.domain.event import Acted, Acting, Event, Note, Progress, Pulse, Tell
from seatrial.domain.fault import Cancelled, Fault
from seatrial.domain.movement import Choice
from seatrial.domain.rehearsal import TrafficState
from seatrial.domain.vitess import Stream, Tablet, VDiffShard, WorkflowStatus
from seatrial.domain.vschema import VSchema, plain

Rows = list[tuple[Any, ...]]
Answer = Rows | Fault | Callable[..., Rows]


class FakeSql:
    """Answers the first pattern found in a statement; a statement that no pattern fits fails the test.

    An answer is rows, a Fault to raise, or a function of the arguments. `said` keeps every statement.
    """

    def __init__(self, answers: Mapping[str, Answer] | None = None) -> None:
        self.answers = dict(answers or {})
        self.said: list[str] = []
        self.closed = False

    def query(self, sql: str, args: Sequence[Any] | None = None) -> Rows:
        self.said.append(sql)
        for pattern, answer in self.answers.items():
            if re.search(pattern, sql):
                if isinstance(answer, Fault):
                    raise answer
                return list(answer(*(args or ())) if callable(answer) else answer)
        raise AssertionError(f"an unexpected statement: {sql}")

    def dicts(self, sql: str, args: Sequence[Any] | None = None) -> list[dict[str, Any]]:
        return [dict(row) for row in self.query(sql, args)]

    def stream(self, sql: str, args: Sequence[Any] | None = None) -> Iterator[tuple[Any, ...]]:
        return iter(self.query(sql, args))

    def execute(self, sql: str, args: Sequence[Any] | None = None) -> int:
        self.said.append(sql)
        return 0

    def close(self) -> None:
        self.closed = True


class Told:
    """A `tell` that keeps what it was told, and cancels at the n-th word if asked to."""

    def __init__(self, cancel_after: int | None = None) -> None:
        self.events: list[Event] = []
        self._left = cancel_after

    def __call__(self, event: Event) -> None:
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                raise Cancelled
        if not isinstance(event, Pulse):
            self.events.append(event)

    @property
    def acts(self) -> list[str]:
        return [event.act for event in self.events if isinstance(event, Acting | Acted)]

    @property
    def notes(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, Note)]

    @property
    def warnings(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, Note) and event.warning]

    @property
    def progress(self) -> list[Progress]:
        return [event for event in self.events if isinstance(event, Progress)]


def stream(shard: str, **given: Any) -> Stream:
    usual: dict[str, Any] = {
        "state": "Running",
        "message": "",
        "lag_s": 0.0,
        "rows_copied": 0,
        "position": "MySQL56/09c1ed55-e56a-11f1-8bca-02fc00000001:1-86",
    }
    return Stream(shard=shard, **(usual | given))


class FakeCluster:
    """A Vitess whose keyspaces, tables, workflows and traffic are plain dictionaries; `done` lists the acts."""

    def __init__(self, shards: Mapping[str, Sequence[str]] | None = None) -> None:
        self.shards_of: dict[str, tuple[str, ...]] = {k: tuple(v) for k, v in (shards or {}).items()}
        self.vschemas: dict[str, VSchema] = {}
        self.ddl: dict[str, dict[str, str]] = {}
        self.rules: list[dict[str, Any]] = []
        self.denied: dict[str, dict[str, tuple[str, ...]]] = {}
        self.states: dict[str, WorkflowStatus] = {}
        self.serving: dict[str, TrafficState] = {}
        self.reports: tuple[VDiffShard, ...] = ()
        self.done: list[str] = []
        self.gate = FakeSql()
        self.gates: list[str | None] = []  # the keyspaces that connections to vtgate were asked for

    def add_workflow(self, name: str, keyspace: str, source: str = "shop_source", **given: Any) -> None:
        """A workflow that follows its source, or as given."""
        usual: dict[str, Any] = {
            "streams": tuple(stream(shard) for shard in self.shards_of.get(keyspace, ("0",))),
            "copying": frozenset[str](),
        }
        self.states[name] = WorkflowStatus(name=name, keyspace=keyspace, source_keyspace=source, **(usual | given))
        self.serving.setdefault(name, TrafficState.SOURCE)

    def version(self) -> str:
        return "24.0.3"

    def keyspaces(self) -> frozenset[str]:
        return frozenset(self.shards_of)

    def shards(self, keyspace: str) -> tuple[str, ...]:
        return self.shards_of[keyspace]

    def sidecar(self, keyspace: str) -> str:
        return "_vt"

    def tablets(self, keyspace: str) -> tuple[Tablet, ...]:
        return tuple(
            Tablet(alias=f"{keyspace}:{shard}{suffix}", keyspace=keyspace, shard=shard, primary=not suffix)
            for shard in self.shards_of[keyspace]
            for suffix in ("", ":replica")
        )

    def vschema(self, keyspace: str) -> Mapping[str, Any]:
        return plain(self.vschemas.get(keyspace, VSchema()))

    def apply_vschema(self, keyspace: str, vschema: VSchema) -> None:
        self.vschemas[keyspace] = vschema
        self.done.append(f"vschema {keyspace}")

    def apply_schema(self, keyspace: str, statement: str) -> None:
        if statement.startswith("ALTER"):
            self.done.append(f"alter {keyspace}: {statement}")
            return
        found = re.match(r"CREATE TABLE `((?:[^`]|``)+)`", statement)
        assert found is not None, statement
        self.ddl.setdefault(keyspace, {})[found[1].replace("``", "`")] = statement
        self.done.append(f"create {keyspace}.{found[1]}")

    def table_ddl(self, keyspace: str) -> Mapping[str, str]:
        return dict(self.ddl.get(keyspace, {}))

    def routing_rules(self) -> Mapping[str, Any]:
        return {"rules": [dict(rule) for rule in self.rules]}

    def apply_routing_rules(self, rules: Mapping[str, Any]) -> None:
        self.rules = [dict(rule) for rule in rules["rules"]]
        self.done.append(f"rules {len(self.rules)}")

    def denied_tables(self, keyspace: str) -> Mapping[str, tuple[str, ...]]:
        return self.denied.get(keyspace, {})

    def workflows(self, keyspace: str) -> tuple[str, ...]:
        return tuple(name for name, state in self.states.items() if state.keyspace == keyspace)

    def move_tables(
        self, workflow: str, keyspace: str, source: str, tables: Sequence[str], choices: Sequence[Choice]
    ) -> None:
        self.done.append(f"move {workflow}")
        self.add_workflow(workflow, keyspace, source)
        if any(choice.option == "--stop-after-copy" for choice in choices):
            self._set(workflow, "Stopped")
            self.denied[keyspace] = dict.fromkeys(self.shards_of[keyspace], tuple(tables))

    def materialize(self, workflow: str, keyspace: str, source: str, tables: Sequence[str]) -> None:
        self.done.append(f"materialize {workflow}")
        self.add_workflow(workflow, keyspace, source)

    def status(self, workflow: str, keyspace: str) -> WorkflowStatus | None:
        state = self.states.get(workflow)
        return state if state is not None and state.keyspace == keyspace else None

    def traffic(self, workflow: str, keyspace: str) -> TrafficState:
        return self.serving[workflow]

    def start(self, workflow: str, keyspace: str) -> None:
        self._set(workflow, "Running")
        self.done.append(f"start {workflow}")

    def stop(self, workflow: str, keyspace: str) -> None:
        self._set(workflow, "Stopped")
        self.done.append(f"stop {workflow}")

    def cancel(self, workflow: str, keyspace: str, *, keep_rules: bool = False) -> None:
        del self.states[workflow]
        self.denied.pop(keyspace, None)
        if not keep_rules:  # Vitess takes them by the tables' names; so few tables move here that all go
            self.rules = []
        self.done.append(f"cancel {workflow}")

    def allow_tables(self, keyspace: str, tables: Sequence[str] | None = None) -> None:
        self.denied[keyspace] = {
            shard: tuple(table for table in denied if tables is not None and table not in tables)
            for shard, denied in self.denied.get(keyspace, {}).items()
        }
        self.done.append(f"allow {keyspace}")

    def delete_workflow(self, workflow: str, keyspace: str) -> None:
        del self.states[workflow]
        self.done.append(f"delete {workflow}")

    def vdiff(self, workflow: str, keyspace: str, uuid: str, tables: Sequence[str]) -> None:
        self.done.append(f"vdiff {workflow}")

    def vdiff_reports(self, workflow: str, keyspace: str, uuid: str) -> tuple[VDiffShard, ...]:
        return self.reports

    def vdiff_stop(self, workflow: str, keyspace: str, uuid: str) -> None:
        self.done.append(f"vdiff stopped {workflow}")

    def switch(self, workflow: str, keyspace: str, *, reads: bool, timeout_s: int, tell: Tell) -> None:
        self.serving[workflow] = TrafficState.READS_SWITCHED if reads else TrafficState.TARGET
        self.done.append(f"{'reads' if reads else 'writes'} {workflow}")
        if not reads:
            source = self.states[workflow].source_keyspace
            self.shards_of.setdefault(source, ("0",))
            self.add_workflow(f"{workflow}_reverse", source, keyspace)

    def reverse(self, workflow: str, keyspace: str, *, timeout_s: int, tell: Tell) -> None:
        self.serving[workflow] = TrafficState.SOURCE
        self.states.pop(f"{workflow}_reverse", None)
        self.done.append(f"reverse {workflow}")

    def dry_run(self, workflow: str, keyspace: str, *, reverse: bool) -> str:
        return "Lock keyspace"

    def gate_sql(self, keyspace: str | None = None) -> FakeSql:
        self.gates.append(keyspace)
        return self.gate

    def _set(self, workflow: str, state: str) -> None:
        before = self.states[workflow]
        self.states[workflow] = replace(before, streams=tuple(replace(s, state=state) for s in before.streams))


class FakeTablets:
    """Tablets over a `FakeCluster`; one `FakeSql` an alias, all with the same answers unless set otherwise."""

    def __init__(self, cluster: FakeCluster, answers: Mapping[str, Answer] | None = None) -> None:
        self._cluster = cluster
        self._answers = answers or {}
        self.by_alias: dict[str, FakeSql] = {}
        self.free: int | None = None

    def serve(self, keyspace: str, shards: Sequence[str], tell: Tell) -> None:
        self._cluster.shards_of[keyspace] = tuple(shards)
        self._cluster.done.append(f"serve {keyspace}")

    def attach(self, keyspace: str, sidecar: str, tell: Tell) -> None:
        self._cluster.shards_of[keyspace] = ("0",)
        self._cluster.done.append(f"attach {keyspace}")

    def detach(self, keyspace: str, tell: Tell) -> None:
        self._cluster.shards_of.pop(keyspace, None)
        self._cluster.done.append(f"detach {keyspace}")

    def remove(self, keyspace: str, tell: Tell) -> None:
        self._cluster.shards_of.pop(keyspace, None)
        self._cluster.states = {n: s for n, s in self._cluster.states.items() if s.keyspace != keyspace}
        self._cluster.done.append(f"remove {keyspace}")

    def room_bytes(self) -> int | None:
        return self.free

    def sql(self, alias: str) -> FakeSql:
        return self.by_alias.setdefault(alias, FakeSql(self._answers))


def workers(module: str) -> list[psutil.Process]:
    """Our children that run this module; a session has other children, which are none of a unit test's."""

    def runs(child: psutil.Process) -> bool:
        try:
            return child.status() != psutil.STATUS_ZOMBIE and module in child.cmdline()
        except psutil.Error:
            return False  # it has just ended

    return [child for child in psutil.Process().children() if runs(child)]
