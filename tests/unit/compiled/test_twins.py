"""What is compiled tells what its twin in Python tells, whatever the bytes are, or leaves them to it."""

import io
import os
import shutil
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from seatrial import compiled
from seatrial.domain.executed import Batch, Executed
from seatrial.domain.sketch import bucket
from seatrial.domain.workload import MANY
from seatrial.parsing.collapse import Place
from seatrial.parsing.lexer import BROKEN, comments_in_python, split_in_python
from seatrial.parsing.literal import How, value
from seatrial.parsing.outline import QUOTED, Prepared, Read, outline_in_python, outlined, parts_in_python
from seatrial.parsing.repeats import _rows, _with_fewer_rows, _with_two_rows
from seatrial.parsing.slow_log import SlowLog
from seatrial.parsing.slow_log_columns import People, in_python
from seatrial.stages.digest.digester import Digester, holding_comments_in_python
from seatrial.stages.digest.patterns import pattern_in_python
from seatrial.stages.digest.tally import _SHORT, count_column_in_python, count_times_in_python, count_values_in_python
from seatrial.stages.digest.texts import distinct_in_python
from tests.unit.slow_logs import BANNER, BEGAN, closed, event, log

COUNTING: Any = compiled.counting
HEADINGS: Any = compiled.headings
LEXER: Any = compiled.lexer
OUTLINE: Any = compiled.outline
PATTERNS: Any = compiled.patterns
REPEATS: Any = compiled.repeats

_SOURCES = sorted(path.stem for path in Path(compiled.__file__).parent.glob("*.pyx"))
_PLAIN = os.environ.get("SEATRIAL_PLAIN", "0") != "0"

need_compiled = pytest.mark.skipif(
    None in (COUNTING, HEADINGS, LEXER, OUTLINE, PATTERNS, REPEATS),
    reason="not compiled: no C compiler was at hand, or SEATRIAL_PLAIN is set",
)


def test_with_a_c_compiler_all_of_it_is_compiled() -> None:
    if _PLAIN:
        pytest.skip("SEATRIAL_PLAIN is set")
    if not any(map(shutil.which, ("cc", "gcc", "clang"))):
        pytest.skip("no C compiler is at hand")
    if not Path(sysconfig.get_path("include"), "Python.h").exists():
        pytest.skip("the headers of Python are not installed")
    assert [name for name in _SOURCES if getattr(compiled, name) is None] == []


@need_compiled
def test_what_is_compiled_is_no_older_than_its_source() -> None:
    """Else: make setup."""
    folder = Path(compiled.__file__).parent
    made = {name: Path(str(getattr(compiled, name).__file__)).stat().st_mtime for name in _SOURCES}
    assert [name for name in _SOURCES if made[name] < (folder / f"{name}.pyx").stat().st_mtime] == []


# SQL of pieces that are near each other in the lexer's rules, and any bytes.
_WORDS = ["SELECT", "WHERE id =", "VALUES (", "a", "t1", "N", "E", "é", "_utf8", "x", "b", "NULL", "TRUE", "@a", "$1"]
_SIGNS = ["=", " ", ",", "(", ")", "-", "#", "/", "*", "\\", ":", "::", ":v1", "\n", "\r\n", "\t", "\0", "\1"]
_COMMENTS = ["--", "-- ", "-- '\n", "--x", "# '\n", "/*", "*/", "/*!8", "/*+", "/* a */", "/**/", "/*/", "/*+ a */"]
_QUOTES = ["'", '"', '""', "`", "``", "'it''s'", r"'a\'b'", r"'\'\''", "'5'", '"q"', "`n 2`", "'\\\\'", '"a""b"']
_NUMBERS = ["0", "5", "17", "0x", "0x1F", "0x1Fg", "1x1", "0b01", "0b2", "0b1a", "1.5", ".5", "5.", "1e5", "1e-"]
_PIECES = _WORDS + _SIGNS + _COMMENTS + _QUOTES + _NUMBERS
_PIECE = st.sampled_from([*(piece.encode() for piece in _PIECES * 8), *(bytes([byte]) for byte in range(256))])
_SQL = st.lists(_PIECE, max_size=14).map(b"".join)

thoroughly = settings(max_examples=300)


@need_compiled
@thoroughly
@given(_SQL)
def test_a_statement_is_split_alike(sql: bytes) -> None:
    found, told = LEXER.split(sql), split_in_python(sql)
    assert found == told or (found is None and (told[0].endswith(BROKEN) or any(byte in sql for byte in b"\0\1`")))


