"""One lab a session, shared by the tests that do not kill; others make labs of their own."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psutil
import pytest

from seatrial.domain.event import silent
from seatrial.lab.cluster import Wish, destroy, up
from seatrial.lab.engine import Engine, find
from seatrial.lab.lab import Lab
from seatrial.lab.state import names
from seatrial.sample.accounts import make_accounts
from seatrial.sample.load import load as fill
from seatrial.sample.server import Sample, samples_folder

from .harness import Trial

_OURS = re.compile(r"pytest-(\d+)-\w+")

SCALE = 0.05

LabFactory = Callable[..., Lab]
SampleFactory = Callable[..., Sample]
TrialFactory = Callable[..., AbstractContextManager[Trial]]


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The installed engine; without it these tests fail and say what to run."""
    return find()


@pytest.fixture(scope="session")
def lab_factory(engine: Engine) -> Iterator[LabFactory]:
    """Makes running labs: `lab_factory("word", shards=2)`. All are destroyed at the end of the session.

    Labs of sessions that were killed are destroyed first.
    """
    for name in names():
        if (match := _OURS.fullmatch(name)) and not psutil.pid_exists(int(match[1])):
            destroy(name, silent)
    made: list[str] = []

    def make(word: str, *, shards: int = 2, query_log: bool = False) -> Lab:
        name = f"pytest-{os.getpid()}-{word}"
        made.append(name)
        return up(Wish(name=name, shards=shards, prefix=word, query_log=query_log), silent)

    yield make
    for name in made:
        if name in names():
            destroy(name, silent)


@pytest.fixture(scope="session")
def lab(lab_factory: LabFactory) -> Lab:
    """The session's lab, not to be killed: keyspaces `shared_sharded` (-80, 80-) and `shared_unsharded` (0)."""
    return lab_factory("shared")


@pytest.fixture(scope="session")
def sample_factory(engine: Engine) -> Iterator[SampleFactory]:
    """Makes filled samples: `sample_factory("word", scale=0.05)`. All are gone at the end of the session, and those
    of killed sessions before."""
    left = sorted(samples_folder().glob("pytest-*")) if samples_folder().is_dir() else []
    for folder in left:
        if (match := _OURS.fullmatch(folder.name)) and not psutil.pid_exists(int(match[1])):
            Sample(folder.name).down(silent)
    made: list[Sample] = []

    def make(word: str, *, scale: float = SCALE) -> Sample:
        sample = Sample(f"pytest-{os.getpid()}-{word}")
        made.append(sample)
        sample.up(engine.mysql_root, silent)
        fill(sample.login("root"), scale=scale, tell=silent)
        return sample

    yield make
    for sample in made:
        sample.down(silent)


@pytest.fixture(scope="session")
def shop(sample_factory: SampleFactory) -> Sample:
    """The session's source, not to be killed."""
    return sample_factory("shop")


@pytest.fixture(scope="module")
def trial_factory(tmp_path_factory: pytest.TempPathFactory) -> TrialFactory:
    """Makes dossiers: `with trial_factory(sample, lab, "name") as trial`. On leaving, the trial is wiped off the
    source and the lab, whose keyspaces stay; the name's keyspaces should be the lab's own, to spare tablets."""

    @contextmanager
    def make(sample: Sample, lab: Lab, name: str, *, settings: str = "", **rest: object) -> Iterator[Trial]:
        root: Path = tmp_path_factory.mktemp(name) / "dossier"
        trial = Trial(root, sample, lab, make_accounts(sample, name), name)
        trial.init(settings=settings, **rest)  # type: ignore[arg-type]
        try:
            yield trial
        finally:
            trial.wipe()

    return make
