"""A scratch copy beside a running import: equal, apart, guarded, and gone without a trace."""

import copy
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from seatrial.adapters.mysql.client import Connection, Login
from seatrial.adapters.vitess.cluster import VitessCluster
from seatrial.domain.address import Address
from seatrial.domain.event import silent
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.movement import Provisioned
from seatrial.domain.naming import MAIN, SCRATCH, Naming
from seatrial.domain.replaying import Guard
from seatrial.dossier.store import Dossier
from seatrial.lab.lab import Lab
from seatrial.sample.server import Sample
from seatrial.sample.setup import ROOT
from seatrial.stages.replay.guard import guard, home

from .conftest import TrialFactory
from .harness import Trial, differing, eventually, fingerprints

pytestmark = pytest.mark.engine

INSTANCE = ("--instance", SCRATCH)
ORDER = (
    "INSERT INTO orders (shop_id, customer_id, currency, total, per_eur, shipping, note, placed_at) "
    "VALUES (1, 1, 'EUR', 1, 1, '{}', %s, NOW(6))"
)
EVENT = "INSERT INTO platform_events (token, kind, at) VALUES (RANDOM_BYTES(16), %s, NOW(6))"
MARK = "e2e-scratch"
NOT_YET = {"currencies", "countries"}
"""The main import's reference tables come with the end of its load, which is not had here."""


@pytest.fixture(scope="module")
def main(shop: Sample, lab: Lab, trial_factory: TrialFactory) -> Iterator[Trial]:
    """A trial whose main import is under way, from a source on which some ids were used for rows that are gone."""
    with trial_factory(shop, lab, "shared") as trial:
        trial.must("run", "--until", "provision")
        with trial.go("load") as going:
            going.until("… copying")
            going.interrupt()  # Vitess goes on: the scratch copy is made meanwhile
            assert going.end(30).code == Exit.RETRY
        with trial.source() as root:
            for _ in range(3):
                write(root)
            forget(root)
        yield trial


@pytest.fixture(scope="module")
def rules(main: Trial) -> list[str]:
    """Every routing rule before there is a scratch copy."""
    return routing(main)


@pytest.fixture(scope="module")
def trial(main: Trial, rules: list[str]) -> Iterator[Trial]:
    """The same trial's scratch instance, copied; a first try was interrupted, and an id was taken before."""
    scratch = copy.copy(main)
    scratch.naming = Naming(main.naming.trial, SCRATCH)
    try:
        scratch.must("provision", *INSTANCE)
        with scratch.gate(scratch.naming.keyspace("unsharded")) as gate:
            assert gate.query("SELECT NEXT 1 VALUES FROM orders_seq") == [(1,)]
        with scratch.go("load", *INSTANCE) as going:
            going.until("… copying")
            going.interrupt()
            assert going.end(30).code == Exit.RETRY
        assert scratch.streams() == []
        assert routing(main) == rules
        assert "Stopped" not in main.streams() and len(main.streams()) == 3
        scratch.must("load", *INSTANCE)
        yield scratch
    finally:
        main.must("load", "cancel", *INSTANCE, "--yes")


def write(connection: Connection) -> None:
    connection.execute(ORDER, (MARK,))
    connection.execute(EVENT, (MARK,))


def written(connection: Connection) -> tuple[list[int], list[int]]:
    """The ids of what `write` wrote."""
    orders = connection.query("SELECT id FROM orders WHERE note = %s ORDER BY id", (MARK,))
    events = connection.query("SELECT id FROM platform_events WHERE kind = %s ORDER BY id", (MARK,))
    return [row[0] for row in orders], [row[0] for row in events]


def forget(connection: Connection) -> None:
    connection.execute("DELETE FROM orders WHERE note = %s", (MARK,))
    connection.execute("DELETE FROM platform_events WHERE kind = %s", (MARK,))


def routing(trial: Trial) -> list[str]:
    found = trial.lab.vtctl.json("GetRoutingRules").get("rules") or []
    return sorted(json.dumps(rule, sort_keys=True) for rule in found)


