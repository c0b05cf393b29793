"""One large slow log read by all cores: in pieces, each digested by a worker, joined in the log's order."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

from seatrial.domain.fault import Exit, Fault
from seatrial.domain.ports import Crew
from seatrial.domain.workload import NotUnderstood
from seatrial.parsing.logs.recognise import Form
from seatrial.parsing.slow_log_pieces import pieces
from seatrial.stages.digest.digester import Digester
from seatrial.stages.digest.opening import Opened
from seatrial.stages.digest.worker import Order, Piece, Read

WORTH_BYTES = 20_000_000
"""A smaller log is read sooner than workers are started."""
PIECE_BYTES = 96 << 20
LEAST_PIECE_BYTES = 4 << 20

_WORKER = "seatrial.stages.digest.worker"


class InPieces(Struct):
    """A log read in pieces: what a reader of the whole knows (see parsing.slow_log.SlowLog)."""

    begins: bytes = b""
    sha256: str = ""
    server: str = ""
    read_bytes: int = 0
    events: int = 0
    first_us: int = 0
    extra: bool = False
    cut: bool = False
    missed: dict[str, NotUnderstood] = {}

    @property
    def not_understood(self) -> tuple[NotUnderstood, ...]:
        return tuple(self.missed.values())

    def add(self, read: Read) -> None:
        """The next piece."""
        self.read_bytes += read.read_bytes
        if not self.events:
            self.first_us = read.first_us
        self.events += read.events
        self.server = read.server or self.server
        self.extra = self.extra or read.extra
        self.cut = read.cut
        for what in read.not_understood:
            known = self.missed.get(what.what)
            self.missed[what.what] = (
                what if known is None else msgspec.structs.replace(known, count=known.count + what.count)
            )


def worth_it(opened: Opened, crew: Crew | None) -> bool:
    """Whether a log is read by a crew: one of MySQL 8 or 9, in a file as it is, large, and with cores to gain."""
    return (
        crew is not None
        and crew.size > 1
        and opened.form is Form.SLOW
        and opened.is_file
        and (opened.log.bytes or 0) >= WORTH_BYTES
        and isinstance(getattr(opened.log.stream, "name", None), str)
    )


def read_by(crew: Crew, opened: Opened, digester: Digester, order: Order, at: Callable[[int], None]) -> InPieces:
    """Digest the log into the digester, with the crew, by an order that need not name the file yet; `at` is told how
    many bytes are read, at least twice a second.

    Faults: those of the crew, and `digest.unreadable`.
    """
    path = Path(opened.log.stream.name).resolve()
    whole = InPieces()
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        order = msgspec.structs.replace(order, path=str(path), name=opened.log.name, inode=status.st_ino)
        digest = hashlib.sha256()

        def seen(piece: bytes) -> None:
            whole.begins = whole.begins or piece[:512]
            digest.update(piece)

        size = min(PIECE_BYTES, max(LEAST_PIECE_BYTES, status.st_size // (crew.size * 4)))
        jobs = (
            msgspec.msgpack.encode(Piece(start=start, end=end, database=used))
            for start, end, used in pieces(file, size, seen)
        )
        decode = msgspec.msgpack.Decoder(Read).decode
        for answer in crew.work(_WORKER, msgspec.msgpack.encode(order), jobs, lambda: at(whole.read_bytes)):
            read = decode(answer)
            if read.part is None:
                raise Fault(
                    "digest.unreadable",
                    f"{opened.log.name} cannot be read: {read.failed}",
                    remedy="give a file that stays as it is while it is read, and that this user may read",
                    exit=Exit.CONFIG,
                )
            digester.take(read.part)
            whole.add(read)
        whole.sha256 = digest.hexdigest()
    return whole
