"""A process that digests pieces of a slow log: frames come on standard input, frames go to standard output."""

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

import msgspec
from msgspec import Struct

from seatrial.domain.frames import framed, read_frame
from seatrial.domain.schema import Schema
from seatrial.domain.workload import NotUnderstood, Recorded
from seatrial.parsing.slow_log import SlowLog
from seatrial.stages.digest.choosing import Filters
from seatrial.stages.digest.digester import Digester
from seatrial.stages.digest.key import Key
from seatrial.stages.digest.part import Part
from seatrial.stages.digest.seldom import seldom_searched


class Order(Struct, kw_only=True, array_like=True):
    """What all pieces have in common. `inode`: of the file that is meant, should another have its name by now. `key`:
    what values are hashed with; none, as all processes of the crew do. It goes over a pipe only."""

    path: str = ""
    name: str = ""
    inode: int = 0
    database: str
    schema: Schema | None
    ours: frozenset[str]
    samples: bool
    values: bool = True
    key: bytes = b""
    filters: Filters = Filters()
    merge_numbered: bool = False

    def digester(
        self, dialect: str = "", keep: Callable[[Recorded], None] | None = None, *, continues: bool = False
    ) -> Digester:
        """Who carries it out."""
        return Digester(
            dialect=dialect,
            database=self.database,
            schema=self.schema,
            keep=keep,
            ours=self.ours,
            samples=self.samples,
            filters=self.filters,
            hashed=Key(self.key).hashed if self.key else hash,
            values=self.values,
            merge_numbered=self.merge_numbered,
            continues=continues,
        )


class Piece(Struct, kw_only=True, array_like=True):
    """The bytes from `start` up to `end`; `database` is the one that was in use there."""

    start: int
    end: int
    database: str


class Read(Struct, kw_only=True, array_like=True):
    """What came of a piece: the part, and what the reader knows (see SlowLog). `failed`: why it could not be read."""

    part: Part | None = None
    read_bytes: int = 0
    events: int = 0
    first_us: int = 0
    server: str = ""
    extra: bool = False
    cut: bool = False
    not_understood: tuple[NotUnderstood, ...] = ()
    failed: str = ""


class _Bytes(io.RawIOBase):
    """A file from one place to another."""

    def __init__(self, file: BinaryIO, piece: Piece) -> None:
        self._file = file
        self._file.seek(piece.start)
        self._left = piece.end - piece.start

    def read(self, size: int = -1) -> bytes:
        content = self._file.read(min(size, self._left))
        self._left -= len(content)
        return content


def read_piece(digester: Digester, order: Order, piece: Piece) -> Read:
    """The piece digested. The digester is good for the next piece afterwards: it knows the classes already."""
    try:
        with Path(order.path).open("rb") as file:
            if os.fstat(file.fileno()).st_ino != order.inode:
                return Read(failed="another file has its name by now")
            log = SlowLog(
                cast(BinaryIO, _Bytes(file, piece)),
                order.name,
                offset=piece.start,
                database=piece.database,
                hashes=False,
            )
            for batch in log.batches():
                digester.add_all(batch)
    except OSError as error:
        return Read(failed=error.strerror or str(error))
    return Read(
        part=digester.part(),
        read_bytes=log.read_bytes,
        events=log.events,
        first_us=log.first_us,
        server=log.server,
        extra=log.extra,
        cut=log.cut,
        not_understood=log.not_understood,
    )


def main(asked: BinaryIO, told: BinaryIO) -> None:
    """Answer one frame with another until there are no more."""
    first = read_frame(asked)
    if first is None:
        return
    order = msgspec.msgpack.decode(first, type=Order)
    digester = order.digester(continues=True)
    with seldom_searched():
        while (job := read_frame(asked)) is not None:
            read = read_piece(digester, order, msgspec.msgpack.decode(job, type=Piece))
            told.write(framed(msgspec.msgpack.encode(read)))
            told.flush()


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
