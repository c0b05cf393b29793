"""Where a slow log can be parted such that its pieces, read one by one, tell the same events as the whole."""

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

from seatrial.parsing.slow_log import BANNER, HEADING, LONGEST_HEADING

_BORDER = re.compile(rb";\r?\n(?=# Time: )")
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
        while (end := _border(content, at)) is None:
            if not (more := log.read(size)):
                end = len(content)
                break
            at = max(at, len(content) - LONGEST_HEADING)
            content += more
        piece, rest = content[:end], content[end:]
        seen(piece)
        yield start, start + end, database
        start += end
        database = _database(piece, database)


def _border(content: bytes, at: int) -> int | None:
    for found in _BORDER.finditer(content, at):
        line = content.rfind(b"\n", 0, found.start()) + 1
        of_heading = content.startswith((b"SET ", b"use "), line)  # a heading without a statement is damage
        if not of_heading and HEADING.match(content, found.end()) is not None:
            return found.end()
    return None


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
