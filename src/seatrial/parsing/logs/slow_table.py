"""The table mysql.slow_log as CSV: the server's own file, `SELECT … INTO OUTFILE`, `mysql --batch`, or an export by
another program with its header.

With a header and commas, fields are as in RFC 4180. Else a backslash escapes, as the server and its client do it.
"""

import csv
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import BinaryIO

from seatrial.domain.executed import Executed
from seatrial.parsing.logs.reader import Reader
from seatrial.parsing.slow_log import CUT, NO_EVENT

COLUMNS = (
    "start_time",
    "user_host",
    "query_time",
    "lock_time",
    "rows_sent",
    "rows_examined",
    "db",
    "last_insert_id",
    "insert_id",
    "server_id",
    "sql_text",
    "thread_id",
    "rows_affected",  # MariaDB
)
_NEEDED = ("start_time", "query_time", "sql_text")
_COMMANDS = (
    b"Quit|Ping|Init DB|Statistics|Prepare|Close stmt|Reset stmt|Change user|Reset Connection|Refresh|Debug|Kill"
    b"|Field List|Set option|Processlist|Binlog Dump"
).split(b"|")
_QUOTED = rb'"(?P<quoted>[^"\\]*+(?:\\.[^"\\]*+)*+)"'
_BEHIND_COMMAS = re.compile(_QUOTED + rb"|(?P<bare>[^,\\]*+(?:\\.[^,\\]*+)*+)", re.DOTALL)
_BEHIND_TABS = re.compile(_QUOTED + rb"(?=\t|\Z)|(?P<bare>[^\t\\]*+(?:\\.[^\t\\]*+)*+)", re.DOTALL)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_MEANS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"0": b"\0", b"b": b"\b", b"Z": b"\x1a"}
_USER_HOST = re.compile(r"([^\[]*)(?:\[([^\]]*)\])? *@ *([^\[\s]*) *\[([^\]]*)\]")
_TIME = re.compile(r"(\d{1,9}):(\d\d):(\d\d)(?:\.(\d{1,6}))?")


class SlowTable(Reader):
    """A copy of mysql.slow_log."""

    dialect = "mysql.slow_log"

    def __init__(self, stream: BinaryIO, name: str) -> None:
        super().__init__(stream, name)
        self._columns: tuple[str, ...] = COLUMNS
        self._rfc = self._tabs = False

    def __iter__(self) -> Iterator[Executed]:
        first = True
        for offset, record, whole in self._records():
            if first:
                first = False
                self._tabs = has_tabs(record)
                if (columns := header(record)) is not None:
                    self._columns, self._rfc = columns, not self._tabs
                    continue
            if not record.strip(b"\0 \t\r\n"):
                continue
            executed = self._row(record) if whole else None
            if executed is not None:
                yield self._event(executed)
            else:
                self.cut = not whole
                self._miss(NO_EVENT if whole else CUT, offset)

    @property
    def caveats(self) -> list[str]:
        return [f"{self._name} has times without a zone: they are taken for UTC. Errors and bytes sent are not in it."]

    def _records(self) -> Iterator[tuple[int, bytes, bool]]:
        """Each record with its place, and whether it has its end."""
        begun: list[bytes] = []
        at = quotes = 0
        for offset, line in self._lines():
            if not begun:
                at, quotes = offset, 0
            begun.append(line)
            quotes += line.count(b'"')
            if self._rfc:
                goes_on = quotes % 2 == 1
            else:
                ahead = line.rstrip(b"\n").removesuffix(b"\r")
                goes_on = (len(ahead) - len(ahead.rstrip(b"\\"))) % 2 == 1
            if not goes_on:
                yield at, b"".join(begun), line.endswith(b"\n") or len(self._fields(b"".join(begun))) >= len(_NEEDED)
                begun = []
        if begun:
            yield at, b"".join(begun), False

    def _fields(self, record: bytes) -> list[bytes]:
        text = record.removesuffix(b"\n").removesuffix(b"\r")
        return _rfc_fields(text) if self._rfc else fields(text, tabs=self._tabs)

    def _row(self, record: bytes) -> Executed | None:
        row = dict(zip(self._columns, self._fields(record), strict=False))
        started, took = _moment_us(row.get("start_time", b"")), _us(row.get("query_time", b""))
        if started is None or took is None or "sql_text" not in row:
            return None
        account = _USER_HOST.match(row.get("user_host", b"").decode(errors="replace"))
        sql = row["sql_text"].removesuffix(b";")
        command = sql.decode() if sql in _COMMANDS else ""
        return Executed(
            ended_us=started + took,
            took_us=took,
            lock_us=_us(row.get("lock_time", b"")) or 0,
            rows_sent=_number(row.get("rows_sent")),
            rows_examined=_number(row.get("rows_examined")),
            rows_affected=_number(row.get("rows_affected")),
            connection=_number(row.get("thread_id")),
            user=account[1].strip() or f"[{account[2] or ''}]" if account is not None else "",
            host=account[3] or account[4] if account is not None else "",
            database=row.get("db", b"").decode(errors="replace"),
            command=command,
            sql=b"" if command else sql,
        )


def header(record: bytes) -> tuple[str, ...] | None:
    """The names of the columns, if this record has them."""
    names = tuple(field.decode(errors="replace").strip().lower() for field in _beginning(record))
    return names if all(name in names for name in _NEEDED) else None


def is_row(record: bytes) -> bool:
    """Whether this line begins a row of the table, its columns in the table's order."""
    row = _beginning(record)
    return len(row) > 2 and _moment_us(row[0]) is not None and _us(row[2]) is not None and b"@" in row[1]


def has_tabs(record: bytes) -> bool:
    """Whether tabs part the fields; no first column has a comma in it."""
    return b"\t" in record.partition(b",")[0]


def _beginning(record: bytes) -> list[bytes]:
    return fields(record.rstrip(b"\r\n"), tabs=has_tabs(record))


def fields(text: bytes, *, tabs: bool) -> list[bytes]:
    """The fields of a record whose escape is the backslash, separated by commas or by tabs. NULL is empty."""
    pattern = _BEHIND_TABS if tabs else _BEHIND_COMMAS
    found: list[bytes] = []
    at = 0
    while at <= len(text):
        match = pattern.match(text, at)
        if match is None:
            break
        field = match["quoted"] if match["quoted"] is not None else match["bare"]
        if field == b"\\N":
            field = b""
        found.append(_ESCAPED.sub(_meant, field) if b"\\" in field else field)
        at = match.end() + 1
    return found


def _meant(escaped: re.Match[bytes]) -> bytes:
    return _MEANS.get(escaped[1], escaped[1])


def _rfc_fields(text: bytes) -> list[bytes]:
    csv.field_size_limit(sys.maxsize)
    rows = csv.reader([text.decode("latin-1")])  # each byte a character, and back
    try:
        return [field.encode("latin-1") for field in next(rows, [])]
    except csv.Error:  # such as a carriage return between fields: no row of any server's
        return []


def _us(text: bytes) -> int | None:
    if (found := _TIME.fullmatch(text.decode(errors="replace"))) is None:
        return None
    hours, minutes, seconds = int(found[1]), int(found[2]), int(found[3])
    return ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + int((found[4] or "0").ljust(6, "0"))


def _moment_us(text: bytes) -> int | None:
    try:
        moment = datetime.fromisoformat(text.decode(errors="replace"))
    except ValueError:
        return None
    return round((moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp() * 1_000_000)


def _number(text: bytes | None) -> int:
    return int(text) if text is not None and text.isdigit() and len(text) < 19 else 0
