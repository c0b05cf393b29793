"""Statements of one outline have their literals in the same places: what the lexer finds, the outline tells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.parsing.lexer import BROKEN, split
from seatrial.parsing.outline import Outlined, outline, outlined, parts


def known(sql: bytes) -> Outlined | None:
    return outlined(sql) if outline(sql) is not None else None


def literals_of(sql: bytes, by: Outlined) -> list[bytes]:
    found = parts(sql, by.literals)
    return [b"'%b'" % part if span.stop is None else part for span, part in zip(by.literals, found, strict=True)]


def test_another_statement_of_the_outline_has_its_literals_there() -> None:
    first, other = (
        b"SELECT c1 FROM t2 WHERE id = 17 AND name = 'Ann' AND x = -1.5",
        b"SELECT c1 FROM t2 WHERE id = 98 AND name = 'O. \"Zoe\" 5' AND x = -2.5",
    )
    assert outline(first) == outline(other) is not None
    found = known(first)
    assert found is not None
    assert parts(first, found.fixed) == (b"1", b"2")
    assert literals_of(other, found) == split(other)[1] == [b"98", b"'O. \"Zoe\" 5'", b"2.5"]


@pytest.mark.parametrize(
    "sql",
    [
        rb"SELECT 'it\'s'",
        b"SELECT 'it''s', 5",
        b"SELECT \"it's\", '5'",
        b"SELECT 1 -- it's 'so'\n",
        b"SELECT `it's` FROM t WHERE a = 'b'",
        b"SELECT /* it's */ 1",
        b"SELECT 'no end",
        b"SELECT 0x1F",
        b"SELECT 'a\0b'",
        b"SELECT :v1",
        b'SELECT "text"',
    ],
)
def test_what_the_quotes_do_not_tell_is_left_to_the_lexer(sql: bytes) -> None:
    assert known(sql) is None


_PIECES = [
    "a",
    "t1",
    "=",
    " ",
    ",",
    "(",
    "-",
    "'b'",
    "'5'",
    "''",
    "'",
    '"',
    '"q"',
    "`",
    "`n 2`",
    "\\",
    "#",
    "-- ",
    "\n",
]
_PIECES += [
    "/*",
    "*/",
    "/*!80000",
    "5",
    "17",
    "0",
    "0x1F",
    "1x1",
    "0b01",
    "1.5",
    ".5",
    "1e5",
    "E",
    ":v1",
    "_utf8'x'",
    "N",
    "é",
]
_TEXT = st.lists(st.sampled_from(_PIECES), max_size=10).map("".join).map(str.encode)
_BODY = st.text('"`#-/*09xb ,é', max_size=6).map(str.encode)


@given(_TEXT, st.data())
def test_whatever_has_the_outline_of_a_known_one_is_split_alike(sql: bytes, data: st.DataObject) -> None:
    found = known(sql)
    if found is None:
        return
    text, literals = split(sql)
    assert not text.endswith(BROKEN)
    assert literals_of(sql, found) == literals

    parted = sql.split(b"'")
    kept = {(span.piece, at) for span in found.fixed for at in range(span.start, span.stop or 0)}
    other = [
        data.draw(_BODY)
        if number % 2
        else bytes(
            data.draw(st.integers(48, 57)) if 48 <= byte <= 57 and (number, at) not in kept else byte
            for at, byte in enumerate(piece)
        )
        for number, piece in enumerate(parted)
    ]
    other_sql = b"'".join(other)
    assert outline(sql) == outline(other_sql) is not None
    assert split(other_sql) == (text, literals_of(other_sql, found))
