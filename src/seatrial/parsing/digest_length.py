"""Whether a digest text ends because there was no more room for it: servers do not say so.

They keep a statement as tokens, until one finds no room (max_digest_length, performance_schema_max_digest_length):
two bytes a token, and for a name two more and those of the name. Found by trying with MySQL 5.6.24 and 9.7.4 and with
MariaDB 10.5.23, 10.11.18 and 11.8.9.
"""

import re
from collections.abc import Iterable

TOKEN_BYTES = 2
NAME_BYTES = 4
_NAME = re.compile(r"`(.*?)`(?=\s|\Z)", re.DOTALL)
_TOKEN = re.compile(
    r"(?P<name>`.*?`(?=\s|\Z))|/\* , \.\.\. \*/|\(\.\.\.\)|\(\?\)|\(\w+\)|\?, \.\.\.|@@|\w+|[(),.;@?]|[^\s\w(),.;`?@]+",
    re.DOTALL,
)
_WHOLE = re.compile(r"(?:[`?)]|\b(?:ASC|DEFAULT|DESC|END|FALSE|MODE|NULL|ROLLUP|TRUE|UPDATE))\Z")
"""What a statement may end with, and a name hardly ever follows."""


def kept_bytes(text: str) -> int:
    """How much room the text takes."""
    return sum(
        TOKEN_BYTES if found["name"] is None else NAME_BYTES + len(found[0].encode()) - 2
        for found in _TOKEN.finditer(text)
    )


def longest_name(texts: Iterable[str]) -> int:
    """The bytes of the longest name in them."""
    return max((len(name.encode()) for text in texts for name in _NAME.findall(text)), default=0)


def is_full(text: str, room: int, longest: int) -> bool:
    """Whether more may have found no room behind the text: a word, or a name where one is due, as long as the longest.
    `room` 0: not known, so no."""
    if not room or NAME_BYTES * len(text) < room:
        return False  # a short one need not be looked at
    kept = kept_bytes(text)
    name_is_due = _WHOLE.search(text) is None
    return kept + (NAME_BYTES + longest if name_is_due else TOKEN_BYTES) > room
