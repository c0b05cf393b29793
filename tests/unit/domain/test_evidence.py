"""References to numbers are written, read and walked without loss."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrial.domain.evidence import Evidence, pointer, resolve
from seatrial.domain.fault import Exit, Fault

STEPS = st.one_of(st.text(st.characters(codec="utf-8", exclude_characters="\n"), min_size=1), st.integers(0, 99))


@settings(max_examples=50, deadline=None)
@given(st.lists(STEPS, max_size=5))
def test_a_reference_is_read_as_it_is_written(steps: list[str | int]) -> None:
    evidence = Evidence("verify/main", "0123456789abcdef" * 4, pointer(*steps))
    read = Evidence.parse(str(evidence))
    assert (read.artifact, read.pointer) == (evidence.artifact, evidence.pointer)
    assert evidence.sha256.startswith(read.sha256)
    assert len(read.sha256) >= 8


def test_the_hash_may_be_left_out() -> None:
    assert Evidence.parse("load/main#/rows") == Evidence("load/main", "", "/rows")


@pytest.mark.parametrize(
    "text", ["", "load", "load/main", "load/main#rows", "load/main@12#/rows", "load/main@xyz#/rows", "#/rows"]
)
def test_what_is_no_reference_is_a_usage_fault(text: str) -> None:
    with pytest.raises(Fault) as fault:
        Evidence.parse(text)
    assert (fault.value.code, fault.value.exit) == ("evidence.malformed", Exit.USAGE)


@given(
    st.recursive(
        st.integers(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
    )
)
def test_every_place_of_a_body_can_be_pointed_at(body: Any) -> None:
    def walk(value: Any, *steps: str | int) -> None:
        assert resolve(body, pointer(*steps)) == value
        children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for name, child in children:
            walk(child, *steps, name)

    walk(body)


@pytest.mark.parametrize("at", ["/gone", "/rows/0", "/tables/7", "/tables/x", "/tables/-1", "/rows/"])
def test_a_pointer_to_nowhere_is_a_key_error(at: str) -> None:
    with pytest.raises(KeyError):
        resolve({"rows": 7, "tables": [1, 2]}, at)
