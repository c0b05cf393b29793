"""What is refused before anything is attached or locked, and by what name."""

from typing import Any

import pytest

from seatrial.domain.accounts import grants
from seatrial.domain.event import Pulse, Tell, silent
from seatrial.domain.fault import Cancelled, Exit, Fault
from seatrial.domain.finding import Assessment, Outcome
from seatrial.domain.vschema import VSchema, VTable
from seatrial.stages.load import gates
from tests.unit import factories
from tests.unit.fakes import FakeSql, Told
from tests.unit.stages.orders import cluster, the_order


@pytest.fixture(autouse=True)
def no_time_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    def rest(tell: Tell, seconds: float) -> None:
        tell(Pulse())

    monkeypatch.setattr(gates, "rest", rest)


def test_blocking_findings_are_named_and_may_be_accepted() -> None:
    found = Assessment(findings=(factories.finding("SCH-FK", Outcome.BLOCK, title="Cascades", subjects=("orders",)),))
    with pytest.raises(Fault) as fault:
        gates.assessed(found, {})
    assert (fault.value.code, fault.value.exit) == ("assess.blocks", Exit.NEGATIVE)
    assert "SCH-FK Cascades (orders)" in fault.value.what
    gates.assessed(found, {"SCH-FK": "because"})
    gates.assessed(factories.assessment(), {})


def test_a_long_transaction_is_waited_for() -> None:
    left = [[(4711, 99)], [(4711, 101)], []]
    told = Told()
    gates.no_long_transaction(FakeSql({"innodb_trx": lambda *_: left.pop(0)}), told)
    assert left == []
    assert told.progress[0].detail == "connection 4711, open for 99 s"


def test_a_transaction_that_does_not_end_is_named() -> None:
    with pytest.raises(Fault) as fault:
        gates.no_long_transaction(FakeSql({"innodb_trx": [(4711, 99)]}), silent)
    assert (fault.value.code, fault.value.exit) == ("source.long-transaction", Exit.RETRY)
    assert "connection 4711" in fault.value.what
    assert "KILL 4711" in fault.value.remedy


def test_the_waiting_can_be_cancelled() -> None:
    with pytest.raises(Cancelled):
        gates.no_long_transaction(FakeSql({"innodb_trx": [(4711, 99)]}), Told(cancel_after=2))


def test_free_names_pass_and_so_do_our_own_rules() -> None:
    there = cluster(running=False)
    there.rules = [
        {"from_table": "orders", "to_tables": ["shop_source.orders"]},
        {"from_table": "shop_sharded.orders@replica", "to_tables": ["shop_source.orders"]},
        {"from_table": "theirs", "to_tables": ["elsewhere.theirs"]},
    ]
    there.shards_of["elsewhere"] = ("0",)
    there.vschemas["elsewhere"] = VSchema(tables={"theirs": VTable()})
    gates.names_are_free(the_order(), there)


@pytest.mark.parametrize("source", ["orders", "orders@replica", "shop_source.orders@rdonly"])
def test_a_strangers_rule_for_one_of_our_names_is_refused(source: str) -> None:
    there = cluster(running=False)
    there.rules = [{"from_table": source, "to_tables": ["elsewhere.orders"]}]
    with pytest.raises(Fault) as fault:
        gates.names_are_free(the_order(), there)
    assert (fault.value.code, fault.value.exit) == ("load.name-taken", Exit.CONFIG)
    assert "orders" in fault.value.what
    assert "elsewhere.orders" in fault.value.what


def test_a_strangers_table_of_one_of_our_names_is_refused() -> None:
    there = cluster(running=False)
    there.shards_of["elsewhere"] = ("0",)
    there.vschemas["elsewhere"] = VSchema(tables={"订单备注": VTable()})
    with pytest.raises(Fault) as fault:
        gates.names_are_free(the_order(), there)
    assert "订单备注" in fault.value.what
    assert "keyspace elsewhere" in fault.value.what


def test_rows_that_nobody_of_us_brought_are_never_copied_over() -> None:
    gates.targets_are_empty("k", ["a", "b"], [FakeSql({"SELECT 1": []})])
    second = FakeSql({"FROM `b`": [(1,)], "FROM `a`": []})
    with pytest.raises(Fault) as fault:
        gates.targets_are_empty("k", ["a", "b"], [FakeSql({"SELECT 1": []}), second])
    assert fault.value.code == "load.target-not-empty"
    assert "k.b" in fault.value.what


