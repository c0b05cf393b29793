"""The journey of a trial on the real engine, and what it leaves on the source: nothing."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from seatrial.adapters.mysql.client import Connection
from seatrial.domain.fault import Exit
from seatrial.domain.identifier import quote
from seatrial.lab.daemons import credentials_file
from seatrial.lab.lab import Lab
from seatrial.parsing.option_file import parse
from seatrial.sample.accounts import MOVER, READER
from seatrial.sample.server import Sample

from .conftest import TrialFactory
from .harness import Trial, command_lines, differing, eventually, fingerprints

pytestmark = pytest.mark.engine

QUICK = "[rehearsal]\nrate_per_s = 40\nsettle_s = 3\n\n[gates]\nquiet_s = 2\n"
DEFINES = re.compile(r"\s*(/\*.*?\*/\s*)*(drop|truncate|alter|rename|create)\b", re.IGNORECASE | re.DOTALL)
CHANGES = re.compile(r"\s*(/\*.*?\*/\s*)*(insert|update|delete|replace|load)\b", re.IGNORECASE | re.DOTALL)
ACCOUNTS = (READER, MOVER)


class Witness:
    """The source's own general log: who sent what, told by the server and not by us."""

    def __init__(self, root: Connection) -> None:
        self._root = root
        root.execute("TRUNCATE TABLE mysql.general_log")
        root.execute("SET GLOBAL log_output = 'TABLE'")
        root.execute("SET GLOBAL general_log = ON")

    def statements(self, *accounts: str) -> list[str]:
        """What those accounts sent, in the order of arrival."""
        rows = self._root.query(
            "SELECT user_host, argument FROM mysql.general_log "
            "WHERE command_type IN ('Query', 'Prepare', 'Execute') ORDER BY event_time"
        )
        return [text.decode(errors="replace") for host, text in rows if host.partition("[")[0] in accounts]

    def end(self) -> None:
        self._root.execute("SET GLOBAL general_log = OFF")
        self._root.execute("SET GLOBAL log_output = 'FILE'")


class Bystander:
    """Somebody on the machine who looks at `ps` the whole time."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._over.wait(0.1):
            self.seen.update(command_lines().values())

    def end(self) -> None:
        self._over.set()
        self._thread.join()


@pytest.fixture(scope="module")
def bystander() -> Iterator[Bystander]:
    bystander = Bystander()
    yield bystander
    bystander.end()


@pytest.fixture(scope="module")
def witness(shop: Sample) -> Iterator[Witness]:
    with Connection(shop.login("root", None)) as root:
        witness = Witness(root)
        try:
            yield witness
        finally:
            witness.end()


@pytest.fixture(scope="module")
def before(shop: Sample, witness: Witness) -> tuple[dict[str, str], dict[str, Any]]:
    """How the source's tables are made, and a fingerprint of their rows, before we came."""
    with Connection(shop.login("root")) as root:
        return definitions(root), fingerprints(root)


@pytest.fixture(scope="module")
def trial(
    shop: Sample, lab: Lab, trial_factory: TrialFactory, witness: Witness, bystander: Bystander, before: object
) -> Iterator[Trial]:
    """A trial run as far as `verify`, before witnesses."""
    with trial_factory(shop, lab, "shared", settings=QUICK) as trial:
        trial.must("run", "--until", "verify")
        yield trial


def definitions(connection: Connection) -> dict[str, str]:
    """How every table and view is made, but for AUTO_INCREMENT's position."""
    return {
        name: re.sub(r" AUTO_INCREMENT=\d+", "", connection.query(f"SHOW CREATE TABLE {quote(name)}")[0][1])
        for (name,) in connection.query("SHOW TABLES")
    }


def test_every_table_came_over_and_is_equal(trial: Trial) -> None:
    assert {table["equality"] for table in trial.body("verify")["tables"]} == {"equal"}
    assert differing(trial) == []
    with trial.shards("sharded") as shards:
        assert all(connection.query("SELECT COUNT(*) > 50 FROM orders") == [(1,)] for connection in shards.values())


