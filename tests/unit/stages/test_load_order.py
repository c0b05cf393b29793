"""What is to be loaded, each option with its reason, and the page of everything that will be done."""

import pytest
from msgspec.structs import replace

from seatrial.domain.movement import BrakeLimits, Choice
from seatrial.domain.schema import ForeignKey, Table
from seatrial.stages.load.order import DEFER_KEYS_FROM_BYTES, Order, acts, order
from tests.unit import factories
from tests.unit.stages.orders import NAMING, the_order


def test_one_workflow_a_keyspace_and_every_table_in_exactly_one() -> None:
    wanted = the_order()
    assert [(w.name, w.keyspace) for w in wanted.workflows] == [
        ("shop_sharded_in", "shop_sharded"),
        ("shop_unsharded_in", "shop_unsharded"),
    ]
    assert sorted(table for w in wanted.workflows for table in w.tables) == sorted(factories.ROWS)


def test_reference_tables_are_kept_current_from_where_they_are_written() -> None:
    (copy,) = the_order().materializations
    assert (copy.name, copy.source_keyspace, copy.keyspace) == ("shop_sharded_ref", "shop_unsharded", "shop_sharded")
    assert copy.tables == ("countries",)


def with_tables(*changed: Table, defer: bool | None = None) -> Order:
    names = {table.name for table in changed}
    collected = factories.collection()
    kept = tuple(table for table in collected.schema.tables if table.name not in names)
    schema = replace(collected.schema, tables=kept + changed)
    return order(replace(collected, schema=schema), factories.provisioned(), NAMING, BrakeLimits(), defer_keys=defer)


def choice(wanted: Order, option: str) -> Choice | None:
    return next((c for c in wanted.workflows[0].choices if c.option == option), None)


ORDERS = factories.table("orders", 100)
KEY = ForeignKey(
    name="fk", columns=("note",), parent_schema="shop", parent_table="customers", parent_columns=("id",),
    on_delete="RESTRICT", on_update="RESTRICT",
)  # fmt: skip


@pytest.mark.parametrize(
    ("table", "asked", "value", "because"),
    [
        (ORDERS, None, "false", "too small"),
        (ORDERS, True, "true", "asked for"),
        (ORDERS, False, "false", "asked for"),
        (replace(ORDERS, data_bytes=DEFER_KEYS_FROM_BYTES), None, "true", "GB"),
        (replace(ORDERS, data_bytes=DEFER_KEYS_FROM_BYTES, indexes=()), None, "false", "orders has no primary key"),
        (replace(ORDERS, indexes=()), True, "false", "orders has no primary key"),
        (replace(ORDERS, data_bytes=DEFER_KEYS_FROM_BYTES, foreign_keys=(KEY,)), True, "false", "foreign keys"),
    ],
)
def test_keys_are_deferred_only_where_it_is_safe_and_worth_it(
    table: Table, asked: bool | None, value: str, because: str
) -> None:
    found = choice(with_tables(table, defer=asked), "--defer-secondary-keys")
    assert found is not None
    assert found.value == value
    assert because in found.reason


def test_foreign_keys_ask_for_one_snapshot() -> None:
    assert choice(the_order(), "--atomic-copy") is None
    found = choice(with_tables(replace(ORDERS, foreign_keys=(KEY,))), "--atomic-copy")
    assert found is not None
    assert (found.value, "orders" in found.reason) == ("true", True)


def test_every_option_has_a_reason() -> None:
    assert all(c.reason for w in the_order().workflows for c in w.choices)


def test_the_page_says_of_every_act_what_is_read_locked_written_and_undone() -> None:
    page = acts(the_order())
    assert [act.when for act in page][:3] == ["attach", "copy", "follow"]
    for act in page:
        assert act.reads
        assert act.locks
        assert act.writes
        assert act.undo
    assert "_vt_shop" in page[0].writes
    assert "7 tables of shop" in page[1].reads