@need_compiled
@thoroughly
@given(_SQL)
def test_its_comments_are_the_same(sql: bytes) -> None:
    assert LEXER.comments(sql) == comments_in_python(sql)


@need_compiled
@given(st.lists(_SQL, max_size=5))
def test_the_same_statements_may_hold_comments(statements: list[bytes]) -> None:
    assert COUNTING.holding_comments(statements) == holding_comments_in_python(statements)


_HASHES: tuple[Callable[[bytes], int], ...] = (hash, lambda told: int.from_bytes(b"\1" + told, "big"))
_BODY = st.sampled_from([b"", b"a", b"4a", b"4", b"01", b"5", b"zz", b"\xff\0", rb"a\n\0\Zb", rb"\\", b"\\", b'""'])


@need_compiled
@thoroughly
@given(_SQL, st.data())
def test_statements_of_one_outline_have_the_same_parts_and_values(sql: bytes, data: st.DataObject) -> None:
    seen = OUTLINE.outline(sql)
    assert seen == outline_in_python(sql)
    known = outlined(sql) if seen is not None else None
    if known is None:
        return
    other = b"'".join(data.draw(_BODY) if number % 2 else piece for number, piece in enumerate(sql.split(b"'")))
    hows = st.sampled_from([*map(int, How)])
    read = st.sampled_from([Read(-1, constant=constant) for constant in (None, b"0", b"1")])
    if known.literals:
        read |= st.builds(Read.of, st.sampled_from(known.literals), hows)
    keys = data.draw(st.lists(st.lists(read, min_size=1, max_size=3).map(tuple), max_size=3).map(tuple))
    prepared, twin = OUTLINE.Prepared(keys, value), Prepared(keys)
    assert prepared.single == twin.single
    for one in (sql, other) if outline_in_python(other) == seen else (sql,):
        for spans in (known.literals, known.fixed):
            assert OUTLINE.parts(one, spans) == parts_in_python(one, spans)
        for hashed in _HASHES:
            assert prepared.values(one, hashed) == twin.values(one, hashed)


@need_compiled
def test_a_piece_that_is_not_there_is_an_error_and_no_other_bytes() -> None:
    with pytest.raises(IndexError):
        OUTLINE.parts(b"SELECT 'a'", ((3, 0, None),))
    with pytest.raises(IndexError):
        OUTLINE.Prepared(((Read(3, how=QUOTED),),), value).values(b"SELECT 'a'", hash)
    assert OUTLINE.parts(b"'a'", ((0, 5, 9), (1, 0, 9), (2, 0, None))) == (b"", b"a", b"")


_VALUES = [
    "7",
    "-2",
    "'a'",
    "''",
    "'it''s'",
    r"'\''",
    "'('",
    '"q"',
    "x'41'",
    "0x41",
    ".5",
    "c + 1",
    "NOW()",
    "nulls",
    "t.null",
]
_CONSTANTS = ["NULL", "null", "Null", "TRUE", "true", "tRUE", "FALSE", "false", "False"]


@st.composite
def _insert(draw: st.DrawFn) -> bytes:
    """Of many rows, which are alike as a rule."""
    width = draw(st.integers(1, 4))
    values = st.lists(st.sampled_from(_VALUES + _CONSTANTS), min_size=width, max_size=width)
    row = draw(values)
    some = [row] * draw(st.integers(1, 14)) + draw(st.lists(values, max_size=2)) + [row]
    comma, between = draw(st.sampled_from([",", ", ", " ,\n", ",   "])), draw(st.sampled_from([",", ", ", "\r\n,\t"]))
    told = between.join(f"({comma.join(row)})" for row in some)
    ahead = draw(st.sampled_from(["VALUES ", "values", "(a, b) VALUES\n", "SELECT 1, f(2) IN "]))
    return f"INSERT INTO t {ahead}{told}{draw(st.sampled_from(['', ' AS n', ', (', ')', ' AND (1, 5)']))}".encode()


@need_compiled
@thoroughly
@given(_insert() | _SQL)
def test_rows_that_are_alike_are_shortened_alike(sql: bytes) -> None:
    text, literals = split_in_python(sql)
    if (alike := REPEATS.alike_rows(text, literals)) is not None:
        found = _rows(text)
        assert found is not None
        assert _with_two_rows(text, literals, *alike) == _with_fewer_rows(text, literals, found)


@need_compiled
@given(st.lists(st.sampled_from([*_CONSTANTS, "5", "'x'"]), min_size=1, max_size=5), st.integers(4, 20))
def test_plain_rows_are_known_whatever_the_case_of_their_constants(row: list[str], count: int) -> None:
    rows = [", ".join(each.swapcase() if number % 2 else each for each in row) for number in range(count)]
    text, literals = split_in_python(f"INSERT INTO t VALUES {', '.join(f'({each})' for each in rows)}".encode())
    assert REPEATS.alike_rows(text, literals) is not None


