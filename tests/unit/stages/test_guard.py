"""What is looked at before the first statement of a replay (rule R1): whatever points outside is refused."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from seatrial.domain.event import silent
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.movement import Provisioned
from seatrial.domain.naming import is_scratch
from seatrial.domain.replaying import Guard
from seatrial.domain.vschema import AutoIncrement, Vindex, VSchema
from seatrial.stages.replay.guard import guard, home, insist_on_rows
from tests.unit import factories
from tests.unit.fakes import FakeCluster, FakeSql
from tests.unit.stages.orders import cluster, scratch_provisioned, with_scratch

HOME, OTHER = "shop__scratch_sharded", "shop__scratch_unsharded"


def route(keyspace: str) -> dict[str, Any]:
    return {"OperatorType": "Route", "Keyspace": {"Name": keyspace, "Sharded": True}}


def plan(tree: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(json.dumps(tree),)]


def whole() -> FakeCluster:
    """A scratch copy as `load` leaves it, beside a main import."""
    there = with_scratch(cluster())
    there.add_workflow("shop__scratch_sharded_ref", HOME, OTHER)
    there.rules = [
        {"from_table": "orders", "to_tables": ["shop_source.orders"]},
        {"from_table": "shop_sharded.orders", "to_tables": ["shop_source.orders"]},
        *({"from_table": f"{HOME}.products{kind}", "to_tables": [f"{OTHER}.products"]} for kind in ("", "@replica")),
    ]
    there.gate = FakeSql({"`products`|`订单备注`": plan(route(OTHER)), "VEXPLAIN PLAN SELECT 1": plan(route(HOME))})
    return there


def refused(there: FakeCluster, provisioned: Provisioned | None = None) -> str:
    with pytest.raises(Fault) as fault:
        guard(provisioned or scratch_provisioned(), there, silent)
    assert (fault.value.code, fault.value.exit) == ("replay.not-scratch", Exit.CONFIG)
    assert fault.value.what.startswith("nothing was sent: ")
    assert fault.value.remedy
    return fault.value.what


def test_a_scratch_copy_passes_with_every_table_planned_from_home() -> None:
    there = whole()
    assert guard(scratch_provisioned(), there, silent) == Guard(keyspaces=(HOME, OTHER), tables=7, rules=2, denied=0)
    assert there.gates == [HOME] == [home(scratch_provisioned())]
    assert len(there.gate.said) == len(factories.ROWS)
    assert all(statement.startswith("VEXPLAIN PLAN ") for statement in there.gate.said)  # which executes nothing
    assert there.gate.closed
    assert there.done == []


def test_imported_keyspaces_are_refused_by_name_before_anything_is_asked_of_vtgate() -> None:
    there = whole()
    assert "shop_sharded, shop_unsharded is no scratch copy" in refused(there, factories.provisioned())
    assert there.gates == []


def test_one_keyspace_of_the_import_among_them_is_refused_too() -> None:
    scratch = scratch_provisioned()
    mixed = replace(scratch, keyspaces=(scratch.keyspaces[0], factories.provisioned().keyspaces[1]))
    assert "shop_unsharded is no scratch copy" in refused(whole(), mixed)
    assert "no keyspace is no scratch copy" in refused(whole(), replace(scratch, keyspaces=()))


@pytest.mark.parametrize(
    ("name", "scratch"),
    [
        ("shop__scratch_sharded", True),
        ("a_b__scratch_x", True),
        ("shop_sharded", False),
        ("shop_scratch_sharded", False),
        ("shop__other_scratch", False),
        ("__scratch_sharded", False),
        ("shop__scratch", False),
    ],
)
def test_a_scratch_keyspace_is_known_by_its_name(name: str, scratch: bool) -> None:
    assert is_scratch(name) is scratch


def into_it(there: FakeCluster) -> None:
    there.add_workflow("shop__scratch_sharded_in", HOME)


def out_of_it(there: FakeCluster) -> None:
    there.add_workflow("shop__scratch_sharded_in_reverse", "shop_source", HOME)


def rule_to_source(there: FakeCluster) -> None:
    there.rules.append({"from_table": f"{HOME}.orders", "to_tables": ["shop_source.orders"]})


def rule_for_replicas(there: FakeCluster) -> None:
    there.rules.append({"from_table": f"{OTHER}.products@replica", "to_tables": ["shop_unsharded.products"]})


def rule_to_nowhere(there: FakeCluster) -> None:
    there.rules.append({"from_table": f"{HOME}.orders", "to_tables": []})


def denied(there: FakeCluster) -> None:
    there.denied[HOME] = {"-80": (), "80-": ("orders",)}


def ids_of_the_import(there: FakeCluster) -> None:
    vschema = there.vschemas[HOME]
    entry = replace(
        vschema.tables["orders"], auto_increment=AutoIncrement(column="id", sequence="shop_unsharded.orders_seq")
    )
    there.vschemas[HOME] = replace(vschema, tables={**vschema.tables, "orders": entry})


def reference_of_the_import(there: FakeCluster) -> None:
    vschema = there.vschemas[HOME]
    entry = replace(vschema.tables["countries"], source="shop_unsharded.countries")
    there.vschemas[HOME] = replace(vschema, tables={**vschema.tables, "countries": entry})


def lookup_of_the_import(there: FakeCluster) -> None:
    vschema: VSchema = there.vschemas[HOME]
    lookup = Vindex(type="consistent_lookup_unique", params={"table": "shop_sharded.lookup"}, owner="invoices")
    there.vschemas[HOME] = replace(vschema, vindexes={**vschema.vindexes, "invoice_number": lookup})


def gone(there: FakeCluster) -> None:
    del there.shards_of[OTHER]


def planned_elsewhere(there: FakeCluster) -> None:
    there.gate.answers = {
        "`orders`": plan({"OperatorType": "Join", "Inputs": [route(HOME), {"Inputs": [route("shop_source")]}]}),
        **there.gate.answers,
    }


def planned_nowhere(there: FakeCluster) -> None:
    there.gate.answers = {"`orders`": plan({"OperatorType": "Rows"}), **there.gate.answers}


@pytest.mark.parametrize(
    ("planted", "words"),
    [
        (into_it, "workflow shop__scratch_sharded_in streams rows from shop_source into shop__scratch_sharded"),
        (out_of_it, "streams rows from shop__scratch_sharded into shop_source"),
        (rule_to_source, "a routing rule sends shop__scratch_sharded.orders to shop_source.orders"),
        (rule_for_replicas, "a routing rule sends shop__scratch_unsharded.products@replica to shop_unsharded.products"),
        (rule_to_nowhere, "a routing rule sends shop__scratch_sharded.orders to nowhere"),
        (denied, "shop__scratch_sharded/80- still refuses 1 tables (orders)"),
        (ids_of_the_import, "the ids of orders outside the scratch copy: shop_unsharded.orders_seq"),
        (reference_of_the_import, "the source of countries outside the scratch copy: shop_unsharded.countries"),
        (lookup_of_the_import, "the lookup table of vindex invoice_number outside the scratch copy"),
        (gone, "there is no keyspace shop__scratch_unsharded"),
        (planned_elsewhere, "vtgate sends table orders to shop_source"),
        (planned_nowhere, "vtgate sends table orders to a plan that names no keyspace"),
    ],
)
def test_whatever_points_out_of_the_copy_is_refused(planted: Callable[[FakeCluster], None], words: str) -> None:
    there = whole()
    planted(there)
    assert words in refused(there)


def test_a_look_that_cannot_be_had_is_no_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    there = whole()

    def dead(keyspace: str) -> tuple[str, ...]:
        raise Fault("vitess.unreachable", "no tablet answers", remedy="", retry=True)

    monkeypatch.setattr(there, "workflows", dead)
    with pytest.raises(Fault) as fault:
        guard(scratch_provisioned(), there, silent)
    assert fault.value.code == "vitess.unreachable"
    assert there.gates == []


def test_a_table_that_vtgate_does_not_find_is_refused_with_the_next_step() -> None:
    there = whole()
    there.gate = FakeSql({"VEXPLAIN PLAN": Fault("mysql.error-1105", "table orders not found", remedy="")})
    assert "no plan for table" in refused(there)


def test_a_copy_that_was_taken_away_and_provisioned_again_is_not_written_on() -> None:
    there = whole()
    there.gate = FakeSql({"SELECT 1 FROM": []})
    with pytest.raises(Fault) as fault:
        insist_on_rows(factories.loaded(), scratch_provisioned(), there)
    assert fault.value.code == "scratch.empty" and "load --instance scratch" in fault.value.remedy
    there.gate = FakeSql({"SELECT 1 FROM": [(1,)]})
    insist_on_rows(factories.loaded(), scratch_provisioned(), there)
    assert there.gates == [HOME, HOME]
