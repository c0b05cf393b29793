"""Statements of one outline have their literals in the same places: what the lexer finds, the outline tells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.parsing.lexer import BROKEN, split
from seatrial.parsing.outline import Outlined, outline, outlined


def known(sql: bytes) -> Outlined | None:
    found = outline(sql)
    return outlined(sql, found[1]) if found is not None else None


def pieces(sql: bytes) -> list[bytes]:
    return sql.split(b"'")


def literals_of(sql: bytes, by: Outlined) -> list[bytes]:
    parted = pieces(sql)
    return [b"'%b'" % span.of(parted) if span.stop is None else span.of(parted) for span in by.literals]


def test_another_statement_of_the_outline_has_its_literals_there() -> None:
    first, other = (
        b"SELECT c1 FROM t2 WHERE id = 17 AND name = 'Ann' AND x = -1.5",
        b"SELECT c1 FROM t2 WHERE id = 98 AND name = 'O. \"Zoe\" 5' AND x = -2.5",
    )
    a, b = outline(first), outline(other)
    assert a is not None and b is not None and a[0] == b[0]
    found = known(first)
    assert found is not None
    assert [span.of(a[1]) for span in found.fixed] == [b"1", b"2"]
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

    parted = pieces(sql)
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
    first, second = outline(sql), outline(other_sql)
    assert first is not None and second is not None and first[0] == second[0]
    assert split(other_sql) == (text, literals_of(other_sql, found))
