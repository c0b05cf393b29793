import errno
import re
from pathlib import Path

import pytest

from seatrial.domain.event import silent
from seatrial.domain.fault import Fault
from seatrial.lab import engine as engines
from seatrial.lab import install as installing
from seatrial.lab.engine import MysqlPart, VitessPart, find, find_mysql, find_vitess, store
from seatrial.lab.install_mysql import system_mirrors
from seatrial.lab.places import ENGINE_KEY, pins

PROGRAMS = ("vtctldclient", "vtctld", "vtgate", "vttablet", "mysqlctl", "etcd")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    return tmp_path / "engine"


def _vitess(folder: Path) -> None:
    part = folder / "vitess"
    part.mkdir(parents=True)
    for name in PROGRAMS:
        (part / name).touch()
    store(part, VitessPart(version="24.0.3", etcd_version="3.6.10", **{name: part / name for name in PROGRAMS}))


def _mysql(folder: Path) -> None:
    part = folder / "mysql"
    (part / "bin").mkdir(parents=True)
    (part / "bin" / "mysqld").touch()
    store(part, MysqlPart(version="9.7.4", root=part, mysqld=part / "bin" / "mysqld"))


def test_a_part_is_found_again_where_it_was_stored(folder: Path) -> None:
    _vitess(folder)
    _mysql(folder)
    engine = find(folder)
    assert engine.vtgate == folder / "vitess" / "vtgate"
    assert engine.mysql_root == folder / "mysql"
    assert engine.versions == {"vitess": "24.0.3", "etcd": "3.6.10", "mysql": "9.7.4"}


def test_a_part_that_lacks_a_program_is_not_found(folder: Path) -> None:
    _vitess(folder)
    (folder / "vitess" / "vttablet").unlink()
    assert find_vitess(folder) is None


def test_what_is_missing_is_named_with_the_next_step(folder: Path) -> None:
    _vitess(folder)
    with pytest.raises(Fault) as fault:
        find(folder)
    assert "MySQL" in fault.value.what and "Vitess" not in fault.value.what
    assert fault.value.remedy == "run: seatrial lab install"


def _program(folder: Path, name: str, says: str) -> None:
    folder.mkdir(exist_ok=True, parents=True)
    (folder / name).write_text(f"#!/bin/sh\necho '{says}'\n")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize(
    ("says", "version"),
    [
        ("mysqld  Ver 8.4.6 for Linux on x86_64 (MySQL Community Server - GPL)", "8.4.6"),
        ("mysqld  Ver 8.0.44 for Linux on x86_64 (MySQL Community Server - GPL)", None),
        ("mysqld  Ver 10.11.14-MariaDB-0+deb12u2 for debian-linux-gnu on x86_64 (Debian 12)", None),
        ("something else", None),
    ],
)
def test_a_mysqld_on_path_is_used_only_if_it_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str, version: str | None
) -> None:
    _program(tmp_path / "sbin", "mysqld", says)
    monkeypatch.setenv("PATH", f"{tmp_path / 'sbin'}:/bin")
    part = find_mysql(tmp_path / "engine")
    assert (part.version if part else None) == version


def test_a_vitess_on_path_of_another_version_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROGRAMS:
        _program(tmp_path / "bin", name, "vtgate version Version: 22.0.1 etcd Version: 3.5.1")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin")
    assert find_vitess(tmp_path / "engine") is None
    for name in PROGRAMS:
        _program(tmp_path / "bin", name, "vtgate version Version: 24.0.1 etcd Version: 3.5.1")
    part = find_vitess(tmp_path / "engine")
    assert part is not None and part.version == "24.0.1"


def test_the_engine_key_is_the_version_that_is_pinned() -> None:
    pinned = re.search(r"vitess\.io/vitess v0\.(\d+)\.(\d+)", (pins() / "go.mod").read_text())
    assert pinned is not None
    major, patch = pinned.groups()
    assert f"vitess-{major}.0.{patch}" == ENGINE_KEY
    assert str(engines.VITESS_MAJOR) == major


def test_mirrors_are_read_in_both_of_apts_formats(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text(
        "# deb http://no.invalid/debian x main\ndeb http://a.invalid/debian x main\n"
    )
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d" / "one.list").write_text("deb [arch=amd64 signed-by=/k] http://b.invalid/apt x main\n")
    (tmp_path / "sources.list.d" / "two.sources").write_text(
        "Types: deb\nURIs: http://c.invalid/debian http://d.invalid/debian\nSuites: x\n"
    )
    assert system_mirrors(tmp_path) == [
        "http://a.invalid/debian",
        "http://b.invalid/apt",
        "http://c.invalid/debian",
        "http://d.invalid/debian",
    ]


def test_a_full_disk_is_one_clear_fault(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(installing, "install_mysql", full)
    monkeypatch.setattr(installing, "ROOM_NEEDED_BYTES", 0)
    with pytest.raises(Fault) as fault:
        installing.install(folder, silent)
    assert fault.value.code == "lab.disk-full"
    assert str(folder) in fault.value.what
