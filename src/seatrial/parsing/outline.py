"""Statements known by their outline: where the literals of one that was lexed are, those of others like it are too.

The lexer looks at every character. Most statements of a log differ from one met before in nothing but digits and what
stands between single quotes; an outline has a 0 for every digit and nothing between the quotes, and is made by a few
operations in C. Two statements of one outline are parted into text and literals alike, if the digits that are no
literals are the same in both (`Outlined.fixed`), and of one of them we know that its literals lie between its quotes
(`outlined`).
"""

from typing import NamedTuple

from msgspec import Struct

from seatrial.parsing.lexer import BROKEN, HOLE, placed

_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_DIGIT = frozenset(b"0123456789")


class Span(NamedTuple):
    """A stretch of one piece. Of odd pieces, which stand between quotes, it is the whole."""

    piece: int
    start: int
    stop: int | None

    def of(self, pieces: list[bytes]) -> bytes:
        return pieces[self.piece][self.start : self.stop]


class Outlined(Struct, frozen=True):
    """Where a statement's literals are, in order, and where its other digits are."""

    literals: tuple[Span, ...]
    fixed: tuple[Span, ...]


def outline(sql: bytes) -> tuple[bytes, list[bytes]] | None:
    """What the statement has in common with others that may be known by it, and its pieces: outside of single quotes,
    inside, outside … None where a backslash before a quote may make these wrong."""
    if b"\\" in sql and b"\\'" in sql:
        return None
    pieces = sql.split(b"'")
    return b"'".join(pieces[::2]).translate(_ZEROS), pieces


def outlined(sql: bytes, pieces: list[bytes]) -> Outlined | None:
    """Where the literals of this statement are; None if its pieces do not tell: quotes in comments or names, a quote
    written twice, text in double quotes, numbers in other notations."""
    if HOLE in sql or BROKEN in sql or len(pieces) % 2 == 0 or any(not between for between in pieces[2:-1:2]):
        return None
    begins = _begins(pieces)
    literals: list[Span] = []
    inside = 1
    for start, stop in placed(sql):
        first = sql[start]
        if first == 39:  # a single quote
            if inside >= len(pieces) or (start, stop) != (begins[inside] - 1, begins[inside] + len(pieces[inside]) + 1):
                return None
            literals.append(Span(inside, 0, None))
            inside += 2
        elif first not in _DIGIT or sql[start + 1 : start + 2] in (b"x", b"b"):
            return None
        else:
            literals.append(Span(inside - 1, start - begins[inside - 1], stop - begins[inside - 1]))
    if inside != len(pieces):
        return None
    return Outlined(tuple(literals), tuple(_other_digits(pieces, literals)))


def _begins(pieces: list[bytes]) -> list[int]:
    begins, at = [], 0
    for piece in pieces:
        begins.append(at)
        at += len(piece) + 1
    return begins


def _other_digits(pieces: list[bytes], literals: list[Span]) -> list[Span]:
    """Digits outside of quotes and of literals, each stretch of them once."""
    taken = {(span.piece, at) for span in literals if span.stop is not None for at in range(span.start, span.stop)}
    found: list[Span] = []
    for number in range(0, len(pieces), 2):
        start = None
        for at, character in enumerate((*pieces[number], 0)):
            free = character in _DIGIT and (number, at) not in taken
            if free and start is None:
                start = at
            elif not free and start is not None:
                found.append(Span(number, start, at))
                start = None
    return found