def test_until_a_switch_nobody_but_the_application_writes_the_shop(
    trial: Trial, witness: Witness, before: tuple[dict[str, str], dict[str, Any]]
) -> None:
    sidecar = trial.naming.source_sidecar
    changes = [sent for sent in witness.statements(*ACCOUNTS) if CHANGES.match(sent)]
    assert changes, "the sidecar database is written"
    assert [sent for sent in changes if sidecar not in sent] == []
    with trial.source() as root:
        assert fingerprints(root) == before[1]


def test_the_dossier_is_fresh_and_its_numbers_are_explained(trial: Trial) -> None:
    states = {each["address"]: each["freshness"] for each in trial.must("status", "--json").json()}
    assert {states[f"{kind}/main"] for kind in ("collect", "assess", "provision", "load", "verify")} == {"fresh"}
    assert states["rehearse/main"] == "missing"
    page = (trial.root / "report.html").read_text()
    assert page.rstrip().endswith("</html>") and f"{trial.body('load')['rows']:,}" in page
    explained = trial.must("explain", "load/main#/rows", "--json").json()
    assert explained["value"] == trial.body("load")["rows"]
    assert explained["inputs"].keys() == {"collect/main", "assess/main", "provision/main"}


def test_done_again_provision_changes_nothing_and_load_carries_on(trial: Trial) -> None:
    def made() -> list[tuple[Any, ...]]:
        return [
            row
            for role in ("sharded", "unsharded")
            for row in trial.on_target(
                role, "SELECT table_name, create_time FROM information_schema.tables WHERE table_schema = DATABASE()"
            )
        ]

    def sha256() -> str:
        return str(msgspec.json.decode((trial.root / "provision" / "main.json").read_bytes())["sha256"])

    before = made(), sha256()
    assert "create table" not in trial.must("provision").err
    assert (made(), sha256()) == before
    ran = trial.must("load")
    assert ran.err.count("is there already: carrying on") == 2
    assert trial.body("load")["resumed"] is True


def test_collect_only_asks(trial: Trial, witness: Witness) -> None:
    marks = len(witness.statements(READER))
    trial.must("collect")
    sent = witness.statements(READER)[marks:]
    assert len(sent) > 10
    assert {statement.split(maxsplit=1)[0].upper() for statement in sent} <= {"SELECT", "SHOW", "SET"}


