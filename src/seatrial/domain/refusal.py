"""What a server says when it refuses a statement, without the values it was refused for."""

import re

_NUMBER = re.compile(r"\(errno (\d+)\)")
_INNER = re.compile(r"^.*?\bdesc = ", re.DOTALL)
_TAIL = re.compile(r" \(errno \d+\).*| \(CallerID: .*|: Sql: \".*|, BindVars: .*", re.DOTALL)
_QUOTED = re.compile(r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"|'.*|\".*", re.DOTALL)
_NUMERAL = re.compile(r"(?<![\w.])-?\d[\d.]*")
_LONGEST = 200

UNKNOWN = 1105
"""MySQL's number for an error without a number: what vtgate refuses itself has mostly this one."""


def message_class(message: str) -> str:
    """The message with its particulars taken out: quoted text, numbers, the statement and the bind values that Vitess
    appends (in spite of its flags that redact), and the path the error took through Vitess."""
    text = _TAIL.sub("", _INNER.sub("", message))
    text = _NUMERAL.sub("N", _QUOTED.sub("'…'", text))
    return " ".join(text.split())[:_LONGEST]


def number_of(message: str) -> int:
    """MySQL's number in a message of Vitess, 1105 where there is none; 0 for no message."""
    if not message:
        return 0
    found = _NUMBER.search(message)
    return int(found[1]) if found else UNKNOWN
