"""MySQL's slow query log, as MySQL 8 and 9 write it, with and without log_slow_extra.

An event is its heading (`# Time`, `# User@Host`, `# Query_time`, `use`, `SET timestamp`) and what follows up to the
next heading. A heading is these lines in this order, behind a statement that has ended: so a statement may hold lines
that look like one of them. `use` is written where the database differs from that of the event before, whatever its
connection. The server writes a banner whenever it opens the file.
"""

import hashlib
import re
from bisect import bisect_left
from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO

from seatrial.domain.executed import Batch, Executed
from seatrial.domain.workload import NotUnderstood
from seatrial.parsing.heading import BANNER, COMMAND, HEADING, LONGEST_HEADING, LONGEST_US, Heading, border, last_border
from seatrial.parsing.lexer import BROKEN, quoted, split
from seatrial.parsing.slow_log_columns import People, columns

SERVER_STARTED = "server started"
"""The `command` of an event that stands for a banner: connection ids begin anew."""

CHUNK_BYTES = 4 << 20
STRETCH_BYTES = 64 << 10
"""What is not ordinary in a stretch of so many bytes costs no more time than to part it."""
CUT = "an event that is cut off"
NO_EVENT = "text that is no event"
NEGATIVE_TIME = "a time that ran below zero"

_BEGINS_HEADING = re.compile(rb"^# (?:Time|User@Host|Query_time): ", re.MULTILINE)


