"""A load under way: the brake, the look at it, and every way out."""

from typing import Any

import pytest
from msgspec.structs import replace

from seatrial.domain.event import silent
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.movement import BrakeLimits, Detached
from seatrial.domain.rehearsal import TrafficState
from seatrial.domain.vitess import WorkflowStatus
from seatrial.stages.load import copy, leave
from seatrial.stages.load.brake import Brake
from seatrial.stages.load.count import Shards
from seatrial.stages.load.watch import Watch
from tests.unit.fakes import FakeCluster, FakeSql, FakeTablets, Told, stream
from tests.unit.stages.orders import cluster, the_order

LIMITS = BrakeLimits(threads_running=32, history_list_length=1000, replica_lag_s=60)


class Source:
    """A server whose three figures can be turned."""

    def __init__(self) -> None:
        self.running, self.history, self.lag = 1, 0, 0
        self.sql = FakeSql(
            {
                "Threads_running": lambda: [("Threads_running", str(self.running))],
                "innodb_metrics": lambda: [(self.history,)],
                "SHOW REPLICA STATUS": lambda: [(("seconds_behind_source", self.lag),)],
            }
        )


def test_the_brake_comes_on_above_a_limit_and_off_at_half_of_it() -> None:
    source = Source()
    brake = Brake(source.sql, LIMITS, is_replica=False)
    seen = []
    for running in (32, 33, 32, 17, 16, 17, 32, 33):
        source.running = running
        seen.append(bool(brake.look()))
    assert seen == [False, True, True, True, False, False, False, True]


def test_the_brake_names_every_reason_with_its_limit() -> None:
    source = Source()
    source.running, source.history, source.lag = 40, 2000, 61
    said = Brake(source.sql, LIMITS, is_replica=True).look()
    assert said == (
        "threads running is 40, limit 32; history list length is 2,000, limit 1,000; replica lag in s is 61, limit 60"
    )


def test_lag_counts_on_a_replica_only() -> None:
    source = Source()
    source.lag = 9999
    assert Brake(source.sql, LIMITS, is_replica=False).look() == ""


def test_figures_that_cannot_be_read_do_not_brake() -> None:
    sql = FakeSql(
        {"Threads_running": [("x", "1")], "innodb_metrics": [], "SHOW REPLICA": [(("seconds_behind_source", None),)]}
    )
    assert Brake(sql, LIMITS, is_replica=True).look() == ""


def watch(there: FakeCluster, told: Told) -> Watch:
    tablets = FakeTablets(there, {"information_schema.tables": [("orders", 10, 1000), ("products", 5, 500)]})
    return Watch(the_order(), Shards([w.keyspace for w in the_order().workflows], there, tablets), told)


def look(there: FakeCluster, told: Told) -> bool:
    states = [there.states[workflow.name] for workflow in the_order().workflows]
    return watch(there, told).look(states)


@pytest.mark.parametrize(
    ("changed", "follows", "phase"),
    [
        ({}, True, "catching up"),
        ({"copying": frozenset({"orders"})}, False, "copying"),
        ({"streams": (stream("-80", state="Stopped"), stream("80-"))}, False, "paused"),
        ({"streams": (stream("-80", state="Copying"), stream("80-"))}, False, "building keys"),
        ({"streams": (stream("-80", lag_s=6.0), stream("80-"))}, False, "catching up"),
        ({"streams": (stream("-80", position=""), stream("80-"))}, False, "copying"),
        ({"streams": (stream("-80", state="Init"), stream("80-"))}, False, "copying"),
        ({"streams": ()}, False, "catching up"),
    ],
)
def test_a_look_tells_the_phase_and_whether_all_follow_closely(
    changed: dict[str, Any], follows: bool, phase: str
) -> None:
    there, told = cluster(), Told()
    there.states["shop_sharded_in"] = replace(there.states["shop_sharded_in"], **changed)
    assert look(there, told) is follows
    assert told.progress[-1].phase == phase
    assert told.progress[-1].done == 10 * 2 + 5  # both shards' orders, the unsharded products


