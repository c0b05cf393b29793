"""Rows accounted for (rule T3): counted on both sides, and how many may have moved in between."""

from collections.abc import Mapping, Sequence

from seatrial.domain.event import Progress, Tell
from seatrial.domain.fault import Fault
from seatrial.domain.identifier import quote
from seatrial.domain.ports import Sql

Activity = Mapping[str, int] | None
"""Rows inserted and deleted so far, by table, as performance_schema counts them; None where we may not look."""


def count(sql: Sql, table: str, tell: Tell) -> int:
    """Rows of one table on one server."""
    tell(Progress(phase="counting rows", detail=table))
    return int(sql.query(f"SELECT COUNT(*) FROM {quote(table)}")[0][0])


def counts(sql: Sql, tables: Sequence[str], tell: Tell) -> Mapping[str, int]:
    """Rows of several tables on one server, by table."""
    return {table: count(sql, table, tell) for table in tables}


def activity(source: Sql, database: str, tables: Sequence[str]) -> Activity:
    """The counters of row events by table; they only grow while the server runs."""
    try:
        found = source.query(
            "SELECT object_name, count_insert + count_delete FROM "
            "performance_schema.table_io_waits_summary_by_table "
            "WHERE object_type = 'TABLE' AND object_schema = %s",
            (database,),
        )
    except Fault:
        return None
    seen = {str(name): int(events) for name, events in found}
    # a table that was never touched since the server started is not listed
    return {table: seen.get(table, 0) for table in tables} if seen else None


def bounds(before: Activity, after: Activity, tables: Sequence[str]) -> Mapping[str, int | None]:
    """How many rows may have come or gone between two readings; None where it could not be read."""
    if before is None or after is None:
        return dict.fromkeys(tables)
    return {table: max(0, after[table] - before[table]) for table in tables}


def definition(source: Sql, table: str) -> str:
    """The table's CREATE statement as it is now."""
    return str(source.query(f"SHOW CREATE TABLE {quote(table)}")[0][1])