def provisioned(trial: Trial, instance: str) -> Provisioned:
    body: Provisioned = Dossier.open(trial.root).read(Address("provision", instance)).body
    return body


def guarded(trial: Trial, instance: str) -> Guard:
    host, port = trial.lab.vtgate
    cluster = VitessCluster(trial.lab.vtctl, Login(user="anybody", host=host, port=port))
    return guard(provisioned(trial, instance), cluster, silent)


@contextmanager
def listening(trial: Trial) -> Iterator[Callable[[], list[str]]]:
    """Gives what was sent to the source that names a table of the shop, by its own general log; the sample's owner,
    as whom the tests look, left out."""
    with trial.source() as root:
        names = [re.escape(name) for (name,) in root.query("SHOW TABLES")]
    table = re.compile(rf"(?<!\w)({'|'.join(names)})(?!\w)", re.IGNORECASE)

    with Connection(trial.sample.login(ROOT, None)) as log:
        log.execute("TRUNCATE TABLE mysql.general_log")
        log.execute("SET GLOBAL log_output = 'TABLE'")
        log.execute("SET GLOBAL general_log = ON")

        def heard() -> list[str]:
            rows = log.query(
                "SELECT user_host, argument FROM mysql.general_log "
                "WHERE command_type IN ('Query', 'Prepare', 'Execute')"
            )
            said = [text.decode(errors="replace") for host, text in rows if host.partition("[")[0] != ROOT]
            return [statement for statement in said if table.search(statement)]

        try:
            yield heard
        finally:
            log.execute("SET GLOBAL general_log = OFF")
            log.execute("SET GLOBAL log_output = 'FILE'")


def test_every_row_is_there_and_equal(trial: Trial) -> None:
    assert differing(trial) == []
    loaded = Dossier.open(trial.root).read(Address("load", SCRATCH)).body
    with trial.source() as root:
        counts = {table: rows for table, (rows, _) in fingerprints(root).items()}
        ((executed,),) = root.query("SELECT @@GLOBAL.gtid_executed")
        for position in loaded.stood_still.positions:
            assert root.query("SELECT GTID_SUBSET(%s, %s)", (position, executed)) == [(1,)]
    assert {table.table: table.rows for table in loaded.tables} == counts
    assert len(loaded.stood_still.positions) == 3


def test_it_is_outside_every_workflow_and_names_no_bare_table(trial: Trial, main: Trial, rules: list[str]) -> None:
    assert set(routing(main)) >= set(rules)
    added = [json.loads(rule) for rule in set(routing(main)) - set(rules)]
    assert {rule["from_table"].partition("@")[0] for rule in added} == {
        f"{trial.naming.keyspace('sharded')}.{table}" for table in ("platform_settings", "platform_events")
    }
    assert trial.streams() == []
    eventually(lambda: set(main.streams()) == {"Running"})
    assert main.served_by_source()


def test_the_guard_lets_it_pass(trial: Trial) -> None:
    found = guarded(trial, SCRATCH)
    assert found.keyspaces == (trial.naming.keyspace("sharded"), trial.naming.keyspace("unsharded"))
    assert (found.tables, found.rules, found.denied) == (len(trial.body("collect")["schema"]["tables"]), 6, 0)


def test_no_statement_reaches_the_source_when_the_guard_is_shown_the_import(trial: Trial, main: Trial) -> None:
    with listening(trial) as heard:
        with main.gate(main.naming.keyspace("sharded")) as gate:
            gate.query("SELECT COUNT(*) FROM orders /* past the guard */")
        (reached,) = heard()  # what the guard is there for: vtgate sends it to the source without a word
        assert "orders" in reached
    with listening(trial) as heard:
        with pytest.raises(Fault) as fault:
            guarded(trial, MAIN)
        assert fault.value.code == "replay.not-scratch"
        assert main.naming.keyspace("sharded") in fault.value.what
        assert heard() == []


