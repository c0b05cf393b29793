"""Packed logs, unpacked while they are read: gzip, bzip2, zstd, each also as several packed pieces in one file."""

import bz2
import zlib
from collections.abc import Callable
from typing import BinaryIO, Protocol

import zstandard

from seatrial.parsing.logs.pieced import Pieced

PIECE_BYTES = 4096
"""Of packed bytes, at a time. zstd makes 32 kB of one byte at most, so one piece never fills the memory."""

_SKIPPED_BY_ZSTD = tuple(bytes((0x50 + number, 0x2A, 0x4D, 0x18)) for number in range(16))


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


def _gzip() -> _Decompressor:
    return zlib.decompressobj(wbits=31)


def _zstd() -> _Decompressor:
    return zstandard.ZstdDecompressor().decompressobj()


_PACKINGS: tuple[tuple[str, tuple[bytes, ...], Callable[[], _Decompressor]], ...] = (
    ("gzip", (b"\x1f\x8b\x08",), _gzip),
    ("bzip2", (b"BZh",), bz2.BZ2Decompressor),
    ("zstd", (b"\x28\xb5\x2f\xfd", *_SKIPPED_BY_ZSTD), _zstd),
)


class Unpacked(Pieced):
    """What a stream holds, unpacked if it is packed, from its present place to its end.

    `packing` is "" for a stream that is not packed. `damage` says, once the end is reached, why there is not more:
    what came before the damage is read. Errors: OSError, as the stream raises it.
    """

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream
        self._packed = stream.read(PIECE_BYTES)
        self._ended = False
        self.packing = ""
        self.damage = ""
        for name, magics, make in _PACKINGS:
            if self._packed.startswith(magics):
                self.packing, self._magics, self._make = name, magics, make
                self._decompressor = make()
                break
        else:
            self._ready, self._packed = self._packed, b""

    def _piece(self, size: int) -> bytes:
        if not self.packing:
            return self._stream.read(size)
        while not self._ended:
            packed, self._packed = self._packed or self._stream.read(PIECE_BYTES), b""
            if not packed:
                self._end("it ends before what is packed in it does")
                break
            try:
                piece = self._decompressor.decompress(packed)
            except (zlib.error, zstandard.ZstdError, OSError, EOFError, ValueError):
                self._end("it is damaged")
                break
            if self._decompressor.eof:
                self._next_member(self._decompressor.unused_data)
            if piece:
                return piece
        return b""

    def _next_member(self, rest: bytes) -> None:
        rest = rest.lstrip(b"\0")  # tapes and block devices pad with them
        while len(rest) < 4 and (more := self._stream.read(PIECE_BYTES)):
            rest = (rest + more).lstrip(b"\0")
        if rest.startswith(self._magics):
            self._packed, self._decompressor = rest, self._make()
        else:
            self._end("something else follows what is packed in it" if rest else "")

    def _end(self, damage: str) -> None:
        self._ended, self.damage = True, damage
