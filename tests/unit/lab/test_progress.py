import threading
import time

import pytest

from seatrial.domain.event import Event, Tell, rest, silent
from seatrial.domain.fault import Cancelled, Fault
from seatrial.lab.progress import side_by_side


def test_results_come_in_the_order_of_the_tasks() -> None:
    def task(seconds: float) -> float:
        time.sleep(seconds)
        return seconds

    assert side_by_side([lambda _: task(0.1), lambda _: task(0.0)], silent) == [0.1, 0.0]


def test_a_fault_in_one_task_stops_the_others_and_is_the_one_raised() -> None:
    def failing(_: Tell) -> None:
        raise Fault("x.y", "broken", remedy="mend it")

    began = time.monotonic()
    with pytest.raises(Fault):
        side_by_side([lambda tell: rest(tell, 30), failing], silent)
    assert time.monotonic() - began < 2


def test_cancelling_reaches_the_tasks_and_waits_for_them() -> None:
    ended = threading.Event()

    def task(tell: Tell) -> None:
        try:
            rest(tell, 30)
        finally:
            ended.set()

    def cancel(_: Event) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        side_by_side([task], cancel)
    assert ended.is_set()
