"""The bench notes everything a step reads."""

import hashlib
from pathlib import Path

import pytest
from msgspec.structs import replace

from seatrial.domain.address import Address
from seatrial.domain.event import silent
from seatrial.domain.fault import Exit, Fault
from seatrial.dossier.store import Dossier
from seatrial.trial.bench import Bench
from seatrial.trial.run import utc_now
from seatrial.trial.wiring import Wiring
from tests.unit.trial import bodies


def bench(root: Path, *, vschema: str = "", instance: str = "main") -> Bench:
    settings = replace(bodies.SETTINGS, vschema=vschema)
    return Bench(Dossier(root), settings, instance, Wiring(settings, bodies.NoPasswords()), silent, utc_now)


def put(root: Path, instance: str, *codes: str) -> str:
    address = Address("assess", instance)
    body = bodies.assessed(*codes)
    return Dossier(root).write(address, body, trial="a", created="t", inputs={}, options={}).sha256


def test_an_instance_reads_its_own_else_the_main_artifact(tmp_path: Path) -> None:
    main = put(tmp_path, "main", "A")
    desk = bench(tmp_path, instance="scratch")
    assert desk.read("assess").sha256 == main
    own = put(tmp_path, "scratch", "B")
    assert desk.read("assess").sha256 == own
    assert desk.inputs == {"assess/main": main, "assess/scratch": own}


def test_what_is_not_there_is_none_or_a_fault_and_no_input(tmp_path: Path) -> None:
    desk = bench(tmp_path)
    assert desk.read_if_there("load") is None
    with pytest.raises(Fault, match="has no load/main"):
        desk.read("load")
    assert desk.inputs == {}


def test_a_file_is_an_input_by_its_hash(tmp_path: Path) -> None:
    (tmp_path / "criteria.toml").write_bytes(b"x")
    desk = bench(tmp_path)
    assert desk.file("criteria.toml") == b"x"
    assert desk.inputs == {"file:criteria.toml": hashlib.sha256(b"x").hexdigest()}


def test_a_missing_file_is_a_fault_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(Fault) as fault:
        bench(tmp_path).file("gone.toml")
    assert (fault.value.code, fault.value.exit) == ("trial.no-file", Exit.CONFIG)
    assert "gone.toml" in fault.value.what


def test_a_vschema_folder_gives_a_role_a_file(tmp_path: Path) -> None:
    assert bench(tmp_path).vschemas() is None
    (tmp_path / "vs").mkdir()
    with pytest.raises(Fault) as fault:
        bench(tmp_path, vschema="vs").vschemas()
    assert fault.value.code == "vschema.none"
    (tmp_path / "vs" / "sharded.json").write_text('{"sharded": true}')
    (tmp_path / "vs" / "unsharded.json").write_text("{}")
    desk = bench(tmp_path, vschema="vs")
    found = desk.vschemas()
    assert found is not None
    assert {role: vschema.sharded for role, vschema in found.roles.items()} == {"sharded": True, "unsharded": False}
    assert set(desk.inputs) == {"file:vs/sharded.json", "file:vs/unsharded.json"}
