"""A shortened statement is of the class of the whole, and its literals stand for all of the whole's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.parsing.lexer import lex, split
from seatrial.parsing.repeats import WORTH_LITERALS, shortened


def fingerprints(sql: str) -> tuple[str, str]:
    text, literals = split(sql.encode())
    short = shortened(text, literals)
    assert short is not None
    assert len(short.text) <= len(text)
    assert short.text.count(b"\0") == len(short.literals) == len(short.alike)
    return lex(text, literals).fingerprint, lex(short.text, short.literals).fingerprint


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO t (a, b) VALUES " + ", ".join(f"({n}, 'x{n}')" for n in range(45)),
        "INSERT INTO t VALUES " + ",".join(f"({n},{'NULL' if n % 3 else n})" for n in range(45)),
        "INSERT INTO t VALUES" + ",\n".join(f"( {n} , NOW(6), point({n}, -{n}) )" for n in range(45)),
        "REPLACE INTO t VALUES "
        + ", ".join(f"(-{n}, true)" for n in range(45))
        + " AS new ON DUPLICATE KEY UPDATE a = 5",
        "SELECT a FROM t WHERE id IN (" + ", ".join(map(str, range(45))) + ") AND b = 'c' AND d IN (1, 2, 3, 4, 5)",
        "SELECT a FROM t WHERE (a, b) IN (" + ", ".join(f"({n}, {n})" for n in range(45)) + ") ORDER BY 2",
        "INSERT INTO t VALUES " + ", ".join(f"({n}, {'a' if n % 2 else n})" for n in range(45)),
    ],
)
def test_it_is_of_the_same_class(sql: str) -> None:
    whole, short = fingerprints(sql)
    assert short == whole


def test_what_is_left_stands_for_all_that_was_alike() -> None:
    rows = [(7, "'x'"), (7, "NULL"), (8, "'it''s'"), (7, "TRUE"), (7, "'x'")] * 5
    sql = "INSERT INTO t VALUES " + ", ".join(f"({a}, {b}, 0x0{a})" for a, b in rows) + " ON DUPLICATE KEY UPDATE c = 5"
    short = shortened(*split(sql.encode()))
    assert short is not None
    assert [*map(bytes, (one[0] or b"NULL" for one in short.alike if one))] == [b"7", b"'x'", b"0x07", b"5"]
    assert short.alike[0] == [b"7", b"7", b"8", b"7", b"7"] * 5
    assert short.alike[1] == [b"'x'", None, b"'it''s'", b"1", b"'x'"] * 5


def test_a_short_statement_is_left_alone() -> None:
    assert shortened(*split(b"INSERT INTO t VALUES (1, 2), (3, 4)")) is None
    assert shortened(*split(b"SELECT " + b", ".join(b"a + %d" % n for n in range(45)))) is None


_VALUES = st.sampled_from(["1", "-2", "'a'", "'it''s'", "NULL", "true", "NOW()", "x'41'", "1.5", "DEFAULT", "c + 1"])


@given(
    st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(_VALUES, min_size=n, max_size=n), min_size=12, max_size=60)),
    st.sampled_from([", ", ",", " ,\n"]),
    st.sampled_from(["", " ON DUPLICATE KEY UPDATE a = 5, b = VALUES(b)", " AS n ON DUPLICATE KEY UPDATE a = n.a"]),
)
def test_any_rows_shortened_are_of_the_class_and_keep_every_literal(
    rows: list[list[str]], comma: str, tail: str
) -> None:
    sql = f"INSERT INTO t VALUES {comma.join(f'({comma.join(row)})' for row in rows)}{tail}".encode()
    text, literals = split(sql)
    short = shortened(text, literals)
    if short is None:
        assert len(literals) < WORTH_LITERALS
        return
    whole, lexed = lex(text, literals), lex(short.text, short.literals)
    assert (lexed.fingerprint, lexed.plain) == (whole.fingerprint, whole.plain)
    assert lexed.shape.count(":v") == whole.shape.count(":v")
    told = [value for some in short.alike for value in some if value is not None]
    constants = sum(value == "true" for row in rows for value in row)
    assert sorted(told) == sorted([*literals, *[b"1"] * constants])
