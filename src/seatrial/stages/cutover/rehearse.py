"""The rehearsal: there under load, a while on the target, and back, with everything counted that a user would feel."""

import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

from msgspec import Struct

from seatrial.domain.event import Acted, Note, Progress, Tell, rest, silent
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.movement import Provisioned
from seatrial.domain.ports import Application, Cluster, Sql, Tablets
from seatrial.domain.rehearsal import Rehearsal, Switch
from seatrial.stages.cutover import gates, traffic
from seatrial.stages.cutover.sequences import check as sequences_of
from seatrial.stages.cutover.traffic import Group
from seatrial.stages.cutover.watch import foreign_writer

AROUND_S = 2.0
"""How long before and after a switch its effect on the application is looked for."""

FOLLOW_TIMEOUT_S = 60
SLICE_S = 0.5


class Terms(Struct, frozen=True, kw_only=True):
    """How to rehearse. `allowed_because` is why it is no production (rule R4); `ours` may write on the source."""

    allowed_because: str
    rate_per_s: float
    settle_s: float
    ours: frozenset[str]
    buffer: str


def rehearse(
    group: Group,
    terms: Terms,
    provisioned: Provisioned,
    application: Application,
    *,
    cluster: Cluster,
    tablets: Tablets,
    source: Sql,
    tell: Tell,
) -> Rehearsal:
    """Switch and reverse under the application's traffic. However it ends, the traffic is served by the source
    again, and the application is stopped."""
    rules_before, denied_before = cluster.routing_rules(), cluster.denied_tables(group.naming.source_keyspace)
    began_us, began = time.time_ns() // 1000, time.monotonic()

    def clock() -> float:
        return time.monotonic() - began

    def moment(second: float) -> int:
        return began_us + round(second * 1e6)

    switches: list[Switch] = []
    application.start(tell)
    try:
        _steady(application, terms.settle_s, "traffic through vtgate, served by the source", tell)
        before = gates.written(source)
        switches += traffic.switch_reads(group, cluster, clock, tell)
        rest(tell, AROUND_S)
        switches += traffic.switch_writes(group, cluster, clock, tell)
        _steady(application, terms.settle_s, "traffic served by the target", tell)
        sequences = sequences_of(provisioned, cluster, tablets)
        _no_stranger(before, gates.written(source), terms.ours, tell)  # first: its rows may keep ours from flowing
        flowed_back = _flowed_back(group, application, cluster, moment(clock() - AROUND_S), tell)
        _no_stranger(before, gates.written(source), terms.ours, tell)
        switches += traffic.reverse(group, cluster, clock, tell)
        _steady(application, terms.settle_s, "traffic served by the source again", tell)
    finally:
        _home(group, cluster, application)
    _follow_again(group, cluster, tell)
    ledger = application.ledger()
    ended = clock()
    first = min(s.began_s for s in switches)
    baseline = application.window(began_us, moment(first))
    there = application.window(*_around(switches, ("reads", "writes"), moment))
    back = application.window(*_around(switches, ("reverse",), moment))
    return Rehearsal(
        allowed_because=terms.allowed_because,
        rate_per_s=terms.rate_per_s,
        switches=tuple(switches),
        traffic=application.count(),
        pause_switch_ms=there.gap_ms,
        pause_reverse_ms=back.gap_ms,
        stall_p99_ms=max(there.stall_p99_ms, back.stall_p99_ms),
        stall_max_ms=max(there.stall_max_ms, back.stall_max_ms),
        baseline_p99_ms=baseline.stall_p99_ms,
        sequences=sequences,
        ledger=ledger,
        flowed_back=flowed_back,
        equal_after=False,  # the verification that follows says so, or not
        # the target's shards refuse the tables from now on until a next switch: that is Vitess's fence, and right
        routing_restored=_same_rules(rules_before, cluster.routing_rules())
        and denied_before == cluster.denied_tables(group.naming.source_keyspace),
        pace=application.pace(began_us, moment(ended), SLICE_S),
        seconds=round(ended, 2),
        buffer=terms.buffer,
    )


def _steady(application: Application, seconds: float, phase: str, tell: Tell) -> None:
    for tenth in range(round(seconds * 2)):
        tell(Progress(phase=phase, done=tenth / 2, total=seconds, unit="s"))
        rest(tell, 0.5)
        if not application.running():
            raise Fault(
                "rehearse.traffic-ended",
                "the application's traffic ended in the middle of the rehearsal",
                remedy="see its own log; the traffic was put back to the source",
                exit=Exit.FAULT,
            )


def _flowed_back(group: Group, application: Application, cluster: Cluster, until_us: int, tell: Tell) -> bool:
    """Whether what was committed on the target stands on the source, once the way back had time to carry it."""
    deadline = time.monotonic() + FOLLOW_TIMEOUT_S
    while time.monotonic() < deadline:
        ledger = application.ledger(until_us)
        if ledger is None:
            return all(
                (status := cluster.status(f"{w.name}_reverse", group.naming.source_keyspace)) is not None
                and status.following
                for w in group.workflows
            )
        if ledger.lost == 0:
            tell(Acted(act=f"{ledger.found:,} committed transactions stand on the source: rows flow back"))
            return True
        tell(Progress(phase="rows flowing back", detail=f"{ledger.lost} not there yet"))
        rest(tell, 1)
    tell(Note(text="rows committed on the target did not reach the source", warning=True))
    return False


def _no_stranger(
    before: dict[str, int] | None, after: dict[str, int] | None, ours: Collection[str], tell: Tell
) -> None:
    found = gates.strangers(before, after, ours) if before is not None and after is not None else {}
    if found:
        raise foreign_writer(found)
    if before is None or after is None:
        tell(Note(text="could not look for foreign writers: no SELECT on performance_schema", warning=True))


def _home(group: Group, cluster: Cluster, application: Application) -> None:
    """Back to the source whatever happened, unhurried by a second Ctrl-C; then the application stops."""
    try:
        list(traffic.reverse(group, cluster, time.monotonic, silent))
    finally:
        application.stop(silent)


def _follow_again(group: Group, cluster: Cluster, tell: Tell) -> None:
    """Wait until the forward streams have what was written since the way back."""
    deadline = time.monotonic() + FOLLOW_TIMEOUT_S
    for workflow in group.workflows:
        while True:
            status = cluster.status(workflow.name, workflow.keyspace)
            if status is not None and status.following and (status.lag_s or 0) <= 1:
                break
            if time.monotonic() > deadline:
                raise Fault(
                    "rehearse.not-following",
                    f"{workflow.name} does not follow the source after the way back",
                    remedy="look at it with: seatrial cutover recover",
                )
            tell(Progress(phase="streams catching up", detail=workflow.name))
            rest(tell, 0.5)


def _around(switches: list[Switch], kinds: tuple[str, ...], moment: Callable[[float], int]) -> tuple[int, int]:
    chosen = [switch for switch in switches if switch.what in kinds]
    return moment(chosen[0].began_s - AROUND_S), moment(chosen[-1].ended_s + AROUND_S)


def _same_rules(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether both send every name to the same place. Rules come in any order, and Vitess drops on the way back
    those that send a table to itself: neither makes a difference."""
    return _places(before) == _places(after)


def _places(rules: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    places = {rule["from_table"]: tuple(rule.get("to_tables") or ()) for rule in rules.get("rules") or []}
    return {name: to for name, to in places.items() if to != (name.partition("@")[0],)}
