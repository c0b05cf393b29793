"""What all readers of logs share: the file in lines, its sum, and the count of what is not understood."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import BinaryIO, ClassVar

from seatrial.domain.executed import Executed
from seatrial.domain.workload import NotUnderstood

CHUNK_BYTES = 1 << 20


class Reader(ABC):
    """A log, read once from its beginning. Iterating gives its events; a server's start as SERVER_STARTED.

    While and after it is read: `server` is the last banner's version ("" before any), `read_bytes` how far it came,
    `sha256` of what was read, `events` their number and `first_us` when the first ended (µs since 1970 UTC), `cut`
    whether the last one lacks its end, `begins` the first bytes; `not_understood` counts what is no event by what it
    is. `caveats` is what a log of this kind cannot show, to be asked for at the end.
    """

    dialect: ClassVar[str]

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream = stream
        self._name = name
        self._digest = hashlib.sha256()
        self._missed: dict[str, NotUnderstood] = {}
        self.server = ""
        self.read_bytes = 0
        self.events = 0
        self.first_us = 0
        self.cut = False
        self.begins = b""

    @abstractmethod
    def __iter__(self) -> Iterator[Executed]:
        """The log's events, in its order."""

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    @property
    def not_understood(self) -> tuple[NotUnderstood, ...]:
        return tuple(self._missed.values())

    @property
    def caveats(self) -> list[str]:
        return []

    def _chunks(self) -> Iterator[bytes]:
        while chunk := self._stream.read(CHUNK_BYTES):
            if not self.read_bytes:
                self.begins = chunk[:512]
            self._digest.update(chunk)
            self.read_bytes += len(chunk)
            yield chunk

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        """Each line with its end, and its place in bytes. A line may be of any length."""
        offset = 0
        begun: list[bytes] = []
        for chunk in self._chunks():
            lines = chunk.split(b"\n")
            if len(lines) > 1 and begun:
                lines[0] = b"".join((*begun, lines[0]))
                begun = []
            for line in lines[:-1]:
                yield offset, line + b"\n"
                offset += len(line) + 1
            if lines[-1]:
                begun.append(lines[-1])
        if begun:
            yield offset, b"".join(begun)

    def _event(self, executed: Executed) -> Executed:
        if not self.events:
            self.first_us = executed.ended_us
        self.events += 1
        return executed

    def _miss(self, what: str, offset: int) -> None:
        known = self._missed.get(what)
        self._missed[what] = NotUnderstood(
            file=self._name,
            offset=known.offset if known is not None else offset,
            what=what,
            count=known.count + 1 if known is not None else 1,
        )
