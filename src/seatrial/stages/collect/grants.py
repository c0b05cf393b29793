"""SHOW GRANTS, read for what the account may do: on everything, on one database, on a database of Vitess's own."""

import re
from collections.abc import Iterable

from msgspec import Struct

from seatrial.domain.collection import Privileges

SIDECAR_EXAMPLE = "_vt_example"

DATABASE_LEVEL = frozenset(
    (
        "SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "REFERENCES", "INDEX", "ALTER",
        "CREATE TEMPORARY TABLES", "LOCK TABLES", "EXECUTE", "CREATE VIEW", "SHOW VIEW", "CREATE ROUTINE",
        "ALTER ROUTINE", "EVENT", "TRIGGER",
    )
)  # fmt: skip
GLOBAL_LEVEL = DATABASE_LEVEL | {
    "RELOAD", "SHUTDOWN", "PROCESS", "FILE", "SHOW DATABASES", "SUPER", "REPLICATION SLAVE", "REPLICATION CLIENT",
    "CREATE USER", "CREATE TABLESPACE",
}  # fmt: skip

_LINE = re.compile(
    r"(?P<verb>GRANT|REVOKE)\s+(?P<privileges>.+?)\s+ON\s+(?:(?P<routine>FUNCTION|PROCEDURE)\s+|TABLE\s+)?"
    r"(?P<database>\*|`(?:[^`]|``)*`)\.(?P<object>\*|`(?:[^`]|``)*`)\s+(?:TO|FROM)\s",
    re.IGNORECASE | re.DOTALL,
)
_COLUMNS = re.compile(r"\([^)]*\)")
_RENAMED = {"BINLOG MONITOR": "REPLICATION CLIENT", "REPLICA MONITOR": "REPLICATION CLIENT"}  # MariaDB 10.5


class Grant(Struct, frozen=True, kw_only=True):
    """One line of SHOW GRANTS; `database` None is `*.*`, `table` None is all of the database."""

    revoked: bool
    privileges: frozenset[str]
    database: str | None
    table: str | None


def read(lines: Iterable[str]) -> tuple[Grant, ...]:
    """The lines that give or take privileges; role memberships, proxies, routines and single columns are left out:
    SHOW GRANTS lists what the roles in force give as lines of their own."""
    found = []
    for line in lines:
        match = _LINE.match(line)
        if match is None or match["routine"]:
            continue
        words = [word.strip().upper() for word in _COLUMNS.sub("()", match["privileges"]).split(",")]
        found.append(
            Grant(
                revoked=match["verb"].upper() == "REVOKE",
                privileges=frozenset(_RENAMED.get(word, word) for word in words if "()" not in word),
                database=_name(match["database"]),
                table=_name(match["object"]),
            )
        )
    return tuple(found)


def privileges(lines: Iterable[str], database: str, *, literal_names: bool = False) -> Privileges:
    """What the grants add up to. With `literal_names` (partial_revokes=ON) `_` and `%` in them are no wildcards."""
    grants = read(lines)
    return Privileges(
        everywhere=_everywhere(grants),
        database=_on(grants, database, literal_names),
        sidecar=_on(grants, SIDECAR_EXAMPLE, literal_names),
    )


def only_single_tables(lines: Iterable[str], database: str) -> bool:
    """Whether the account was given tables of the database one by one."""
    return any(grant.database == database and grant.table is not None for grant in read(lines))


def _everywhere(grants: tuple[Grant, ...]) -> frozenset[str]:
    found: frozenset[str] = frozenset()
    for grant in grants:
        if grant.database is None and not grant.revoked:
            found |= _spelled_out(grant.privileges, GLOBAL_LEVEL)
    return found


def _on(grants: tuple[Grant, ...], database: str, literal_names: bool) -> frozenset[str]:
    revoked: frozenset[str] = frozenset()
    matching: list[Grant] = []
    for grant in grants:
        if grant.database is None or grant.table is not None:
            continue
        if grant.revoked and grant.database == database:
            revoked |= _spelled_out(grant.privileges, DATABASE_LEVEL)
        elif not grant.revoked and matches(grant.database, database, literal_names):
            matching.append(grant)
    own: frozenset[str] = frozenset()
    if matching:  # the server applies the most specific name only, it does not add patterns up
        best = max(_literal_prefix(grant.database or "") for grant in matching)
        for grant in matching:
            if _literal_prefix(grant.database or "") == best:
                own |= _spelled_out(grant.privileges, DATABASE_LEVEL)
    return (_everywhere(grants) & DATABASE_LEVEL - revoked) | own


def matches(pattern: str, database: str, literal_names: bool = False) -> bool:
    """Whether a grant's database name covers the database: `%` and `_` are wildcards unless escaped by `\\`."""
    if literal_names:
        return pattern.replace("\\", "") == database
    parts = {"%": ".*", "_": "."}
    expression, escaped = "", False
    for character in pattern:
        if character == "\\" and not escaped:
            escaped = True
            continue
        expression += re.escape(character) if escaped else parts.get(character, re.escape(character))
        escaped = False
    return re.fullmatch(expression, database, re.DOTALL) is not None


def _literal_prefix(pattern: str) -> int:
    """How many characters stand before the first wildcard; more than any name has for a pattern without one."""
    wildcard = re.search(r"(?<!\\)[%_]", pattern)
    return wildcard.start() if wildcard else 10_000


def _spelled_out(names: frozenset[str], everything: frozenset[str]) -> frozenset[str]:
    if names & {"ALL", "ALL PRIVILEGES"}:
        return everything | (names - {"ALL", "ALL PRIVILEGES"})
    return names - {"USAGE"}


def _name(written: str) -> str | None:
    return None if written == "*" else written[1:-1].replace("``", "`")