def test_planted_differences_are_found_with_both_sides(trial: Trial) -> None:
    """A changed, a lost, an extra row; one that differs in an invisible column; and one that VDiff takes for equal,
    because its key differs in case only."""
    rename = "UPDATE platform_settings SET name = %s, changed_at = changed_at WHERE name = %s"
    with trial.shards("sharded") as shards, trial.shards("unsharded") as alone:
        ((changed,),) = shards["-80"].query("SELECT MIN(id) FROM orders")
        (lost,) = shards["80-"].query("SELECT shop_id, order_id, line_no FROM order_lines LIMIT 1 OFFSET 700")
        (unseen,) = shards["-80"].query("SELECT shop_id, id FROM customers ORDER BY shop_id, id LIMIT 1")
        (kept,) = shards["80-"].dicts(
            "SELECT * FROM order_lines WHERE (shop_id, order_id, line_no) = (%s, %s, %s)", lost
        )
        ((note,),) = shards["-80"].query("SELECT note FROM orders WHERE id = %s", (changed,))
        ((batch,),) = shards["-80"].query("SELECT import_batch FROM customers WHERE (shop_id, id) = (%s, %s)", unseen)
        shards["-80"].execute("UPDATE orders SET note = 'planted' WHERE id = %s", (changed,))
        shards["80-"].execute("DELETE FROM order_lines WHERE (shop_id, order_id, line_no) = (%s, %s, %s)", lost)
        shards["80-"].execute(
            "INSERT INTO request_log VALUES (%s, UNHEX(REPEAT('EE', 16)), 'planted', NOW())", lost[:1]
        )
        shards["-80"].execute("UPDATE customers SET import_batch = 999 WHERE (shop_id, id) = (%s, %s)", unseen)
        alone["0"].execute(rename, ("LIMITS", "limits"))
        try:
            ran = trial.must("verify", code=Exit.NEGATIVE)
            assert trial.body("verify")["mismatches"] >= 3
        finally:
            alone["0"].execute(rename, ("limits", "LIMITS"))
            shards["-80"].execute("UPDATE orders SET note = %s WHERE id = %s", (note, changed))
            shards["80-"].execute(
                "INSERT INTO order_lines (shop_id, order_id, line_no, product_id, quantity, unit_price) "
                "VALUES (%(shop_id)s, %(order_id)s, %(line_no)s, %(product_id)s, %(quantity)s, %(unit_price)s)",
                kept,  # type: ignore[arg-type]
            )
            shards["80-"].execute("DELETE FROM request_log WHERE kind = 'planted'")
            shards["-80"].execute(
                "UPDATE customers SET import_batch = %s WHERE (shop_id, id) = (%s, %s)", (batch, *unseen)
            )
    assert "different" in ran.out
    differing = {table["table"] for table in trial.body("verify")["tables"] if table["equality"] == "different"}
    assert differing == {"orders", "order_lines", "request_log", "customers", "platform_settings"}
    (settings,) = [table for table in trial.body("verify")["tables"] if table["table"] == "platform_settings"]
    assert [shard["mismatched"] for shard in settings["shards"]] == [0]
    assert settings["sample"]["mismatched"] == 1
    found = trial.body("mismatches", private=True)["rows"]

    def of(table: str) -> dict[str, Any]:
        return next(row for row in found if row["table"] == table)

    assert (str(of("orders")["key"]["id"]), of("orders")["shard"]) == (str(changed), "-80")
    assert of("orders")["target"]["note"] == "planted" != of("orders")["source"]["note"]
    key = dict(zip(("shop_id", "order_id", "line_no"), map(str, lost), strict=True))
    assert {column: str(value) for column, value in of("order_lines")["key"].items()} == key
    assert of("order_lines")["target"] is None and of("order_lines")["source"] is not None
    assert of("request_log")["source"] is None
    assert of("request_log")["target"]["kind"] == "0x" + b"planted".hex()  # VDiff writes ascii_bin so
    assert str(of("customers")["target"]["import_batch"]) == "999" != str(of("customers")["source"]["import_batch"])
    private = trial.root / "private"
    assert private.stat().st_mode & 0o077 == 0


def test_repaired_it_is_equal_again(trial: Trial) -> None:
    trial.must("verify")
    assert {table["equality"] for table in trial.body("verify")["tables"]} == {"equal"}


def test_a_rehearsal_loses_nothing_and_leaves_the_traffic_at_the_source(trial: Trial) -> None:
    trial.must("cutover", "rehearse")
    rehearsal = trial.body("rehearse")
    assert rehearsal["ledger"]["lost"] == rehearsal["ledger"]["doubled"] == 0
    assert rehearsal["ledger"]["committed"] > 100
    assert rehearsal["equal_after"] and rehearsal["flowed_back"] and rehearsal["routing_restored"]
    assert [(s["what"], s["keyspace"]) for s in rehearsal["switches"]] == [
        (what, trial.naming.keyspace(role))
        for what, roles in (
            ("reads", ("unsharded", "sharded")),
            ("writes", ("unsharded", "sharded")),
            ("reverse", ("sharded", "unsharded")),
        )
        for role in roles
    ]
    assert all(each["next_value"] > each["max_value"] for each in rehearsal["sequences"])
    assert len(rehearsal["sequences"]) == 9
    assert trial.served_by_source()
    assert not working_on(trial.root)


