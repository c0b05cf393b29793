"""The cutover: behind gates that name everything, each switch found done or undone, and always a way back."""

from datetime import datetime
from typing import Any

import pytest
from msgspec.structs import replace

from seatrial.domain.comparison import Equality
from seatrial.domain.event import Tell, silent
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.rehearsal import GateAnswer, GateLimits, TrafficState
from seatrial.stages.cutover import gates, real, traffic
from tests.unit import factories
from tests.unit.fakes import FakeCluster, FakeSql, Told, stream
from tests.unit.stages.orders import cluster, group

OURS = {"seatrial_reader", "seatrial_mover"}
NOW = datetime.fromisoformat(factories.NOW)


@pytest.fixture(autouse=True)
def no_time_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    def rest(tell: Tell, seconds: float) -> None:
        return None

    monkeypatch.setattr(gates, "rest", rest)


def source(*readings: list[tuple[str, int]], transactions: list[tuple[int, int]] | None = None) -> FakeSql:
    left = list(readings or ([],))
    return FakeSql(
        {
            "innodb_trx": lambda *_: transactions or [],
            "events_statements": lambda: left.pop(0) if len(left) > 1 else left[0],
        }
    )


def ask(there: FakeCluster, on: FakeSql, moved_at: datetime | None = None, **changed: Any) -> dict[str, GateAnswer]:
    answers = gates.ask(
        group(),
        replace(factories.verification(), **changed),
        GateLimits(quiet_s=1),
        OURS,
        moved_at=moved_at,
        cluster=there,
        source=on,
        now=lambda: NOW,
        tell=silent,
    )
    return {answer.gate: answer for answer in answers}


def closed(answers: dict[str, GateAnswer]) -> dict[str, str]:
    return {gate: answer.seen for gate, answer in answers.items() if not answer.open}


def test_every_gate_says_what_it_saw_also_when_it_lets_pass() -> None:
    answers = ask(cluster(), source())
    assert closed(answers) == {}
    assert len(answers) == 6
    assert all(answer.seen for answer in answers.values())


def test_a_difference_closes_the_gate() -> None:
    bad = replace(factories.comparison("orders", 5), equality=Equality.DIFFERENT)
    assert list(closed(ask(cluster(), source(), tables=(bad,)))) == ["verified equal"]


def test_yesterdays_verification_closes_the_gate() -> None:
    answers = ask(cluster(), source(), taken_at="2026-11-19T09:30:00+00:00")
    assert closed(answers) == {"verified within 24 h": "30.0 h ago"}


def test_after_a_way_back_the_tables_are_verified_anew_before_they_move_again() -> None:
    later, earlier = (datetime.fromisoformat(f"2026-11-20T{hour}:00:00+00:00") for hour in ("10", "08"))
    assert list(closed(ask(cluster(), source(), moved_at=later))) == ["verified since the traffic last moved"]
    assert closed(ask(cluster(), source(), moved_at=earlier)) == {}
    under_way = cluster()
    under_way.serving["shop_unsharded_in"] = TrafficState.TARGET
    assert closed(ask(under_way, source(), moved_at=later)) == {}


@pytest.mark.parametrize(
    ("streams", "seen"),
    [
        ((stream("-80", lag_s=11.0), stream("80-")), "Running, lag 11.0 s"),
        ((stream("-80", state="Stopped"), stream("80-")), "Running, Stopped, lag 0.0 s"),
    ],
)
def test_a_stream_that_does_not_follow_closes_the_gate(streams: Any, seen: str) -> None:
    there = cluster()
    there.states["shop_sharded_in"] = replace(there.states["shop_sharded_in"], streams=streams)
    assert closed(ask(there, source())) == {"shop_sharded follows the source": seen}


def test_a_missing_workflow_closes_the_gate_and_a_switched_one_does_not() -> None:
    there = cluster()
    del there.states["shop_sharded_in"]
    there.serving["shop_unsharded_in"] = TrafficState.TARGET
    assert closed(ask(there, source())) == {"shop_sharded follows the source": "no workflow"}


def test_a_long_transaction_closes_the_gate_by_its_connection() -> None:
    found = closed(ask(cluster(), source(transactions=[(4711, 9)])))
    assert found == {"no transaction older than 5 s on the source": "connection 4711 has one open for 9 s"}


