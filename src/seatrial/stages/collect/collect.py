"""The stage itself: in which order the source is asked, and what the answers become."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from seatrial.domain.accounts import pattern
from seatrial.domain.collection import BinlogFile, Collection, Privileges, Server, StatusSample, Writer
from seatrial.domain.event import Note, Tell, rest
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.identifier import quote
from seatrial.domain.ports import Source
from seatrial.domain.question import Question
from seatrial.domain.schema import Schema, Table
from seatrial.domain.version import version_numbers
from seatrial.stages.collect import activity, grants, redaction, structure
from seatrial.stages.collect.asking import Asking, some

SECONDS_BETWEEN_SAMPLES = 5.0

Rows = list[dict[str, Any]]

_SEES_ROUTINES = frozenset(("EXECUTE", "CREATE ROUTINE", "ALTER ROUTINE"))


class _Seen(Struct, frozen=True, kw_only=True):
    """Answers that name accounts: labels can be given only when all are in."""

    views: Rows
    triggers: Rows
    events: Rows
    routines: Rows
    connections: Rows | None
    transactions: Rows | None

    def accounts(self, own: str) -> redaction.Accounts:
        definers = [row["definer"] for row in (*self.views, *self.triggers, *self.events, *self.routines)]
        users = [row["account"] for row in (*(self.connections or ()), *(self.transactions or ()))]
        return redaction.Accounts(str(name) for name in (*definers, *users, own) if name)


def collect(
    source: Source,
    *,
    now: Callable[[], datetime],
    tell: Tell,
    seconds_between_samples: float = SECONDS_BETWEEN_SAMPLES,
) -> Collection:
    """Everything the checks, the sizing and the plan need to know about the source, redacted.

    Only metadata is read. What the account may not see, or the server does not know, becomes a `Gap` with its
    reason; a Fault is raised where nothing works without the answer (version, variables, the database, its tables,
    columns and keys). Takes `seconds_between_samples` plus the time the server needs.
    """
    ask = Asking(source, tell)
    identity = ask.need(Question.VERSION)[0]
    variables = _pairs(ask.need(Question.VARIABLES))
    hosts = redaction.Hosts(variables)
    database = _database(ask.need(Question.DATABASE), source.database)
    _warn_about_statistics(variables, tell)
    privileges = _privileges(ask, source.database, variables)
    samples, binlogs = _samples(ask, hosts, now, tell, seconds_between_samples)
    seen = _Seen(
        views=ask.rows_or_none(Question.VIEWS),
        triggers=ask.rows_or_none(Question.TRIGGERS),
        events=ask.rows_or_none(Question.EVENTS),
        routines=ask.rows_or_none(Question.ROUTINES),
        connections=ask.rows(Question.CONNECTIONS) if _sees_others(ask, privileges) else None,
        transactions=ask.rows(Question.LONG_TRANSACTIONS),
    )
    label = seen.accounts(str(identity["account"])).label
    return Collection(
        server=_server(identity, variables, hosts),
        status=samples,
        schema=_schema(ask, database, seen, label),
        privileges=privileges,
        replication=activity.replication(
            ask.rows(Question.REPLICA_STATUS), binlogs, samples, variables, seen.connections
        ),
        writers=_writers(seen.connections, source.database, str(identity["account"]), label, variables),
        long_transactions=activity.long_transactions(seen.transactions, label),
        history_list_length=activity.history_list(ask.rows(Question.HISTORY_LIST)),
        sidecars=_sidecars(ask, privileges),
        gaps=ask.gaps,  # last: everything above may add one
    )


def _pairs(rows: Rows) -> dict[str, str]:
    return {str(row["variable_name"]).lower(): str(row["value"] or "") for row in rows}


def _database(rows: Rows, name: str) -> dict[str, Any]:
    if not rows:
        raise Fault(
            "mysql.no-database",
            f"the source has no database {name!r}, or none this account may see",
            remedy="correct the database's name in the address, or grant the account something on it",
            exit=Exit.CONFIG,
        )
    return rows[0]


def _server(identity: dict[str, Any], variables: dict[str, str], hosts: redaction.Hosts) -> Server:
    text, comment = str(identity["version"]), str(identity["version_comment"] or "")
    return Server(
        uuid=variables.get("server_uuid", ""),
        flavour=flavour(text, comment, variables),
        version=version_numbers(text),
        version_text=text,
        version_comment=comment,
        variables=redaction.variables(variables, hosts),
    )


def flavour(version: str, comment: str, variables: dict[str, str]) -> str:
    """mysql, mariadb, percona, aurora or unknown."""
    said = f"{version} {comment}".lower()
    if "mariadb" in said:
        return "mariadb"
    if "aurora_version" in variables:
        return "aurora"
    if "percona" in said:
        return "percona"
    return "mysql" if version_numbers(version) != (0, 0, 0) else "unknown"


def _warn_about_statistics(variables: dict[str, str], tell: Tell) -> None:
    if variables.get("innodb_stats_on_metadata", "OFF") == "ON":
        text = "innodb_stats_on_metadata is ON: the server itself samples each table's statistics when asked about it"
        tell(Note(text=text, warning=True))


def _privileges(ask: Asking, database: str, variables: dict[str, str]) -> Privileges:
    rows = ask.rows(Question.GRANTS)
    if rows is None:
        nothing: frozenset[str] = frozenset()
        return Privileges(everywhere=nothing, database=nothing, could_look=False)
    lines = [str(value) for row in rows for value in row.values()]
    found = grants.privileges(lines, database, literal_names=variables.get("partial_revokes", "OFF") == "ON")
    if not found.database:
        ask.gap(
            Question.TABLES, "the account has no privilege on the whole database: it sees only what it was given singly"
        )
    for privilege, question, what in (
        ("TRIGGER", Question.TRIGGERS, "triggers"),
        ("EVENT", Question.EVENTS, "events"),
    ):
        if privilege not in found.database:
            ask.gap(question, f"the account lacks {privilege} on the database: the server hides {what} from it")
    if not (found.everywhere & {"SHOW_ROUTINE", "SELECT"} or found.database & _SEES_ROUTINES):
        ask.gap(Question.ROUTINES, "the account lacks SHOW_ROUTINE (or EXECUTE): the server hides routines from it")
    return found


def _sees_others(ask: Asking, privileges: Privileges) -> bool:
    if privileges.could_look and "PROCESS" not in privileges.everywhere:
        ask.gap(Question.CONNECTIONS, "the account lacks PROCESS: the server shows it only its own connections")
        return False
    return True


def _samples(
    ask: Asking, hosts: redaction.Hosts, now: Callable[[], datetime], tell: Tell, apart_s: float
) -> tuple[tuple[StatusSample, ...], tuple[tuple[BinlogFile, ...] | None, ...]]:
    """Two looks at status and binary logs, before our own reading shows up in the counters."""
    found: list[StatusSample] = []
    files: list[tuple[BinlogFile, ...] | None] = []
    for turn in range(2):
        if turn:
            tell(Note(text=f"waiting {apart_s:g} s between two samples of the server's counters"))
            rest(tell, apart_s)
        files.append(activity.binlog_files(ask.rows(Question.BINLOGS), hosts))
        at = now()
        if (rows := ask.rows(Question.STATUS)) is not None:
            found.append(StatusSample(at=at.astimezone(UTC).isoformat(), values=redaction.status(_pairs(rows))))
    return tuple(found), tuple(files)


def _schema(ask: Asking, database: dict[str, Any], seen: _Seen, label: Callable[[str], str]) -> Schema:
    tables = structure.tables(
        ask.need(Question.TABLES),
        ask.need(Question.COLUMNS),
        ask.need(Question.INDEXES),
        ask.rows_or_none(Question.FOREIGN_KEYS),
        ask.rows_or_none(Question.FOREIGN_KEY_COLUMNS),
        ask.rows_or_none(Question.PARTITIONS),
    )
    tables = _with_columns(ask, tables, str(database["name"]))
    ddl = ask.each_table([table.name for table in tables], redaction.table_ddl)
    return Schema(
        database=str(database["name"]),
        charset=str(database["charset"]),
        collation=str(database["collation"]),
        tables=tuple(msgspec.structs.replace(table, ddl=ddl.get(table.name, "")) for table in tables),
        stored_objects=structure.stored_objects(seen.views, seen.triggers, seen.events, seen.routines, label),
    )


def _with_columns(ask: Asking, tables: tuple[Table, ...], database: str) -> tuple[Table, ...]:
    """The tables whose columns are shown: the server lists tables by any privilege, columns only by four of them."""
    shown = tuple(table for table in tables if table.columns)
    if tables and not shown:
        raise Fault(
            "collect.no-answer",
            f"the server hides the columns of {database!r} from this account",
            remedy=f"GRANT REFERENCES ON {quote(pattern(database))}.* TO it (or SELECT); REFERENCES shows no row",
            exit=Exit.CONFIG,
        )
    if hidden := [table.name for table in tables if not table.columns]:
        ask.gap(Question.TABLES, f"{some(hidden)}: hidden from this account, or dropped while we looked")
    return shown


def _writers(
    connections: Rows | None, database: str, account: str, label: Callable[[str], str], variables: dict[str, str]
) -> tuple[Writer, ...] | None:
    if connections is None:
        return None
    folded = variables.get("lower_case_table_names", "0") != "0"
    return activity.writers(connections, database, redaction.user_of(account), label, folded)


def _sidecars(ask: Asking, privileges: Privileges) -> tuple[str, ...] | None:
    rows = ask.rows(Question.SIDECARS)
    if rows is None:
        return None
    may_see = privileges.everywhere & {"SHOW DATABASES", *grants.DATABASE_LEVEL} or privileges.sidecar
    if not rows and privileges.could_look and not may_see:
        ask.gap(Question.SIDECARS, "the account lacks SHOW DATABASES: the server hides other databases from it")
        return None
    return tuple(str(row["name"]) for row in rows)
