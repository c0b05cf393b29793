"""What stages ask of the outside world. Adapters answer; tests may."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from msgspec import Struct

from seatrial.domain.event import Tell
from seatrial.domain.executed import Executed
from seatrial.domain.generator import GeneratorRun
from seatrial.domain.movement import Choice
from seatrial.domain.question import Question
from seatrial.domain.rehearsal import Ledger, Pace, TrafficCount, TrafficState, Window
from seatrial.domain.vitess import Tablet, VDiffShard, WorkflowStatus
from seatrial.domain.vschema import VSchema
from seatrial.domain.workload import Recorded


class Now(Protocol):
    """The time of day, in UTC."""

    def __call__(self) -> datetime: ...


class Sql(Protocol):
    """A connection to one MySQL server, or to a vtgate. Server errors are Faults `mysql.…`."""

    def query(self, sql: str, args: Sequence[Any] | None = None) -> list[tuple[Any, ...]]: ...

    def dicts(self, sql: str, args: Sequence[Any] | None = None) -> list[dict[str, Any]]: ...

    def stream(self, sql: str, args: Sequence[Any] | None = None) -> Iterator[tuple[Any, ...]]: ...

    def execute(self, sql: str, args: Sequence[Any] | None = None) -> int: ...

    def close(self) -> None: ...


class Tablets(Protocol):
    """Who runs tablets: the lab starts and stops them; on a foreign cluster the missing ones are named in a Fault."""

    def serve(self, keyspace: str, shards: Sequence[str], tell: Tell) -> None:
        """Make the keyspace with those shards exist and every shard have a serving primary."""

    def attach(self, keyspace: str, sidecar: str, tell: Tell) -> None:
        """Make the source's own MySQL the primary of the (unsharded) keyspace and wait until streams can start."""

    def detach(self, keyspace: str, tell: Tell) -> None:
        """Stop that tablet, take the keyspace out of the topology and delete its credentials."""

    def remove(self, keyspace: str, tell: Tell) -> None:
        """Take a keyspace of ours away whole: tablets, rows, topology; no error where it is gone already."""

    def room_bytes(self) -> int | None:
        """Free space where new tablets would put their rows; None where we cannot see it."""

    def sql(self, alias: str) -> Sql:
        """The tablet's own MySQL in the keyspace's database, as its administrator, past vtgate and vttablet
        (rule R1). The caller closes it."""


class Cluster(Protocol):
    """A Vitess cluster through its own tools. Every refusal is a Fault `vitess.…` with the tool's words."""

    def version(self) -> str:
        """Vitess's version, such as 24.0.3. (MySQL's is asked of a tablet: what vtgate says is a setting.)"""

    def keyspaces(self) -> frozenset[str]: ...

    def shards(self, keyspace: str) -> tuple[str, ...]: ...

    def sidecar(self, keyspace: str) -> str:
        """The database beside the keyspace's own in which its tablets keep Vitess's bookkeeping."""

    def tablets(self, keyspace: str) -> tuple[Tablet, ...]: ...

    def vschema(self, keyspace: str) -> Mapping[str, Any]: ...

    def apply_vschema(self, keyspace: str, vschema: VSchema) -> None: ...

    def apply_schema(self, keyspace: str, statement: str) -> None: ...

    def table_ddl(self, keyspace: str) -> Mapping[str, str]:
        """CREATE TABLE by table, as the keyspace's first primary has it."""

    def routing_rules(self) -> Mapping[str, Any]: ...

    def apply_routing_rules(self, rules: Mapping[str, Any]) -> None:
        """Replace all routing rules of the cluster by these (rule R2: read and keep them before)."""

    def denied_tables(self, keyspace: str) -> Mapping[str, tuple[str, ...]]:
        """Shard to the tables its primary refuses."""

    def workflows(self, keyspace: str) -> tuple[str, ...]: ...

    def move_tables(
        self, workflow: str, keyspace: str, source: str, tables: Sequence[str], choices: Sequence[Choice]
    ) -> None: ...

    def materialize(self, workflow: str, keyspace: str, source: str, tables: Sequence[str]) -> None: ...

    def status(self, workflow: str, keyspace: str) -> WorkflowStatus | None:
        """The workflow as it is now; None if there is no such workflow."""

    def traffic(self, workflow: str, keyspace: str) -> TrafficState:
        """Who serves the workflow's tables now."""

    def start(self, workflow: str, keyspace: str) -> None: ...

    def stop(self, workflow: str, keyspace: str) -> None: ...

    def cancel(self, workflow: str, keyspace: str, *, keep_rules: bool = False) -> None:
        """End a MoveTables, keeping rows on both sides (rule S2, S3). Vitess takes the routing rules of its tables'
        bare names away with it, whoever made them; `keep_rules` for a workflow that made none (rule R2)."""

    def allow_tables(self, keyspace: str, tables: Sequence[str] | None = None) -> None:
        """Take back the refusals a cancelled or failed act left on the keyspace's shards (met with 24.0.3)."""

    def delete_workflow(self, workflow: str, keyspace: str) -> None:
        """End a Materialize, keeping its rows and every routing rule."""

    def vdiff(self, workflow: str, keyspace: str, uuid: str, tables: Sequence[str]) -> None: ...

    def vdiff_reports(self, workflow: str, keyspace: str, uuid: str) -> tuple[VDiffShard, ...]: ...

    def vdiff_stop(self, workflow: str, keyspace: str, uuid: str) -> None: ...

    def switch(self, workflow: str, keyspace: str, *, reads: bool, timeout_s: int, tell: Tell) -> None:
        """Switch reads (replica and rdonly traffic) or writes; writes initialise the target's sequences (rule R6)."""

    def reverse(self, workflow: str, keyspace: str, *, timeout_s: int, tell: Tell) -> None: ...

    def dry_run(self, workflow: str, keyspace: str, *, reverse: bool) -> str:
        """What a switch would do, in Vitess's own words; nothing is done."""

    def gate_sql(self, keyspace: str | None = None) -> Sql:
        """A connection to vtgate; with a keyspace, unqualified names mean its tables and no global routing rule."""


