"""Split statements with long lists or many rows, shortened: what is alike is there twice, and tells of the rest.

An INSERT of 500 rows and one of 499 are one class, and no two of them need have the same text. Shortened they have, and
are looked up as others are; which literals each of those that are left stands for is kept beside.
"""

import re
from typing import NamedTuple

from seatrial import compiled
from seatrial.parsing.lexer import HOLE

WORTH_LITERALS = 40
"""A statement of fewer is looked up as it is."""

_ROW = rb"\((?:[^()]|\((?:[^()]|\([^()]*+\))*+\))*+\)"
_rows = re.compile(rb"(?<=[sS\s)])(?:" + _ROW + rb"\s*+,\s*+){3,}+" + _ROW).search
_each_row = re.compile(_ROW).findall
_list = re.compile(rb"\(\s*+\x00(?:\s*+,\s*+\x00){3,}+\s*+\)").finditer
# As in the lexer: first the characters that must be there, which the engine looks for in C, then a look back.
_WORD = (
    rb"(?:(?<=[(,].)|(?<=[(,]\s.)|(?<=[(,]\s\s.))"
    rb"(?:(?<=[nN])(?i:ull)|(?<=[tT])(?i:rue)|(?<=[fF])(?i:alse))(?=\s*+[,)])"
)
_without = re.compile(rb"[nNtTfF]" + _WORD).subn
_value = re.compile(rb"[\x00nNtTfF](?:(?<=\x00)|" + _WORD + rb")").findall

_CONSTANTS = {b"null": None, b"true": b"1", b"false": b"0"}
_ANY = b"9999"
"""A literal in place of a constant, which a lexer takes for a literal there as well."""


class Repeated(NamedTuple):
    """A shortened statement: its text and literals, and for each of these all those it stands for: literals as they
    were written, or None for NULL; no literal of the statement is missing."""

    text: bytes
    literals: list[bytes]
    alike: list[list[bytes | None]]


def shortened(text: bytes, literals: list[bytes]) -> Repeated | None:
    """The split statement (lexer.split) shortened; None if there is nothing to shorten."""
    if len(literals) < WORTH_LITERALS:
        return None
    if compiled.repeats is not None and (alike := compiled.repeats.alike_rows(text, literals)) is not None:
        return _with_two_rows(text, literals, *alike)
    if (found := _rows(text)) is not None:
        return _with_fewer_rows(text, literals, found)
    return _with_shorter_lists(text, literals)


def _with_two_rows(
    text: bytes, literals: list[bytes], start: int, stop: int, row: bytes, values: list[bytes | None]
) -> Repeated:
    """Of rows that are all alike, two: a planner is shown that there are several."""
    before, holes = text.count(HOLE, 0, start), row.count(HOLE)
    ahead, after = literals[:before], literals[before + text.count(HOLE, start, stop) :]
    shown = [_ANY if value is None else value for value in values[: 2 * holes]]
    alike = [values[offset::holes] for offset in range(holes)]
    return Repeated(
        text[:start] + row + b", " + row + text[stop:],
        [*ahead, *shown, *after],
        [*_alone(ahead), *alike, *([] for _ in range(holes)), *_alone(after)],
    )


def _with_fewer_rows(text: bytes, literals: list[bytes], found: re.Match[bytes]) -> Repeated:
    before = text.count(HOLE, 0, found.start())
    region, values = _without_constants(found[0], literals[before:])
    rows = _each_row(region)
    kept: list[bytes] = []
    shown: list[bytes | None] = []
    alike: list[list[bytes | None]] = []
    for row, starts in _kinds(rows).items():
        holes = row.count(HOLE)
        kept.append(row)
        shown += values[starts[0] : starts[0] + holes]
        if len(starts) * holes == len(values):  # all rows are of this kind
            alike += [values[offset::holes] for offset in range(holes)]
        else:
            alike += [[values[start + offset] for start in starts] for offset in range(holes)]
        if len(starts) > 1:  # there are several alike, which a planner is shown
            kept.append(row)
            shown += values[starts[1] : starts[1] + holes]
            alike += [[] for _ in range(holes)]
    ahead, after = literals[:before], literals[before + found[0].count(HOLE) :]
    return Repeated(
        text[: found.start()] + b", ".join(kept) + text[found.end() :],
        [*ahead, *(_ANY if value is None else value for value in shown), *after],
        [*_alone(ahead), *alike, *_alone(after)],
    )


def _kinds(rows: list[bytes]) -> dict[bytes, list[int]]:
    """Rows that are alike, and at which of all values each begins."""
    kinds: dict[bytes, list[int]] = {}
    if rows.count(rows[0]) == len(rows):
        holes = rows[0].count(HOLE)
        return {rows[0]: [number * holes for number in range(len(rows))]}
    at = 0
    for row in rows:
        kinds.setdefault(row, []).append(at)
        at += row.count(HOLE)
    return kinds


def _alone(literals: list[bytes]) -> list[list[bytes | None]]:
    return [[literal] for literal in literals]


def _without_constants(region: bytes, literals: list[bytes]) -> tuple[bytes, list[bytes | None]]:
    """The rows with a HOLE for each NULL, TRUE and FALSE too, and all values in order."""
    without, count = _without(HOLE, region)
    if not count:
        return region, [*literals]
    following = iter(literals)
    return without, [next(following) if one == HOLE else _CONSTANTS[one.lower()] for one in _value(region)]


def _with_shorter_lists(text: bytes, literals: list[bytes]) -> Repeated | None:
    parts: list[bytes] = []
    shown: list[bytes] = []
    alike: list[list[bytes | None]] = []
    at = number = 0
    for found in _list(text):
        before, holes = text.count(HOLE, at, found.start()), found[0].count(HOLE)
        plain = literals[number : number + before]
        some = literals[number + before : number + before + holes]
        parts += [text[at : found.start()], b"(\0, \0)"]
        shown += [*plain, *some[:2]]
        alike += [*_alone(plain), [*some], []]
        at, number = found.end(), number + before + holes
    if not parts:
        return None
    shown += literals[number:]
    alike += _alone(literals[number:])
    return Repeated(b"".join((*parts, text[at:])), shown, alike)
