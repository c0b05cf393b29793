"""What a literal of a statement stands for."""

import re
from binascii import unhexlify
from enum import IntEnum


class How(IntEnum):
    """How a literal's value is read off its text."""

    PLAIN = 0
    HEX = 1
    BITS = 2
    NEGATIVE = 3
    FRACTION = 4


def value(literal: bytes, how: int) -> bytes:
    """What a literal stands for, such that 5 and '5' are the same, and so are x'41', 0x41 and 'A'."""
    first = literal[0]
    if first == 39 or first == 34:  # a quote
        body = literal[1:-1]
        if b"\\" in body or literal[:1] in body:
            body = _unescaped(body, literal[:1])
        if how == How.HEX:
            return _unhexed(body)
        return b"%d" % int(body, 2) if how == How.BITS and body.strip(b"01") == b"" and body else body
    if first == 48 and literal[1:2] in (b"x", b"b"):
        return _unhexed(literal[2:]) if literal[1:2] == b"x" else b"%d" % int(literal[2:], 2)
    if how == How.NEGATIVE:
        return b"-" + literal
    return b"0." + literal if how == How.FRACTION else literal


def _unhexed(digits: bytes) -> bytes:
    try:
        return unhexlify(digits if len(digits) % 2 == 0 else b"0" + digits)
    except ValueError:
        return digits


_ESCAPES = {b"0": b"\0", b"b": b"\b", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"Z": b"\x1a"}
_escape = re.compile(rb"\\(.)|''|\"\"", re.DOTALL)


def _unescaped(body: bytes, quote: bytes) -> bytes:
    def one(found: re.Match[bytes]) -> bytes:
        if found[1] is not None:
            return _ESCAPES.get(found[1], found[1])
        return quote if found[0] == quote * 2 else found[0]

    return _escape.sub(one, body)
