"""What `collect` saw on the source: the server, its status, its schema, and where it could not look."""

from msgspec import Struct

from seatrial.domain.schema import Schema


class Gap(Struct, frozen=True, kw_only=True):
    """A question that got no answer: the statement's name and why (missing grant, unknown table, time cap)."""

    question: str
    reason: str


class Server(Struct, frozen=True, kw_only=True):
    """The server's identity. `flavour` is mysql, mariadb, percona, aurora or unknown; `version` its three numbers."""

    uuid: str
    flavour: str
    version: tuple[int, int, int]
    version_text: str
    version_comment: str = ""
    variables: dict[str, str]  # global variables, names in lower case, secrets and hosts redacted


class StatusSample(Struct, frozen=True, kw_only=True):
    """Global status at one moment; counters want two samples to become rates."""

    at: str  # UTC, ISO 8601
    values: dict[str, str]  # names in lower case


class Privileges(Struct, frozen=True, kw_only=True):
    """What the connecting account may do: on everything, and on the database to be moved (upper case)."""

    everywhere: frozenset[str]
    database: frozenset[str]  # those of `everywhere` that reach it, and its own, less what was revoked there
    sidecar: frozenset[str] = frozenset()  # the same for a database of Vitess's own, `_vt_…`
    could_look: bool = True


class BinlogFile(Struct, frozen=True, kw_only=True):
    name: str
    size_bytes: int


class Replication(Struct, frozen=True, kw_only=True):
    """The server as a replica, and its binary logs. `gtid_executed` is the position this was read at."""

    is_replica: bool
    lag_s: int | None
    gtid_executed: str
    binlogs: tuple[BinlogFile, ...]
    binlog_rate_bytes_s: float | None  # measured between the two status samples
    binlog_readers: int | None = None  # replicas and change-data readers connected now


class Writer(Struct, frozen=True, kw_only=True):
    """One account with connections that use the database; names are replaced by labels such as `account-1`."""

    account: str
    threads: int  # now; our own connection is not counted
    ours: bool  # the account this collection was made with


class LongTransaction(Struct, frozen=True, kw_only=True):
    """A transaction that was open for long when we looked; `thread_id` is the processlist's id."""

    thread_id: int
    account: str
    open_s: int
    rows_locked: int
    rows_modified: int


class Collection(Struct, frozen=True, kw_only=True):
    """All of it. What could not be seen stands in `gaps` and is None, never an empty value, in its own field."""

    server: Server
    status: tuple[StatusSample, ...]
    schema: Schema
    privileges: Privileges
    replication: Replication | None
    writers: tuple[Writer, ...] | None
    long_transactions: tuple[LongTransaction, ...] | None
    history_list_length: int | None
    sidecars: tuple[str, ...] | None = None  # databases that Vitess or an import left on the server
    gaps: tuple[Gap, ...] = ()

    def gap(self, question: str) -> Gap | None:
        """The gap in the answer to that question, if there is one."""
        return next((gap for gap in self.gaps if gap.question == question), None)
