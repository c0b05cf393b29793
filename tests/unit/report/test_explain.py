"""A reference walked back to its number."""

from typing import Any

import pytest

from seatrial.domain.evidence import Evidence
from seatrial.report.explain import MOST_LINES, explain
from tests.unit import factories as make

BODY = make.plain(make.verification())


def explained(pointer: str, body: Any = BODY) -> str:
    return explain(
        Evidence("verify/main", "", pointer),
        body,
        sha256="ab" * 32,
        created=make.CREATED,
        producer="seatrial 0.1.0",
        inputs={"load/main": "cd" * 32},
        options={"sample": "500"},
    )


def test_it_shows_the_value_its_neighbours_and_the_origin() -> None:
    text = explained("/tables/1/rows/target")
    assert text.startswith("verify/main#/tables/1/rows/target\n  391554\n")
    for said in ('table="orders"', "source_before=391554", "target = 391554", "2026-11-20 09:12 UTC", "seatrial 0.1.0"):
        assert said in text
    assert "ab" * 32 in text and "load/main " + "cd" * 32 in text and "sample 500" in text


def test_the_whole_body_is_cut_short() -> None:
    lines = explained("").splitlines()
    assert any("more lines" in line for line in lines)
    assert len(lines) < MOST_LINES + 20


def test_names_with_slashes_and_control_characters() -> None:
    text = explained("/a~1b/~0c", {"a/b": {"~c": "\x1b[31m"}})
    assert "\x1b" not in text
    assert "~c" in text


def test_a_pointer_to_nowhere_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        explained("/tables/99")
