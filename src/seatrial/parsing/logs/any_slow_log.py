"""Slow logs of MySQL 5.0 to 5.7, Percona Server and MariaDB, also as RDS and Aurora give them out, mixed or not.

Their events have what MySQL 8's have, and differ in the lines before the statement: `# Time` is there only where the
second changed and has no zone; the connection stands in a line of its own, or nowhere; there are lines of further
fields, of the engine's figures, of EXPLAIN, of warnings with the values they are about. Before MySQL 8.0.14
`SET timestamp` is the moment of writing, not of beginning (sql/log.cc). Slower than the reader of MySQL 8's logs, which
holds one form for certain.
"""

import re
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import BinaryIO

from msgspec import Struct

from seatrial.domain.executed import Executed
from seatrial.parsing.heading import LONGEST_US
from seatrial.parsing.lexer import BROKEN, split
from seatrial.parsing.logs.reader import Reader
from seatrial.parsing.slow_log import CUT, NEGATIVE_TIME, NO_EVENT, SERVER_STARTED

NO_STATEMENT = "an event without a statement"

_HEADING_LINES = 1500  # an EXPLAIN has some, and warnings can be 1,000 (log_slow_max_warnings)
_LINES_TO_QUERY_TIME = 8  # few, as a statement may have any number of lines that look like them
_BANNER = re.compile(rb"[^\r\n]*, Version: (?P<version>[^\s(]*).* started with:\s*\Z")
_BANNER_MORE = re.compile(rb"Tcp port: ?\d*|Time[ \t]+Id[ \t]+Command[ \t]+Argument")
_BEGINS = (b"# Time: ", b"# User@Host: ", b"# Query_time: ", b"# Thread_id: ")
_USER_HOST = re.compile(
    rb"# User@Host: (?P<user>[^\[\r\n]*)(?:\[(?P<other>[^\]\r\n]*)\])? *@ *(?P<host>[^\[\s]*) *\[(?P<ip>[^\]\r\n]*)\]"
    rb"(?:\s+Id: *(?P<id>\d{1,18}))?"
)
_TIME = re.compile(rb"# Time: +(?P<time>.*?)\s*(?:# User@Host: .*)?\Z", re.DOTALL)
_OLD_TIME = re.compile(r"(\d\d)(\d\d)(\d\d) +(\d?\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?")
_FIELD = re.compile(rb"([A-Za-z_]+):[ \t]*(?![A-Za-z_]+:(?:[ \t]|\r?\n))([^ \t\r\n]*)")
_FIELDS = re.compile(rb"# +[A-Z][A-Za-z_]+: ?")
_NO_FIELDS = (b"# No InnoDB statistics", b"# explain:", b"# administrator command: ")
_SET = re.compile(rb"SET (?:last_insert_id=\d+,?)?(?:insert_id=\d+,?)?(?:timestamp=(\d{1,11})[.\d]*)?;(?:\r?\n)?\Z")
_USE = re.compile(rb"use ([^;\r\n]*);(?:\r?\n)?\Z")
_COMMAND = b"# administrator command: "
_WARNINGS = b"# Warnings"
_NEXT = (b"# Time: ", b"# User@Host: ")

Line = tuple[int, bytes]


class Heading(Struct):
    """The lines before a statement, as far as they were there."""

    offset: int
    lines: list[Line] = []
    time: str = ""
    user: str = ""
    host: str = ""
    connection: int = 0
    fields: dict[bytes, bytes] = {}
    use: bytes = b""
    database: bytes = b""
    stamp_s: int = 0
    warnings: bool = False


