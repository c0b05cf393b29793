"""What `provision` made and `load` moved."""

from msgspec import Struct

from seatrial.domain.vschema import VSchema


class ServedKeyspace(Struct, frozen=True, kw_only=True):
    """A keyspace as provisioned. `ddl` are the statements that made its tables, in order."""

    role: str
    name: str
    shards: tuple[str, ...]
    vschema: VSchema
    ddl: tuple[str, ...]


class Provisioned(Struct, frozen=True, kw_only=True):
    """What stands on the target for this trial, seen after the act. Versions as the programs say them."""

    target: str
    keyspaces: tuple[ServedKeyspace, ...]
    vitess_version: str
    mysql_version: str

    def keyspace(self, role: str) -> ServedKeyspace:
        """The keyspace of a role; KeyError if there is none."""
        for keyspace in self.keyspaces:
            if keyspace.role == role:
                return keyspace
        raise KeyError(role)

    @property
    def home(self) -> ServedKeyspace:
        """The keyspace that clients name as their database: a sharded one before others, the one with most tables
        before others."""
        return max(self.keyspaces, key=lambda keyspace: (keyspace.vschema.sharded, len(keyspace.vschema.tables)))


class Choice(Struct, frozen=True, kw_only=True):
    """An option of a workflow and why it has that value."""

    option: str
    value: str
    reason: str


class Workflow(Struct, frozen=True, kw_only=True):
    """One MoveTables workflow: every table goes from the source into one keyspace (rule W1)."""

    name: str
    role: str
    keyspace: str
    tables: tuple[str, ...]
    choices: tuple[Choice, ...]


class Materialization(Struct, frozen=True, kw_only=True):
    """Reference tables streamed from the keyspace that is written to the shards that read them (rule W2)."""

    name: str
    source_keyspace: str
    keyspace: str
    tables: tuple[str, ...]


class LoadedTable(Struct, frozen=True, kw_only=True):
    """One table after its copy: rows and bytes as counted by us on the target's own MySQL."""

    table: str
    keyspace: str
    rows: int
    bytes: int
    seconds: float


class Act(Struct, frozen=True, kw_only=True):
    """One line of the page of acts (rule S1): what is read, locked and written where, and how it is undone."""

    when: str
    where: str  # "source" or "target"
    reads: str
    locks: str
    writes: str
    undo: str


class Runway(Struct, frozen=True, kw_only=True):
    """How much binary log the source still holds beyond the stream's position (rule S9)."""

    at: str
    held_bytes: int | None
    expire_s: int | None


class ProgressPoint(Struct, frozen=True, kw_only=True):
    """Rows and bytes on the target this many seconds after the copy began: the line of the load's chart."""

    second: float
    rows: int
    bytes: int


class BrakeLimits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where `load` stops copying to spare the source (rule S5); it goes on when all are below half again."""

    threads_running: int = 32
    history_list_length: int = 1_000_000  # Vitess's own limit for the copy phase (vreplication flags, 24.0)
    replica_lag_s: int = 60


class StoodStill(Struct, frozen=True, kw_only=True):
    """Where a scratch copy stopped: when, and at which position of the source each stream did."""

    at: str  # UTC, ISO 8601
    positions: tuple[str, ...]  # GTID sets, one a stream
    settled: str = ""  # a later GTID set up to which the source wrote nothing but our sidecar; "" where not known
    bytes_needed: int  # our estimate before the copy
    bytes_free: int | None


class Loaded(Struct, frozen=True, kw_only=True):
    """A load whose copy is complete and whose streams follow the source; or a scratch copy, which stands still."""

    source_keyspace: str
    workflows: tuple[Workflow, ...]
    materializations: tuple[Materialization, ...]
    tables: tuple[LoadedTable, ...]
    rows: int
    bytes: int
    copy_seconds: float
    points: tuple[ProgressPoint, ...]
    acts: tuple[Act, ...]
    braked_seconds: float
    resumed: bool  # the copy was found under way: seconds and points begin there
    runway: Runway | None
    stood_still: StoodStill | None = None
    source_version: str
    target_version: str
    vitess_version: str


class Checked(Struct, frozen=True, kw_only=True):
    """One thing looked at, and whether it is as it should be."""

    what: str
    ok: bool
    seen: str


class Detached(Struct, frozen=True, kw_only=True):
    """The certificate that nothing of ours is left on the source, and the SQL that takes the accounts back."""

    source_keyspace: str
    sidecar: str
    checks: tuple[Checked, ...]
    take_back: str

    @property
    def clean(self) -> bool:
        return all(check.ok for check in self.checks)
