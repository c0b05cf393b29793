"""Texts met before, and the statements that are known by them without being lexed."""

from collections.abc import Callable

from msgspec import Struct

from seatrial import compiled
from seatrial.domain.workload import MANY
from seatrial.parsing.collapse import Place
from seatrial.parsing.literal import value
from seatrial.parsing.outline import (
    LAST_QUOTE_OR_ZERO,
    NULL,
    Prepared,
    Read,
    Span,
    outline,
    outlined,
    parts,
    prepared,
)
from seatrial.stages.digest.counted import Class

OUTLINES_OF_A_TEXT = 500
OUTLINE_BYTES = 4_000


class Text(Struct):
    """A split text met before: its class, and for each of the class's keys the places of its values. `kept`: literals
    that may belong to the class: another text of other ones is another class. `outlines`: how many it is known by."""

    query: Class
    places: tuple[tuple[Place, ...], ...] = ()
    kept: tuple[int, ...] = ()
    outlines: int = 0


def distinct_in_python(
    keys: tuple[tuple[Place, ...], ...],
    alike: list[list[bytes | None]],
    hashed: Callable[[bytes], int],
    value: Callable[[bytes, int], bytes],  # noqa: ARG001 – its twin is given it
) -> list[list[int]]:
    """The different values of each key of a statement, hashed; `alike` are all that each literal stands for."""
    return [[*{named for place in places for named in _alike(place, alike, hashed)}] for places in keys]


distinct = compiled.repeats.distinct if compiled.repeats is not None else distinct_in_python


class Recalled(Struct, frozen=True):
    """What statements of one outline have in common: their text, and how the values of its class's keys are read. If
    some of the outline's digits belong to the text (`fixed`), it is one of the `others`, by those digits."""

    text: Text
    reads: Prepared | None = None
    fixed: tuple[Span, ...] = ()
    others: "dict[tuple[bytes, ...], Recalled]" = {}


Known = tuple[Text, list[bytes], Prepared | None, list[list[bytes | None]] | None]
"""What is known of one statement: its text, and where its values are: in its literals; in the statement itself instead,
if it is said how they are read; or in lists of literals that are alike, if it was shortened (parsing.repeats)."""


class Outlines:
    """Statements by their outline (parsing.outline)."""

    def __init__(self) -> None:
        self._known: dict[bytes, Recalled] = {}

    def clear(self) -> None:
        self._known.clear()

    def recalled(self, sql: bytes) -> Recalled | None:
        """What is known of a statement by its outline."""
        seen = outline(sql)
        found = self._known.get(seen) if seen is not None else None
        if found is not None and found.fixed:
            found = found.others.get(parts(sql, found.fixed))
        return found

    def remember(self, sql: bytes, text: Text) -> None:
        """Know statements like this one by their outline from now on, if that tells all that is asked of them."""
        if text.outlines >= OUTLINES_OF_A_TEXT or len(sql) > OUTLINE_BYTES or not all(text.places):
            return
        if (seen := outline(sql)) is None:
            return
        text.outlines += 1  # tried is tried: what cannot be known by its outline is not looked at for ever
        if (known := outlined(sql)) is None:
            return
        spans = known.literals
        reads = prepared(tuple(tuple(_read(place, spans) for place in places) for places in text.places))
        fixed = (*known.fixed, *(spans[number] for number in text.kept))
        made = Recalled(text, reads)
        if not fixed:
            self._known[seen] = made
            return
        first = self._known.setdefault(seen, Recalled(text, fixed=fixed, others={}))
        if first.fixed == fixed:
            first.others[parts(sql, fixed)] = made


def one_value(values: list[int]) -> int | float:
    """Of different values the only one (its hash), or MANY where there are several; one that cannot be read is equal to
    no other."""
    if not values:
        return unequal()
    return values[0] if len(values) == 1 else MANY


def unequal() -> float:
    """A value that is equal to no other, nor to itself."""
    return float("nan")


def _read(place: Place, spans: tuple[Span, ...]) -> Read:
    if place.number < 0:
        return Read(-1, constant=place.constant)
    return Read.of(spans[place.number], place.how)


def unknown_values(count: int) -> list[int | float]:
    """So many values, each equal to no other."""
    return [unequal() for _ in range(count)]


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