def test_ctrl_c_on_the_target_brings_the_traffic_home(trial: Trial) -> None:
    with trial.go("cutover", "rehearse") as going:
        going.until(f"✓ switch writes of {trial.naming.keyspace('sharded')}", 90)
        assert not trial.served_by_source()
        assert working_on(trial.root)
        going.interrupt()
        ran = going.end(60)
        assert ran.code == Exit.RETRY
        assert ran.told().startswith("seatrial: stopped.")
        assert not working_on(trial.root)
        assert trial.served_by_source()
        with trial.gate(trial.naming.keyspace("unsharded")) as gate:
            gate.execute("INSERT INTO platform_settings (name, value) VALUES ('e2e.home', '1')")
        with trial.source() as root:
            assert root.query("SELECT COUNT(*) FROM platform_settings WHERE name = 'e2e.home'") == [(1,)]


def test_passwords_are_nowhere_but_with_their_owner(trial: Trial, bystander: Bystander) -> None:
    groups = parse(trial.options.read_text(), "")
    passwords = [groups[user]["password"] for user in ACCOUNTS]
    assert any("vttablet" in line for line in bystander.seen)
    assert any("vtctldclient" in line for line in bystander.seen)
    assert [line for line in bystander.seen if any(password in line for password in passwords)] == []
    attached = next(tablet for tablet in trial.lab.state.tablets if tablet.attached)
    credentials = credentials_file(trial.lab.folder, attached)
    assert holding(passwords, trial.root) == []
    assert holding(passwords, trial.lab.folder) == [credentials]
    assert credentials.stat().st_mode & 0o777 == 0o600


def test_a_gate_that_cannot_look_is_closed(trial: Trial) -> None:
    grant = f"SELECT ON performance_schema.* {{}} '{READER}'@'%'"
    with trial.source() as root:
        root.execute("REVOKE " + grant.format("FROM"))
        try:
            told = trial.refused("cutover.gate-closed", "cutover", "switch", "--confirm", "shared", exit=Exit.NEGATIVE)
        finally:
            root.execute("GRANT " + grant.format("TO"))
    assert "could not look" in told and "performance_schema" in told
    assert trial.served_by_source()


def test_cancelled_and_detached_nothing_of_us_is_left(
    trial: Trial, witness: Witness, before: tuple[dict[str, str], dict[str, Any]]
) -> None:
    sidecar = trial.naming.source_sidecar
    attached = next(tablet for tablet in trial.lab.state.tablets if tablet.attached)
    told = trial.refused("load.in-use", "load", "detach", exit=Exit.CONFIG)
    assert "shared_sharded_in" in told or "shared_unsharded_in" in told
    with trial.source() as root:
        rows = fingerprints(root)
    trial.must("load", "cancel", "--yes")
    for role in ("sharded", "unsharded"):
        assert set(trial.on_target(role, "SELECT COUNT(*) FROM currencies")) == {(0,)}
    assert not trial.lab.vtctl.json("GetRoutingRules").get("rules")
    certificate = trial.must("load", "detach", "--json").json()
    assert certificate["checks"] and all(check["ok"] for check in certificate["checks"])

    with trial.source() as root:
        assert (sidecar,) not in root.query("SHOW DATABASES")
        connected = f"SELECT COUNT(*) FROM information_schema.processlist WHERE user = '{MOVER}'"
        eventually(lambda: root.query(connected) == [(0,)])
        assert definitions(root) == before[0]
        assert fingerprints(root) == rows
    assert trial.naming.source_keyspace not in trial.lab.vtctl.text("GetKeyspaces")
    assert not credentials_file(trial.lab.folder, attached).exists()

    defined = [sent for sent in witness.statements(*ACCOUNTS) if DEFINES.match(sent)]
    assert any(sent.lower().startswith("drop database") for sent in defined)
    assert [sent for sent in defined if sidecar not in sent] == []
    assert [sent for sent in defined if re.search(r"`?shop`?\.", sent)] == []
    trial.must("load", "detach")  # done before is no fault


def working_on(root: Path) -> list[str]:
    """Command lines of processes, other than ours, that name the folder."""
    return [line for line in command_lines().values() if str(root) in line]


def holding(words: list[str], folder: Path) -> list[Path]:
    """The files below the folder that hold one of the words."""
    wanted = [word.encode() for word in words]
    return [
        file
        for file in sorted(folder.rglob("*"))
        if file.is_file() and any(word in file.read_bytes() for word in wanted)
    ]
