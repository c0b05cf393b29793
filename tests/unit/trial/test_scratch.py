"""Whether the scratch copy is what its load says: told by the journals of the runs."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from seatrial.domain.address import Address
from seatrial.domain.event import Acting, Note, Started
from seatrial.domain.fault import Fault
from seatrial.dossier.runs import RunLog
from seatrial.dossier.store import Dossier
from seatrial.trial.bench import Bench
from seatrial.trial.run import utc_now
from seatrial.trial.scratch import copied, last_acted, written_at
from seatrial.trial.wiring import Wiring
from tests.unit import factories
from tests.unit.fakes import Told
from tests.unit.trial import bodies

LOADED = datetime(2026, 11, 21, 11, 0, tzinfo=UTC)


def bench(root: Path, *, loaded: bool = True) -> Bench:
    dossier = bodies.dossier(root)
    if loaded:
        dossier.write(
            Address("load", "scratch"), factories.loaded(), trial="acme", created=LOADED.isoformat(timespec="seconds"),
            inputs={}, options={},
        )  # fmt: skip
    wiring = Wiring(bodies.SETTINGS, bodies.NoPasswords())
    return Bench(dossier, bodies.SETTINGS, "scratch", wiring, Told(), utc_now)


def journal(dossier: Dossier, address: str, minutes: float, *, acts: bool = True) -> None:
    """A run of that step, so long after the load."""
    with RunLog(dossier.runs, address, lambda: LOADED + timedelta(minutes=minutes)) as log:
        log(Started(address=address))
        log(Acting(act="a", undo="b") if acts else Note(text="looked"))


def test_without_a_copy_the_way_to_one_is_named(tmp_path: Path) -> None:
    made = bench(tmp_path, loaded=False)
    made.dossier.write(
        Address("load"), factories.loaded(), trial="acme", created=LOADED.isoformat(), inputs={}, options={}
    )
    with pytest.raises(Fault) as fault:
        copied(made)  # the main load is no copy to write on
    assert fault.value.code == "scratch.none" and "load --instance scratch" in fault.value.remedy


def test_a_copy_nobody_touched_is_what_it_was(tmp_path: Path) -> None:
    made = bench(tmp_path)
    journal(made.dossier, "load/scratch", -1)  # its own load
    journal(made.dossier, "replay/scratch", -2)  # on the copy before
    journal(made.dossier, "replay/scratch", 1, acts=False)  # refused before its first statement
    journal(made.dossier, "load/main", 2)
    loaded = copied(made)
    assert written_at(made.dossier, loaded) is None
    assert "load/scratch" in made.inputs


@pytest.mark.parametrize("step", ["replay/scratch", "try/scratch"])
def test_a_replay_or_a_try_leaves_its_mark_until_the_next_load(tmp_path: Path, step: str) -> None:
    made = bench(tmp_path)
    journal(made.dossier, step, 3)
    loaded = copied(made)
    assert written_at(made.dossier, loaded) == LOADED + timedelta(minutes=3)
    anew = replace(loaded, created=(LOADED + timedelta(minutes=4)).isoformat())
    assert written_at(made.dossier, anew) is None


def test_a_load_that_did_not_end_leaves_no_copy(tmp_path: Path) -> None:
    made = bench(tmp_path)
    journal(made.dossier, "load/scratch", 5)
    with pytest.raises(Fault) as fault:
        copied(made)
    assert fault.value.code == "scratch.half-made" and fault.value.remedy


def test_without_a_run_nobody_acted(tmp_path: Path) -> None:
    assert last_acted(bodies.dossier(tmp_path), ("load/main",)) is None
