"""A rehearsal on production is a cutover of production (rule R4)."""

from types import SimpleNamespace
from typing import cast

import pytest

from seatrial.domain.fault import Fault
from seatrial.trial.bench import Bench
from seatrial.trial.journey import may_rehearse
from seatrial.trial.settings import RehearsalSettings, Settings
from seatrial.trial.walk import NOT_HERE


def bench(*, sample: object | None, clone: str) -> Bench:
    settings = Settings(name="t", source="mysql://r@db.example/shop", rehearsal=RehearsalSettings(clone=clone))
    wiring = SimpleNamespace(sample=lambda: sample)
    return cast(Bench, SimpleNamespace(settings=settings, wiring=wiring))


def test_the_sample_may_be_rehearsed_on() -> None:
    assert may_rehearse(bench(sample=object(), clone="")) == "sample"


def test_a_declared_clone_may_and_its_declaration_is_kept() -> None:
    assert "restored from last night" in may_rehearse(bench(sample=None, clone="restored from last night"))


def test_anything_else_is_production_and_refused() -> None:
    with pytest.raises(Fault) as caught:
        may_rehearse(bench(sample=None, clone=""))
    assert caught.value.code == "rehearse.production"
    assert "clone" in caught.value.remedy
    assert caught.value.code in NOT_HERE, "a run passes over it, and the verdict says that it is missing"
