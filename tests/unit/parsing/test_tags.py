"""Tags are read from comments, and from nothing that only looks like one."""

import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.parsing.tags import tags


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("SELECT 1 /*action='show',route='polls%2F%3Cid%3E'*/", {"action": "show", "route": "polls/<id>"}),
        ("/*application:shop,controller:orders,action:index*/ SELECT 1", {"application": "shop"}),
        ("SELECT 1 /* key=value */ FROM t /* other = 'it\\'s' */", {"key": "value", "other": "it's"}),
        ("SELECT '/*action=\\'show\\'*/'", {}),
        ('SELECT "/*a=b*/", `/*c=d*/`', {}),
        ("SELECT 1 /* see the wiki: how to */", {}),
        ("SELECT /*+ MAX_EXECUTION_TIME(1000) */ /*!40001 a=b */ 1", {}),
        ("SELECT 1 -- a=b", {}),
        ("SELECT 1 /* a=b", {}),
        ("SELECT 1", {}),
    ],
)
def test_tags(sql: str, found: dict[str, str]) -> None:
    assert found.items() <= tags(sql.encode()).items()
    assert bool(tags(sql.encode())) == bool(found)


def test_a_long_comment_takes_no_time() -> None:
    began = time.process_time()
    assert tags(b"SELECT 1 /*" + b"a=b," * 300_000 + b"*/") == {"a": "b"}
    assert time.process_time() - began < 3


@given(st.dictionaries(st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True), st.text(max_size=12), max_size=4))
def test_what_sqlcommenter_writes_is_read_again(written: dict[str, str]) -> None:
    comment = ",".join(f"{key}='{quote(value, safe='')}'" for key, value in written.items())
    assert tags(f"SELECT '/*x=y*/' /*{comment}*/".encode()) == written


@given(st.binary(max_size=80))
def test_no_bytes_make_it_fail(sql: bytes) -> None:
    tags(sql)
    tags(b"/*" + sql + b"*/")
