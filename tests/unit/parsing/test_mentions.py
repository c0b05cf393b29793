"""Where a statement names its tables, and that nothing else is renamed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.parsing.lexer import lex, split
from seatrial.parsing.mentions import Mention, may_name, mentions
from seatrial.parsing.statement import read, read_mentions


def test_a_mention_is_told_by_its_word_and_how_often_that_came_before() -> None:
    plain = "SELECT T_1.a FROM `t_1` WHERE t_1 = :v1"
    assert mentions(plain, {plain.index("`"): "t_1"}) == {Mention("t_1", 1): "t_1"}


@pytest.mark.parametrize(
    ("plain", "may"),
    [
        ("SELECT a FROM t WHERE b = :v12", False),
        ("SELECT a FROM t_1", True),
        ("SELECT a FROM `t_1`", True),
        ("", False),
    ],
)
def test_a_statement_without_numbers_in_its_names_need_not_be_read(plain: str, may: bool) -> None:
    assert (may_name(plain) is not None) is may


NAMES = st.sampled_from(["t_1", "`t_1`", "u2", "a", "`b_2`"])


@given(NAMES, NAMES, st.booleans(), NAMES)
def test_only_tables_are_renamed_whatever_else_has_their_name(
    column: str, name: str, aliased: bool, alias: str
) -> None:
    sql = f"SELECT {column}, {alias}.{column} FROM {name}{f' AS {alias}' if aliased else ''} WHERE {column} = 5"
    text, literals = split(sql.encode())
    lexed = lex(text, literals)
    statement, found = read_mentions(lexed.plain, lexed.words, None)
    assert statement == read(lexed.plain, lexed.words, None)
    renamed = lex(text, literals, dict.fromkeys(found, "renamed")).shape
    mark = "`renamed`" if name[0] == "`" else "renamed"
    own = alias.strip("`") == name.strip("`") and not aliased
    qualifier = ("`renamed`" if alias[0] == "`" else "renamed") if own else alias
    assert renamed == (
        f"SELECT {column}, {qualifier}.{column} FROM {mark}{f' AS {alias}' if aliased else ''} WHERE {column} = :v1"
    )
