"""A copy that stands still: its cost, its making beside the main import, its ids, and its end."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from seatrial.domain.event import silent
from seatrial.domain.fault import Cancelled, Exit, Fault
from seatrial.domain.movement import BrakeLimits, Choice, Loaded
from seatrial.domain.naming import Naming
from seatrial.domain.vschema import VSchema, VTable
from seatrial.stages.load import gates, leave
from seatrial.stages.load.order import acts, order
from seatrial.stages.load.scratch import copy_scratch, cost, drop
from tests.unit import factories
from tests.unit.fakes import FakeCluster, FakeSql, FakeTablets, Told, stream
from tests.unit.stages.orders import (
    NAMING,
    SCRATCH_NAMING,
    SCRATCH_SHARDS,
    cluster,
    scratch_order,
    the_order,
    with_scratch,
)

HOME, OTHER = "shop__scratch_sharded", "shop__scratch_unsharded"
MAIN_RULES: list[dict[str, Any]] = [
    {"from_table": name, "to_tables": ["shop_source.countries"]}
    for name in ("countries", "shop_source.countries", "shop_unsharded.countries@replica")
]
NEXT_IDS = [("customers", 500), ("orders", 7), ("products", 90)]


def beside_main() -> FakeCluster:
    """A cluster with the main import running in it, and empty scratch keyspaces."""
    there = with_scratch(cluster())
    there.rules = [dict(rule) for rule in MAIN_RULES]
    return there


def scratch_tablets(there: FakeCluster) -> FakeTablets:
    return FakeTablets(
        there,
        {
            "information_schema.tables": [("orders", 10, 1000)],
            "ANALYZE": [],
            r"COUNT\(\*\)": [(10,)],
            r"MAX\(": [(300,)],
        },
    )


def the_source(**answers: Any) -> FakeSql:
    return FakeSql(
        {
            "innodb_trx": [],
            "Threads_running": [("Threads_running", "1")],
            "innodb_metrics": [(1,)],
            "GTID_SUBSET": [(1,)],
            "SHOW BINARY LOGS": [("b.1", 100)],
            "binlog_expire": [],
            "auto_increment_increment": [(1,)],
            "information_schema.tables": NEXT_IDS,
            **answers,
        }
    )


def copied(there: FakeCluster, tablets: FakeTablets | None = None, told: Told | None = None, **source: Any) -> Loaded:
    return copy_scratch(
        scratch_order(),
        cluster=there,
        tablets=tablets or scratch_tablets(there),
        source=the_source(**source),
        mover=FakeSql({"LOG STATUS": [], "MASTER STATUS": []}),
        now=lambda: datetime(2026, 3, 1, tzinfo=UTC),
        tell=told or silent,
    )


def test_the_cost_counts_a_reference_table_once_for_every_shard_that_reads_it() -> None:
    one, rest = replace(factories.table("countries", 0), data_bytes=1_000_000_000), the_order().tables
    empty = tuple(replace(table, data_bytes=0, index_bytes=0) for table in rest if table.name != "countries")
    tablets = FakeTablets(cluster())
    without = cost(scratch_order(tables=(replace(one, data_bytes=0), *empty)), tablets)
    price = cost(scratch_order(tables=(one, *empty)), tablets)
    assert price.bytes_read == 1_000_000_000
    assert (price.bytes_needed - without.bytes_needed) / 1.5 == 3_000_000_000  # where it is written, and two shards
    assert price.bytes_free is None
    price.insist()


def test_what_does_not_fit_is_refused_with_both_figures_before_anything_is_done() -> None:
    there = beside_main()
    tablets = scratch_tablets(there)
    tablets.free = 1_000_000
    told = Told()
    with pytest.raises(Fault) as fault:
        copied(there, tablets, told)
    assert (fault.value.code, fault.value.exit) == ("scratch.no-room", Exit.RETRY)
    assert re.search(r"needs about \S+ MB, and 1 MB are free", fault.value.what)
    assert told.notes[0].startswith("the scratch copy reads about")
    assert there.done == [] and tablets.by_alias == {}


def test_the_cost_is_the_first_thing_that_is_said() -> None:
    told = Told()
    loaded = copied(beside_main(), told=told)
    assert told.notes[0] == str(cost(scratch_order(), FakeTablets(cluster())))
    assert loaded.stood_still is not None
    assert f"{loaded.stood_still.bytes_needed / 1e6:,.0f} MB" in told.notes[0]


def test_another_instance_is_never_loaded_into_the_main_ones_keyspaces() -> None:
    with pytest.raises(Fault) as fault:
        order(factories.collection(), factories.provisioned(), SCRATCH_NAMING, BrakeLimits(), defer_keys=None)
    assert (fault.value.code, fault.value.exit) == ("load.not-provisioned", Exit.CONFIG)
    assert "seatrial provision --instance scratch" in fault.value.remedy
    with pytest.raises(ValueError):
        copy_scratch(
            the_order(),
            cluster=cluster(),
            tablets=FakeTablets(cluster()),
            source=FakeSql(),
            mover=FakeSql(),
            now=lambda: datetime.now(UTC),
            tell=silent,
        )


def test_its_workflows_make_no_rules_and_stop_and_say_why() -> None:
    for workflow in scratch_order().workflows:
        given = {choice.option: choice for choice in workflow.choices}
        assert given["--no-routing-rules"].value == given["--stop-after-copy"].value == "true"
        assert all(choice.reason for choice in workflow.choices)
        assert workflow.keyspace in SCRATCH_SHARDS
    assert not {"--no-routing-rules", "--stop-after-copy"} & {
        choice.option for workflow in the_order().workflows for choice in workflow.choices
    }


def test_its_page_promises_no_following_and_no_cutover() -> None:
    page = acts(scratch_order())
    assert [act.when for act in page] == ["attach", "copy", "continue ids", "load"]
    assert "_vt_shop" in page[0].writes
    assert {act.when for act in acts(the_order())} >= {"follow", "verify"}


def test_it_is_made_in_order_and_stands_still() -> None:
    there = beside_main()
    loaded = copied(there)
    acted = [done for done in there.done if not done.startswith(("allow", "alter", "rules"))]
    assert acted == [
        "attach shop_source",
        "move shop__scratch_sharded_in",
        "move shop__scratch_unsharded_in",
        "cancel shop__scratch_sharded_in",
        "cancel shop__scratch_unsharded_in",
        "materialize shop__scratch_sharded_ref",
    ]
    assert loaded.stood_still is not None
    assert loaded.stood_still.at == "2026-03-01T00:00:00+00:00"
    assert loaded.stood_still.positions == ("09c1ed55-e56a-11f1-8bca-02fc00000001:1-86",) * 3
    assert {table.keyspace for table in loaded.tables} == {HOME, OTHER}
    assert there.denied_tables(HOME) == there.denied_tables(OTHER) == {}
    assert {"shop_sharded_in", "shop_unsharded_in", "shop_sharded_ref"} < set(there.states)


def test_every_rule_of_others_stays_and_its_own_lead_from_home_to_the_other_keyspace() -> None:
    there = beside_main()
    copied(there)
    assert there.rules[: len(MAIN_RULES)] == MAIN_RULES
    own = {rule["from_table"]: rule["to_tables"] for rule in there.rules[len(MAIN_RULES) :]}
    assert own == {
        f"{HOME}.{table}{kind}": [f"{OTHER}.{table}"]
        for table in ("products", "订单备注")  # countries is at home too, as a reference table
        for kind in ("", "@replica", "@rdonly")
    }
    copied(there)  # once more: none doubled
    assert len(there.rules) == len(MAIN_RULES) + len(own)


def test_ids_go_on_where_the_sources_would_but_never_below_a_row() -> None:
    there = beside_main()
    tablets = scratch_tablets(there)
    copied(there, tablets)
    said = tablets.by_alias[f"{OTHER}:0"].said
    assert "UPDATE `customers_seq` SET next_id = 500 WHERE id = 0" in said
    assert "UPDATE `orders_seq` SET next_id = 301 WHERE id = 0" in said  # a row has 300, the source said 7
    assert "UPDATE `invoices_seq` SET next_id = 301 WHERE id = 0" in said  # of which the source said nothing
    assert "ALTER TABLE `products` AUTO_INCREMENT = 90" in said
    (forgotten,) = [done for done in there.done if done.startswith("alter")]
    assert forgotten.startswith(f"alter {OTHER}: ALTER TABLE `customers_seq` ENGINE = InnoDB;\n")
    assert forgotten.count("ALTER TABLE") == 4


def test_ids_are_read_afresh_and_a_step_of_two_is_said() -> None:
    old = Fault("mysql.error-1193", "unknown system variable", remedy="")

    class Before80(FakeSql):
        def execute(self, sql: str, args: Sequence[Any] | None = None) -> int:
            if "stats_expiry" in sql:
                raise old
            return super().execute(sql, args)

    there, told = beside_main(), Told()
    copy_scratch(
        scratch_order(),
        cluster=there,
        tablets=scratch_tablets(there),
        source=Before80(the_source(auto_increment_increment=[(2,)]).answers),
        mover=FakeSql({"LOG STATUS": [], "MASTER STATUS": []}),
        now=lambda: datetime(2026, 3, 1, tzinfo=UTC),
        tell=told,
    )
    assert any("steps of 2" in warning for warning in told.warnings)


def test_begun_anew_it_ends_what_was_half_made_and_empties_the_tables() -> None:
    there = beside_main()
    there.add_workflow("shop__scratch_sharded_in", HOME)
    there.add_workflow("shop__scratch_sharded_ref", HOME, OTHER)
    there.denied[OTHER] = {"0": ("products",)}
    tablets = scratch_tablets(there)
    copied(there, tablets)
    assert there.done[:2] == ["cancel shop__scratch_sharded_in", "delete shop__scratch_sharded_ref"]
    assert there.done.index(f"allow {OTHER}") < there.done.index("attach shop_source")
    for alias in (f"{HOME}:-80", f"{HOME}:80-"):
        assert "TRUNCATE TABLE `orders`" in tablets.by_alias[alias].said
    assert all(alias.startswith("shop__scratch_") for alias in tablets.by_alias)
    assert there.rules[: len(MAIN_RULES)] == MAIN_RULES


class Interrupts(Told):
    """Cancels when the watching begins."""

    def __call__(self, event: Any) -> None:
        super().__call__(event)
        if self.progress:
            raise Cancelled


@pytest.mark.parametrize("imported", [True, False])
def test_cancelled_nothing_reads_the_source_and_it_is_attached_only_if_it_was(imported: bool) -> None:
    there = with_scratch(cluster(running=imported))
    if not imported:
        del there.shards_of["shop_source"]
    with pytest.raises(Cancelled):
        copied(there, told=Interrupts())
    assert not any(name.startswith("shop__scratch") for name in there.states)
    assert ("shop_source" in there.shards_of) is imported
    assert len(there.states) == (3 if imported else 0)


def test_a_workflow_that_fails_while_made_takes_no_rule_of_the_main_import_with_it() -> None:
    class Failing(FakeCluster):
        def move_tables(
            self, workflow: str, keyspace: str, source: str, tables: Sequence[str], choices: Sequence[Choice]
        ) -> None:
            self.rules = self.rules[1:]  # as Vitess does when it cleans up after itself
            raise Fault("vitess.refused", "no", remedy="")

    there = with_scratch(Failing({"shop_source": ("0",)}))
    there.rules = [dict(rule) for rule in MAIN_RULES]
    told = Told()
    with pytest.raises(Fault, match="no"):
        copied(there, told=told)
    assert sorted(there.rules, key=str) == sorted(MAIN_RULES, key=str)
    assert any("put back 1 routing rules" in warning for warning in told.warnings)


def test_a_source_whose_traffic_was_switched_away_is_not_copied() -> None:
    there = beside_main()
    there.rules.append({"from_table": "shop_source.orders", "to_tables": ["shop_sharded.orders"]})
    with pytest.raises(Fault) as fault:
        copied(there)
    assert fault.value.code == "load.switched"
    there.rules[-1]["from_table"] += "@replica"  # reads only: the source still is the truth
    copied(there)


def test_the_main_load_is_not_disturbed_by_the_copy() -> None:
    there = beside_main()
    there.vschemas = {name: replace(each, require_explicit_routing=True) for name, each in there.vschemas.items()}
    copied(there)
    gates.names_are_free(the_order(), there)
    there.vschemas[HOME] = VSchema(tables={"orders": VTable()})
    with pytest.raises(Fault) as fault:
        gates.names_are_free(the_order(), there)
    assert fault.value.code == "load.name-taken"


def test_nobody_detaches_the_source_under_a_copy_under_way() -> None:
    there = with_scratch(cluster(running=False))
    there.add_workflow("shop__scratch_sharded_in", HOME)
    with pytest.raises(Fault) as fault:
        leave.detach(the_order(), there, FakeTablets(there), FakeSql(), "reader", "mover", silent)
    assert fault.value.code == "load.in-use"
    assert fault.value.remedy.endswith("--instance scratch")


def test_dropped_nothing_of_it_is_left_and_everything_else_is() -> None:
    there = beside_main()
    tablets = scratch_tablets(there)
    copied(there, tablets)
    before = dict(cluster().shards_of)
    there.done.clear()
    told = Told()
    tablets.free = 5_000_000_000
    drop(SCRATCH_NAMING, there, tablets, told)
    assert there.done == [
        "delete shop__scratch_sharded_ref",
        "rules 3",
        f"remove {HOME}",
        f"remove {OTHER}",
    ]
    assert there.shards_of == before
    assert there.rules == MAIN_RULES
    assert set(there.states) == {"shop_sharded_in", "shop_unsharded_in", "shop_sharded_ref"}
    assert told.notes[-1].startswith(f"the scratch copy is gone: {HOME}, {OTHER}; about 0 MB")
    drop(SCRATCH_NAMING, there, tablets, told)
    assert told.notes[-1] == "no scratch copy is left"


def test_a_copy_that_is_half_made_and_half_dead_is_dropped_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    there = beside_main()
    there.add_workflow("shop__scratch_sharded_in", HOME, streams=(stream("-80", state="Copying"),))
    there.rules.append({"from_table": "elsewhere.t", "to_tables": [f"{HOME}.t"]})

    def dead(keyspace: str) -> tuple[str, ...]:
        raise Fault("vitess.unreachable", "no tablet answers", remedy="", retry=True)

    monkeypatch.setattr(there, "workflows", dead)
    told = Told()
    drop(SCRATCH_NAMING, there, FakeTablets(there), told)
    assert not any(keyspace in there.shards_of for keyspace in SCRATCH_SHARDS)
    assert there.rules == MAIN_RULES
    assert len(told.warnings) == 2 and "no tablet answers" in told.warnings[0]


@pytest.mark.parametrize("naming", [NAMING, Naming("shop", "main")])
def test_the_main_instance_cannot_be_dropped(naming: Naming) -> None:
    there = cluster()
    with pytest.raises(ValueError):
        drop(naming, there, FakeTablets(there), silent)
    assert there.done == []
