"""The tokens of a statement; lists and rows of any length made one, and literals that are no values told apart."""

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

from seatrial.parsing.words import AFTER_BY, FRACTIONS, LENGTHS


class Kind(Enum):
    WORD = "word"
    NAME = "name"  # in backticks
    LITERAL = "literal"
    OTHER = "other"


class Place(NamedTuple):
    """Where a value is: the literal of that number, read `how` (literal.How); or, number -1, a constant."""

    number: int
    how: int
    constant: bytes | None = None


class Token:
    """A token. Of literals: `places` of those it took in, `many` if there were several in a list, `instead` what a
    planner is shown in place of a bind variable, `kept` what the fingerprint shows. `orders`: it stands where
    a number is that of a column (ORDER BY 2). `again`: the row that ends here (it began at that token) was followed by
    one like it."""

    __slots__ = (
        "again",
        "glued",
        "instead",
        "joined",
        "kept",
        "kind",
        "many",
        "orders",
        "places",
        "quoted",
        "small",
        "text",
    )

    def __init__(
        self,
        kind: Kind,
        text: str,
        *,
        places: Iterable[Place] = (),
        quoted: bool = False,
        small: str = "",
        glued: bool = False,
    ) -> None:
        self.kind = kind
        self.text = text
        self.places = list(places)
        self.quoted = quoted
        self.small = small  # the digits, if there are three at most
        self.glued = glued
        self.joined = False
        self.many = False
        self.again: int | None = None
        self.instead = ""
        self.kept = ""
        self.orders = False


def keep_what_is_no_value(tokens: list[Token]) -> list[Token]:
    """Mark the literals that are no values: lengths of types, precisions, ORDER BY 1, aliases and separators in quotes.

    A planner refuses bind variables there. Numbers stay (three digits at most), strings are replaced by another.
    """
    by_depth: list[bool] = [False]
    for number, token in enumerate(tokens):
        before = tokens[number - 1] if number else None
        word = token.text.lower() if token.kind is Kind.WORD else ""
        if token.text == "(":
            by_depth.append(False)
        elif token.text == ")" and len(by_depth) > 1:
            by_depth.pop()
        elif word == "by" and before is not None and before.text.lower() in ("order", "group"):
            by_depth[-1] = True
        elif word in AFTER_BY:
            by_depth[-1] = False
        if token.kind is not Kind.LITERAL or before is None:
            continue
        ahead = before.text.lower()
        if by_depth[-1] and ahead in ("by", ",") and _ends_item(tokens, number):
            token.orders = True
            token.instead = token.kept = token.small
        elif token.small and _is_length(tokens, number):
            token.instead = token.small
        elif token.quoted and ahead == "separator":
            token.instead = "','"
        elif token.quoted and ahead == "as":
            token.instead = "`alias`"
    return tokens


def _ends_item(tokens: list[Token], number: int) -> bool:
    following = tokens[number + 1] if number + 1 < len(tokens) else None
    if following is None or following.text in (",", ")"):
        return True
    return following.kind is Kind.WORD and following.text.lower() in (AFTER_BY | {"asc", "desc"})


def _is_length(tokens: list[Token], number: int) -> bool:
    """Whether the literal is in the parentheses of a type behind AS, or of a function that takes a precision."""
    start = number - 1
    if tokens[start].text == "," and start > 1 and tokens[start - 1].kind is Kind.LITERAL:
        start -= 2
    if start < 1 or tokens[start].text != "(":
        return False
    name = tokens[start - 1].text.lower()
    return name in FRACTIONS or (name in LENGTHS and start > 1 and tokens[start - 2].text.lower() == "as")


def collapsed(tokens: list[Token]) -> list[Token]:
    """The tokens with `IN (1, 2, 3)` as `IN (1)` and rows that are alike, behind VALUES or in an IN, as one row."""
    out: list[Token] = []
    number = 0
    while number < len(tokens):
        token = tokens[number]
        word = token.text.lower() if token.kind is Kind.WORD else ""
        out.append(token)
        number += 1
        if word in ("values", "value"):
            number = _rows(tokens, number, out)
        elif word == "in" and number < len(tokens) and tokens[number].text == "(":
            out.append(tokens[number])
            after = _list(tokens, number + 1, out)
            number = after if after > number + 1 else _rows(tokens, number + 1, out)
    return out


def _list(tokens: list[Token], start: int, out: list[Token]) -> int:
    """Add a list of literals as one; the first token not taken, `start` if there is none."""
    places: list[Place] = []
    number = start
    while number + 1 < len(tokens) and tokens[number].kind is Kind.LITERAL and tokens[number + 1].text in (",", ")"):
        places.extend(tokens[number].places)
        number += 2
        if tokens[number - 1].text == ")":
            first = tokens[start]
            if number - start > 2:
                first.many = True
                first.places = places
                first.joined = any(token.joined for token in tokens[start:number])
            out.append(first)
            return number - 1
    return start


def _rows(tokens: list[Token], start: int, out: list[Token]) -> int:
    """Add a list of rows, those that are alike as one; the first token not taken."""
    seen: dict[tuple[str, ...], tuple[int, list[Token]]] = {}
    number = start
    while number < len(tokens) and tokens[number].text == "(":
        end = _closing(tokens, number)
        if end is None:
            return number
        row = collapsed(tokens[number : end + 1])
        alike = tuple(token.text for token in row)
        if alike in seen:
            at, first = seen[alike]
            _add_places(first, row)
            first[-1].again = at
        else:
            if seen:
                out.append(Token(Kind.OTHER, ","))
            seen[alike] = (len(row), row)
            out.extend(row)
        number = end + 1
        if number + 1 < len(tokens) and tokens[number].text == "," and tokens[number + 1].text == "(":
            number += 1
        else:
            break
    return number


def _add_places(first: list[Token], row: list[Token]) -> None:
    for token, other in zip(first, row, strict=True):
        if token.kind is Kind.LITERAL:
            token.places.extend(other.places)
            token.joined = token.joined or other.joined


def _closing(tokens: list[Token], start: int) -> int | None:
    depth = 0
    for number in range(start, len(tokens)):
        if tokens[number].text == "(":
            depth += 1
        elif tokens[number].text == ")":
            depth -= 1
            if depth == 0:
                return number
    return None


def expanded(tokens: list[Token]) -> list[Token]:
    """The tokens as a planner is shown them: of a list that had several elements two, of rows that were alike two."""
    out: list[Token] = []
    for token in tokens:
        out.append(token)
        if token.many:
            out += [Token(Kind.OTHER, ","), token]
        elif token.again is not None:
            out += [Token(Kind.OTHER, ","), *out[-token.again :]]
    return out