def test_a_table_under_way_has_its_share_and_its_own_time_left() -> None:
    there, told = cluster(), Told()
    copying = replace(there.states["shop_sharded_in"], copying=frozenset({"orders"}))
    states = [copying if w.name == "shop_sharded_in" else there.states[w.name] for w in the_order().workflows]
    watching = watch(there, told)
    watching.look(states)
    watching.look(states)
    total = the_order().table("orders").rows_estimate
    share = min(99, 100 * 20 // max(1, total))
    assert f"now orders {share} %, " in told.progress[-1].detail
    assert told.progress[-1].detail.endswith("s left")


def test_reference_tables_are_waited_for_from_before_their_stream_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    there = cluster()
    (wanted,) = the_order().materializations
    looks = iter(
        (
            just_made := {"streams": (stream("-80", position=""), stream("80-"))},  # says Running, names no table
            just_made,
            {"streams": (stream("-80", state="Copying"), stream("80-")), "copying": frozenset({"currencies"})},
            {"streams": (stream("-80"), stream("80-"))},
        )
    )

    def look(name: str, keyspace: str) -> WorkflowStatus:
        there.add_workflow(name, keyspace, wanted.source_keyspace, **next(looks))
        return there.states[name]

    monkeypatch.setattr(there, "status", look)
    monkeypatch.setattr(copy, "LOOK_EVERY_S", 0.0)
    copy.materialise(wanted, there, silent)
    assert list(looks) == []


def test_a_whole_table_is_noted_once() -> None:
    there, told = cluster(), Told()
    watching = watch(there, told)
    for _ in range(3):
        watching.look([there.states[workflow.name] for workflow in the_order().workflows])
    assert sum(note.startswith("orders is whole: about 20 rows") for note in told.notes) == 1


def test_pause_and_resume_reach_every_stream() -> None:
    there = cluster()
    leave.pause(the_order(), there, silent)
    assert all(state.stopped for state in there.states.values())
    leave.resume(the_order(), there, silent)
    assert all(state.following for state in there.states.values())
    assert len(there.states) == 3


def test_nothing_to_pause_is_said() -> None:
    with pytest.raises(Fault) as fault:
        leave.pause(the_order(), cluster(running=False), silent)
    assert (fault.value.code, fault.value.exit) == ("load.none", Exit.CONFIG)


def test_cancel_ends_moves_before_references_and_empties_the_tables_but_no_sequence() -> None:
    there = cluster()
    tablets = FakeTablets(there)
    leave.cancel(the_order(), there, tablets, silent)
    assert there.done == ["cancel shop_sharded_in", "cancel shop_unsharded_in", "delete shop_sharded_ref"]
    emptied = [s for sql in tablets.by_alias.values() for s in sql.said if s.startswith("TRUNCATE")]
    assert "TRUNCATE TABLE `orders`" in emptied
    assert not any("_seq" in statement for statement in emptied)
    assert set(tablets.by_alias) == {"shop_sharded:-80", "shop_sharded:80-", "shop_unsharded:0"}


@pytest.mark.parametrize("state", [s for s in TrafficState if s is not TrafficState.SOURCE])
def test_cancel_is_refused_once_the_target_serves(state: TrafficState) -> None:
    there = cluster()
    there.serving["shop_unsharded_in"] = state
    with pytest.raises(Fault) as fault:
        leave.cancel(the_order(), there, FakeTablets(there), silent)
    assert fault.value.code == "load.switched"
    assert there.done == []


def detached(there: FakeCluster, mover: FakeSql) -> Detached:
    return leave.detach(the_order(), there, FakeTablets(there), mover, "reader", "mover", silent)


def test_detach_drops_the_sidecar_and_nothing_else_and_certifies() -> None:
    there, mover = cluster(running=False), FakeSql({"schemata": [], "processlist": [(0,)]})
    certificate = detached(there, mover)
    assert certificate.clean
    assert [s for s in mover.said if not s.startswith("SELECT")] == ["DROP DATABASE IF EXISTS `_vt_shop`"]
    assert "DROP USER IF EXISTS 'mover'@'%'" in certificate.take_back


@pytest.mark.parametrize("left", ["database", "connection", "rule"])
def test_whatever_is_left_is_no_clean_certificate(left: str) -> None:
    there = cluster(running=False)
    mover = FakeSql(
        {"schemata": [("_vt_shop",)] if left == "database" else [], "processlist": [(int(left == "connection"),)]}
    )
    if left == "rule":
        there.rules = [{"from_table": "orders", "to_tables": ["shop_source.orders"]}]
    certificate = detached(there, mover)
    assert not certificate.clean
    assert sum(not check.ok for check in certificate.checks) == 1


def test_detach_is_refused_while_an_import_reads_the_source() -> None:
    there, mover = cluster(), FakeSql()
    with pytest.raises(Fault) as fault:
        detached(there, mover)
    assert fault.value.code == "load.in-use"
    assert mover.said == []
