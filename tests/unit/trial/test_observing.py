import pytest

from seatrial.domain.executed import Executed
from seatrial.domain.fault import Cancelled
from seatrial.trial.observing import listen
from tests.unit.fakes import Told


class FakeLog:
    """Tells one statement at each look; vtgate ends it after `looks`."""

    def __init__(self, looks: int = 1000, lost: int = 0) -> None:
        self._looks, self.lost = looks, lost

    @property
    def ended(self) -> bool:
        return self._looks <= 0

    def take(self) -> list[Executed]:
        self._looks -= 1
        return [Executed(ended_us=1, took_us=1, sql=b"select 1")] if self._looks >= 0 else []

    def close(self) -> None: ...


class FakeDigester:
    def __init__(self) -> None:
        self.added = 0

    def add(self, executed: Executed) -> None:
        self.added += 1


def test_it_ends_with_its_seconds_and_has_all_statements() -> None:
    digester = FakeDigester()
    assert listen(FakeLog(), digester, 0.6, Told()) == ()
    assert digester.added >= 3


def test_enough_is_an_ordinary_end_and_cancelling_is_not() -> None:
    digester = FakeDigester()
    listen(FakeLog(), digester, None, Told(), enough=lambda: True)
    assert digester.added == 1
    with pytest.raises(Cancelled):
        listen(FakeLog(), digester, None, Told(cancel_after=1))


def test_what_was_not_heard_is_a_caveat() -> None:
    told = Told()
    ended, lost = listen(FakeLog(looks=0, lost=5), FakeDigester(), None, told)
    assert "ended its log" in ended and "5 statements" in lost
    assert told.warnings == [ended, lost]
