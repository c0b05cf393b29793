"""Texts met before, and the statements that are known by them without being lexed."""

from collections.abc import Callable
from typing import NamedTuple

from msgspec import Struct

from seatrial.domain.workload import MANY
from seatrial.parsing.collapse import Place
from seatrial.parsing.lexer import value
from seatrial.parsing.outline import Span, outlined
from seatrial.stages.digest.counted import Class

OUTLINES_OF_A_TEXT = 500
OUTLINE_BYTES = 4_000

QUOTED = -1
NULL = 0
"""Stands for the hash of NULL."""
LAST_QUOTE_OR_ZERO = ord("0")
"""A literal that begins with a greater byte is a number, and stands for itself."""


class Text(Struct):
    """A split text met before: its class, and for each of the class's keys the places of its values. `single`: the
    number of the literal and how to read it, where each key has exactly one; as most have. `kept` are literals that may
    belong to the class: another text of other ones is another class. `outlines`: how many it is known by."""

    query: Class
    places: tuple[tuple[Place, ...], ...] = ()
    single: tuple[tuple[int, int], ...] = ()
    kept: tuple[int, ...] = ()
    outlines: int = 0

    @classmethod
    def of(cls, query: Class, places: tuple[tuple[Place, ...], ...], kept: tuple[int, ...]) -> "Text":
        if all(len(one) == 1 and one[0].number >= 0 for one in places):
            return cls(query, places, tuple((one[0].number, one[0].how) for one in places), kept)
        return cls(query, places, (), kept)

    def values_alike(self, alike: list[list[bytes | None]], hashed: Callable[[bytes], int]) -> list[list[int]]:
        """The different values of each key of a shortened statement, hashed."""
        return [[*{named for place in places for named in _alike(place, alike, hashed)}] for places in self.places]

    def values(self, literals: list[bytes], hashed: Callable[[bytes], int]) -> list[list[int]]:
        """The values of each key, hashed; more than one where the statement names several."""
        return [
            [
                hashed(literals[number])
                if not how and number >= 0 and literals[number][0] > LAST_QUOTE_OR_ZERO
                else _hashed(number, how, constant, literals, hashed)
                for number, how, constant in places
            ]
            for places in self.places
        ]


class Read(NamedTuple):
    """Where a value stands in the pieces of a statement; `how` as lexer.How, or QUOTED as it is between quotes."""

    piece: int
    start: int
    stop: int | None
    how: int

    @classmethod
    def of(cls, span: Span, how: int) -> "Read":
        return cls(*span, QUOTED if span.stop is None and not how else how)


class Recalled(Struct, frozen=True):
    """What statements of one outline have in common: their text, and where the values of its class's keys stand. If
    some of the outline's digits belong to the text (`fixed`), it is one of the `others`, by those digits."""

    text: Text
    reads: tuple[Read, ...] = ()
    fixed: tuple[Span, ...] = ()
    others: "dict[tuple[bytes, ...], Recalled]" = {}


Known = tuple[Text, list[bytes], tuple[Read, ...] | None, list[list[bytes | None]] | None]
"""What is known of one statement: its text, and where its values are: in its literals; in its pieces instead, where
reads tell; or in lists of literals that are alike, if it was shortened (parsing.repeats)."""


class Outlines:
    """Statements by their outline (parsing.outline)."""

    def __init__(self) -> None:
        self._known: dict[bytes, Recalled] = {}

    def clear(self) -> None:
        self._known.clear()

    def recalled(self, outlined: bytes, pieces: list[bytes]) -> Recalled | None:
        """What is known of a statement by its outline."""
        found = self._known.get(outlined)
        if found is not None and found.fixed:
            found = found.others.get(tuple([span.of(pieces) for span in found.fixed]))
        return found

    def remember(self, sql: bytes, outline: bytes, pieces: list[bytes], text: Text) -> None:
        """Know statements like this one by their outline from now on, if that tells all that is asked of them."""
        if text.outlines >= OUTLINES_OF_A_TEXT or len(sql) > OUTLINE_BYTES or (text.query.keys and not text.single):
            return
        text.outlines += 1  # tried is tried: what cannot be known by its outline is not looked at for ever
        if (known := outlined(sql, pieces)) is None:
            return
        spans = known.literals
        reads = tuple(Read.of(spans[number], how) for number, how in text.single)
        fixed = (*known.fixed, *(spans[number] for number in text.kept))
        made = Recalled(text, reads)
        if not fixed:
            self._known[outline] = made
            return
        first = self._known.setdefault(outline, Recalled(text, fixed=fixed, others={}))
        if first.fixed == fixed:
            first.others[tuple([span.of(pieces) for span in fixed])] = made


def one_value(values: list[int]) -> int | float:
    """The value (its hash), or MANY where there are several; one that cannot be read is equal to no other."""
    if not values:
        return unequal()
    first = values[0]
    return first if len(values) == 1 or all(value == first for value in values) else MANY


def unequal() -> float:
    """A value that is equal to no other, nor to itself."""
    return float("nan")


def _alike(place: Place, alike: list[list[bytes | None]], hashed: Callable[[bytes], int]) -> list[int]:
    if place.number < 0:
        return [NULL if place.constant is None else hashed(place.constant)]
    how = place.how
    return [
        NULL
        if literal is None
        else hashed(literal)
        if not how and literal[0] > LAST_QUOTE_OR_ZERO
        else hashed(value(literal, how))
        for literal in {*alike[place.number]}
    ]


def _hashed(
    number: int, how: int, constant: bytes | None, literals: list[bytes], hashed: Callable[[bytes], int]
) -> int:
    found = constant if number < 0 else value(literals[number], how)
    return NULL if found is None else hashed(found)
