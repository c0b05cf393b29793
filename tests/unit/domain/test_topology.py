"""Shard names are Vitess's equal key ranges."""

import itertools

import pytest

from seatrial.domain.fault import Exit, Fault
from seatrial.domain.topology import MAX_SHARDS, shard_names


@pytest.mark.parametrize(
    ("shards", "names"),
    [
        (1, ("-",)),
        (2, ("-80", "80-")),
        (4, ("-40", "40-80", "80-c0", "c0-")),
        (8, ("-20", "20-40", "40-60", "60-80", "80-a0", "a0-c0", "c0-e0", "e0-")),
    ],
)
def test_names_of_powers_of_two(shards: int, names: tuple[str, ...]) -> None:
    assert shard_names(shards) == names


@pytest.mark.parametrize("shards", [2**n for n in range(9)])
def test_ranges_cover_everything_without_gap_or_overlap(shards: int) -> None:
    names = shard_names(shards)
    assert len(names) == shards
    assert names[0].startswith("-")
    assert names[-1].endswith("-")
    assert all(one.partition("-")[2] == next_.partition("-")[0] for one, next_ in itertools.pairwise(names))


@pytest.mark.parametrize("shards", [0, -2, 3, 6, 100, 2 * MAX_SHARDS])
def test_other_numbers_are_a_usage_fault_that_names_the_number(shards: int) -> None:
    with pytest.raises(Fault) as fault:
        shard_names(shards)
    assert (fault.value.code, fault.value.exit) == ("topology.shards", Exit.USAGE)
    assert f"{shards} shards" in fault.value.what
