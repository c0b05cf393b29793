"""Names are quoted so that MySQL reads back exactly what was meant, whatever characters they have."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.domain.identifier import folded, literal, qualified, quote, slug

NAMES = st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1, max_size=64)


def read_back(quoted: str) -> str:
    """MySQL's own rule: between backticks, a doubled backtick is one."""
    assert re.fullmatch(r"`(?:[^`]|``)+`", quoted, re.DOTALL)
    return quoted[1:-1].replace("``", "`")


@given(NAMES)
def test_a_quoted_name_reads_back_as_itself(name: str) -> None:
    assert read_back(quote(name)) == name


@pytest.mark.parametrize(
    ("name", "quoted"),
    [("a`b", "`a``b`"), ("`", "````"), ("two words", "`two words`"), ("订单", "`订单`"), ("a.b", "`a.b`")],
)
def test_names_as_sql(name: str, quoted: str) -> None:
    assert quote(name) == quoted


@pytest.mark.parametrize("name", ["", "a\0b"])
def test_what_mysql_cannot_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a MySQL identifier"):
        quote(name)


def test_a_qualified_name_quotes_each_part() -> None:
    assert qualified("my`db", "订 单") == "`my``db`.`订 单`"


@given(st.text(st.characters(codec="utf-8")))
def test_a_literal_reads_back_as_itself_under_either_sql_mode(text: str) -> None:
    written = literal(text)
    if written.startswith("_utf8mb4 x"):
        assert bytes.fromhex(written.removeprefix("_utf8mb4 x").strip("'")).decode() == text
    else:
        assert written == f"'{text}'"
        assert not set(text) & {"'", "\\", "\0"}


def test_names_are_cased_by_the_servers_rule() -> None:
    assert [folded("Orders", setting) for setting in (0, 1, 2)] == ["Orders", "orders", "orders"]


@given(NAMES, st.integers(12, 40))
def test_a_slug_is_safe_in_vitess_and_short_enough(name: str, limit: int) -> None:
    made = slug(name, limit)
    assert re.fullmatch(r"[a-z0-9_]+", made)
    assert len(made) <= limit


@given(NAMES, NAMES)
def test_two_names_stay_two(one: str, other: str) -> None:
    assert (slug(one) == slug(other)) == (one == other)


def test_near_names_stay_apart() -> None:
    names = ["shop", "Shop", "SHOP", "shop ", "sh-op", "sh op", "店", "铺", "s" * 30, "s" * 31]
    assert len({slug(name) for name in names}) == len(names)
    assert slug("shop") == "shop"
