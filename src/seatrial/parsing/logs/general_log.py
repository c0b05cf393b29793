"""MySQL's general query log: every statement as it arrives, without how long it took, what it sent, or how it ended.

Lines are `MOMENT<tab>ID COMMAND<tab>ARGUMENT`; before MySQL 5.7 the moment is without zone and stands only where the
second changed. Lines that begin otherwise go on with the statement before.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import BinaryIO

from seatrial.domain.executed import Executed
from seatrial.parsing.logs.reader import Reader
from seatrial.parsing.slow_log import NO_EVENT, SERVER_STARTED

_COMMANDS = (
    b"Sleep|Quit|Init DB|Query|Field List|Create DB|Drop DB|Refresh|Shutdown|Statistics|Processlist|Connect Out|Connect"
    b"|Kill|Debug|Ping|Time|Delayed insert|Change user|Binlog Dump GTID|Binlog Dump|Table Dump|Register Slave|Prepare"
    b"|Execute|Long Data|Close stmt|Reset stmt|Set option|Fetch|Daemon|Error|Reset Connection|Clone"
)
LINE = re.compile(
    rb"^(?:(?P<moment>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(?:Z|[+-]\d\d:\d\d)|\d{6} [ \d]\d:\d\d:\d\d)\t|\t\t) *"
    rb"(?P<id>\d{1,18}) (?P<command>" + _COMMANDS + rb")(?:\t(?P<argument>[^\r\n]*))?\s*$",
    re.MULTILINE,
)
_BANNER = re.compile(rb"[^\r\n]*, Version: (?P<version>[^\s(]*).* started with:\s*\Z")
_BANNER_MORE = re.compile(rb"Tcp port: ?\d*|Time[ \t]+Id[ \t]+Command[ \t]+Argument")
_CONNECT = re.compile(rb"(?P<user>[^@]*)@(?P<host>\S*)(?: on (?P<database>\S*))?(?: using .*)?")
_STATEMENTS = (b"Query", b"Execute")
_AGAIN = (b"Prepare", b"Close stmt", b"Reset stmt", b"Field List", b"Statistics", b"Ping", b"Long Data", b"Fetch")


class GeneralLog(Reader):
    """A general log. Every duration is 0."""

    dialect = "mysql general log"

    def __init__(self, stream: BinaryIO, name: str) -> None:
        super().__init__(stream, name)
        self._at_us = 0
        self._local = False
        self._who: dict[int, tuple[str, str, str]] = {}  # user, host, database

    def __iter__(self) -> Iterator[Executed]:
        found: re.Match[bytes] | None = None
        text: list[bytes] = []
        for place, line in self._lines():
            following = LINE.match(line)
            banner = None if following is not None else _BANNER.match(line)
            if following is None and banner is None:
                if found is not None and found["command"] in _STATEMENTS and _BANNER_MORE.match(line) is None:
                    text.append(line)
                elif _BANNER_MORE.match(line) is None and line.strip(b"\0 \t\r\n"):
                    self._miss(NO_EVENT, place)
                continue
            if found is not None:
                yield from self._line(found, text)
            found, text = following, []
            if following is not None:
                text = [following["argument"] or b"", b"\n"]
            if banner is not None:
                self.server = banner["version"].decode(errors="replace").rstrip(".,")
                self._who.clear()
                yield Executed(ended_us=self._at_us, took_us=0, command=SERVER_STARTED)
        if found is not None:
            yield from self._line(found, text)

    @property
    def caveats(self) -> list[str]:
        said = [
            f"{self._name} is a general log: it has no durations, no rows, no errors and no locks; they are 0 here."
        ]
        if self._local:
            said.append(f"{self._name} has times without a zone: they are taken for UTC.")
        return said

    def _line(self, found: re.Match[bytes], text: list[bytes]) -> Iterator[Executed]:
        if found["moment"] is not None:
            self._at_us = self._moment_us(found["moment"].decode())
        connection, command = int(found["id"]), found["command"]
        user, host, database = self._who.get(connection, ("", "", ""))
        if command == b"Connect":
            if (account := _CONNECT.match(found["argument"] or b"")) is not None:
                named = tuple((account[part] or b"").decode(errors="replace") for part in ("user", "host", "database"))
                self._who[connection] = (named[0], named[1], named[2])
            return
        sql = b"".join(text).rstrip(b"\r\n")
        if command == b"Init DB":
            self._who[connection] = (user, host, sql.decode(errors="replace"))
            return
        if command in _AGAIN:
            return
        if command == b"Quit":
            self._who.pop(connection, None)
        is_statement = command in _STATEMENTS
        yield self._event(
            Executed(
                ended_us=self._at_us,
                took_us=0,
                connection=connection,
                user=user,
                host=host,
                database=database,
                command="" if is_statement else command.decode(),
                sql=sql if is_statement else b"",
            )
        )
        if is_statement and (used := _USE.match(sql)) is not None:
            self._who[connection] = (user, host, (used[1] or used[2]).decode(errors="replace"))

    def _moment_us(self, text: str) -> int:
        try:
            if "T" in text:
                return round(datetime.fromisoformat(text).timestamp() * 1_000_000)
            moment = datetime.strptime(text.replace("  ", " "), "%y%m%d %H:%M:%S").replace(tzinfo=UTC)
        except ValueError:
            return self._at_us
        self._local = True
        return int(moment.timestamp()) * 1_000_000


_USE = re.compile(rb"(?is)\s*use\s+(?:`([^`]*)`|([^\s;]+))\s*;?\s*\Z")
