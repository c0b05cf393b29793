"""Whether a source's rows stand where a copy left them, though its GTID position has moved on (rule T4).

Ending a workflow writes into our own sidecar database on the source, and each such write takes a GTID. The binary log
says whose they are."""

import re

from msgspec import Struct

from seatrial.domain import gtid
from seatrial.domain.fault import Fault
from seatrial.domain.ports import Sql

MOST_EVENTS = 2000
"""More than ends of workflows leave; behind so many somebody else is at work."""

_PASSED_OVER = frozenset({"Gtid", "Anonymous_Gtid", "Gtid_tagged", "Xid", "Write_rows", "Update_rows", "Delete_rows"})
_DDL = re.compile(
    r"(?is)(?:use `[^`]+`; )?(?:create|alter|drop|truncate) (?:table|database)"
    r"(?: if (?:not )?exists)? `?(\w+)`?(?=[.; ]|$)"
)


class Place(Struct, frozen=True):
    """A place in the source's binary log, with the position it stands for."""

    file: str
    offset: int
    gtids: str


def place(mover: Sql) -> Place | None:
    """Where the source's binary log ends now; None where it does not say."""
    for statement in ("SHOW BINARY LOG STATUS", "SHOW MASTER STATUS"):  # 8.2 and later, and before
        try:
            rows = mover.query(statement)
        except Fault:
            continue
        if rows:
            return Place(str(rows[0][0]), int(rows[0][1]), "".join(str(rows[0][4]).split()))
    return None


def settled(mover: Sql, began: Place | None, positions: tuple[str, ...], sidecar: str) -> str:
    """The source's GTID position now, if its rows are still those of the copy's positions: all streams stood at
    `began`, and nothing but the sidecar was written since. "" if that cannot be said."""
    now = place(mover)
    if began is None or now is None or now.file != began.file:
        return ""
    try:
        there = gtid.parse(began.gtids)
        if any(gtid.apart(gtid.parse(position), there) for position in positions):
            return ""
        events = mover.query(f"SHOW BINLOG EVENTS IN %s FROM {began.offset} LIMIT {MOST_EVENTS}", (began.file,))
    except Fault:
        return ""
    ours = all(_is_ours(str(event[2]), str(event[5]), sidecar) for event in events if int(event[1]) < now.offset)
    return now.gtids if ours and len(events) < MOST_EVENTS else ""


def _is_ours(kind: str, info: str, sidecar: str) -> bool:
    if kind in _PASSED_OVER:  # rows follow the map that names their table
        return True
    if kind == "Table_map":
        return f"({sidecar}." in info
    if kind == "Query":
        return info in ("BEGIN", "COMMIT") or ((found := _DDL.match(info)) is not None and found[1] == sidecar)
    return False
