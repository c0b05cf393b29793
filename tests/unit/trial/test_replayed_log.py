"""A replay, its pages and its verdict go by the log that was recorded, not by whatever digest lies nearest."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from seatrial.domain.address import Address
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.workload import Digest, Recording
from seatrial.dossier.store import Dossier
from seatrial.trial.bench import Bench
from seatrial.trial.journey import exhibits
from seatrial.trial.run import utc_now
from seatrial.trial.wiring import Wiring
from seatrial.trial.workload import REPLAY, replayed_log
from tests.unit import factories
from tests.unit.fakes import Told
from tests.unit.trial import bodies

DIGEST: Digest = factories.digest()
LATER = replace(DIGEST, first="2026-11-20T18:00:00.000000Z")


def put(dossier: Dossier, address: str, body: object, **inputs: str) -> None:
    dossier.write(
        Address.parse(address), body, trial="acme", created="2026-11-21T11:00:00+00:00",
        inputs={f"digest/{instance}": sha256 for instance, sha256 in inputs.items()}, options={},
    )  # fmt: skip


def record(dossier: Dossier, address: str, digest: Digest) -> None:
    put(dossier, address, Recording(expires="2999-01-01", began=digest.first, seconds=1.0, events=1, connections=1))


def bench(root: Path) -> Bench:
    wiring = Wiring(bodies.SETTINGS, bodies.NoPasswords())
    return Bench(bodies.dossier(root), bodies.SETTINGS, "scratch", wiring, Told(), utc_now)


def shown(made: Bench) -> Digest | None:
    recorded = exhibits(made).recorded
    return recorded.body if recorded else None


def test_it_is_that_of_the_recording(tmp_path: Path) -> None:
    made = bench(tmp_path)
    put(made.dossier, "digest/main", DIGEST)
    put(made.dossier, "digest/scratch", LATER)
    record(made.dossier, "recording/main", DIGEST)
    assert replayed_log(made.dossier).body == DIGEST
    record(made.dossier, "recording/scratch", LATER)
    assert replayed_log(made.dossier).body == LATER


def test_a_digest_made_anew_without_its_recording_is_not_replayed(tmp_path: Path) -> None:
    made = bench(tmp_path)
    put(made.dossier, "load/scratch", factories.loaded())
    put(made.dossier, "digest/main", LATER)
    record(made.dossier, "recording/main", DIGEST)
    with pytest.raises(Fault) as fault:
        REPLAY.run(made)
    assert (fault.value.code, fault.value.exit) == ("replay.other-log", Exit.CONFIG)
    assert "--record" in fault.value.remedy


def test_the_verdict_takes_the_one_the_replay_names(tmp_path: Path) -> None:
    made = bench(tmp_path)
    put(made.dossier, "digest/main", DIGEST)
    put(made.dossier, "digest/scratch", LATER)
    assert shown(made) == LATER
    put(made.dossier, "replay/scratch", factories.replay(), main="0")
    assert shown(made) == DIGEST