def test_the_guard_sees_a_way_to_the_source_however_it_was_opened(trial: Trial, rules: list[str]) -> None:
    own, source = trial.naming.keyspace("sharded"), trial.naming.source_keyspace
    vtctl = trial.lab.vtctl
    before = vtctl.json("GetRoutingRules")
    planted = {"from_table": f"{own}.orders", "to_tables": [f"{source}.orders"]}
    keyspace_rule = {"from_keyspace": own, "to_keyspace": source}
    openings: tuple[tuple[str, Any, Any, str], ...] = (
        ("ApplyRoutingRules", {"rules": [*before["rules"], planted]}, before, "a routing rule sends"),
        ("ApplyKeyspaceRoutingRules", {"rules": [keyspace_rule]}, {"rules": []}, "vtgate sends table"),
    )
    for command, opened, closed, words in openings:
        with listening(trial) as heard:
            vtctl.text(command, "--rules", json.dumps(opened))
            try:
                eventually(lambda: refused_with(trial, words))  # noqa: B023 – called at once
            finally:
                vtctl.text(command, "--rules", json.dumps(closed))
            assert heard() == []
    eventually(lambda: guarded(trial, SCRATCH))


def refused_with(trial: Trial, words: str) -> bool:
    """Whether the guard refuses for that reason; a rule takes a moment to reach vtgate."""
    try:
        guarded(trial, SCRATCH)
    except Fault as fault:
        return words in fault.what
    return False


def test_it_is_written_unqualified_and_ids_are_those_the_source_gives_next(trial: Trial, main: Trial) -> None:
    with trial.source() as root:
        before = fingerprints(root)
        with listening(trial) as heard, trial.gate(home(provisioned(trial, SCRATCH))) as gate:
            write(gate)
            gate.execute("UPDATE currencies SET per_eur = per_eur + 1 WHERE code = 'USD'")  # written where it lives
            gate.execute("REPLACE INTO platform_settings (name, value) VALUES (%s, '1')", (MARK,))
            there = written(gate)
            joined = "SELECT c.code FROM orders o JOIN currencies c ON c.code = o.currency WHERE o.note = %s"
            assert gate.query(joined, (MARK,)) == [("EUR",)]
            assert heard() == []
        assert fingerprints(root) == before
        with trial.source("app") as application:
            write(application)
            assert written(application) == there
        forget(root)
        read = "SELECT per_eur FROM currencies WHERE code = 'USD'"
        ((rate,),) = root.query(read)
        eventually(lambda: set(trial.on_target("sharded", read)) == {(rate + 1,)})
    assert differing_tables(trial) == {"orders", "platform_events", "platform_settings", "currencies"}
    eventually(lambda: differing_tables(main) == NOT_YET)


def differing_tables(trial: Trial) -> set[str]:
    return {each.partition(":")[0].partition(".")[2] for each in differing(trial)}


def test_dropped_nothing_of_it_is_left_and_the_import_goes_on(trial: Trial, main: Trial, rules: list[str]) -> None:
    tablets = [tablet for tablet in trial.lab.state.tablets if tablet.keyspace.startswith(trial.naming.prefix)]
    assert len(tablets) == 3
    dropped = main.must("load", "cancel", *INSTANCE, "--yes")
    assert "the scratch copy is gone" in dropped.err and "of disk are free again" in dropped.err
    lab = main.lab
    assert SCRATCH not in lab.vtctl.text("GetKeyspaces") + lab.vtctl.text("GetSrvVSchemas")
    assert not [tablet for tablet in lab.state.tablets if tablet.keyspace.startswith(trial.naming.prefix)]
    assert not [tablet for tablet in tablets if (lab.folder / tablet.folder_name).exists()]
    assert routing(main) == rules
    assert set(main.streams()) == {"Running"} and main.served_by_source()
    assert differing_tables(main) == NOT_YET
    assert "no scratch copy is left" in main.must("load", "cancel", *INSTANCE, "--yes").err
