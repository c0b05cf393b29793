"""Running a step: its artifact stored with its origin, or the old one kept and the reason in the journal."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from seatrial.domain.address import Address
from seatrial.domain.event import Acting, Done, Event, Failed, Note, Started
from seatrial.domain.fault import Cancelled, Fault
from seatrial.dossier.lock import held
from seatrial.dossier.runs import lines
from seatrial.dossier.store import Dossier
from seatrial.trial.bench import Bench
from tests.unit.fakes import Told
from tests.unit.trial import bodies


@pytest.fixture
def dossier(tmp_path: Path) -> Dossier:
    return bodies.dossier(tmp_path)


def journal(dossier: Dossier) -> list[Event]:
    last = sorted(dossier.runs.glob("*.jsonl"), key=lambda path: path.stat().st_mtime_ns)[-1]
    return [line.event for line in lines(last)]


def test_a_step_leaves_an_artifact_that_says_what_it_was_made_of(dossier: Dossier) -> None:
    collected = bodies.run(bodies.COLLECT, dossier)
    assessed = bodies.run(bodies.ASSESS, dossier)
    head = dossier.head(Address("assess"))
    assert (head.sha256, head.trial, head.options) == (assessed.sha256, "acme", {"target": "lab:acme"})
    assert head.inputs == {"collect/main": collected.sha256}
    assert head.producer.startswith("seatrial ")


def test_the_journal_tells_begin_and_end(dossier: Dossier) -> None:
    told = Told()
    done = bodies.run(bodies.COLLECT, dossier, tell=told)
    began, *_, ended = journal(dossier)
    assert began == Started(address="collect/main")
    assert isinstance(ended, Done)
    assert ended.sha256 == done.sha256
    assert told.events == journal(dossier)


def test_an_identical_rerun_keeps_the_hash(dossier: Dossier) -> None:
    assert bodies.run(bodies.COLLECT, dossier).sha256 == bodies.run(bodies.COLLECT, dossier).sha256


def acting(bench: Bench) -> Mapping[str, Any]:
    bench.tell(Acting(act="copy", undo="cancel"))
    bench.tell(Note(text="under way"))
    return {"collect": None}


def test_ctrl_c_leaves_the_old_artifact_and_a_line_in_the_journal(dossier: Dossier) -> None:
    old = bodies.run(bodies.COLLECT, dossier)
    with pytest.raises(Cancelled):
        bodies.run(bodies.step("collect", acting), dossier, tell=Told(cancel_after=2))
    assert dossier.read(Address("collect")).sha256 == old.sha256
    assert Acting(act="copy", undo="cancel") in journal(dossier)
    last = journal(dossier)[-1]
    assert isinstance(last, Failed)
    assert (last.code, last.retry) == ("run.cancelled", True)


def test_ctrl_c_at_the_very_first_word_stands_in_the_journal_too(dossier: Dossier) -> None:
    with pytest.raises(Cancelled):
        bodies.run(bodies.COLLECT, dossier, tell=Told(cancel_after=0))
    assert not dossier.has(Address("collect"))
    assert isinstance(journal(dossier)[-1], Failed)


def test_a_fault_leaves_the_old_artifact_and_itself_in_the_journal(dossier: Dossier) -> None:
    def broken(_: Bench) -> Mapping[str, Any]:
        raise Fault("source.away", "the source is away", remedy="wait", retry=True)

    old = bodies.run(bodies.COLLECT, dossier)
    with pytest.raises(Fault):
        bodies.run(bodies.step("collect", broken), dossier)
    assert dossier.read(Address("collect")).sha256 == old.sha256
    assert journal(dossier)[-1] == Failed(code="source.away", what="the source is away", remedy="wait", retry=True)


def test_the_lock_is_held_while_a_step_runs_and_free_afterwards(dossier: Dossier) -> None:
    def nested(_: Bench) -> Mapping[str, Any]:
        with held(dossier, "another"):
            return {}

    with pytest.raises(Fault) as fault:
        bodies.run(bodies.step("collect", nested), dossier)
    assert fault.value.code == "dossier.locked"
    with held(dossier, "another"):
        pass


def test_a_step_may_leave_a_second_artifact_under_its_own_address(dossier: Dossier) -> None:
    def two(_: Bench) -> Mapping[str, Any]:
        return {"assess": bodies.assessed("A"), "assess/after": bodies.assessed("B")}

    bodies.run(bodies.step("assess", two), dossier, instance="scratch")
    assert [str(address) for address in dossier.addresses()] == ["assess/after", "assess/scratch"]
