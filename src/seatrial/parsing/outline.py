"""Statements known by their outline: where the literals of one that was lexed are, those of others like it are too.

The lexer looks at every character. Most statements of a log differ from one met before in nothing but digits and what
stands between single quotes; an outline has a 0 for every digit and nothing between the quotes, and is made by a few
operations in C. Two statements of one outline are parted into text and literals alike, if the digits that are no
literals are the same in both (`Outlined.fixed`), and of one of them we know that its literals lie between its quotes
(`outlined`).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from msgspec import Struct

from seatrial import compiled
from seatrial.parsing.lexer import BROKEN, HOLE, placed
from seatrial.parsing.literal import value

_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_DIGIT = frozenset(b"0123456789")

NULL = 0
"""Stands for the hash of NULL."""
QUOTED = -1
LAST_QUOTE_OR_ZERO = ord("0")
"""A literal that begins with a greater byte is a number, and stands for itself."""


class Span(NamedTuple):
    """A stretch of a piece: pieces stand outside of single quotes, inside, outside … Of one inside it is the whole."""

    piece: int
    start: int
    stop: int | None


class Read(NamedTuple):
    """Where a value stands in the pieces of a statement; `how` as literal.How, or QUOTED as it is between quotes. Of
    one that is the same in all statements of an outline, piece -1 and the `constant`: bytes, or None for NULL."""

    piece: int
    start: int = 0
    stop: int | None = None
    how: int = 0
    constant: bytes | None = None

    @classmethod
    def of(cls, span: Span, how: int) -> "Read":
        return cls(*span, QUOTED if span.stop is None and not how else how)


Reads = tuple[tuple[Read, ...], ...]
"""Of each key one or more."""


class Outlined(Struct, frozen=True):
    """Where a statement's literals are, in order, and where its other digits are."""

    literals: tuple[Span, ...]
    fixed: tuple[Span, ...]


def outline_in_python(sql: bytes) -> bytes | None:
    """What the statement has in common with others that may be known by it. None where a backslash before a quote, or a
    quote without end, may make its pieces wrong."""
    if b"\\" in sql and b"\\'" in sql:
        return None
    pieces = sql.split(b"'")
    return b"'".join(pieces[::2]).translate(_ZEROS) if len(pieces) % 2 else None


def parts_in_python(sql: bytes, spans: tuple[Span, ...]) -> tuple[bytes, ...]:
    """What stands there in the statement."""
    pieces = sql.split(b"'")
    return tuple([pieces[piece][start:stop] for piece, start, stop in spans])


class Prepared:
    """How the values of statements are read that are read alike."""

    def __init__(self, reads: Reads) -> None:
        self.single = all(len(of_key) == 1 for of_key in reads)
        self._reads = reads

    def values(self, sql: bytes, hashed: Callable[[bytes], int]) -> list[Any]:
        """Those of each key in the statement, hashed: one for each if they are `single`, else a list of different ones
        for each. That of NULL is NULL."""
        pieces = sql.split(b"'")
        found = [[_hashed(pieces, read, hashed) for read in of_key] for of_key in self._reads]
        return (
            [value for of_key in found for value in of_key] if self.single else [[*dict.fromkeys(one)] for one in found]
        )


def _hashed(pieces: list[bytes], read: Read, hashed: Callable[[bytes], int]) -> int:
    piece, start, stop, how, constant = read
    if piece < 0:
        return NULL if constant is None else hashed(constant)
    literal = pieces[piece][start:stop]
    if (how == QUOTED and b"\\" not in literal) or (not how and literal[0] > LAST_QUOTE_OR_ZERO):
        return hashed(literal)
    return hashed(value(literal if stop is not None else b"'%b'" % literal, how))


outline: Callable[[bytes], bytes | None] = outline_in_python
parts: Callable[[bytes, tuple[Span, ...]], tuple[bytes, ...]] = parts_in_python
if compiled.outline is not None:
    outline, parts = compiled.outline.outline, compiled.outline.parts


def prepared(reads: Reads) -> Prepared:
    """See Prepared."""
    made: Prepared = compiled.outline.Prepared(reads, value) if compiled.outline is not None else Prepared(reads)
    return made


def outlined(sql: bytes) -> Outlined | None:
    """Where the literals of this statement are; None if its pieces do not tell: quotes in comments or names, a quote
    written twice, text in double quotes, numbers in other notations."""
    pieces = sql.split(b"'")
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
