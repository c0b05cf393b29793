"""The real cutover: there, back, and there again with rows written on every side; and the writer past the fence."""

from collections.abc import Iterator

import pytest

from seatrial.adapters.mysql.client import Connection
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.identifier import quote
from seatrial.lab.lab import Lab
from seatrial.sample.server import Sample

from .conftest import TrialFactory
from .harness import Trial, differing, eventually

pytestmark = pytest.mark.engine

SETTINGS = "[rehearsal]\nrate_per_s = 20\nsettle_s = 4\n\n[gates]\nquiet_s = 3\n"
CONFIRM = ("--confirm", "shared")
ORDER = (
    "INSERT INTO orders (shop_id, customer_id, currency, total, per_eur, shipping, note, placed_at) "
    "VALUES (%s, 1, 'EUR', 1, 1, '{}', %s, NOW(6))"
)


@pytest.fixture(scope="module")
def trial(shop: Sample, lab: Lab, trial_factory: TrialFactory) -> Iterator[Trial]:
    with trial_factory(shop, lab, "shared", settings=SETTINGS) as trial:
        leave_old_journals(trial)
        trial.must("run", "--until", "verify")
        yield trial


def leave_old_journals(trial: Trial) -> None:
    """As switches of an earlier import of this trial leave them on the shards, and as one of another trial does."""
    with trial.shards("sharded") as shards:
        for number, keyspace in ((7001, "shared_source"), (7002, "strangers_source")):
            shards["-80"].execute(
                "REPLACE INTO _vt.resharding_journal (id, db_name, val) VALUES (%s, DATABASE(), %s)",
                (number, f'id:{number} participants:{{keyspace:"{keyspace}" shard:"0"}}'),
            )


def test_journals_of_an_earlier_import_are_forgotten_and_no_others(trial: Trial) -> None:
    """Vitess would take a switch of the same number for begun already, and start streams at the old positions."""
    left = trial.on_target("sharded", "SELECT id FROM _vt.resharding_journal WHERE id IN (7001, 7002)")
    assert left == [(7002,)]
    with trial.shards("sharded") as shards:
        shards["-80"].execute("DELETE FROM _vt.resharding_journal WHERE id = 7002")


def write_past_the_fence(trial: Trial, name: str) -> None:
    """As an application does that knows only the old address. The row clashes with none."""
    with trial.source("app") as application:
        application.execute("REPLACE INTO platform_settings (name, value) VALUES (%s, '1')", (name,))


def test_a_direct_writer_in_a_rehearsal_ends_it_with_the_traffic_at_home(trial: Trial) -> None:
    with trial.go("cutover", "rehearse") as going:
        going.until("traffic served by the target", 90)
        write_past_the_fence(trial, "e2e.rehearsed")
        ran = going.end(120)
        assert ran.code == Exit.NEGATIVE
        assert ran.told().endswith("[cutover.foreign-writer]")
        assert "'app' (1 writes)" in ran.told()
        assert trial.served_by_source()


def test_afterwards_verify_finds_the_row_that_never_reached_the_target(trial: Trial) -> None:
    ran = trial.must("cutover", "switch", *CONFIRM, code=Exit.NEGATIVE)
    assert "verified since the traffic last moved" in ran.told()
    assert trial.served_by_source()
    trial.must("verify", code=Exit.NEGATIVE)
    (found,) = trial.body("mismatches", private=True)["rows"][:1]
    assert (found["table"], found["key"], found["target"]) == ("platform_settings", {"name": "e2e.rehearsed"}, None)
    with trial.shards("unsharded") as shards, trial.source() as root:  # the people mend it, and look again
        (row,) = root.query("SELECT name, value, changed_at FROM platform_settings WHERE name = 'e2e.rehearsed'")
        shards["0"].execute("INSERT INTO platform_settings (name, value, changed_at) VALUES (%s, %s, %s)", row)
    trial.must("verify")


def test_a_foreign_writer_closes_the_gate(trial: Trial) -> None:
    with trial.go("cutover", "switch", *CONFIRM) as going:
        going.until("watching the source for foreign writers")
        write_past_the_fence(trial, "e2e.switched")
        ran = going.end()
        assert ran.code == Exit.NEGATIVE
        assert ran.told().endswith("[cutover.gate-closed]")
        assert "account 'app' sent 1 writes" in ran.told()
        assert trial.served_by_source()


