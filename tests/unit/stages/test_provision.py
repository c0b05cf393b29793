"""Provision: what would be made, and that it is made once and never altered."""

import pytest
from msgspec.structs import replace

from seatrial.domain.event import silent
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.movement import Provisioned, ServedKeyspace
from seatrial.domain.naming import Naming
from seatrial.domain.schema import Column, Table
from seatrial.domain.vschema import AutoIncrement, ColumnVindex, Vindex, VSchema, VSchemas, VTable
from seatrial.stages.provision import planned, provision, table_ddl
from tests.unit import factories
from tests.unit.fakes import FakeCluster, FakeTablets, Told


def ddl(name: str, column: str = "id") -> str:
    return (
        f"CREATE TABLE `{name}` (\n  `{column}` bigint NOT NULL AUTO_INCREMENT,\n"
        "  `note` varchar(99) DEFAULT 'a AUTO_INCREMENT' COMMENT 'b AUTO_INCREMENT=7',\n"
        f"  PRIMARY KEY (`{column}`)\n) ENGINE=InnoDB AUTO_INCREMENT=4711 DEFAULT CHARSET=utf8mb4 COMMENT='x'"
    )


def table(name: str, column: str = "id", *, auto: bool = True) -> Table:
    columns = (Column(name=column, type="bigint", data_type="bigint", nullable=False, auto_increment=auto),)
    return replace(factories.table(name, 1), columns=columns, ddl=ddl(name, column))


COLLECTED = replace(
    factories.collection(), schema=replace(factories.collection().schema, tables=(table("orders"), table("国 家")))
)
VSCHEMAS = VSchemas(
    {
        "sharded": VSchema(
            sharded=True,
            vindexes={"hash": Vindex(type="xxhash")},
            tables={
                "orders": VTable(
                    column_vindexes=(ColumnVindex(name="hash", column="id"),),
                    auto_increment=AutoIncrement(column="id", sequence="unsharded.orders_seq"),
                )
            },
        ),
        "unsharded": VSchema(tables={"国 家": VTable(), "orders_seq": VTable(type="sequence")}),
    }
)


def plan() -> tuple[ServedKeyspace, ...]:
    return planned(COLLECTED, VSCHEMAS, Naming("acme"), 2)


def test_the_plan_has_unsharded_keyspaces_first_because_sequences_live_there() -> None:
    unsharded, sharded = plan()
    assert (unsharded.name, unsharded.shards) == ("acme_unsharded", ("0",))
    assert (sharded.name, sharded.shards) == ("acme_sharded", ("-80", "80-"))
    auto = sharded.vschema.tables["orders"].auto_increment
    assert auto is not None
    assert auto.sequence == "acme_unsharded.orders_seq"
    assert "vitess_sequence" in unsharded.ddl[0]


def test_a_misfit_is_refused_before_anything_is_made() -> None:
    with pytest.raises(Fault) as fault:
        planned(factories.collection(), VSCHEMAS, Naming("acme"), 2)
    assert fault.value.code == "vschema.misfit"


@pytest.mark.parametrize("column", ["id", "n`r", "编号", "a.b"])
def test_sharded_tables_lose_auto_increment_and_nothing_else(column: str) -> None:
    quoted = column.replace("`", "``")
    one = replace(table("t", column), ddl=ddl("t", quoted))
    made = table_ddl(one, sharded=True)
    expected = ddl("t", quoted).replace("NOT NULL AUTO_INCREMENT", "NOT NULL").replace(" AUTO_INCREMENT=4711", "")
    assert made == expected


def test_unsharded_tables_lose_only_the_position() -> None:
    assert table_ddl(table("t"), sharded=False) == ddl("t").replace(" AUTO_INCREMENT=4711", "")


def test_a_table_whose_making_is_unknown_is_refused() -> None:
    with pytest.raises(Fault) as fault:
        table_ddl(replace(table("t"), ddl=""), sharded=True)
    assert (fault.value.code, fault.value.exit) == ("provision.no-ddl", Exit.CONFIG)


def act(cluster: FakeCluster, told: Told | None = None) -> Provisioned:
    tablets = FakeTablets(cluster, {"@@version": [("9.7.4",)]})
    return provision(plan(), "lab:acme", cluster, tablets, told or silent)


def test_everything_is_made_and_found_made_when_run_again() -> None:
    cluster = FakeCluster()
    first = act(cluster)
    assert (first.mysql_version, first.vitess_version) == ("9.7.4", "24.0.3")
    assert set(cluster.ddl["acme_unsharded"]) == {"orders_seq", "国 家"}
    assert set(cluster.ddl["acme_sharded"]) == {"orders"}
    cluster.done.clear()
    assert act(cluster) == first
    assert not [done for done in cluster.done if done.startswith("create")]


def test_the_sequences_row_is_made_once() -> None:
    cluster = FakeCluster()
    tablets = FakeTablets(cluster, {"@@version": [("9.7.4",)]})
    provision(plan(), "lab:acme", cluster, tablets, silent)
    said = tablets.by_alias["acme_unsharded:0"].said
    assert any(s.startswith("INSERT IGNORE INTO `orders_seq`") for s in said)
    assert all(sql.closed for sql in tablets.by_alias.values())


def test_a_table_made_otherwise_is_never_altered() -> None:
    cluster = FakeCluster()
    act(cluster)
    cluster.ddl["acme_sharded"]["orders"] = cluster.ddl["acme_sharded"]["orders"].replace("varchar(99)", "varchar(9)")
    with pytest.raises(Fault) as fault:
        act(cluster)
    assert fault.value.code == "provision.table-differs"
    assert "acme_sharded already has a table orders" in fault.value.what


def test_a_strangers_table_is_left_alone_and_named() -> None:
    cluster, told = FakeCluster(), Told()
    act(cluster)
    cluster.ddl["acme_sharded"]["theirs"] = "CREATE TABLE `theirs` (\n  `id` int\n)"
    act(cluster, told)
    assert told.warnings == ["acme_sharded also holds theirs: left alone"]
