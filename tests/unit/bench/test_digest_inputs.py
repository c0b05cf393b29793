"""The logs that the digest's benchmark generates: what they promise to hold, and that a seed says it all."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.digest import inputs
from seatrial.domain.executed import Executed
from seatrial.parsing.lexer import lex, split
from seatrial.parsing.slow_log import SERVER_STARTED, SlowLog

Write = Callable[[Path, int, int], int]


def read(path: Path) -> list[Executed]:
    with path.open("rb") as stream:
        log = SlowLog(stream, path.name)
        events = [each for each in log if each.command != SERVER_STARTED]
    assert log.extra and not log.cut and log.not_understood == ()
    return events


@pytest.mark.parametrize(("write", "size"), [(inputs.short, 50_000), (inputs.inserts, 200_000), (inputs.distinct, 60)])
def test_a_log_is_whole_and_as_many_events_as_it_says(tmp_path: Path, write: Write, size: int) -> None:
    said = write(tmp_path / "a.log", size, 1)
    events = read(tmp_path / "a.log")
    assert len(events) == said > 1
    assert {each.database for each in events} == {inputs.DATABASE}
    assert all(0 < each.took_us <= 1_000_000 and each.errno == 0 for each in events)
    ended = [each.ended_us for each in events]
    assert ended == sorted(ended)


@pytest.mark.parametrize(("write", "size"), [(inputs.short, 50_000), (inputs.inserts, 200_000), (inputs.distinct, 60)])
def test_the_seed_decides_every_byte(tmp_path: Path, write: Write, size: int) -> None:
    contents = []
    for number, seed in enumerate((1, 1, 2)):
        path = tmp_path / f"{number}.log"
        write(path, size, seed)
        contents.append(path.read_bytes())
    assert contents[0] == contents[1] != contents[2]


def test_a_log_ends_at_the_first_event_beyond_its_size(tmp_path: Path) -> None:
    inputs.short(tmp_path / "a.log", 20_000, 1)
    assert 20_000 <= (tmp_path / "a.log").stat().st_size < 21_000


def test_inserts_have_five_hundred_rows_and_texts_with_quotes(tmp_path: Path) -> None:
    inputs.inserts(tmp_path / "a.log", 200_000, 1)
    for each in read(tmp_path / "a.log"):
        assert each.sql.count(b"'2026-11-20 08:50:00', ") == inputs.ROWS
        assert b"''" in each.sql and rb"\'" in each.sql and rb"\"" in each.sql
        assert not lex(*split(each.sql)).broken


def test_no_two_statements_have_one_fingerprint(tmp_path: Path) -> None:
    said = inputs.distinct(tmp_path / "a.log", 600, 1)
    assert len({lex(*split(each.sql)).fingerprint for each in read(tmp_path / "a.log")}) == said == 600


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_numbers_in_letters_stay_apart_and_have_no_digit(one: int, other: int) -> None:
    assert (inputs.letters(one) == inputs.letters(other)) is (one == other)
    assert inputs.letters(one).isalpha()
