"""What users get wrong, or find wrong: each is one line that names it, one next step and an exit code."""

import fcntl
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from seatrial.domain.fault import Exit
from seatrial.lab.lab import Lab
from seatrial.sample.accounts import MOVER, READER
from seatrial.sample.server import Sample

from .conftest import TrialFactory
from .harness import Trial, seatrial

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def trial(shop: Sample, lab: Lab, trial_factory: TrialFactory) -> Iterator[Trial]:
    """A trial that is provisioned, and no test loads."""
    with trial_factory(shop, lab, "shared", settings="[gates]\nquiet_s = 1\n") as trial:
        trial.must("run", "--until", "provision")
        yield trial


@pytest.fixture
def other(trial: Trial, tmp_path: Path) -> Trial:
    """A dossier like the trial's, to be spoilt."""
    shutil.copytree(trial.root, tmp_path / "other")
    return Trial(tmp_path / "other", trial.sample, trial.lab, trial.options, trial.naming.trial)


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@contextmanager
def privilege(trial: Trial, taken: str, scope: str, user: str) -> Iterator[None]:
    """The account without the privilege, for a while."""
    with trial.source() as root:
        root.execute(f"REVOKE {taken} ON {scope} FROM '{user}'@'%'")
        try:
            yield
        finally:
            root.execute(f"GRANT {taken} ON {scope} TO '{user}'@'%'")


# The source


def test_a_wrong_password(other: Trial, tmp_path: Path) -> None:
    other.options = tmp_path / "wrong.cnf"
    other.options.write_text(f"[{READER}]\npassword=not-the-one\n")
    told = other.refused("mysql.access-denied", "collect", exit=Exit.CONFIG)
    assert READER in told and "not-the-one" not in told


def test_nobody_at_the_address(other: Trial) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    rewrite(other.root / "trial.toml", f":{other.sample.status().port}/", f":{port}/")
    assert f"127.0.0.1:{port}" in other.refused("mysql.unreachable", "collect", exit=Exit.RETRY)


def test_a_database_that_is_not_there(other: Trial) -> None:
    rewrite(other.root / "trial.toml", "/shop", "/shoq")
    with other.source() as root:
        root.execute(f"GRANT SELECT ON shoq.* TO '{READER}'@'%'")
        try:
            assert "'shoq'" in other.refused("mysql.no-database", "collect", exit=Exit.CONFIG)
        finally:
            root.execute(f"REVOKE SELECT ON shoq.* FROM '{READER}'@'%'")
    assert "'shoq'" in other.refused("mysql.missing-grant", "collect", exit=Exit.CONFIG)


def test_a_database_the_reader_may_not_see(trial: Trial) -> None:
    with privilege(trial, "SELECT, SHOW VIEW, TRIGGER, EVENT", "shop.*", READER):
        assert "'shop'" in trial.refused("mysql.missing-grant", "collect", exit=Exit.CONFIG)


@pytest.mark.parametrize(
    ("privilege_", "scope"),
    [
        ("LOCK TABLES", "shop.*"),
        ("REPLICATION SLAVE", "*.*"),
        ("UPDATE", "shop.*"),
    ],
)
def test_a_privilege_the_mover_lacks_is_named_before_anything_is_attached(
    trial: Trial, privilege_: str, scope: str
) -> None:
    with privilege(trial, privilege_, scope, MOVER):
        told = trial.refused("load.mover-lacks", "load", exit=Exit.CONFIG)
    assert privilege_ in told and MOVER in told
    assert trial.naming.source_keyspace not in trial.lab.vtctl.text("GetKeyspaces")


def test_a_mover_that_could_drop_tables_is_refused(trial: Trial) -> None:
    with trial.source() as root:
        root.execute(f"GRANT DROP ON shop.* TO '{MOVER}'@'%'")
        try:
            assert "DROP" in trial.refused("load.mover-can-drop", "load", exit=Exit.CONFIG)
        finally:
            root.execute(f"REVOKE DROP ON shop.* FROM '{MOVER}'@'%'")


# The dossier


def test_no_dossier(tmp_path: Path) -> None:
    ran = seatrial("collect", "-d", tmp_path / "nowhere")
    assert (ran.code, ran.told() != "") == (Exit.CONFIG, True)


def test_an_option_file_that_is_not_there(other: Trial, tmp_path: Path) -> None:
    other.options = tmp_path / "none.cnf"
    assert "none.cnf" in other.refused("options.unreadable", "collect", exit=Exit.CONFIG)


