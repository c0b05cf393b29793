"""One lab a session, shared by the tests that do not kill; others make labs of their own."""

import os
import re
from collections.abc import Callable, Iterator

import psutil
import pytest

from seatrial.domain.event import silent
from seatrial.lab.cluster import Wish, destroy, up
from seatrial.lab.engine import Engine, find
from seatrial.lab.lab import Lab
from seatrial.lab.state import names

_OURS = re.compile(r"pytest-(\d+)-\w+")

LabFactory = Callable[..., Lab]


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