def test_foreign_writers_are_found_by_difference() -> None:
    before = [("shop_app", 100), ("cron", 5), ("seatrial_mover", 1)]
    after = [("shop_app", 103), ("cron", 5), ("seatrial_mover", 9), ("newcomer", 2)]
    (seen,) = closed(ask(cluster(), source(before, after))).values()
    assert seen == "account 'shop_app' sent 3 writes; account 'newcomer' sent 2 writes"


def test_where_nobody_may_look_the_gate_stays_closed() -> None:
    refused = FakeSql({"events_statements": Fault("mysql.denied", "no", remedy="grant"), "innodb_trx": []})
    (seen,) = closed(ask(cluster(), refused)).values()
    assert "could not look" in seen


def test_one_fault_names_every_closed_gate() -> None:
    answers = [GateAnswer(gate=g, open=o, seen=f"saw {g}") for g, o in (("a", False), ("b", True), ("c", False))]
    with pytest.raises(Fault) as fault:
        gates.insist(answers)
    assert (fault.value.code, fault.value.exit) == ("cutover.gate-closed", Exit.NEGATIVE)
    assert "a: saw a; c: saw c" in fault.value.what
    assert "saw b" not in fault.value.what
    gates.insist([answers[1]])


def test_sequences_go_first_and_come_back_last() -> None:
    there = cluster()
    done = real.switch(group(), there, (), silent)
    assert there.done == [
        "reads shop_unsharded_in", "reads shop_sharded_in", "writes shop_unsharded_in", "writes shop_sharded_in",
    ]  # fmt: skip
    assert done.way_back
    assert {each.state for each in done.traffic} == {TrafficState.TARGET}
    there.done.clear()
    back = real.reverse(group(), there, silent)
    assert there.done == ["reverse shop_sharded_in", "reverse shop_unsharded_in"]
    assert {each.state for each in back.traffic} == {TrafficState.SOURCE}


def test_a_switch_broken_off_in_the_middle_is_carried_on_by_the_same_command() -> None:
    there = cluster()
    there.serving |= {"shop_unsharded_in": TrafficState.TARGET, "shop_sharded_in": TrafficState.READS_SWITCHED}
    real.switch(group(), there, (), silent)
    assert there.done == ["writes shop_sharded_in"]


def test_an_act_is_told_before_it_is_done() -> None:
    there, told = cluster(), Told()
    list(traffic.switch_reads(group(), there, lambda: 0.0, told))
    assert told.acts[:2] == ["switch reads of shop_unsharded", "switch reads of shop_unsharded: 0.00 s"]


def test_a_broken_way_back_is_said_aloud() -> None:
    there, told = cluster(), Told()
    real.switch(group(), there, (), silent)
    there.stop("shop_sharded_in_reverse", "shop_source")
    outcome = real.recover(group(), there, told)
    assert not outcome.way_back
    assert any("NO WAY BACK" in warning for warning in told.warnings)


def test_recover_lets_the_serving_side_serve_and_moves_no_traffic() -> None:
    there, told = cluster(), Told()
    there.denied = {"shop_source": {"0": ("orders", "theirs")}, "shop_sharded": {"-80": ("orders",)}}
    outcome = real.recover(group(), there, told)
    assert there.done == ["allow shop_source"]
    assert outcome.denied_tables_after["shop_source/0"] == ("theirs",)
    assert outcome.switches == ()


def test_recover_names_a_state_in_between_and_the_two_ways_on() -> None:
    there, told = cluster(), Told()
    there.serving["shop_unsharded_in"] = TrafficState.MIXED
    real.recover(group(), there, told)
    assert any("between the two" in warning for warning in told.warnings)
    assert any("cutover switch" in warning and "cutover reverse" in warning for warning in told.warnings)


def test_nothing_to_do_is_refused() -> None:
    there = cluster()
    states = traffic.state(group(), there)
    with pytest.raises(Fault) as fault:
        real.must_be_otherwise(states, TrafficState.SOURCE, "the source serves everything already")
    assert fault.value.code == "cutover.nothing-to-do"
    real.must_be_otherwise(states, TrafficState.TARGET, "")
