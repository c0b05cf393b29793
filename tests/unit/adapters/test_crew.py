"""Processes side by side: answers in order, one hash key for all, nothing left behind."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from seatrial.adapters.crew import Crew
from seatrial.domain.fault import Fault
from tests.unit.fakes import workers

WORKER = """
import sys, time
from seatrial.domain.frames import framed, read_frame
first = read_frame(sys.stdin.buffer)
while (job := read_frame(sys.stdin.buffer)) is not None:
    if job == b"die":
        sys.exit(3)
    time.sleep(0.02 * (job == b"slow"))
    answer = b"%d" % hash(b"x") if job == b"hash" else first + job * 3
    sys.stdout.buffer.write(framed(answer))
    sys.stdout.buffer.flush()
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "a_worker.py").write_text(WORKER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return "a_worker"


def test_answers_come_in_the_order_of_the_jobs(module: str) -> None:
    jobs = [b"slow", b"a", b"", b"slow", *(hashlib.sha256(b"%d" % n).digest() * 40_000 for n in range(5)), b"z"]
    ticks: list[None] = []
    answers = list(Crew(3).work(module, b"<", iter(jobs), lambda: ticks.append(None)))
    assert answers == [b"<" + job * 3 for job in jobs]
    assert ticks
    assert not workers(module)


def test_all_hash_alike_and_anew_each_time(module: str) -> None:
    one, other = (set(Crew(2).work(module, b"", [b"hash"] * 6, lambda: None)) for _ in range(2))
    assert len(one) == len(other) == 1
    assert one != other


def test_no_job_is_no_answer(module: str) -> None:
    assert list(Crew(1).work(module, b"", [], lambda: None)) == []


def test_a_process_that_ends_is_a_fault(module: str) -> None:
    with pytest.raises(Fault) as caught:
        list(Crew(2).work(module, b"", [b"a", b"die", b"b", b"c"], lambda: None))
    assert caught.value.code == "crew.worker-died"
    assert not workers(module)


def test_jobs_are_not_asked_for_far_ahead(module: str) -> None:
    asked = []

    def jobs() -> Iterator[bytes]:
        for number in range(50):
            asked.append(number)
            yield b"slow" if number == 0 else b"a"

    answers = Crew(2).work(module, b"", jobs(), lambda: None)
    next(answers)
    assert len(asked) < 20
    assert len(list(answers)) == 49
