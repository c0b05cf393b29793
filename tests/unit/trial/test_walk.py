"""A walk passes over what has nothing to do here, and says so."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from seatrial.domain.address import Address
from seatrial.trial import walk, workload
from seatrial.trial.settings import WorkloadSettings
from seatrial.trial.wiring import Wiring
from tests.unit.fakes import Told
from tests.unit.trial import bodies


def walked(root: Path, monkeypatch: pytest.MonkeyPatch, skip: str) -> Told:
    told = Told()
    collect = replace(bodies.COLLECT, skip=lambda settings, dossier: skip)
    monkeypatch.setattr(walk, "JOURNEY", (collect,))
    monkeypatch.setattr(walk, "STEPS", ("collect",))
    settings = bodies.SETTINGS
    walk.walk(bodies.dossier(root), settings, "main", Wiring(settings, bodies.NoPasswords()), "collect", told)
    return told


def test_a_step_with_nothing_to_do_is_passed_over_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "collect is passed over: no log" in walked(tmp_path, monkeypatch, "no log").notes
    assert not (tmp_path / "collect").exists()


def test_a_step_with_something_to_do_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    walked(tmp_path, monkeypatch, "")
    assert (tmp_path / "collect" / "main.json").exists()


def test_a_trial_without_a_log_has_no_workload(tmp_path: Path) -> None:
    dossier = bodies.dossier(tmp_path)
    assert "[workload] logs" in workload.without_log(bodies.SETTINGS, dossier)
    with_log = replace(bodies.SETTINGS, workload=WorkloadSettings(logs=("slow.log",)))
    assert workload.without_log(with_log, dossier) == ""
    assert workload.without_digest(bodies.SETTINGS, dossier)
    assert "--record" in workload.without_recording(bodies.SETTINGS, dossier)


def test_an_instance_of_its_own_is_the_step_s_address() -> None:
    step = replace(bodies.COLLECT, instance="scratch")
    assert (step.name, str(step.address("main"))) == ("collect/scratch", "collect/scratch")
    assert (bodies.COLLECT.name, bodies.COLLECT.address("other")) == ("collect", Address("collect", "other"))
