"""How a server is made to log every statement: what to set, what it costs, how to take it back (rule S8).

Nothing here sets anything. On a customer's server its owner runs the commands; on the sample we are the owner.
"""

import re
import time
from collections.abc import Mapping

from msgspec import Struct

from seatrial.domain.event import Tell, rest
from seatrial.domain.identifier import literal
from seatrial.domain.ports import Sql

DEFAULT_FILE = "seatrial-slow.log"
SAMPLE_S = 1.0

HEAD_BYTES = 570
"""A statement's lines in the log but for its own text: 563 to 575 bytes with log_slow_extra on MySQL 9.7."""

_EVERYTHING = {
    "log_output": "FILE",
    "min_examined_row_limit": "0",
    "log_slow_extra": "ON",  # MySQL from 8.0.14 on: thread, error number, bytes, exact start and end
    "log_slow_rate_limit": "1",  # Percona Server and MariaDB: one of how many is logged
    "long_query_time": "0",
}
_ASKED = ("slow_query_log", "slow_query_log_file", *_EVERYTHING, "general_log", "datadir")
_NUMBER = re.compile(r"\d+(\.\d+)?")


class Rate(Struct, frozen=True, kw_only=True):
    """What a server was seen to be sent; `bytes_per_statement` is what its log would take for one, on average."""

    statements_per_s: float
    bytes_per_statement: float


class Estimate(Struct, frozen=True, kw_only=True):
    """What the log takes at this rate. `free_bytes` is None where we cannot see the server's disk."""

    statements_per_s: float
    bytes_per_statement: float
    bytes_per_hour: int
    free_bytes: int | None = None

    @property
    def hours_of_room(self) -> float | None:
        """How long the free space lasts; None where it is unknown, or nothing is written."""
        return self.free_bytes / self.bytes_per_hour if self.free_bytes is not None and self.bytes_per_hour else None


class SlowLogging(Struct, frozen=True, kw_only=True):
    """The whole page for one server: `commands` to be pasted as they stand, `undo` to take them back."""

    path: str
    before: dict[str, str]
    commands: tuple[str, ...]
    undo: tuple[str, ...]
    estimate: Estimate
    notes: tuple[str, ...]

    def text(self) -> str:
        """The page for people; what is no SQL is a comment, so that it can be pasted whole."""
        shown = self.estimate
        room = shown.hours_of_room
        free = "" if shown.free_bytes is None else f"; {shown.free_bytes / 1e9:,.1f} GB are free there"
        lasts = "" if room is None else f", room for {room:,.0f} hours"
        return "\n".join(
            [
                "-- Log every statement, as the server's owner:",
                *self.commands,
                "",
                f"-- The log:   {self.path}",
                f"-- It takes:  about {shown.bytes_per_hour / 1e6:,.0f} MB an hour at {shown.statements_per_s:,.1f}"
                f" statements a second of {shown.bytes_per_statement:,.0f} bytes, as just now{free}{lasts}",
                *(f"-- {note}" for note in self.notes),
                "",
                "-- Take it back, to what was set before:",
                *self.undo,
            ]
        )


def page(
    before: Mapping[str, str], file: str, rate: Rate, *, open_sessions: int, free_bytes: int | None = None
) -> SlowLogging:
    """All there is to say of logging every statement of a server with these settings into `file`."""
    return SlowLogging(
        path=path(before, file),
        before=dict(before),
        commands=commands(before, file),
        undo=undo(before),
        estimate=estimate(rate.statements_per_s, rate.bytes_per_statement, free_bytes),
        notes=notes(before, open_sessions),
    )


def commands(before: Mapping[str, str], file: str) -> tuple[str, ...]:
    """SQL after which every statement of a new session is logged; it sets only variables the server has (`before`).

    The log is switched on last: a new file holds nothing that was logged by other rules. Said again with another
    file, the log goes on there.
    """
    wanted = {"slow_query_log_file": file, **_EVERYTHING, "slow_query_log": "ON"}
    return tuple(_set(name, value) for name, value in wanted.items() if name in before)


