"""A bundle holds what may be shared, whole, and nothing else."""

import shutil
import tarfile
from pathlib import Path

import pytest

from seatrial.domain.address import Address
from seatrial.domain.comparison import Mismatch, Mismatches
from seatrial.domain.fault import Fault
from seatrial.dossier.bundle import pack
from seatrial.dossier.store import Dossier
from tests.golden import DOSSIER

PLANTED = "planted-value-of-a-row"


@pytest.fixture
def dossier(tmp_path: Path) -> Dossier:
    shutil.copytree(DOSSIER, tmp_path / "trial")
    dossier = Dossier.open(tmp_path / "trial")
    row = Mismatch(table="t", keyspace="k", shard="0", key={"id": 1}, source={"note": PLANTED}, target=None)
    dossier.write(Address("mismatches"), Mismatches((row,)), trial="t", created="now", inputs={}, options={})
    return dossier


def test_it_holds_every_shareable_artifact_and_no_private_one(dossier: Dossier, tmp_path: Path) -> None:
    packed = pack(dossier, tmp_path / "b.tar.gz", "trial")
    with tarfile.open(tmp_path / "b.tar.gz") as tar:
        names = set(tar.getnames())
        everything = b"".join(tar.extractfile(name).read() for name in names)  # type: ignore[union-attr]
        manifest = tar.extractfile("trial/MANIFEST").read().decode()  # type: ignore[union-attr]
    assert names == {"trial/MANIFEST", *(f"trial/{name}.json" for name in packed)}
    assert "collect/main" in packed
    assert not any(name.startswith("mismatches") for name in packed)
    assert PLANTED.encode() not in everything
    assert dossier.head(Address("collect")).sha256 in manifest


def test_the_same_artifacts_give_the_same_bytes(dossier: Dossier, tmp_path: Path) -> None:
    pack(dossier, tmp_path / "one.tar.gz", "trial")
    pack(dossier, tmp_path / "two.tar.gz", "trial")
    assert (tmp_path / "one.tar.gz").read_bytes() == (tmp_path / "two.tar.gz").read_bytes()


def test_an_edited_artifact_is_not_packed(dossier: Dossier, tmp_path: Path) -> None:
    path = dossier.path(Address("verify"))
    path.write_bytes(path.read_bytes().replace(b'"mismatches": 0', b'"mismatches": 7', 1))
    with pytest.raises(Fault) as caught:
        pack(dossier, tmp_path / "b.tar.gz", "trial")
    assert caught.value.code == "dossier.edited"
    assert not (tmp_path / "b.tar.gz").exists()


def test_an_empty_dossier_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(Fault) as caught:
        pack(Dossier(tmp_path), tmp_path / "b.tar.gz", "trial")
    assert "seatrial collect" in caught.value.remedy