class Unanswered(Exception):
    """A question the source did not answer: missing grant, unknown table, time cap. `reason` names no account."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Source(Protocol):
    """The MySQL database to be moved, asked only for metadata: nothing here reads a row of its tables or writes."""

    @property
    def database(self) -> str: ...

    def ask(self, question: Question, *, table: str | None = None) -> list[dict[str, Any]]:
        """The answer's rows, with the columns `question.columns` promises; `table` only where `question.per_table`.

        Raises Unanswered where this question has no answer here, a Fault where the connection itself is lost.
        """


class Application(Protocol):
    """The application whose traffic is rehearsed: started against vtgate, observed by what it was told itself.

    Moments are wall clock, µs since 1970 UTC.
    """

    def start(self, tell: Tell) -> None: ...

    def running(self) -> bool: ...

    def stop(self, tell: Tell) -> None: ...

    def count(self) -> TrafficCount: ...

    def window(self, first_us: int, last_us: int) -> Window: ...

    def pace(self, first_us: int, last_us: int, slice_s: float) -> tuple[Pace, ...]: ...

    def ledger(self, until_us: int | None = None) -> Ledger | None:
        """Its committed transactions looked up on the source's own MySQL (those ended by `until_us`); None where
        the application leaves no trace to look up."""


class PlanAnswer(Struct, frozen=True, kw_only=True):
    """What the planner said of one statement: its plan as Vitess's JSON, or its refusal in Vitess's words."""

    tree: Mapping[str, Any] | None = None
    error: str = ""


class Planner(Protocol):
    """Vitess's own planner, without tablets: nothing is executed."""

    def version(self) -> str: ...

    def adopt(self, vschemas: Mapping[str, VSchema], shards: int, tell: Tell) -> None:
        """Go by these VSchemas from now on; keyspaces are named as the roles. A refused one is a Fault."""

    def ask(self, statements: Sequence[str], tell: Tell) -> list[PlanAnswer]:
        """The plan of each statement, in order. Statements hold bind variables `:v1` instead of literals."""


class QueryLog(Protocol):
    """vtgate's query log while it is listened to; statements live in memory only (rule T7)."""

    @property
    def lost(self) -> int:
        """Statements executed meanwhile that we could not hear, as far as vtgate and we know."""

    @property
    def ended(self) -> bool:
        """Whether vtgate has stopped telling."""

    def take(self) -> list[Executed]:
        """What was executed since the last call, in the order vtgate told it."""

    def close(self) -> None: ...


class Generator(Protocol):
    """Sends recorded statements to the target, in worker processes that neither wait for us nor for each other."""

    def run(
        self, events: Iterator[Recorded], keyspace: str, *, speed: float, workers: int, slice_s: float, tell: Tell
    ) -> GeneratorRun:
        """Send every statement at its recorded time × 1/speed on its own recorded connection (open loop). Ends with
        the last answer; cancelled, it leaves no process behind."""


class Crew(Protocol):
    """Processes of this program that work side by side. A module's `main` reads and writes frames (domain.frames)."""

    @property
    def size(self) -> int:
        """How many there are when it works: one a core."""

    def work(self, module: str, first: bytes, jobs: Iterable[bytes], tell: Callable[[], None]) -> Iterator[bytes]:
        """The answers to the jobs, in their order; a job is asked for when there is a process for it. Each process gets
        `first` before its jobs, and all have the same keyed hashes of bytes. `tell` is called at least twice a second.
        No process is left, however it ends. Faults: `crew.worker-died`."""