_LITERALS = st.sampled_from(
    [b"7", b"0", b"0x41", b"0b11", b"'a'", b"'it''s'", rb"'\'\n'", rb"'\0\b\r\t\Z\%'", b'"""q"', b"''", b":v1", None]
)
_BROKEN_LITERALS = st.sampled_from([b"'", b'"', b"'a", b"''a", b"'\\", b"`", b"`a"])


@need_compiled
@thoroughly
@given(st.lists(st.lists(_LITERALS | _BROKEN_LITERALS, max_size=5), min_size=1, max_size=4), st.data())
def test_the_different_values_are_the_same(alike: list[list[bytes | None]], data: st.DataObject) -> None:
    place = st.builds(Place, st.integers(0, len(alike) - 1), st.sampled_from([How.PLAIN, How.HEX, How.NEGATIVE]))
    place |= st.sampled_from([Place(-1, 0, constant) for constant in (None, b"1")])
    keys = data.draw(st.lists(st.lists(place, max_size=3).map(tuple), max_size=3).map(tuple))
    for hashed in _HASHES:
        found, told = (each(keys, alike, hashed, value) for each in (REPEATS.distinct, distinct_in_python))
        assert [*map(sorted, found)] == [*map(sorted, told)]


def test_a_long_list_before_a_quote_without_end_is_digested() -> None:
    """Such a statement is of the class of whole ones, whose keys have values: here a quote and nothing behind it."""
    listed = ", ".join(map(str, range(50)))
    digester = Digester(dialect="test", database="shop", schema=None)
    for number, end in enumerate(("'x'", "'", '"', "'x")):
        sql = f"SELECT a FROM t WHERE id IN ({listed}) AND b = {end}".encode()
        digester.add(Executed(ended_us=number, took_us=1, connection=1, database="shop", sql=sql))
    found = digester.done(BEGAN)
    assert (found.events, len(found.classes)) == (4, 1)


_COUNTED = st.lists(st.integers(-3, 3) | st.integers(), max_size=20)


@need_compiled
@given(_COUNTED, st.integers(0, 5), st.integers(0, 1))
def test_values_are_counted_alike(values: list[int], most: int, column: int) -> None:
    found, told = {1: 1}, {1: 1}
    assert COUNTING.count_values(found, values, most) == count_values_in_python(told, values, most)
    rows = [[value, value + 1] for value in values]
    assert COUNTING.count_column(found, rows, column, most) == count_column_in_python(told, rows, column, most)
    assert [*found.items()] == [*told.items()]


@need_compiled
@given(st.lists(st.integers(0, 3) | st.integers(9_990, 10_010) | st.integers(0, 1 << 62), max_size=20))
def test_times_are_counted_alike(durations: list[int]) -> None:
    found: dict[int, int] = {}
    told: dict[int, int] = {}
    COUNTING.count_times(found, durations, _SHORT, bucket)
    count_times_in_python(told, durations, _SHORT, bucket)
    assert [*found.items()] == [*told.items()]


_UNEQUAL = float("nan")


@need_compiled
@given(
    st.lists(
        st.lists(st.sampled_from([1, 2, 3, MANY, _UNEQUAL]) | st.builds(float, st.just("nan")), max_size=4), max_size=4
    )
)
def test_transactions_have_the_same_patterns(values: list[list[int | float]]) -> None:
    held = [(number, some, 0, 0) for number, some in enumerate(values)]
    assert PATTERNS.pattern(held, MANY) == pattern_in_python(held, MANY)


_STATEMENTS = st.sampled_from(["BEGIN", "SELECT 1", "SELECT 'a;\n# b'", "SELECT a\r\nFROM t;", "é", "", "\n"]).map(
    str.encode
)
_TAKES: dict[str, st.SearchStrategy[Any]] = {
    "id": st.sampled_from((0, 7, 123_456)),
    "second": st.sampled_from((0, 0.5, 1, 9_000_000)),
    "took_us": st.sampled_from((0, 99, 12_345_678)),
    "use": st.sampled_from(("", "", "shop", "é;`")),
    "errno": st.sampled_from((0, 1064)),
}
_OTHERWISE = [
    (b"app[app]", b"web[web]"),
    (b"app[app] @ localhost [127.0.0.1]", b"root[root] @  []"),
    (b"Lock_time: 0.000003", b"Lock_time: 0.03"),
    (b"Lock_time: 0.000003", b"Lock_time: 9007199254.740993"),
    (b"_tables: 0", b"_tables: 2"),
    (b"SET ", b"SET last_insert_id=7,insert_id=8,"),
    (b"Z\n# User", b"+01:00\n# User"),
]
_EVENTS = st.builds(
    lambda made, otherwise: made.replace(*otherwise),
    st.builds(event, _STATEMENTS | _SQL, extra=st.sampled_from((True, True, False)), **_TAKES),
    st.just((b"SET ", b"SET ")) | st.sampled_from(_OTHERWISE),
)


