"""The cutover itself: switch behind gates, reverse, and recover from a switch that was broken off."""

import time
from collections.abc import Mapping
from typing import Any

import msgspec

from seatrial.domain.event import Acted, Acting, Note, Tell
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.ports import Cluster
from seatrial.domain.rehearsal import Cutover, GateAnswer, KeyspaceTraffic, Switch, TrafficState
from seatrial.stages.cutover import traffic
from seatrial.stages.cutover.traffic import Group


def switch(group: Group, cluster: Cluster, answers: tuple[GateAnswer, ...], tell: Tell) -> Cutover:
    """Send reads, then writes to the target. A switch broken off in the middle is carried on by the same command;
    what is switched already is left alone."""
    rules = cluster.routing_rules()
    began = time.monotonic()

    def clock() -> float:
        return time.monotonic() - began

    done = list(traffic.switch_reads(group, cluster, clock, tell))
    done += traffic.switch_writes(group, cluster, clock, tell)
    return _outcome("switch", group, cluster, answers, tuple(done), rules, tell)


def reverse(group: Group, cluster: Cluster, tell: Tell) -> Cutover:
    """Send everything back to the source, which the way back kept current."""
    rules = cluster.routing_rules()
    began = time.monotonic()
    done = tuple(traffic.reverse(group, cluster, lambda: time.monotonic() - began, tell))
    return _outcome("reverse", group, cluster, (), done, rules, tell)


def recover(group: Group, cluster: Cluster, tell: Tell) -> Cutover:
    """Name the state, and mend what a broken-off switch left: refusals on shards that should serve (rule R7).

    Traffic is not moved: which way to go on is the people's choice, and is told."""
    rules = cluster.routing_rules()
    states = traffic.state(group, cluster)
    traffic.say(states, tell)
    for each, workflow in zip(states, group.workflows, strict=True):
        serving = {
            TrafficState.SOURCE: group.naming.source_keyspace,
            TrafficState.READS_SWITCHED: group.naming.source_keyspace,
            TrafficState.TARGET: each.keyspace,
        }.get(each.state)
        if serving is None:
            tell(Note(text=f"{each.keyspace} is between the two: switch or reverse again carries it on", warning=True))
            continue
        wrong = {
            shard: sorted(set(denied) & set(workflow.tables))
            for shard, denied in cluster.denied_tables(serving).items()
            if set(denied) & set(workflow.tables)
        }
        if wrong:
            act = f"let {serving} serve {', '.join(next(iter(wrong.values()))[:3])}… again"
            tell(Acting(act=act, undo="none needed: it is what serves them"))
            cluster.allow_tables(serving, workflow.tables)
            tell(Acted(act=act))
    if len({each.state for each in states}) > 1:
        tell(
            Note(
                text="the keyspaces are not served alike: finish with `seatrial cutover switch`, or go back with "
                "`seatrial cutover reverse`; both leave alone what is done",
                warning=True,
            )
        )
    return _outcome("recover", group, cluster, (), (), rules, tell)


def must_be_otherwise(states: tuple[KeyspaceTraffic, ...], wanted: TrafficState, otherwise: str) -> None:
    """Refuse an act that has nothing to do."""
    if all(each.state is wanted for each in states):
        raise Fault("cutover.nothing-to-do", otherwise, remedy="see: seatrial cutover recover", exit=Exit.CONFIG)


def _outcome(
    act: str,
    group: Group,
    cluster: Cluster,
    answers: tuple[GateAnswer, ...],
    switches: tuple[Switch, ...],
    rules: Mapping[str, Any],
    tell: Tell,
) -> Cutover:
    states = traffic.state(group, cluster)
    way_back = _way_back(group, cluster, states)
    traffic.say(states, tell)
    if not way_back:
        tell(Note(text="THERE IS NO WAY BACK by `cutover reverse` in this state", warning=True))
    return Cutover(
        act=act,
        gates=answers,
        switches=switches,
        traffic=states,
        routing_rules_before=_text(rules),
        routing_rules_after=_text(cluster.routing_rules()),
        denied_tables_after=traffic.denied(group, cluster),
        way_back=way_back,
    )


def _way_back(group: Group, cluster: Cluster, states: tuple[KeyspaceTraffic, ...]) -> bool:
    """Whether each keyspace is at home, or has a reverse stream that runs."""
    for workflow, each in zip(group.workflows, states, strict=True):
        if each.state is not TrafficState.TARGET:
            continue
        back = cluster.status(f"{workflow.name}_reverse", group.naming.source_keyspace)
        if back is None or back.failed or back.stopped:
            return False
    return True


def _text(rules: Mapping[str, Any]) -> str:
    return msgspec.json.encode(rules, order="sorted").decode()
