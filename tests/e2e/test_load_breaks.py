"""Whatever is killed in the middle of a load, the same command carries on, and every row is there once."""

import signal
import time
from collections.abc import Iterator

import pytest

from seatrial.domain.fault import Exit
from seatrial.lab.lab import Lab
from seatrial.sample.server import Sample

from .conftest import LabFactory, TrialFactory
from .harness import Trial, differing, eventually, seatrial

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def own_lab(lab_factory: LabFactory) -> Lab:
    """A lab whose servers may be killed."""
    return lab_factory("breaks")


@pytest.fixture(scope="module")
def trial(shop: Sample, own_lab: Lab, trial_factory: TrialFactory) -> Iterator[Trial]:
    """A trial that is provisioned; the first load is for a test."""
    with trial_factory(shop, own_lab, "breaks") as trial:
        trial.must("run", "--until", "provision")
        yield trial


@pytest.fixture
def emptied(trial: Trial) -> Trial:
    """The trial before a load."""
    trial.must("load", "cancel", "--yes")
    return trial


def test_the_brake_stops_the_copy_before_the_source_suffers(trial: Trial) -> None:
    trial.set("[brake]\nthreads_running = 0\n")
    with trial.go("load") as going:
        going.until("brake: threads running is")
        eventually(lambda: set(trial.streams()) == {"Stopped"})
        assert going.running
        going.interrupt()
        assert going.end(10).code == Exit.RETRY
    trial.set("[brake]\nthreads_running = 64\n")


def test_killed_while_it_copies_it_carries_on(trial: Trial) -> None:
    with trial.go("load") as going:
        going.until("… copying")
        eventually(lambda: "Copying" in trial.streams())
        going.kill()
    ran = trial.must("load")
    assert ran.err.count("is there already: carrying on") == 2
    assert trial.body("load")["resumed"] is True
    assert differing(trial) == []


def test_pause_from_elsewhere_stops_the_streams_and_resume_goes_on(emptied: Trial) -> None:
    with emptied.go("load") as going:
        going.until("… copying")
        began = time.monotonic()
        emptied.must("load", "pause")
        assert set(emptied.streams()) == {"Stopped"}
        assert time.monotonic() - began < 5  # the command with its start; the streams stop in a fraction of it
        going.until("paused")
        rows = emptied.on_target("sharded", "SELECT COUNT(*) FROM order_lines")
        time.sleep(1.5)
        assert emptied.on_target("sharded", "SELECT COUNT(*) FROM order_lines") == rows
        assert going.running
        emptied.must("load", "resume")
        assert going.end().code == 0
    assert differing(emptied) == []


def test_a_killed_tablet_of_the_source_is_started_again(emptied: Trial) -> None:
    with emptied.go("load") as going:
        going.until("… copying")
        kill(emptied, next(tablet.vttablet for tablet in emptied.lab.state.tablets if tablet.attached))
        time.sleep(2)
        going.interrupt()
        assert going.end(30).code == Exit.RETRY
    emptied.must("load")
    assert differing(emptied) == []
    with emptied.source() as root:
        root.execute("REPLACE INTO platform_settings (name, value) VALUES ('e2e.followed', '1')")
    eventually(lambda: differing(emptied) == [])


def test_a_targets_killed_mysql_is_mended_by_the_lab_while_the_load_waits(emptied: Trial) -> None:
    with emptied.go("load") as going:
        going.until("… copying")
        kill(emptied, emptied.lab.state.tablets_of(emptied.naming.keyspace("sharded"))[0].mysqld)
        going.until("waiting for the cluster")
        mended = seatrial("lab", "up", "--name", emptied.lab_name)
        assert mended.code == 0, mended.err
        ended = going.end()
        assert ended.code == 0, ended.err
    assert differing(emptied) == []


def kill(trial: Trial, name: str) -> None:
    """Kill a process of the lab, as the kernel does that is out of memory."""
    trial.lab.state.processes[name].send(signal.SIGKILL)
