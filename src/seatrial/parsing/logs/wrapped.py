"""Logs in a wrapping: events as CloudWatch gives them out, and what the server wrote inside them.

A message is an event of the server's log, or a line of it, with or without its last newline. One behind the other they
are the log; they are taken out while it is read.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from seatrial.parsing.logs.general_log import LINE
from seatrial.parsing.logs.json_events import Damaged, is_json_of_events, log_events
from seatrial.parsing.logs.pieced import Pieced

CHUNK_BYTES = 1 << 20
BACK_MS = 1_000
"""Statements end in one order and are written in another, but not so much later."""
STREAMS_KEPT = 1_000


class Wrapping(StrEnum):
    """What may be around a log."""

    JSON = "json"
    MOMENTS = "moments"  # before each event, as an export to S3 has them


_MOMENT = rb"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) "
# what an event of a log begins with; a line of a statement may begin with a moment of its own
_EVENT = (
    rb"(?=# (?:Time|User@Host|Query_time|Thread_id): |[^\r\n]*, Version: [^\r\n]*started with:|Tcp port: ?\d"
    rb"|Time +Id +Command|" + LINE.pattern.removeprefix(b"^") + rb")"
)
_BEFORE_EVENTS = re.compile(_MOMENT + _EVENT, re.MULTILINE)
_BEFORE_LINES = re.compile(_MOMENT, re.MULTILINE)
_LINE_BY_LINE = re.compile(_MOMENT + rb"# Query_time: ", re.MULTILINE)


def wrapping_of(begins: bytes) -> Wrapping | None:
    """The wrapping of a text, by how it begins."""
    if is_json_of_events(begins):
        return Wrapping.JSON
    return Wrapping.MOMENTS if _BEFORE_EVENTS.match(begins.lstrip(b"\r\n")) is not None else None


class Unwrapped(Pieced):
    """The log inside. What was met up to now: `damaged`, JSON that cannot be read on, which ends it; `others`, how many
    values without a message.
    """

    def __init__(self, content: Pieced, wrapping: Wrapping) -> None:
        super().__init__()
        self._content = content
        self._pieces = self._messages() if wrapping is Wrapping.JSON else self._without_moments()
        self._streams: set[str] = set()
        self._latest_ms = 0
        self._back = 0
        self.others = 0
        self.damaged = False

    def caveats(self, name: str) -> list[str]:
        """What is to be said of a log of that name, once it is read."""
        said = []
        if self.damaged:
            said.append(f"{name} is in JSON that is cut or damaged: the rest of it is missing.")
        if self.others:
            said.append(f"{name} has JSON values without a message: {self.others:,} are left out.")
        if len(self._streams) > 1:
            many = f"{STREAMS_KEPT:,} or more" if len(self._streams) == STREAMS_KEPT else f"{len(self._streams):,}"
            said.append(
                f"{name} has events of {many} log streams, and each is a server's. They are read as if they were one "
                "server's: connections and databases may be mistaken for each other. Give each stream by itself."
            )
        if self._back:
            said.append(
                f"{name} is not in the order of time: {self._back:,} of its events stand behind later ones. They are "
                "read as they stand, so transactions may be torn apart. Sort it by time."
            )
        return said

    def _piece(self, size: int) -> bytes:
        return next(self._pieces, b"")

    def _messages(self) -> Iterator[bytes]:
        try:
            for event in log_events(self._content):
                if event.message is None:
                    self.others += 1
                elif event.message:
                    self._note(event.at_ms, event.stream)
                    message = event.message.encode(errors="replace")
                    yield message if message.endswith(b"\n") else message + b"\n"
        except Damaged:
            self.damaged = True

    def _without_moments(self) -> Iterator[bytes]:
        moments = None
        begun: list[bytes] = []
        while chunk := self._content.read(CHUNK_BYTES):
            lines, newline, rest = chunk.rpartition(b"\n")
            if newline:
                begun += (lines, newline)
                text, begun = b"".join(begun), [rest]
                moments = moments or (_BEFORE_LINES if _LINE_BY_LINE.search(text) else _BEFORE_EVENTS)
                yield moments.sub(self._moment, text)
            else:
                begun.append(rest)
        if rest := b"".join(begun):
            yield (moments or _BEFORE_EVENTS).sub(self._moment, rest)

    def _moment(self, found: re.Match[bytes]) -> bytes:
        try:
            self._note(round(datetime.fromisoformat(found[1].decode()).timestamp() * 1000), "")
        except ValueError:
            pass  # such as the 31st of February: it is before an event all the same
        return b""

    def _note(self, at_ms: int | None, stream: str) -> None:
        if at_ms is not None:
            self._back += at_ms < self._latest_ms - BACK_MS
            self._latest_ms = max(self._latest_ms, at_ms)
        if stream and len(self._streams) < STREAMS_KEPT:
            self._streams.add(stream)