@pytest.mark.parametrize(("answer", "held"), [(1, True), (0, False), (None, False)])
def test_a_position_is_held_while_nothing_after_it_is_purged(answer: int | None, held: bool) -> None:
    asked: list[Any] = []

    def subset(gtids: str) -> list[tuple[Any, ...]]:
        asked.append(gtids)
        return [(answer,)]

    assert gates.position_is_held(FakeSql({"GTID_SUBSET": subset}), "MySQL56/09c1:1-86") is held
    assert asked == ["09c1:1-86"]


FIT = [g.sql() for g in grants(database="shop", sidecar="_vt_shop", reader="r", mover="m") if g.user == "m"]


def fit(lines: list[str], accepted: dict[str, str] | None = None, database: str = "shop") -> list[str]:
    """Ask the gate about an account with these grants; its warnings."""
    told = Told()
    answers = FakeSql({"SHOW GRANTS": [("GRANT USAGE ON *.* TO `m`@`%`",), *((line,) for line in lines)]})
    gates.mover_is_fit(answers, the_order(database=database), "r", "m", accepted or {}, told)
    return told.warnings


@pytest.mark.parametrize(
    "more",
    [
        [],
        ["GRANT DROP ON `another`.* TO `m`@`%`"],
        [r"GRANT DROP ON `shop\_`.* TO `m`@`%`"],
        ["GRANT `role`@`%` TO `m`@`%`"],
    ],
)
def test_the_account_we_ask_for_is_fit(more: list[str]) -> None:
    assert fit(FIT + more) == []


@pytest.mark.parametrize(
    "grant",
    [
        "GRANT ALL PRIVILEGES ON *.* TO `m`@`%` WITH GRANT OPTION",
        "GRANT SELECT, DROP ON *.* TO `m`@`%`",
        "GRANT ALL PRIVILEGES ON `shop`.* TO `m`@`%`",
        "GRANT SELECT, ALTER, CREATE, DROP ON `shop`.* TO `m`@`%`",
        "GRANT DROP ON `shop`.`orders` TO `m`@`%`",
        "GRANT DROP ON `shop`.`or.ders` TO `m`@`%`",
        "GRANT DROP ON `%`.* TO `m`@`%`",
        "GRANT DROP ON `sh%`.* TO `m`@`%`",
        "GRANT DROP ON `sho_`.* TO `m`@`%`",
    ],
)
def test_a_mover_that_could_drop_the_customers_tables_is_refused_unless_accepted(grant: str) -> None:
    with pytest.raises(Fault) as fault:
        fit([*FIT, grant])
    assert (fault.value.code, fault.value.exit) == ("load.mover-can-drop", Exit.CONFIG)
    assert "tables of shop" in fault.value.what
    assert "a throwaway copy" in fit([*FIT, grant], {"LOAD-DROP": "a throwaway copy"})[0]


def test_an_escaped_name_is_no_pattern() -> None:
    lines = [g.sql() for g in grants(database="my_shop", sidecar="_vt_shop", reader="r", mover="m") if g.user == "m"]
    assert fit([*lines, r"GRANT DROP ON `my\_shop2`.* TO `m`@`%`"], database="my_shop") == []
    with pytest.raises(Fault):
        fit([*lines, r"GRANT DROP ON `my\_shop`.* TO `m`@`%`"], database="my_shop")


@pytest.mark.parametrize(
    ("line", "named"),
    [(0, "REPLICATION SLAVE ON *.*"), (1, "LOCK TABLES ON `shop`.*"), (2, "ALL ON `\\_vt\\_shop`.*")],
)
def test_what_a_mover_lacks_is_named_before_vitess_meets_it(line: int, named: str) -> None:
    short = [grant for number, grant in enumerate(FIT) if number != line]
    with pytest.raises(Fault) as fault:
        fit(short)
    assert fault.value.code == "load.mover-lacks"
    assert named in fault.value.what
    assert "by a role" in fit(short, {"LOAD-GRANT": "by a role"})[0]


def test_a_grant_on_one_table_is_none_on_the_database() -> None:
    with pytest.raises(Fault) as fault:
        fit([FIT[0], FIT[1].replace("`shop`.*", "`shop`.`orders`"), FIT[2]])
    assert fault.value.code == "load.mover-lacks"