class AnySlowLog(Reader):
    """A slow log of any server."""

    dialect = "mysql slow log"

    def __init__(self, stream: BinaryIO, name: str) -> None:
        super().__init__(stream, name)
        self._source = self._lines()
        self._again: deque[Line] = deque()
        self._database = ""
        self._ended_us = 0
        self._limits: set[tuple[str, int]] = set()
        self._local = self._without_ids = self._errors = False

    def __iter__(self) -> Iterator[Executed]:
        behind_event = True
        while (line := self._next()) is not None:
            if (banner := _BANNER.match(line[1])) is not None:
                yield self._started(banner)
                behind_event = True
            elif (heading := self._heading(line)) is not None:
                yield from self._whole(heading)
                behind_event = True
            elif line[1].strip(b"\0\r\n \t"):
                if behind_event:
                    self._miss(CUT if line[1].startswith(_BEGINS) else NO_EVENT, line[0])
                    self.cut = line[1].startswith(_BEGINS)
                behind_event = False

    @property
    def caveats(self) -> list[str]:
        said = []
        if not self.server:
            said.append(f"{self._name} has no banner: the version of its server is not known.")
        if self.events and not self._errors:
            said.append(f"{self._name} says of no statement whether it had an error.")
        if self._local:
            said.append(f"{self._name} has times without a zone: they are taken for UTC.")
        for kind, limit in sorted(self._limits):
            said.append(
                f"{self._name} has one {kind} in {limit:,} (log_slow_rate_limit): counts and sums are multiplied by "
                "that; transactions are those seen."
            )
        return said

    def _next(self) -> Line | None:
        return self._again.popleft() if self._again else next(self._source, None)

    def _back(self, lines: list[Line]) -> None:
        self._again.extendleft(reversed(lines))

    def _started(self, banner: re.Match[bytes]) -> Executed:
        self.server = banner["version"].decode(errors="replace").rstrip(".,")
        self._database = ""
        while (line := self._next()) is not None:
            if _BANNER_MORE.match(line[1]) is None:
                self._back([line])
                break
        return Executed(ended_us=self._ended_us, took_us=0, command=SERVER_STARTED)

    def _heading(self, first: Line) -> Heading | None:
        """The heading that begins with this line; None, and nothing taken, if none does."""
        text = first[1].lstrip(b"\0") if first[1][:1] == b"\0" else first[1]
        if not text.startswith(_BEGINS):
            return None
        heading = Heading(offset=first[0] + len(first[1]) - len(text))
        line: Line | None = (heading.offset, text)
        while line is not None and self._belongs(heading, line[1]):
            heading.lines.append(line)
            line = self._next()
            known = b"Query_time" in heading.fields
            if len(heading.lines) >= (_HEADING_LINES if known else _LINES_TO_QUERY_TIME):
                break
        if b"Query_time" not in heading.fields:
            self._back(heading.lines[1:] + ([line] if line is not None else []))
            return None
        if line is not None and (use := _USE.match(line[1])) is not None:  # `use` and SET are in this order
            heading.lines.append(line)
            heading.use, heading.database = line[1], use[1]
            line = self._next()
        if line is not None and (moment := _SET.match(line[1])) is not None:
            heading.lines.append(line)
            heading.stamp_s = int(moment[1] or 0)
            line = self._next()
        if line is not None:
            self._back([line])
        return heading

    def _belongs(self, heading: Heading, line: bytes) -> bool:
        """Whether this line is one of the heading, which then has what it says."""
        if heading.warnings and not line.startswith(_NEXT):  # they may be of several lines
            return _USE.match(line) is None and _SET.match(line) is None
        if not line.startswith(b"#") or line.startswith(_COMMAND):
            return False
        if line.startswith(_NEXT):
            if b"Query_time" in heading.fields:
                return False  # of the next event: this one has no statement
            if (time := _TIME.match(line)) is not None:
                heading.time = time["time"].decode(errors="replace")
            if (account := _USER_HOST.search(line)) is not None:
                user = account["user"].strip() or b"[%b]" % (account["other"] or b"")
                heading.user = user.decode(errors="replace")
                heading.host = (account["host"] or account["ip"]).decode(errors="replace")
                heading.connection = int(account["id"] or 0)
            return True
        if line.rstrip() == _WARNINGS and b"Query_time" in heading.fields:
            heading.warnings = True
            return True
        if line.startswith(_NO_FIELDS) or line.strip() == b"#":
            return True
        if _FIELDS.match(line) is None:
            return False
        heading.fields.update(_FIELD.findall(line))
        return True

    def _body(self, heading: Heading) -> list[Line]:
        """The lines up to the next heading that stands behind an event rather than inside its statement."""
        body: list[Line] = []
        held = 0  # where in the body there is a heading that may stand inside a literal
        while (line := self._next()) is not None:
            if _BANNER.match(line[1]) is not None:
                self._back([line])
                return body
            if (following := self._heading(line)) is None:
                body.append(line)
                continue
            ended = not body or body[-1][1].endswith((b";\n", b";\r\n"))
            if (ended and not held) or not _open(body):
                self._back(following.lines)
                return body
            if held:  # still open at the second: the statement was cut before the first
                self._back(body[held:] + following.lines)
                return body[:held]
            held = len(body)
            body += following.lines
        if held and _open(body):
            self._back(body[held:])
            return body[:held]
        return body

    def _whole(self, heading: Heading) -> Iterator[Executed]:
        """The event of this heading, its statement read; none if that is cut."""
        body = self._body(heading)
        for number in range(1, len(body)):
            offset, line = body[number]
            if line.startswith(_BEGINS) and body[number - 1][1].endswith((b";\n", b";\r\n")):
                if _open(body[:number]):
                    continue
                self._miss(CUT, offset)
                self.cut = True
                del body[number:]
                break
        sql = b"".join(line for _, line in body)
        if not sql.strip() and heading.use and not heading.stamp_s and self._again:
            sql = heading.use  # the client's own, and there is no other
        sql = sql.rstrip(b"\0 \t\r\n")  # behind the server's own ";" nothing is the statement's
        if heading.use:
            self._database = heading.database.decode(errors="replace").strip("`")
        if (schema := heading.fields.get(b"Schema")) is not None:
            self._database = schema.decode(errors="replace")
        if sql.endswith(b";"):
            yield self._event(self._executed(heading, sql[:-1]))
            return
        self._miss(CUT if sql.strip() else NO_STATEMENT, heading.offset)
        self.cut = not self._again

    def _executed(self, heading: Heading, sql: bytes) -> Executed:
        field = heading.fields.get
        self._ended_us = self._moment_us(heading)
        error = field(b"Last_errno") or field(b"Errno")
        self._errors |= error is not None
        limit = _number(field(b"Log_slow_rate_limit")) or 1
        if limit > 1:
            self._limits.add((field(b"Log_slow_rate_type", b"session").decode(errors="replace"), limit))
        command = ""
        if sql.startswith(_COMMAND):
            command, sql = sql[len(_COMMAND) :].decode(errors="replace"), b""
        return Executed(
            ended_us=self._ended_us,
            took_us=self._us(heading, b"Query_time"),
            lock_us=self._us(heading, b"Lock_time"),
            rows_sent=_number(field(b"Rows_sent")),
            rows_examined=_number(field(b"Rows_examined")),
            rows_affected=_number(field(b"Rows_affected")),
            bytes_sent=_number(field(b"Bytes_sent")),
            errno=_number(error),
            connection=heading.connection or _number(field(b"Thread_id")),
            user=heading.user,
            host=heading.host,
            database=self._database,
            command=command,
            sql=sql,
            tmp_tables=_number(field(b"Tmp_tables")) or int(field(b"Tmp_table") == b"Yes"),
            tmp_disk_tables=_number(field(b"Tmp_disk_tables")) or int(field(b"Tmp_table_on_disk") == b"Yes"),
            full_scan=field(b"Full_scan") == b"Yes",
            weight=limit,
        )

    def _us(self, heading: Heading, name: bytes) -> int:
        whole, _, fraction = heading.fields.get(name, b"").partition(b".")
        digits = fraction[:6]
        if not whole.isdigit() or (digits and not digits.isdigit()):
            return 0
        us = int(whole[:18]) * 1_000_000 + int(digits.ljust(6, b"0"))
        if us > LONGEST_US:
            self._miss(NEGATIVE_TIME, heading.offset)
            return 0
        return us

    def _moment_us(self, heading: Heading) -> int:
        """When it ended, in µs since 1970: by a time with a zone, else by `SET timestamp`, else by a time without."""
        try:
            moment = datetime.fromisoformat(heading.time)
            if moment.tzinfo is not None:
                return round(moment.timestamp() * 1_000_000)
        except ValueError:
            pass
        if heading.stamp_s:
            return heading.stamp_s * 1_000_000
        if (old := _OLD_TIME.match(heading.time)) is not None:
            year, month, day, hour, minute, second = (int(part) for part in old.groups()[:6])
            try:
                local = datetime(2000 + year, month, day, hour, minute, second, tzinfo=UTC)
            except ValueError:
                return self._ended_us
            self._local = True
            return int(local.timestamp()) * 1_000_000 + int((old[7] or "0").ljust(6, "0"))
        return self._ended_us


def _open(body: list[Line]) -> bool:
    """Whether a literal or comment of this text is not closed in it."""
    return split(b"".join(line for _, line in body))[0].endswith(BROKEN)


def _number(text: bytes | None) -> int:
    return int(text) if text is not None and text.isdigit() and len(text) < 19 else 0