class SlowLog:
    """A slow log, read once from its beginning. Iterating gives its events, banners as SERVER_STARTED. A piece of one
    begins at `offset` of it, where `database` is in use (see `pieces`); `hashes` False: its sha256 is not wanted.

    While and after it is read: `server` is the last banner's version ("" before any), `read_bytes` how far it came,
    `sha256` of what was read, `events` their number and `first_us` when the first ended (µs since 1970 UTC), `extra`
    whether log_slow_extra was on for any, `cut` whether the last one lacks its end, `begins` the first bytes;
    `not_understood` counts what is no event by what it is.
    """

    def __init__(
        self, stream: BinaryIO, name: str, *, offset: int = 0, database: str = "", hashes: bool = True
    ) -> None:
        self._stream = stream
        self._offset = offset
        self._hashes = hashes
        self._name = name
        self._digest = hashlib.sha256()
        self._missed: dict[str, NotUnderstood] = {}
        self._people = People()
        self._second = (b"", 0)
        self._database = database
        self._ended_us = 0
        self.server = ""
        self.read_bytes = 0
        self.events = 0
        self.first_us = 0
        self.extra = False
        self.cut = False
        self.begins = b""

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    @property
    def not_understood(self) -> tuple[NotUnderstood, ...]:
        return tuple(self._missed.values())

    def __iter__(self) -> Iterator[Executed]:
        for some in self._runs():
            yield from some.each() if isinstance(some, Batch) else some

    def batches(self) -> Iterator[Batch]:
        """The same events, some at once: sooner."""
        for some in self._runs():
            if isinstance(some, Batch):
                yield some
            elif some:
                yield Batch.of(some)

    def _runs(self) -> Iterator[Batch | list[Executed]]:
        """Ordinary stretches in columns, and what is between them, for which every heading is looked at by itself."""
        buffer, offset = b"", self._offset  # what was not told yet, and its place in the file
        heading: Heading | None = None
        begin = end = search = 0  # of that heading, and where the next may be
        for chunk in self._chunks():
            buffer += chunk
            if heading is None and (first := HEADING.search(buffer, search)) is not None:
                yield list(self._outside(buffer[: first.start()], offset))
                buffer, offset = buffer[first.start() :], offset + first.start()
                heading, search = first.groups(), first.end() - first.start()
                end = search
            if heading is None:
                search = max(0, len(buffer) - LONGEST_HEADING)
                continue
            if (last := last_border(buffer, search)) is not None:
                yield from self._stretch(buffer, 0, last.start(), offset)
                buffer, offset = buffer[last.start() :], offset + last.start()
                heading, end = last.groups(), last.end() - last.start()
                search = max(end, len(buffer) - LONGEST_HEADING)
                continue
            told: list[Executed] = []
            undecided = len(buffer)
            for found in HEADING.finditer(buffer, search):
                if (inside := self._inside(buffer, end, found)) is None:
                    undecided = found.start()
                    break
                if not inside:
                    told += self._event(heading, buffer[end : found.start()], offset + begin, offset + end)
                    heading, begin, end = found.groups(), found.start(), found.end()
            yield told
            buffer, offset, end, undecided = buffer[begin:], offset + begin, end - begin, undecided - begin
            begin, search = 0, min(undecided, max(end, len(buffer) - LONGEST_HEADING))
        yield list(self._rest(heading, buffer, offset, end))

    def _stretch(self, buffer: bytes, begin: int, stop: int, offset: int) -> Iterator[Batch | list[Executed]]:
        """From one border up to another. Of what is not ordinary, the halves may be."""
        batch = columns(buffer[begin:stop], self._database, self._people)
        if batch is not None:
            yield self._counted(batch)
        elif stop - begin > STRETCH_BYTES and (middle := border(buffer, (begin + stop) // 2)) and middle.start() < stop:
            yield from self._stretch(buffer, begin, middle.start(), offset)
            yield from self._stretch(buffer, middle.start(), stop, offset)
        else:
            yield self._one_by_one(buffer, begin, stop, offset)

    def _one_by_one(self, buffer: bytes, begin: int, stop: int, offset: int) -> list[Executed]:
        """The same, every heading looked at by itself."""
        told: list[Executed] = []
        heading: Heading | None = None
        end = begin
        for found in HEADING.finditer(buffer, begin):
            if found.start() > stop:
                break
            if heading is not None:
                if found.start() < stop and self._inside(buffer, end, found):
                    continue
                told += self._event(heading, buffer[end : found.start()], offset + begin, offset + end)
            heading, begin, end = found.groups(), found.start(), found.end()
        return told

    def _rest(self, heading: Heading | None, buffer: bytes, offset: int, end: int) -> Iterator[Executed]:
        """What is left at the log's end."""
        if heading is None:
            yield from self._outside(buffer, offset)
            self.cut = _BEGINS_HEADING.match(buffer) is not None
        else:
            begin = 0
            for found in HEADING.finditer(buffer, end):
                if self._inside(buffer, end, found) is False:
                    yield from self._event(heading, buffer[end : found.start()], offset + begin, offset + end)
                    heading, begin, end = found.groups(), found.start(), found.end()
            cuts = self._count(CUT)
            yield from self._event(heading, buffer[end:], offset + begin, offset + end)
            self.cut = self._count(CUT) > cuts

    def _counted(self, batch: Batch) -> Batch:
        if not self.events:
            self.first_us = batch.ended_us[0]
        self.events += len(batch)
        self.extra = self.extra or batch.bytes_sent is not None
        self._ended_us, self._database = batch.ended_us[-1], batch.database[-1]
        return batch

    def _chunks(self) -> Iterator[bytes]:
        while chunk := self._stream.read(CHUNK_BYTES):
            if not self.read_bytes:
                self.begins = chunk[:512]
            if self._hashes:
                self._digest.update(chunk)
            self.read_bytes += len(chunk)
            yield chunk

    def _inside(self, buffer: bytes, start: int, found: re.Match[bytes]) -> bool | None:
        """Whether a heading stands inside a statement's literal or comment rather than behind its end: what is open
        before it is then closed before the next one. Else the statement before it was cut. None while there is no next
        one; at the log's end it is inside."""
        end = found.start()
        if buffer.endswith((b";\n", b";\r\n"), start, end):
            return False
        tail = buffer[max(start, end - 512) : end]
        if BANNER.search(tail) or not split(buffer[start:end])[0].endswith(BROKEN):
            return False
        following = HEADING.search(buffer, found.end())
        return None if following is None else not split(buffer[start : following.start()])[0].endswith(BROKEN)

    def _event(self, heading: Heading, body: bytes, offset: int, body_offset: int) -> Iterator[Executed]:
        """The event of a heading and all up to the next one: its statement, then perhaps a banner or a broken event."""
        after = b""
        if b"started with:" in body and (banner := BANNER.search(body)) is not None:
            body, after = body[: banner.start()], body[banner.start() :]
        elif b"\n# " in body and (broken := self._broken_heading(body)) is not None:
            self._miss(CUT, body_offset + broken)
            body = body[:broken]
        statement = body[:-1] if body[-1:] == b"\n" else body
        if statement[-1:] == b"\r":
            statement = statement[:-1]
        if statement[-1:] == b";":
            yield self._executed(heading, statement[:-1], offset)
        else:
            self._miss(CUT, offset)
            self._remember(heading)
        if after:
            yield from self._outside(after, body_offset + len(body))

    def _broken_heading(self, body: bytes) -> int | None:
        """Where, behind the end of a statement, a heading begins that is not whole."""
        starts = [found.start() for found in _BEGINS_HEADING.finditer(body)]
        starts = [at for at in starts if body.endswith((b";\n", b";\r\n"), 0, at)]
        quotes = quoted(body) if starts else []
        for at in starts:
            before = bisect_left(quotes, (at, 0)) - 1
            if before < 0 or quotes[before][1] <= at:
                return at
        return None

    def _remember(self, heading: Heading) -> None:
        """A statement that is not told may still have changed the database."""
        if heading[-2] is not None:
            self._database = heading[-2][:-1].decode(errors="replace")

    def _executed(self, heading: Heading, sql: bytes, offset: int) -> Executed:
        at, who, number, took, lock, sent, examined, thread, errno, sent_bytes, on_disk, tables, database, stamp = (
            heading
        )
        if database is not None:
            self._database = database[:-1].decode(errors="replace")
        ended_us = self._moment_us(at) if at is not None else self._ended_us
        if not ended_us:
            ended_us = int(stamp) * 1_000_000
        self._ended_us = ended_us
        if not self.events:
            self.first_us = ended_us
        self.events += 1
        command = ""
        if sql[:2] == b"# " and sql.startswith(COMMAND):
            command, sql = sql[len(COMMAND) :].decode(errors="replace"), b""
        if errno is not None:
            self.extra = True
        user, host = self._people[who]
        return Executed(
            ended_us=ended_us,
            took_us=self._us(took, offset),
            lock_us=self._us(lock, offset),
            rows_sent=int(sent),
            rows_examined=int(examined),
            bytes_sent=int(sent_bytes) if sent_bytes is not None else 0,
            errno=int(errno) if errno is not None else 0,
            user=user,
            host=host,
            connection=int(number if number is not None else thread or 0),
            database=self._database,
            command=command,
            sql=sql,
            tmp_tables=int(tables or 0),
            tmp_disk_tables=int(on_disk or 0),
        )

    def _us(self, seconds: bytes, offset: int) -> int:
        whole, _, fraction = seconds.partition(b".")
        us = int(whole) * 1_000_000 + int(fraction[:6].ljust(6, b"0"))
        if us > LONGEST_US:
            self._miss(NEGATIVE_TIME, offset)
            return 0
        return us

    def _moment_us(self, text: bytes) -> int:
        """µs since 1970; 0 for a time of another form (MySQL before 5.7 wrote `160929  8:41:26`)."""
        second, fraction = text[:20], text[20:26]
        if text[26:] != b"Z" or not fraction.isdigit():
            return _moment_us(text.rstrip())
        known, base = self._second
        if known != second:
            base = _moment_us(second[:19] + b"Z")
            self._second = (second, base)
        return base + int(fraction) if base else 0

    def _outside(self, text: bytes, offset: int) -> Iterator[Executed]:
        """Text that belongs to no event: banners; anything else is not understood."""
        end = 0
        for banner in BANNER.finditer(text):
            self._no_event(text, end, banner.start(), offset)
            end = banner.end()
            self.server = banner["version"].decode(errors="replace").partition(" ")[0]
            self._database = ""
            yield Executed(ended_us=self._ended_us, took_us=0, command=SERVER_STARTED)
        self._no_event(text, end, len(text), offset)

    def _no_event(self, text: bytes, start: int, end: int, offset: int) -> None:
        if text[start:end].strip():
            self._miss(NO_EVENT, offset + start)

    def _count(self, what: str) -> int:
        return missed.count if (missed := self._missed.get(what)) else 0

    def _miss(self, what: str, offset: int) -> None:
        first = known.offset if (known := self._missed.get(what)) else offset
        self._missed[what] = NotUnderstood(file=self._name, offset=first, what=what, count=self._count(what) + 1)


def _moment_us(text: bytes) -> int:
    try:
        moment = datetime.fromisoformat(text.decode("ascii", "replace"))
    except ValueError:
        return 0
    return round(moment.timestamp() * 1_000_000) if moment.tzinfo is not None else 0
