"""The accounts the source's owner makes for us: the least that works, as SQL to paste and to take back.

`_vt` in Vitess is a sidecar database of its own name here; nothing below can DROP or ALTER the customer's tables
(rule S2). Privileges were found by trying with Vitess 24.0.3 on MySQL 9.7.4.
"""

from msgspec import Struct

from seatrial.domain.identifier import literal, qualified, quote

READER_GLOBAL = ("PROCESS", "REPLICATION CLIENT", "SHOW DATABASES")
READER_ROUTINES = ("SHOW_ROUTINE",)
"""A statement by itself: where it is not known, MySQL before 8.0.20 and MariaDB, it would take the others down."""
READER_DATABASE = ("SELECT", "SHOW VIEW", "TRIGGER", "EVENT")
MOVER_GLOBAL = ("PROCESS", "RELOAD", "REPLICATION CLIENT", "REPLICATION SLAVE")
MOVER_DATABASE = ("SELECT", "INSERT", "UPDATE", "DELETE", "LOCK TABLES", "SHOW VIEW")
MOVER_SIDECAR = ("ALL",)


class Grant(Struct, frozen=True, kw_only=True):
    """One GRANT: which privileges, where (`*.*` or a database), and what needs them."""

    user: str
    privileges: tuple[str, ...]
    database: str | None
    why: str

    @property
    def on(self) -> str:
        return "*.*" if self.database is None else f"{quote(self.database)}.*"

    def sql(self, host: str = "%") -> str:
        return f"GRANT {', '.join(self.privileges)} ON {self.on} TO {account(self.user, host)};"


def account(user: str, host: str = "%") -> str:
    """An account's name as SQL."""
    return f"{literal(user)}@{literal(host)}"


def grants(*, database: str, sidecar: str, reader: str, mover: str) -> tuple[Grant, ...]:
    """All we ask for. GRANT's database is a pattern: `_` and `%` of a name are escaped."""
    return (
        Grant(user=reader, privileges=READER_GLOBAL, database=None, why="collect, gates: status, processlist, binlogs"),
        Grant(
            user=reader, privileges=READER_ROUTINES, database=None, why="collect: names of routines (MySQL 8.0.20 on)"
        ),
        Grant(user=reader, privileges=READER_DATABASE, database=pattern(database), why="collect: schema; verify: rows"),
        Grant(
            user=reader,
            privileges=("SELECT",),
            database="performance_schema",
            why="verify, gates: who writes, how much; digest snapshot: counts of statements",
        ),
        Grant(
            user=mover, privileges=MOVER_GLOBAL, database=None, why="load: read the binary log, flush for a snapshot"
        ),
        Grant(
            user=mover,
            privileges=MOVER_DATABASE,
            database=pattern(database),
            why="load: copy under a short LOCK TABLES … READ; the way back writes the tables after a switch",
        ),
        Grant(user=mover, privileges=MOVER_SIDECAR, database=pattern(sidecar), why="Vitess's own bookkeeping"),
    )


def pattern(database: str) -> str:
    """The database's name with GRANT's wildcards escaped."""
    return database.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%")


def to_paste(wanted: tuple[Grant, ...], host: str = "%") -> str:
    """SQL for the source's owner: accounts with a password of their choice, and each grant with its reason."""
    users = dict.fromkeys(grant.user for grant in wanted)
    made = [f"CREATE USER IF NOT EXISTS {account(user, host)} IDENTIFIED BY 'CHOOSE-A-PASSWORD';" for user in users]
    return "\n".join([*made, *(f"{grant.sql(host)}  -- {grant.why}" for grant in wanted)]) + "\n"


def to_take_back(wanted: tuple[Grant, ...], sidecar: str, host: str = "%") -> str:
    """SQL that leaves nothing of us on the source, once detached."""
    users = dict.fromkeys(grant.user for grant in wanted)
    return (
        "\n".join(
            [
                f"DROP DATABASE IF EXISTS {qualified(sidecar)};",
                *(f"DROP USER IF EXISTS {account(u, host)};" for u in users),
            ]
        )
        + "\n"
    )
