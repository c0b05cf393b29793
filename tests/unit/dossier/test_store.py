"""The store: the old artifact or the new one, never a part; and an edited one is never taken for a true one."""

import errno
import os
import stat
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seatrial.domain.address import Address
from seatrial.domain.comparison import Mismatch, Mismatches
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.finding import Assessment, Finding, Outcome
from seatrial.domain.workload import Recording
from seatrial.dossier.envelope import Envelope
from seatrial.dossier.kinds import KINDS, Kind, Sensitivity
from seatrial.dossier.store import Dossier, write_whole
from tests.unit import factories

ASSESS = Address("assess")


def put(dossier: Dossier, body: Assessment, *, created: str = factories.CREATED) -> Envelope:
    return dossier.write(ASSESS, body, trial="acme", created=created, inputs={}, options={})


@pytest.fixture
def dossier(tmp_path: Path) -> Dossier:
    return Dossier(tmp_path)


def files(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


TEXT = st.text(max_size=20)
FINDINGS = st.builds(
    Finding,
    code=TEXT,
    outcome=st.sampled_from(Outcome),
    title=TEXT,
    detail=TEXT,
    subjects=st.lists(TEXT, max_size=3).map(tuple),
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(FINDINGS, max_size=3))
def test_what_was_written_is_read_and_an_identical_rerun_keeps_the_hash(
    dossier: Dossier, findings: list[Finding]
) -> None:
    body = Assessment(findings=tuple(findings))
    first = put(dossier, body)
    assert dossier.read(ASSESS).body == body
    assert put(dossier, body, created="2027-01-01T00:00:00+00:00").sha256 == first.sha256 == dossier.head(ASSESS).sha256


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("collect", factories.collection()),
        ("provision", factories.provisioned()),
        ("load", factories.loaded()),
        ("verify", factories.verification()),
        ("rehearse", factories.rehearsal()),
    ],
)
def test_every_kinds_body_survives_the_disk(dossier: Dossier, kind: str, body: object) -> None:
    envelope = dossier.write(Address(kind), body, trial="a", created=factories.CREATED, inputs={}, options={})
    exhibit = dossier.read(Address(kind))
    assert (exhibit.body, exhibit.sha256) == (body, envelope.sha256)


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_artifact_and_nothing_else(
    dossier: Dossier, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    old = put(dossier, Assessment(findings=()))
    before = files(dossier.root)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full) if moment == "fsync" else broken.setattr(Path, "replace", full)
        with pytest.raises(Fault) as fault:
            put(dossier, factories.assessment())
    assert (fault.value.code, fault.value.exit) == ("dossier.disk-full", Exit.RETRY)
    assert "assess/main.json" in fault.value.what
    assert dossier.head(ASSESS) == old
    assert files(dossier.root) == before


