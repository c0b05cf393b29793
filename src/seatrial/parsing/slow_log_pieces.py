"""Where a slow log can be parted such that its pieces, read one by one, tell the same events as the whole."""

from collections.abc import Callable, Iterator
from typing import BinaryIO

from seatrial.parsing.heading import BANNER, LONGEST_HEADING, border

_SEARCHED_BYTES = 1 << 20
_STEP_BYTES = 8 << 20


def pieces(log: BinaryIO, size: int, seen: Callable[[bytes], None]) -> Iterator[tuple[int, int, str]]:
    """(start, end, the database in use there) of pieces of about `size` bytes, in order; they cover the log. `seen` is
    given every piece's bytes.

    A piece begins at a whole heading behind a statement that has ended: the reader takes such a one for the next event
    whatever came before it. Each piece is found when it is asked for, in steps that fit memory.
    """
    begin, end, database = 0, 0, ""
    for start, end, used in _steps(log, min(size, _STEP_BYTES), seen):
        if start == begin:
            database = used
        if end - begin >= size:
            yield begin, end, database
            begin = end
    if begin < end:
        yield begin, end, database


def _steps(log: BinaryIO, size: int, seen: Callable[[bytes], None]) -> Iterator[tuple[int, int, str]]:
    start, database, rest = 0, "", b""
    while content := rest + log.read(max(0, size + _SEARCHED_BYTES - len(rest))):
        at = size
        while (following := border(content, at)) is None and (more := log.read(size)):
            at = max(at, len(content) - LONGEST_HEADING)
            content += more
        end = following.start() if following is not None else len(content)
        piece, rest = content[:end], content[end:]
        seen(piece)
        yield start, start + end, database
        start += end
        database = _database(piece, database)


def _database(piece: bytes, before: str) -> str:
    """The database in use at the end: that of the last `use` of a heading, none behind a banner."""
    at = len(piece)
    while (at := piece.rfind(b"\nuse ", 0, at)) >= 0:
        line, stop = piece.rfind(b"\n", 0, at) + 1, piece.find(b"\n", at + 1)
        if piece.startswith(b"# Query_time: ", line) and piece.startswith(b"SET ", stop + 1):
            break
    banner = piece.rfind(b". started with:", max(0, at))
    if banner >= 0 and BANNER.search(piece, piece.rfind(b"\n", 0, banner) + 1) is not None:
        return ""
    if at < 0:
        return before
    return piece[at + 5 : piece.find(b"\n", at + 1)].rstrip(b"\r").removesuffix(b";").decode(errors="replace")
