"""Profiles of limits: dated, with their source, and read as what a workload is held against."""

import pytest

from seatrial.domain.fault import Fault
from seatrial.facts.limits import limits, profiles, targets


def test_every_profile_says_where_it_is_from_and_when_that_was_looked_at() -> None:
    for profile in profiles().values():
        assert profile.title and profile.source and profile.checked_on.year >= 2026


def test_a_workload_is_held_against_targets_and_not_against_a_rehearsals_own_choice() -> None:
    assert set(profiles()) - set(targets()) == {"wide"}


def test_bounds_are_in_microseconds_and_writes_have_their_own_where_the_source_says_so() -> None:
    assert limits("planetscale").bounds.read_us == 900_000_000
    assert limits("planetscale").bounds.write_us == 30_000_000
    vitess = limits("vitess-default").bounds
    assert vitess.write_us == vitess.read_us == 30_000_000 and vitess.result_bytes is None


def test_an_unknown_profile_is_answered_with_those_there_are() -> None:
    with pytest.raises(Fault, match="vitess-default, planetscale, wide"):
        limits("narrow")
