"""Fresh, stale, missing, broken: said of each step, with the reason, and down the whole chain."""

import hashlib
from pathlib import Path

import pytest
from msgspec.structs import replace

from seatrial.domain.address import Address
from seatrial.dossier.store import Dossier
from seatrial.trial.settings import Settings
from seatrial.trial.status import Freshness, StepStatus, look
from tests.unit import factories
from tests.unit.trial import bodies


@pytest.fixture
def dossier(tmp_path: Path) -> Dossier:
    made = bodies.dossier(tmp_path)
    made.write(Address("collect"), factories.collection(), trial="a", created="t", inputs={}, options=OPTIONS)
    chain = {"collect": "assess", "assess": "judge"}
    for before, kind in chain.items():
        inputs = {f"{before}/main": made.head(Address(before)).sha256}
        made.write(Address(kind), bodies.assessed(kind), trial="a", created="t", inputs=inputs, options=OPTIONS)
    return made


OPTIONS = {"target": "lab:acme"}


def states(dossier: Dossier, settings: Settings = bodies.SETTINGS, instance: str = "main") -> list[StepStatus]:
    return list(look(bodies.JOURNEY, dossier, settings, instance))


def words(dossier: Dossier, settings: Settings = bodies.SETTINGS) -> list[str]:
    return [str(state.freshness) for state in states(dossier, settings)]


def test_all_fresh(dossier: Dossier) -> None:
    assert words(dossier) == ["fresh"] * 3
    assert [state.address for state in states(dossier)] == ["collect/main", "assess/main", "judge/main"]


def test_nothing_there_is_missing_not_stale(tmp_path: Path) -> None:
    assert words(bodies.dossier(tmp_path)) == ["missing"] * 3


def test_an_identical_rerun_keeps_everything_fresh(dossier: Dossier) -> None:
    body = factories.collection()
    dossier.write(Address("collect"), body, trial="a", created="later", inputs={}, options=OPTIONS)
    assert words(dossier) == ["fresh"] * 3


def test_what_follows_from_something_newer_is_stale_down_the_chain(dossier: Dossier) -> None:
    other = factories.collection({"orders": 7})
    dossier.write(Address("collect"), other, trial="a", created="t", inputs={}, options=OPTIONS)
    _, assess, judge = states(dossier)
    assert (assess.freshness, assess.because) == (Freshness.STALE, "collect/main is another now")
    assert (judge.freshness, judge.because) == (Freshness.STALE, "assess/main is stale itself")


def test_a_changed_setting_is_named(dossier: Dossier) -> None:
    first, *_ = states(dossier, replace(bodies.SETTINGS, target="lab:other"))
    assert (first.freshness, first.because) == (Freshness.STALE, "trial.toml changed: target")


def test_an_edited_artifact_is_broken_and_what_follows_is_stale(dossier: Dossier) -> None:
    path = dossier.path(Address("collect"))
    path.write_bytes(path.read_bytes().replace(b"9.7.4", b"5.7.0"))
    collect, assess, judge = states(dossier)
    assert collect.freshness is Freshness.BROKEN
    assert "[dossier.edited]" in collect.because
    assert (assess.freshness, judge.freshness) == (Freshness.STALE, Freshness.STALE)


def test_an_input_that_is_gone_is_said(dossier: Dossier) -> None:
    dossier.path(Address("collect")).unlink()
    collect, assess, _ = states(dossier)
    assert collect.freshness is Freshness.MISSING
    assert (assess.freshness, assess.because) == (Freshness.STALE, "collect/main is gone")


@pytest.mark.parametrize(("content", "because"), [(b"other", "is another now"), (None, "is gone")])
def test_a_file_people_wrote_counts_too(dossier: Dossier, content: bytes | None, because: str) -> None:
    (dossier.root / "criteria.toml").write_bytes(b"once")
    inputs = {"file:criteria.toml": hashlib.sha256(b"once").hexdigest()}
    dossier.write(Address("judge"), bodies.assessed("J"), trial="a", created="t", inputs=inputs, options=OPTIONS)
    assert states(dossier)[-1].freshness is Freshness.FRESH
    if content is None:
        (dossier.root / "criteria.toml").unlink()
    else:
        (dossier.root / "criteria.toml").write_bytes(content)
    assert states(dossier)[-1].because == f"file:criteria.toml {because}"


def test_another_instance_is_looked_at_by_itself(dossier: Dossier) -> None:
    assert [str(state.freshness) for state in states(dossier, instance="scratch")] == ["missing"] * 3