def test_an_open_transaction_closes_the_gate_with_its_culprit(trial: Trial) -> None:
    trial.set("[gates]\nquiet_s = 0\ntransaction_s = 0\n")
    with trial.source("app") as application:
        application.execute("BEGIN")
        application.query("SELECT * FROM shops FOR UPDATE")
        eventually(lambda: application.query("SELECT SLEEP(1.1)"))
        told = trial.refused("cutover.gate-closed", "cutover", "switch", *CONFIRM, exit=Exit.NEGATIVE)
        assert f"connection {application.thread_id} has one open" in told
    trial.set("[gates]\nquiet_s = 2\n")


def test_a_switch_wants_the_trials_name(trial: Trial) -> None:
    trial.refused("cutover.not-confirmed", "cutover", "switch", "--confirm", "shard", exit=Exit.USAGE)
    assert "no way back" not in trial.must("cutover", "switch", "--dry-run").out.lower()
    assert trial.served_by_source()


def test_there_back_and_there_again_every_id_is_new_and_on_its_side(trial: Trial) -> None:
    """Ids come from sequences on the target and from AUTO_INCREMENT on the source (rule R6)."""
    assert "The way back is open." in trial.must("cutover", "switch", *CONFIRM).out
    assert not trial.served_by_source()
    there = order_by_vtgate(trial, "there", 12)
    trial.refused("cutover.nothing-to-do", "cutover", "switch", *CONFIRM, exit=Exit.CONFIG)
    trial.refused("load.switched", "load", "cancel", "--yes", exit=Exit.CONFIG)
    trial.refused("load.switched", "load", exit=Exit.CONFIG)
    assert sorted(trial.on_target("sharded", "SELECT id FROM orders WHERE note = 'there'")) == [(n,) for n in there]
    with trial.source() as root:
        eventually(lambda: ids(root, "there") == there)
    assert "quiet" in trial.must("cutover", "watch", "--seconds", "3").out
    with trial.go("cutover", "watch") as going:
        going.until("way back open", 30)
        with trial.source("app") as application:  # it changes no row, so that both sides stay equal below
            application.execute("UPDATE platform_settings SET value = 'x' WHERE name = 'there is none'")
        ran = going.end(30)
        assert ran.code == Exit.NEGATIVE
        assert ran.told().endswith("[cutover.foreign-writer]")

    assert "The way back is open." in trial.must("cutover", "reverse", *CONFIRM).out
    assert trial.served_by_source()
    with trial.source("app") as application:
        for shop in range(1, 9):
            application.execute(ORDER, (shop, "back"))
        back = ids(application, "back")
    assert len(back) == 8 and min(back) > max(there)
    eventually(lambda: len(trial.on_target("sharded", "SELECT id FROM orders WHERE note = 'back'")) == 8)

    trial.must("verify")
    trial.must("cutover", "switch", *CONFIRM)
    again = order_by_vtgate(trial, "again", 12)
    assert min(again) > max(back)
    with trial.source() as root:
        eventually(lambda: ids(root, "again") == again)
    for table, sequence in (("orders", "orders_seq"), ("payments", "payments_seq"), ("audit_log", "audit_log_seq")):
        highest = max(v for (v,) in trial.on_target("sharded", f"SELECT COALESCE(MAX(id), 0) FROM {quote(table)}"))
        ((next_id,),) = trial.on_target("unsharded", f"SELECT next_id FROM {quote(sequence)}")
        assert next_id > highest, table


def test_home_again_and_every_row_is_equal(trial: Trial, lab: Lab) -> None:
    trial.must("cutover", "reverse", *CONFIRM)
    assert trial.served_by_source()
    # as a failed switch leaves it (rule R7): the shard that serves refuses the table
    lab.vtctl.text("SetShardTabletControl", "--denied-tables", "orders", "--", "shared_source/0", "primary")
    lab.vtctl.text("RefreshStateByShard", "--", "shared_source/0")
    with trial.gate() as gate, pytest.raises(Fault):
        gate.query("SELECT COUNT(*) FROM orders")
    assert "shared_sharded: served by source" in trial.must("cutover", "recover").out
    with trial.gate() as gate:
        assert gate.query("SELECT COUNT(*) FROM orders")
    eventually(lambda: differing(trial) == [])
    trial.must("load", "cancel", "--yes")


def order_by_vtgate(trial: Trial, note: str, count: int) -> list[int]:
    """Orders put in as an application does that knows vtgate only; their ids."""
    with trial.gate() as gate:
        shops = [shop for (shop,) in gate.query("SELECT id FROM shops")]
        for number in range(count):
            gate.execute(ORDER, (shops[number % len(shops)], note))
        return ids(gate, note)


def ids(connection: Connection, note: str) -> list[int]:
    return sorted(number for (number,) in connection.query("SELECT id FROM orders WHERE note = %s", (note,)))
