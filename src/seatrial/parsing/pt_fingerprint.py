"""pt-query-digest's own fingerprint of a statement, and the checksum by which it names a class: to find a class of ours
in what other tools say.

Its rules (Percona Toolkit 3.2.1) go over the text with patterns, so they keep what a lexer takes for a literal:
what stands behind a backslash and a quote, hexadecimal digits in capitals. `pt_checksum` therefore asks for a statement
whose literals are empty or zero. It is equal to pt-query-digest's wherever that is one for all values.
"""

import hashlib
import re
from collections.abc import Sequence
from itertools import zip_longest

from seatrial.parsing.lexer import BROKEN, HOLE

LONGEST_UNION = 16_384
"""In a longer text, repeats in a UNION are not looked for: that takes the square of its length."""

_DUMP = b"SELECT /*!40001 SQL_NO_CACHE */ * FROM `"
_DUMP_SPLIT = b"SELECT   SQL_NO_CACHE */ * FROM `"
_OF_THE_TOOLKIT = re.compile(rb"/\*\w+\.\w+:[0-9]/[0-9]\*/")
_CALL = re.compile(rb"\s*(call\s+\S+)\(", re.IGNORECASE)
_ROWS = re.compile(rb"(?:INSERT|REPLACE)(?: IGNORE)?\s+INTO.+?VALUES\s*\(", re.IGNORECASE | re.DOTALL)
_NEXT_ROW = re.compile(rb"\)\s*,\s*\(")
_COMMENT = re.compile(rb"/\*[^!].*?\*/", re.DOTALL)
_LINE = re.compile(rb"[^\r\n]+")
_LINE_COMMENT = re.compile(rb"--|#")
_USE = re.compile(rb"\Ause \S+(?=\n?\Z)", re.IGNORECASE)
_BOOLEAN = re.compile(rb"\bfalse\b|\btrue\b", re.IGNORECASE)
_LISTS = re.compile(rb"\b(in|values?)(?:[\s,]*\([\s?,]*\))+")
_UNION = re.compile(rb"\b(select\s.*?)(?:(\sunion(?:\sall)?)\s\1)+")
_LIMIT = re.compile(rb"\blimit \?(?:, ?\?| offset \?)?")
_ORDER = re.compile(rb"\border by ")

_PASSES = [
    (re.compile(rb"\\[\"']"), b""),
    (re.compile(rb'".*?"', re.DOTALL), b"?"),
    (re.compile(rb"'.*?'", re.DOTALL), b"?"),
    (_BOOLEAN, b"?"),
    (re.compile(rb"[0-9+-][0-9a-f.xb+-]*"), b"?"),
    (re.compile(rb"[xb.+-]\?"), b"?"),
    (re.compile(rb"\A\s+"), b""),
    (re.compile(rb"\n\Z"), b""),
    (re.compile(rb"[ \n\t\r\f]+"), b" "),
]
"""What is made of the text one after the other, before it is in lower case."""

_ESCAPED = re.compile(rb"\\.", re.DOTALL)
_DIGIT = re.compile(rb"[0-9]")


def pt_fingerprint(sql: bytes) -> bytes:
    """The fingerprint pt-query-digest makes of these very bytes. It may hold parts of literals: for no artifact."""
    if sql.startswith(_DUMP):
        return b"mysqldump"
    if _OF_THE_TOOLKIT.search(sql) is not None:
        return b"percona-toolkit"
    if sql.startswith(b"administrator command: "):
        return sql
    if (call := _CALL.match(sql)) is not None:
        return call[1].lower()
    text = _without_comments(_first_row(sql))
    used, times = _USE.subn(b"use ?", text)
    if times:
        return used
    for pattern, instead in _PASSES:
        text = pattern.sub(instead, text)
    text = re.sub(rb"\bnull\b", b"?", text.lower())
    text = _LISTS.sub(rb"\1(?+)", text)
    if len(text) <= LONGEST_UNION:
        text = _UNION.sub(rb"\1 /*repeat\2*/", text)
    return _ascending(_LIMIT.sub(b"limit ?", text, count=1))


def pt_checksum(text: bytes, literals: Sequence[bytes]) -> str:
    """The checksum of a split statement's class (see lexer.split): 32 hexadecimal digits in capitals, of which older
    versions print the last 16. "" of one whose literals could not be told apart. No literal is in what is hashed, as
    long as the lexer does not find it broken either (lexer.lex)."""
    if text.endswith(BROKEN):
        return ""
    if text.startswith(_DUMP_SPLIT):
        sql = _DUMP
    else:
        pieces = _first_row(text).split(HOLE)
        harmless = map(_harmless, literals[: len(pieces) - 1])
        sql = b"".join(part for pair in zip_longest(pieces, harmless, fillvalue=b"") for part in pair)
    return hashlib.md5(pt_fingerprint(sql), usedforsecurity=False).hexdigest().upper()


def _harmless(literal: bytes) -> bytes:
    """A literal of the same form that says nothing: quotes within a text stay, by which it falls apart there."""
    quote = literal[:1]
    if quote in (b"'", b'"'):
        return quote + quote * 2 * _ESCAPED.sub(b"", literal[1:-1]).count(quote * 2) + quote
    if literal[:2] in (b"0x", b"0b"):
        return literal[:2] + b"0"
    return b":v0" if quote == b":" else _DIGIT.sub(b"0", literal)


def _first_row(sql: bytes) -> bytes:
    """Of several rows that are inserted, the first."""
    if (rows := _ROWS.match(sql)) is None or (following := _NEXT_ROW.search(sql, rows.end())) is None:
        return sql
    return sql[: following.start() + 1]


def _without_comments(sql: bytes) -> bytes:
    """Without `/* … */` but `/*! … */`, and without comments to a line's end that hold no quote."""
    commented, end, rest = sql.rpartition(b"*/")
    text = _COMMENT.sub(b"", commented + end) + rest
    return _LINE.sub(_without_line_comment, text) if b"--" in text or b"#" in text else text


def _without_line_comment(found: re.Match[bytes]) -> bytes:
    line = found[0]
    behind_quotes = max(line.rfind(b"'"), line.rfind(b'"')) + 1
    comment = _LINE_COMMENT.search(line, behind_quotes)
    return line if comment is None else line[: comment.start()]


def _ascending(text: bytes) -> bytes:
    """Without ASC behind the first ORDER BY."""
    if (found := _ORDER.search(text)) is None:
        return text
    return text[: found.end()] + re.sub(rb"(.+?)\s+asc", rb"\1", text[found.end() :])
