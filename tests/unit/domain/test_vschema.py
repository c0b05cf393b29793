"""VSchemas: every misfit with the schema is named, and roles become keyspaces when they are placed."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from seatrial.domain.fault import Exit, Fault
from seatrial.domain.schema import Column, Schema, Table
from seatrial.domain.vschema import (
    AutoIncrement,
    ColumnVindex,
    Vindex,
    VSchema,
    VSchemas,
    VTable,
    parse,
    plain,
    unsharded,
)


def table(name: str, *columns: str) -> Table:
    return Table(
        name=name,
        engine="InnoDB",
        collation=None,
        rows_estimate=0,
        data_bytes=0,
        index_bytes=0,
        columns=tuple(Column(name=column, type="bigint", data_type="bigint") for column in ("id", *columns)),
    )


SCHEMA = Schema(
    database="shop",
    charset="utf8mb4",
    collation="utf8mb4_0900_ai_ci",
    tables=(table("orders", "shop_id"), table("countries"), table("订单备注")),
)
ORDERS = VTable(
    column_vindexes=(ColumnVindex(name="hash", column="shop_id"),),
    auto_increment=AutoIncrement(column="id", sequence="unsharded.orders_seq"),
)
SHARDED = VSchema(
    sharded=True,
    vindexes={"hash": Vindex(type="xxhash")},
    tables={"orders": ORDERS, "countries": VTable(type="reference", source="unsharded.countries")},
)
UNSHARDED = VSchema(tables={"countries": VTable(), "订单备注": VTable(), "orders_seq": VTable(type="sequence")})
GOOD = VSchemas({"sharded": SHARDED, "unsharded": UNSHARDED})


def with_sharded(**tables: VTable) -> VSchemas:
    return VSchemas({"sharded": replace(SHARDED, tables={**SHARDED.tables, **tables}), "unsharded": UNSHARDED})


def with_unsharded(tables: dict[str, VTable]) -> VSchemas:
    return VSchemas({"sharded": SHARDED, "unsharded": VSchema(tables=tables)})


def test_a_fitting_vschema_passes() -> None:
    GOOD.check(SCHEMA)
    unsharded(SCHEMA).check(SCHEMA)


def without(name: str) -> dict[str, VTable]:
    return {key: value for key, value in UNSHARDED.tables.items() if key != name}


@pytest.mark.parametrize(
    ("vschemas", "named"),
    [
        (
            with_sharded(orders=replace(ORDERS, column_vindexes=(ColumnVindex(name="hash", column="shop"),))),
            "sharded.orders: no column shop",
        ),
        (
            with_sharded(orders=replace(ORDERS, column_vindexes=(ColumnVindex(name="hash", columns=("id", "gone")),))),
            "sharded.orders: no column gone",
        ),
        (
            with_sharded(
                orders=replace(ORDERS, auto_increment=AutoIncrement(column="nr", sequence="unsharded.orders_seq"))
            ),
            "sharded.orders: no column nr",
        ),
        (
            with_sharded(orders=replace(ORDERS, column_vindexes=(ColumnVindex(name="md5", column="shop_id"),))),
            "sharded.orders: no vindex md5",
        ),
        (
            with_sharded(orders=replace(ORDERS, column_vindexes=())),
            "sharded.orders: a sharded table needs a primary vindex",
        ),
        (with_sharded(invoices=ORDERS), "sharded.invoices: the source has no such table"),
        (with_unsharded(without("订单备注")), "订单备注: in no VSchema"),
        (with_unsharded({**UNSHARDED.tables, "orders": VTable()}), "orders: in sharded and unsharded"),
        (with_unsharded(without("orders_seq")), "sharded.orders: unsharded.orders_seq is no sequence of another role"),
        (
            with_sharded(orders=replace(ORDERS, auto_increment=AutoIncrement(column="id", sequence="orders_seq"))),
            "sharded.orders: orders_seq is no sequence",
        ),
        (
            with_sharded(
                orders=replace(ORDERS, auto_increment=AutoIncrement(column="id", sequence="unsharded.countries"))
            ),
            "sharded.orders: unsharded.countries is no sequence",
        ),
        (
            with_sharded(countries=VTable(type="reference", source="unsharded.nations")),
            "sharded.countries: unsharded.nations is no table of another role",
        ),
        (
            with_unsharded({**UNSHARDED.tables, "orders": VTable(type="sequence")}),
            "unsharded.orders: the sequence has the name of a table of the source",
        ),
        (
            VSchemas({"sharded": SHARDED, "source": UNSHARDED}),
            "source: the keyspace of this name is the attached source's",
        ),
    ],
)
def test_a_misfit_is_named(vschemas: VSchemas, named: str) -> None:
    with pytest.raises(Fault) as fault:
        vschemas.check(SCHEMA)
    assert (fault.value.code, fault.value.exit) == ("vschema.misfit", Exit.CONFIG)
    assert named in fault.value.what


def test_all_misfits_come_in_one_fault_five_of_them_by_name() -> None:
    many = replace(SCHEMA, tables=tuple(table(f"t{number}") for number in range(8)))
    with pytest.raises(Fault) as fault:
        VSchemas({"unsharded": VSchema()}).check(many)
    assert "t0: in no VSchema" in fault.value.what
    assert "t4: in no VSchema" in fault.value.what
    assert "(and 3 more)" in fault.value.what


def test_placing_rewrites_sequences_sources_and_lookup_tables() -> None:
    lookup = Vindex(type="consistent_lookup", params={"table": "unsharded.by_number", "from": "number"}, owner="orders")
    vschemas = VSchemas(
        {"sharded": replace(SHARDED, vindexes={**SHARDED.vindexes, "lookup": lookup}), "unsharded": UNSHARDED}
    )
    placed = vschemas.placed(lambda role: f"acme_{role}")
    assert set(placed) == {"acme_sharded", "acme_unsharded"}
    orders = placed["acme_sharded"].tables["orders"]
    assert orders.auto_increment == AutoIncrement(column="id", sequence="acme_unsharded.orders_seq")
    assert placed["acme_sharded"].tables["countries"].source == "acme_unsharded.countries"
    assert placed["acme_sharded"].vindexes["lookup"].params == {"table": "acme_unsharded.by_number", "from": "number"}
    assert placed["acme_unsharded"] == UNSHARDED


def test_a_reference_that_names_no_role_is_left_as_it_is() -> None:
    other = with_sharded(countries=VTable(type="reference", source="elsewhere.countries"))
    assert other.placed(lambda role: f"x_{role}")["x_sharded"].tables["countries"].source == "elsewhere.countries"


def test_what_a_keyspace_holds() -> None:
    assert SHARDED.held == ("orders",)
    assert SHARDED.materialised == {"countries": "unsharded.countries"}
    assert UNSHARDED.held == ("countries", "订单备注")
    assert UNSHARDED.sequences == ("orders_seq",)


NAMES = st.text(min_size=1, max_size=8)
COLUMN_VINDEXES = st.builds(ColumnVindex, name=NAMES, column=NAMES) | st.builds(
    ColumnVindex, name=NAMES, columns=st.lists(NAMES, min_size=1, max_size=2).map(tuple)
)
VTABLES = st.builds(
    VTable,
    type=st.sampled_from(["", "sequence", "reference"]),
    source=st.just("") | NAMES,
    column_vindexes=st.lists(COLUMN_VINDEXES, max_size=2).map(tuple),
    auto_increment=st.none() | st.builds(AutoIncrement, column=NAMES, sequence=NAMES),
)
VINDEXES = st.builds(Vindex, type=NAMES, params=st.dictionaries(NAMES, NAMES, max_size=2), owner=st.just("") | NAMES)


@settings(max_examples=30, deadline=None)
@given(
    st.builds(
        VSchema,
        sharded=st.booleans(),
        vindexes=st.dictionaries(NAMES, VINDEXES, max_size=2),
        tables=st.dictionaries(NAMES, VTABLES, max_size=3),
    )
)
def test_a_file_is_read_as_it_was_written(vschema: VSchema) -> None:
    assert parse("any", msgspec.json.encode(plain(vschema))) == vschema


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (b"{", "truncated"),
        (b"[]", "array"),
        (b'{"sharded": "yes"}', "$.sharded"),
        (b'{"tabels": {}}', "tabels"),
        (b'{"tables": {"orders": {"column_vindexes": [{"column": "id"}]}}}', "name"),
        (b'{"tables": {"orders": {"colunm_vindexes": []}}}', "colunm_vindexes"),
        (b"\xff", ""),
    ],
)
def test_a_malformed_file_is_one_fault_that_names_file_and_place(text: bytes, place: str) -> None:
    with pytest.raises(Fault) as fault:
        parse("sharded", text)
    assert fault.value.code == "vschema.malformed"
    assert "sharded.json" in fault.value.what
    assert place in fault.value.what