@st.composite
def _logs(draw: st.DrawFn) -> bytes:
    """Some whole, some damaged, mostly where lines end and begin."""
    content = b"".join(draw(st.lists(_EVENTS | st.builds(closed) | st.just(BANNER), min_size=1, max_size=6)))
    for _ in range(draw(st.integers(0, 3))):
        ends = [at for at, byte in enumerate(content) if byte == 10]
        at = max(0, draw(st.sampled_from(ends or [0])) - draw(st.integers(-3, 2) | st.integers(0, 400)))
        instead = draw(st.sampled_from((b"", b"", b"\n", b"\r", b";", b"9", b"\0", b"[", b"# ")))
        content = content[:at] + instead + content[at + draw(st.integers(0, 2)) :]
    return content.replace(b"\n", b"\r\n") if draw(st.integers(0, 9)) == 9 else content


def _read(content: bytes, database: str = "") -> tuple[list[Executed], tuple[Any, ...]]:
    read = SlowLog(io.BytesIO(content), "slow.log", database=database)
    events = [*read]
    return events, (read.not_understood, read.server, read.events, read.first_us, read.extra, read.cut)


def _read_in_python(content: bytes, database: str = "") -> tuple[list[Executed], tuple[Any, ...]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled, "headings", None)
        return _read(content, database)


@need_compiled
@thoroughly
@given(_logs())
def test_a_log_has_the_same_events(content: bytes) -> None:
    assert _read(content) == _read_in_python(content)


@need_compiled
@thoroughly
@given(_logs())
def test_a_stretch_that_is_known_has_the_columns_of_its_events(content: bytes) -> None:
    if (found := HEADINGS.columns(content, "shop", People())) is not None:
        events, (missed, *_) = _read_in_python(content, "shop")
        assert ([*Batch(**found).each()], ()) == (events, missed)


@need_compiled
@given(st.integers(-30_610_224_000, 253_402_300_799))
@example(951_782_400)  # 29 February 2000
@example(4_107_542_399)  # before 1 March 2100
def test_a_moment_is_the_same_in_every_year(second: int) -> None:
    """From 1000 to 9999."""
    stretch = event("COMMIT", second=second - int(BEGAN.timestamp())).replace(b"timestamp=-", b"timestamp=")
    found, told = HEADINGS.columns(stretch, "", People()), in_python(stretch, "", People())
    assert told is not None
    assert found["ended_us"] == told.ended_us == [second * 1_000_000]


@need_compiled
@pytest.mark.parametrize("extra", [True, False])
def test_an_ordinary_log_is_not_left_to_python(extra: bool) -> None:
    ordinary = [
        event("SELECT 'a;\nb'", use="shop", extra=extra, rows=3, errno=1064),
        event("# administrator command: Quit", id=99_999_999, extra=extra),
        event("BEGIN", extra=extra).replace(b"SET ", b"SET last_insert_id=7,insert_id=8,"),
        event("COMMIT", extra=extra).replace(b"app[app] @ localhost [127.0.0.1]", b"root[root] @  [::1]"),
        event("COMMIT", extra=extra).replace(b"app[app] @ localhost [127.0.0.1]", b"user[user] @  [::2]"),
        event("COMMIT", extra=extra).replace(b"[127.0.0.1]", b"[]").replace(b"_tables: 0", b"_tables: 2"),
    ]
    for stretch in (*ordinary, b"".join(ordinary)):
        found = HEADINGS.columns(stretch, "", People())
        assert found is not None
        assert [*Batch(**found).each()] == _read_in_python(stretch)[0]
    assert LEXER.split(log("SELECT `a` /* b */, 'it''s', 0x1F -- c")) is not None


@need_compiled
def test_a_stretch_with_log_slow_extra_for_some_is_left_to_python() -> None:
    plain, extra = event("BEGIN", extra=False), event("COMMIT")
    assert [HEADINGS.columns(each, "", People()) for each in (plain + extra, extra + plain)] == [None, None]