def undo(before: Mapping[str, str]) -> tuple[str, ...]:
    """SQL that sets all that `commands` sets to what it was. It removes no file."""
    kept = {name: before[name] for name in ("slow_query_log_file", *_EVERYTHING) if name in before}
    off, was_on = _set("slow_query_log", "OFF"), before.get("slow_query_log", "").upper() in ("ON", "1")
    again = [_set("slow_query_log", "ON")] if was_on else []
    return (off, *(_set(name, value) for name, value in kept.items()), *again)


def lacking(settings: Mapping[str, str]) -> tuple[str, ...]:
    """Which settings keep statements of new sessions, or their particulars, out of a log that is on."""
    return tuple(name for name, value in _EVERYTHING.items() if not _same(settings.get(name, value), value))


def estimate(
    statements_per_s: float, bytes_per_statement: float = HEAD_BYTES + 30, free_bytes: int | None = None
) -> Estimate:
    """What a log of every statement takes at that rate."""
    return Estimate(
        statements_per_s=statements_per_s,
        bytes_per_statement=bytes_per_statement,
        bytes_per_hour=round(statements_per_s * bytes_per_statement * 3600),
        free_bytes=free_bytes,
    )


def path(before: Mapping[str, str], file: str) -> str:
    """Where the file is on the server: a relative name counts from its data folder."""
    folder = before.get("datadir", "").rstrip("/")
    return file if file.startswith("/") or not folder else f"{folder}/{file}"


def notes(before: Mapping[str, str], open_sessions: int) -> tuple[str, ...]:
    """What the owner must know besides; whole sentences."""
    said = [
        f"The {open_sessions} sessions that are open keep the long_query_time they began with: only those opened "
        "afterwards are seen. Let the application reconnect (restart its pools, or wait out their lifetime).",
        "It needs SYSTEM_VARIABLES_ADMIN (before MySQL 8.0: SUPER). A managed service has the same names in its "
        "parameter group. A restart of the server forgets it; replicas that are read want it too.",
        "The log holds every literal, hence customers' data: digest it where it may lie, then delete it. "
        "The rate is that of this moment: ask again at the day's peak.",
    ]
    if "log_slow_extra" not in before:
        said.append("This server has no log_slow_extra: the log lacks error numbers and bytes sent.")
    if before.get("general_log", "").upper() in ("ON", "1") and "TABLE" in before.get("log_output", ""):
        said.append("Its general log is on and goes by log_output too: it moves from the table to a file meanwhile.")
    return tuple(said)


def present(sql: Sql) -> dict[str, str]:
    """The server's settings that matter here, as far as it has them."""
    names = ", ".join(literal(name) for name in _ASKED)
    rows = sql.query(f"SHOW GLOBAL VARIABLES WHERE Variable_name IN ({names})")
    return {str(name).lower(): str(value) for name, value in rows}


def open_sessions(sql: Sql) -> int:
    """How many sessions are open besides ours."""
    return max(0, _status(sql)["threads_connected"] - 1)


def rate(sql: Sql, tell: Tell, seconds: float = SAMPLE_S) -> Rate:
    """What the server is sent now, from its counters so many seconds apart. `Queries`, unlike `Questions`, counts
    what stored routines and prepared statements do, and the log has those lines too."""
    first, began = _status(sql), time.monotonic()
    rest(tell, seconds)
    last, passed_s = _status(sql), time.monotonic() - began
    statements = max(0, last["queries"] - first["queries"] - 1)  # our own second look
    received = max(0, last["bytes_received"] - first["bytes_received"])
    return Rate(
        statements_per_s=statements / passed_s,
        bytes_per_statement=HEAD_BYTES + (received / statements if statements else 0),
    )


def _status(sql: Sql) -> dict[str, int]:
    rows = sql.query("SHOW GLOBAL STATUS WHERE Variable_name IN ('Queries', 'Bytes_received', 'Threads_connected')")
    return {str(name).lower(): int(value) for name, value in rows}


def _set(name: str, value: str) -> str:
    plain = value.upper() in ("ON", "OFF") or _NUMBER.fullmatch(value)
    return f"SET GLOBAL {name} = {value if plain else literal(value)};"


def _same(one: str, other: str) -> bool:
    if _NUMBER.fullmatch(one) and _NUMBER.fullmatch(other):
        return float(one) == float(other)
    return one.upper() == other.upper()
