"""No literal is left of a statement, and statements that differ in nothing else are one class."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.parsing.lexer import Lexed, lex, split
from seatrial.parsing.literal import How, value


def lexed(sql: str | bytes) -> Lexed:
    return lex(*split(sql if isinstance(sql, bytes) else sql.encode()))


def fingerprint(sql: str | bytes) -> str:
    return lexed(sql).fingerprint


@pytest.mark.parametrize(
    "literal",
    [
        "'text'",
        "''",
        "'it''s'",
        r"'it\'s'",
        r"'ends in \\'",
        '"text"',
        '"a ""b"" c"',
        "'-- no comment /* neither */ # nor this'",
        "'`'",
        "'a' 'b'",
        "_utf8mb4'text'",
        "_binary 'text'",
        "N'text'",
        "x'4142'",
        "X'4142'",
        "0x4142",
        "b'0101'",
        "0b0101",
        "_binary x'4142'",
        "_latin1 0x41",
        "5",
        "-5",
        "+5",
        "- 5",
        "1.5",
        ".5",
        "5.",
        "1.5e-3",
        "-2E10",
        "DATE '2026-11-20'",
        "TIMESTAMP'2026-11-20 08:50:00'",
        "NULL",
        "true",
        "FALSE",
        "'库存'",
        "'\N{GRINNING FACE}'",
        ":v1",
        ":vtg1 /* INT64 */",
        "'two\nlines'",
    ],
)
def test_every_kind_of_literal_is_one(literal: str) -> None:
    found = lexed(f"SELECT a FROM t1 WHERE b = {literal} AND c = 7")
    assert found.fingerprint == "select a from t1 where b = ? and c = ?"
    assert found.shape == "SELECT a FROM t1 WHERE b = :v1 AND c = :v2"
    assert not found.broken


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT  a\tFROM t\r\nWHERE x=1", "select a from t where x = 2"),
        ("select a from t where x in (1)", "select a from t where x in (1, 2,3 , 'x', NULL)"),
        ("insert into t (a, b) values (1, 2)", "INSERT INTO t(a,b) VALUES (1,2),(3,-4) , ('x',null)"),
        ("select a from t where (a,b) in ((1,2))", "select a from t where (a, b) in ((1,2),(3,4))"),
        ("select a from t where x = 1;", "select a from t where x = 1"),
        ("select a from t -- why\nwhere x = 1", "select a from t where x = 1"),
        ("select /* why */ a from t where x = 1 # so", "select a from t where x = 1"),
        ("select /*!40001 SQL_NO_CACHE */ a from t", "select sql_no_cache a from t"),
        ("select a from t limit 5, 10", "select a from t limit 1,2"),
    ],
)
def test_what_makes_no_difference(one: str, other: str) -> None:
    assert fingerprint(one) == fingerprint(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("select a from users_2009", "select a from users_2010"),
        ("select a from orders", "select a from Orders"),
        ("select a from `a b`", "select a from `a  b`"),
        ("select a from t where x = 1", "select a from t where x > 1"),
        ("select a from t where x is null", "select a from t where x = null"),
        ("select a, b from t order by 1", "select a, b from t order by 2"),
        ("insert into t (a, b) values (1, now())", "insert into t (a, b) values (1, 2)"),
        ("select a from t where x = 1 - 1", "select a from t where x = 1"),
    ],
)
def test_what_makes_a_difference(one: str, other: str) -> None:
    assert fingerprint(one) != fingerprint(other)


def test_names_stay_as_they_are() -> None:
    found = lexed("UPDATE `库存` SET `数量` = `数量` - 5, `it's #1`=2 WHERE `库存`.shop_id = 7")
    assert found.fingerprint == "update `库存` set `数量` = `数量` - ?, `it's #1` = ? where `库存`.shop_id = ?"
    assert found.shape == "UPDATE `库存` SET `数量` = `数量` - :v1, `it's #1` = :v2 WHERE `库存`.shop_id = :v3"


def test_the_shape_keeps_what_a_planner_wants_to_see() -> None:
    found = lexed(
        "SELECT CAST(a AS CHAR(20)), CAST(b AS DECIMAL(10,2)), NOW(6), GROUP_CONCAT(c SEPARATOR '; '), d AS 'My d' "
        "FROM t WHERE e IN (1,2,3) GROUP BY 1, d HAVING COUNT(*) > 4 ORDER BY 2 DESC LIMIT 10"
    )
    assert found.shape == (
        "SELECT CAST(a AS CHAR(20)), CAST(b AS DECIMAL(10, 2)), NOW(6), GROUP_CONCAT(c SEPARATOR ','), d AS `alias` "
        "FROM t WHERE e IN (:v1, :v2) GROUP BY 1, d HAVING COUNT(*) > :v3 ORDER BY 2 DESC LIMIT :v4"
    )


def test_a_list_and_a_row_stand_once_for_a_parser_and_twice_for_a_planner() -> None:
    found = lexed("INSERT INTO t (a, b) VALUES (1, 'x'), (2, 'y'), (3, 'z')")
    assert found.plain == "INSERT INTO t (a, b) VALUES (:v1, :v2)"
    assert found.shape == "INSERT INTO t (a, b) VALUES (:v1, :v2), (:v3, :v4)"
    assert [[place.number for place in slot] for slot in found.slots] == [[0, 2, 4], [1, 3, 5]]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a FROM t WHERE b = 'secret",
        "SELECT a FROM t WHERE b = 'sec\\'ret",
        "SELECT a FROM t WHERE b = 'x' AND c = 'secret\\",
        'SELECT a FROM t WHERE b = "secret',
        "SELECT a FROM t WHERE b = 'it's a secret'",
        "SELECT a FROM t WHERE b = 'O'Secret's and secret'",
        "SELECT a FROM t WHERE b = O'Secret and secret'",
        "SELECT a FROM t WHERE b = `secret",
        "SELECT a FROM t WHERE b = 1 /* secret",
        "SELECT a FROM t WHERE b = 1 -- secret",
        "SELECT a FROM t WHERE b = 1 --\tsecret",
        "SELECT a FROM t WHERE b = 1 # secret",
        "SELECT a FROM t WHERE b = 'x'secret",
    ],
)
def test_what_cannot_be_told_apart_is_kept_nowhere(sql: str) -> None:
    found = lexed(sql)
    assert "secret" not in (found.fingerprint + found.shape + found.plain).lower()
    assert found.fingerprint.startswith("select a from t where b = ?")


def test_bytes_that_are_no_utf_8_do_no_harm() -> None:
    assert (
        fingerprint(b"SELECT a FROM t WHERE b = '\xff\xfe\x00' AND \xff = 1") == "select a from t where b = ? and � = ?"
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"5", b"'5'"),
        (b"'A'", b"0x41"),
        (b"'A'", b'"A"'),
        (b"'it''s'", rb"'it\'s'"),
        (b"'a\"b'", b'"a""b"'),
        (rb"'\0\n\\'", b"0x000a5c"),
        (b"0b101", b"5"),
    ],
)
def test_equal_values_are_equal(one: bytes, other: bytes) -> None:
    assert value(one, How.PLAIN) == value(other, How.PLAIN)


def test_a_value_is_read_with_what_stands_before_it() -> None:
    def values(sql: bytes) -> list[bytes | None]:
        text, literals = split(sql)
        return [
            place.constant if place.number < 0 else value(literals[place.number], place.how)
            for slot in lex(text, literals).slots
            for place in slot
        ]

    assert values(b"select x'4142', -5, .5, b'11', null, true") == [b"AB", b"-5", b"0.5", b"3", None, b"1"]


literals = st.one_of(
    st.text().map(lambda text: "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"),
    st.text().map(lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'),
    st.integers().map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.binary().map(lambda data: f"x'{data.hex()}'"),
    st.binary(min_size=1).map(lambda data: f"0x{data.hex()}"),
)


@given(st.lists(literals, min_size=1, max_size=8))
def test_any_literals_make_the_same_class(some: list[str]) -> None:
    sql = "SELECT a1 FROM `t 1` WHERE " + " AND ".join(f"c{n} = {one}" for n, one in enumerate(some))
    found = lexed(sql.encode("utf-8", "surrogatepass"))
    assert found.fingerprint == "select a1 from `t 1` where " + " and ".join(f"c{n} = ?" for n in range(len(some)))
    assert len(found.slots) == len(some)


@given(st.text())
def test_a_text_is_read_back_from_its_literal(text: str) -> None:
    raw = text.encode("utf-8", "surrogatepass")
    for quote in (b"'", b'"'):
        literal = quote + raw.replace(b"\\", b"\\\\").replace(quote, quote * 2) + quote
        assert value(literal, How.PLAIN) == raw
    assert value(b"0x" + raw.hex().encode(), How.PLAIN) == raw if raw else True


@given(st.binary(max_size=200))
def test_any_bytes_can_be_lexed(data: bytes) -> None:
    text, found = split(data)
    assert len(found) == text.count(b"\0")
    made = lex(text, found)
    assert all(place.number < len(found) for slot in made.slots for place in slot)


@pytest.mark.parametrize(
    "sql",
    [
        b"SELECT 1" + b" " * 400_000,
        b"SELECT 1" + b"\n# x" * 200_000,
        b"SELECT " + b"a" * 400_000 + b" FROM t",
        b"SELECT " + b"a" * 400_000 + b" FROM t WHERE b = 'c",
        b"SELECT a FROM t WHERE b IN (" + b"x'41', " * 150_000 + b"x'41')",
    ],
)
def test_a_long_statement_takes_as_much_longer_as_it_is_longer(sql: bytes) -> None:
    began = time.process_time()
    lex(*split(sql))
    assert time.process_time() - began < 10


def test_no_depth_is_too_deep() -> None:
    found = lexed("SELECT a IN " + "(b IN " * 5000 + "(1)" + ")" * 5000)
    assert found.fingerprint.startswith("select a in (b in (b in (")


@given(st.text(alphabet="ab'\"\\`#-/* \n\0,()=10x", max_size=60))
def test_nothing_behind_a_quote_without_end_is_kept(tail: str) -> None:
    found = lexed(("select 'secret" + tail.replace("'", "")).encode())
    assert "secret" not in found.fingerprint + found.shape + found.plain


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("CREATE USER Zucker@Geheim IDENTIFIED BY 'x'", "create user"),
        ("grant all on shop.* to Zucker@`Geheim`", "grant"),
        ("SET PASSWORD FOR Zucker = 'x'", "set password"),
        (
            "CREATE DEFINER = Zucker@`Geheim` VIEW v AS SELECT a FROM t",
            "create DEFINER = ? @? VIEW v as select a from t",
        ),
        ("create definer=`Zucker`@Geheim view v as select a", "create definer = ? @? view v as select a"),
        ("SELECT@x, @@sql_mode, a.b INTO @y", "select @x, @@sql_mode, a.b into @y"),
    ],
)
def test_accounts_are_no_names(sql: str, told: str) -> None:
    assert fingerprint(sql) == told
    assert "Zucker" not in lexed(sql).shape and "Geheim" not in lexed(sql).shape


def test_a_number_with_a_sign_orders_by_nothing_and_is_a_value() -> None:
    assert fingerprint("SELECT a FROM t ORDER BY 2") == "select a from t order by 2"
    assert fingerprint("SELECT a FROM t ORDER BY -2") == "select a from t order by ?"