def test_a_kill_between_the_temporary_file_and_the_move_leaves_the_old_artifact(
    dossier: Dossier, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = put(dossier, Assessment(findings=()))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            put(dossier, factories.assessment())
    assert dossier.head(ASSESS) == old
    assert files(dossier.root) == {"assess/main.json"}


def test_a_half_written_temporary_file_is_no_artifact(dossier: Dossier) -> None:
    put(dossier, Assessment(findings=()))
    (dossier.root / "assess" / ".main.json.k1ll3d").write_text("{")
    assert dossier.addresses() == [ASSESS]


def test_a_folder_that_may_not_be_written_is_a_fault(dossier: Dossier, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr("tempfile.mkstemp", refused)
    with pytest.raises(Fault) as fault:
        write_whole(dossier.root / "x", b"")
    assert (fault.value.code, fault.value.exit) == ("dossier.not-writable", Exit.CONFIG)


@pytest.mark.parametrize("edit", [(b'"block"', b'"pass"'), (b"OBJ-LEFT", b"OBJ-GONE")])
def test_an_edited_artifact_is_noticed_and_named(dossier: Dossier, edit: tuple[bytes, bytes]) -> None:
    blocking = Finding(code="OBJ-LEFT", outcome=Outcome.BLOCK, title="t", detail="d")
    put(dossier, Assessment(findings=(blocking,)))
    path = dossier.path(ASSESS)
    path.write_bytes(path.read_bytes().replace(*edit))
    with pytest.raises(Fault) as fault:
        dossier.read(ASSESS)
    assert (fault.value.code, fault.value.exit) == ("dossier.edited", Exit.CONFIG)
    assert str(path) in fault.value.what
    assert "seatrial assess" in fault.value.remedy


def test_another_kinds_artifact_in_its_place_is_noticed(dossier: Dossier) -> None:
    put(dossier, Assessment(findings=()))
    dossier.path(Address("judge")).parent.mkdir()
    dossier.path(ASSESS).replace(dossier.path(Address("judge")))
    with pytest.raises(Fault) as fault:
        dossier.head(Address("judge"))
    assert fault.value.code == "dossier.edited"


def test_new_blanks_are_no_edit(dossier: Dossier) -> None:
    put(dossier, factories.assessment())
    path = dossier.path(ASSESS)
    path.write_bytes(msgspec.json.format(path.read_bytes(), indent=4))
    assert dossier.read(ASSESS).body == factories.assessment()


def test_another_version_names_the_step_to_run_again(dossier: Dossier) -> None:
    put(dossier, factories.assessment())
    path = dossier.path(ASSESS)
    path.write_bytes(path.read_bytes().replace(b'"version": 1', b'"version": 99'))
    with pytest.raises(Fault) as fault:
        dossier.read(ASSESS)
    assert (fault.value.code, fault.value.exit) == ("dossier.version", Exit.CONFIG)
    assert "version 99" in fault.value.what
    assert "run seatrial assess again" in fault.value.remedy


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"kind": "assess"}'])
def test_rubbish_is_one_fault_with_the_way_out(dossier: Dossier, content: bytes) -> None:
    put(dossier, factories.assessment())
    dossier.path(ASSESS).write_bytes(content)
    with pytest.raises(Fault) as fault:
        dossier.read(ASSESS)
    assert fault.value.code == "dossier.unreadable"
    assert "seatrial assess" in fault.value.remedy


def test_a_missing_artifact_names_the_command_that_makes_it(dossier: Dossier) -> None:
    with pytest.raises(Fault) as fault:
        dossier.read(Address("rehearse"))
    assert fault.value.code == "dossier.missing"
    assert "seatrial cutover rehearse" in fault.value.remedy


def test_a_folder_without_trial_toml_is_no_dossier(tmp_path: Path) -> None:
    with pytest.raises(Fault) as fault:
        Dossier.open(tmp_path)
    assert fault.value.code == "dossier.none"
    assert "seatrial init" in fault.value.remedy


def test_rows_values_lie_apart_where_only_the_owner_looks(dossier: Dossier) -> None:
    rows = Mismatches(
        (Mismatch(table="t", keyspace="k", shard="-80", key={"id": 1}, source={"id": 1, "v": "0xff"}, target=None),)
    )
    address = Address("mismatches")
    dossier.write(address, rows, trial="acme", created=factories.CREATED, inputs={}, options={})
    assert files(dossier.root) == {"private/mismatches/main.json"}
    assert stat.S_IMODE((dossier.root / "private").stat().st_mode) == 0o700
    assert dossier.read(address).body == rows


def test_only_row_values_are_private_and_an_open_folder_is_closed(dossier: Dossier) -> None:
    assert {k.name for k in KINDS.values() if k.sensitivity is Sensitivity.PRIVATE} == {
        "mismatches",
        "recording",
        "samples",
    }
    (dossier.root / "private").mkdir(mode=0o755)
    assert stat.S_IMODE(dossier.private.stat().st_mode) == 0o700


RECORDING = Recording(expires="2026-12-05", began=factories.CREATED, seconds=3.0, events=2, connections=1)


def recorded(dossier: Dossier, *lines: bytes) -> None:
    address = Address("recording")
    with dossier.data_file(address, "main.events.jsonl") as writer:
        for line in lines:
            writer.line(line)
    dossier.write(address, RECORDING, trial="a", created=factories.CREATED, inputs={}, options={}, files=(writer.told,))


def test_a_data_file_is_beside_its_head_closed_to_others_and_proved(dossier: Dossier) -> None:
    recorded(dossier, b"one", b"two")
    assert files(dossier.root) == {"private/recording/main.json", "private/recording/main.events.jsonl"}
    data = dossier.root / "private" / "recording" / "main.events.jsonl"
    assert stat.S_IMODE(data.stat().st_mode) == 0o600
    assert list(dossier.data_lines(Address("recording"))) == [b"one\n", b"two\n"]
    (told,) = dossier.head(Address("recording")).files
    assert (told.bytes, told.rows) == (8, 2)


def test_a_changed_or_missing_data_file_is_said(dossier: Dossier) -> None:
    recorded(dossier, b"one")
    data = dossier.root / "private" / "recording" / "main.events.jsonl"
    data.write_bytes(b"other\n")
    with pytest.raises(Fault, match="changed after it was written"):
        list(dossier.data_lines(Address("recording")))
    data.unlink()
    with pytest.raises(Fault, match="is gone"):
        list(dossier.data_lines(Address("recording")))


def test_a_data_file_that_breaks_off_leaves_the_old_one(dossier: Dossier) -> None:
    recorded(dossier, b"one")
    with pytest.raises(KeyboardInterrupt), dossier.data_file(Address("recording"), "main.events.jsonl") as writer:
        writer.line(b"half")
        raise KeyboardInterrupt
    assert list(dossier.data_lines(Address("recording"))) == [b"one\n"]
    assert files(dossier.root) == {"private/recording/main.json", "private/recording/main.events.jsonl"}


def test_addresses_come_in_the_order_of_the_journey(dossier: Dossier) -> None:
    for kind, body in (("verify", factories.verification()), ("collect", factories.collection())):
        for instance in ("main", "before"):
            dossier.write(Address(kind, instance), body, trial="a", created="", inputs={}, options={})
    assert [str(a) for a in dossier.addresses()] == ["collect/before", "collect/main", "verify/before", "verify/main"]


def test_an_unknown_kind_is_a_usage_fault_that_lists_the_kinds(dossier: Dossier) -> None:
    with pytest.raises(Fault) as fault:
        dossier.path(Address("../etc"))
    assert (fault.value.code, fault.value.exit) == ("dossier.no-such-kind", Exit.USAGE)
    assert "collect" in fault.value.remedy


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_kind_names_a_command_there_is_and_can_be_decoded(kind: Kind) -> None:
    from seatrial.cli.main import COMMANDS

    assert kind.step.split()[0] in COMMANDS
    msgspec.json.schema(kind.body)
