"""Resting is cancellable, and gives its chance to be cancelled at least twice a second."""

import time

import pytest

from seatrial.domain.event import Event, rest
from seatrial.domain.fault import Cancelled


def test_rest_asks_at_least_twice_a_second() -> None:
    asked: list[float] = []
    began = time.monotonic()
    rest(lambda _: asked.append(time.monotonic() - began), 0.6)
    assert 0.6 <= time.monotonic() - began < 0.9
    assert max(b - a for a, b in zip([0.0, *asked], asked, strict=False)) < 0.5


def test_rest_ends_at_once_when_cancelled() -> None:
    def tell(_: Event) -> None:
        raise Cancelled

    began = time.monotonic()
    with pytest.raises(Cancelled):
        rest(tell, 60)
    assert time.monotonic() - began < 0.3


def test_no_rest_still_gives_the_chance() -> None:
    asked: list[Event] = []
    rest(asked.append, 0)
    assert len(asked) == 1
