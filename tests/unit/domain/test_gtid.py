import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.domain.fault import Fault
from seatrial.domain.gtid import apart, count, lacking, parse

ONE = "09c1ed55-e56a-11f1-8bca-02fc00000001"
TWO = "3e11fa47-71ca-11e1-9e33-c80aa9429562"


def test_a_position_is_read_in_mysqls_and_in_vitess_notation() -> None:
    assert parse(f"{ONE}:1-86") == parse(f"MySQL56/{ONE.upper()}:1-86") == {ONE: ((1, 86),)}
    assert parse(f"{ONE}:1-3:5,\n {TWO}:7") == {ONE: ((1, 3), (5, 5)), TWO: ((7, 7),)}
    assert parse("") == {}


def test_a_tag_is_a_source_of_its_own() -> None:
    assert parse(f"{ONE}:1-3:backup:1-2:9") == {ONE: ((1, 3),), f"{ONE}:backup": ((1, 2), (9, 9))}


@pytest.mark.parametrize("text", ["0-1-42", f"{ONE}", f"{ONE}:1-", "MySQL56/nonsense:1", f"{ONE}:-3"])
def test_anything_else_is_a_fault_that_shows_it(text: str) -> None:
    with pytest.raises(Fault) as fault:
        parse(text)
    assert fault.value.code == "gtid.malformed"


def test_apart_counts_what_only_one_side_has() -> None:
    ours, theirs = parse(f"{ONE}:1-86"), parse(f"{ONE}:1-90,{TWO}:1")
    assert (lacking(theirs, ours), lacking(ours, theirs), apart(ours, theirs)) == (5, 0, 5)


sets = st.dictionaries(st.sampled_from([ONE, TWO, f"{TWO}:tag"]), st.sets(st.integers(1, 60), min_size=1))


def written(numbers: dict[str, set[int]]) -> str:
    return ",".join(f"{source}:{':'.join(map(str, sorted(values)))}" for source, values in numbers.items())


@given(sets, sets)
def test_the_arithmetic_is_that_of_sets(one: dict[str, set[int]], other: dict[str, set[int]]) -> None:
    def flat(numbers: dict[str, set[int]]) -> set[tuple[str, int]]:
        return {(source, number) for source, values in numbers.items() for number in values}

    a, b = parse(written(one)), parse(written(other))
    assert count(a) == len(flat(one))
    assert lacking(a, b) == len(flat(one) - flat(other))
    assert apart(a, b) == apart(b, a) == len(flat(one) ^ flat(other))
