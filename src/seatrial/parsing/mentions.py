"""Where a statement names its tables, so that they can be told by other names.

The parser says where; here they are renamed among the statement's tokens. So a column, an alias, a variable of the same
letters stays what it is.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from seatrial.parsing.collapse import Kind, Token

_WORD = "[0-9A-Za-z_$\x80-\U0010ffff]"
_words = re.compile(rf":v[0-9]++|(`(?:[^`]|``)*+`|@{{0,2}}{_WORD}++)").finditer
may_name = re.compile(rf"[A-Za-z_$\x80-\U0010ffff](?<!:v)[0-9]++`?(?!{_WORD})").search
"""Whether a statement written as lexer.Lexed.plain could name a table with a number at its end."""


class Mention(NamedTuple):
    """The `number`-th time, from 0, that a statement has this word, whatever its case and whether in backticks."""

    word: str
    number: int


def mentions(plain: str, places: Mapping[int, str]) -> dict[Mention, str]:
    """What stands at these places, by the words that begin there."""
    found = {}
    met: Counter[str] = Counter()
    for each in _words(plain):
        if each[1] is not None:
            word = _word(each[1])
            if each.start() in places:
                found[Mention(word, met[word])] = places[each.start()]
            met[word] += 1
    return found


def rename(tokens: Sequence[Token], names: Mapping[Mention, str]) -> None:
    """Give the tables that are mentioned other names."""
    for token, mention in _mentioned(tokens):
        if (name := names.get(mention)) is not None:
            token.text = f"`{name}`" if token.kind is Kind.NAME else name


def _mentioned(tokens: Sequence[Token]) -> Iterator[tuple[Token, Mention]]:
    met: Counter[str] = Counter()
    for token in tokens:
        if token.kind in (Kind.WORD, Kind.NAME):
            word = _word(token.text)
            yield token, Mention(word, met[word])
            met[word] += 1


def _word(text: str) -> str:
    return text.strip("`").lower()