def test_a_dossier_in_use(trial: Trial) -> None:
    with (trial.root / ".lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert str(trial.root) in trial.refused("dossier.locked", "assess", exit=Exit.RETRY)


def test_an_artifact_changed_by_hand(other: Trial) -> None:
    rewrite(other.root / "collect" / "main.json", '"orders"', '"ordres"')
    told = other.refused("dossier.edited", "assess", exit=Exit.CONFIG)
    assert "collect" in told
    assert "broken" in other.must("status").out


@pytest.mark.parametrize("line", ["shards = two", 'surce = "x"', "shards = 2\n[brake]\nthreads = 3"])
def test_settings_that_are_none(other: Trial, line: str) -> None:
    path = other.root / "trial.toml"
    path.write_text(path.read_text().replace("shards = 2", line, 1))
    assert "trial.toml" in other.refused("trial.malformed", "assess", exit=Exit.CONFIG)


def test_a_vschema_that_names_no_column(other: Trial) -> None:
    rewrite(other.root / "vschema" / "sharded.json", '"column": "shop_id"', '"column": "shop_number"')
    ran = other.must("provision", code=Exit.CONFIG)
    assert "shop_number" in ran.told() and "[vschema." in ran.told()


def test_a_vschema_that_is_no_json(other: Trial) -> None:
    rewrite(other.root / "vschema" / "sharded.json", '"tables": {', '"tables": [')
    ran = other.must("provision", code=Exit.CONFIG)
    assert "sharded" in ran.told() and "[vschema." in ran.told()


# The target


def test_a_lab_that_is_not_there(other: Trial) -> None:
    rewrite(other.root / "trial.toml", f"lab:{other.lab_name}", "lab:nosuch")
    assert "nosuch" in other.refused("lab.unknown", "provision", exit=Exit.USAGE)


def test_a_table_on_the_target_that_is_made_otherwise(trial: Trial) -> None:
    keyspace = trial.naming.keyspace("sharded")
    with trial.shards("sharded") as shards:
        for sql in shards.values():
            sql.execute("ALTER TABLE carts ADD COLUMN stranger INT")
        try:
            told = trial.refused("provision.table-differs", "provision", exit=Exit.CONFIG)
        finally:
            for sql in shards.values():
                sql.execute("ALTER TABLE carts DROP COLUMN stranger")
    assert keyspace in told and "carts" in told


def test_a_name_that_another_keyspace_has(trial: Trial) -> None:
    vtctl = trial.lab.vtctl
    vtctl.text("CreateKeyspace", "stranger")
    try:
        vtctl.text("ApplyVSchema", "--vschema", '{"tables": {"orders": {}}}', "stranger")
        told = trial.refused("load.name-taken", "load", exit=Exit.CONFIG)
    finally:
        vtctl.text("DeleteKeyspace", "--recursive", "stranger")
        vtctl.text("RebuildVSchemaGraph")
    assert "orders" in told and "stranger" in told
    assert trial.naming.source_keyspace not in vtctl.text("GetKeyspaces")


def test_tables_on_the_target_that_hold_rows(trial: Trial) -> None:
    with trial.shards("unsharded") as shards:
        shards["0"].execute("INSERT INTO platform_settings (name, value) VALUES ('stranger', '1')")
        try:
            told = trial.refused("load.target-not-empty", "load", exit=Exit.CONFIG)
        finally:
            shards["0"].execute("DELETE FROM platform_settings")
    assert "platform_settings" in told


# A cluster of others


def foreign(trial: Trial, target: str = "") -> None:
    """Address the very lab as a cluster that others operate."""
    host, port = trial.lab.vtgate
    rewrite(
        trial.root / "trial.toml",
        f'target = "lab:{trial.lab_name}"',
        f'target = "{target or f"vitess://{host}:{port}?vtctld={trial.lab.vtctld_address}"}"',
    )


def test_on_a_foreign_cluster_what_is_there_is_used_and_what_is_missing_is_named(other: Trial) -> None:
    foreign(other)
    assert "create table" not in other.must("provision").err
    assert other.body("provision")["target"].startswith("vitess://")
    told = other.refused("target.attach-by-operators", "load", exit=Exit.RETRY)
    assert "tablet" in told
    rewrite(other.root / "trial.toml", 'name = "shared"', 'name = "elsewhere"')
    told = other.refused("target.no-tablets", "provision", exit=Exit.RETRY)
    assert "elsewhere_unsharded" in told
    assert "elsewhere" not in other.lab.vtctl.text("GetKeyspaces")


def test_a_foreign_cluster_that_does_not_answer(other: Trial) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    foreign(other, f"vitess://127.0.0.1:{port}?vtctld=127.0.0.1:{port}")
    assert str(port) in other.refused("vitess.unreachable", "provision", exit=Exit.RETRY)
