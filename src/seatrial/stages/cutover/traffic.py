"""Who serves what, and moving it: an ordered group of workflows, each switch of which is found done or undone."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from msgspec import Struct

from seatrial.domain.event import Acted, Acting, Note, Tell
from seatrial.domain.movement import Workflow
from seatrial.domain.naming import Naming
from seatrial.domain.ports import Cluster
from seatrial.domain.rehearsal import KeyspaceTraffic, Switch, TrafficState

SWITCH_TIMEOUT_S = 30


class Group(Struct, frozen=True, kw_only=True):
    """The workflows of one load in the order of switching: unsharded first, because the sharded tables' sequences
    live there. Their switches are not atomic together (rule W1)."""

    naming: Naming
    workflows: tuple[Workflow, ...]

    @classmethod
    def of(cls, naming: Naming, workflows: Sequence[Workflow], sharded: Callable[[str], bool]) -> "Group":
        return cls(naming=naming, workflows=tuple(sorted(workflows, key=lambda w: (sharded(w.role), w.role))))


def state(group: Group, cluster: Cluster) -> tuple[KeyspaceTraffic, ...]:
    """Who serves each keyspace's tables now."""
    return tuple(
        KeyspaceTraffic(keyspace=w.keyspace, workflow=w.name, state=cluster.traffic(w.name, w.keyspace))
        for w in group.workflows
    )


def switch_reads(group: Group, cluster: Cluster, clock: Callable[[], float], tell: Tell) -> Iterator[Switch]:
    """Send replica and rdonly reads to the target, keyspace by keyspace; those already there are left alone."""
    for workflow in group.workflows:
        if cluster.traffic(workflow.name, workflow.keyspace) is TrafficState.SOURCE:
            with _timed("reads", workflow, clock, tell) as switched:
                cluster.switch(workflow.name, workflow.keyspace, reads=True, timeout_s=SWITCH_TIMEOUT_S, tell=tell)
            yield switched()


def switch_writes(group: Group, cluster: Cluster, clock: Callable[[], float], tell: Tell) -> Iterator[Switch]:
    """Send writes to the target, keyspace by keyspace; those already there are left alone."""
    for workflow in group.workflows:
        if cluster.traffic(workflow.name, workflow.keyspace) is not TrafficState.TARGET:
            with _timed("writes", workflow, clock, tell) as switched:
                cluster.switch(workflow.name, workflow.keyspace, reads=False, timeout_s=SWITCH_TIMEOUT_S, tell=tell)
            yield switched()


def reverse(group: Group, cluster: Cluster, clock: Callable[[], float], tell: Tell) -> Iterator[Switch]:
    """Send everything back to the source, in the opposite order; what is there already is left alone."""
    for workflow in reversed(group.workflows):
        if cluster.traffic(workflow.name, workflow.keyspace) is not TrafficState.SOURCE:
            with _timed("reverse", workflow, clock, tell) as switched:
                cluster.reverse(workflow.name, workflow.keyspace, timeout_s=SWITCH_TIMEOUT_S, tell=tell)
            yield switched()


@contextmanager
def _timed(what: str, workflow: Workflow, clock: Callable[[], float], tell: Tell) -> Iterator[Callable[[], Switch]]:
    """Tells the act before and after, and gives the switch with its times once it is done."""
    back = what == "reverse"
    act = f"reverse traffic of {workflow.keyspace}" if back else f"switch {what} of {workflow.keyspace}"
    tell(Acting(act=act, undo="seatrial cutover switch" if back else "seatrial cutover reverse"))
    began, ended = clock(), 0.0
    yield lambda: Switch(what=what, keyspace=workflow.keyspace, began_s=round(began, 3), ended_s=round(ended, 3))
    ended = clock()
    tell(Acted(act=f"{act}: {ended - began:.2f} s"))


def denied(group: Group, cluster: Cluster) -> dict[str, tuple[str, ...]]:
    """The tables each shard refuses, for the source and every keyspace of the group."""
    keyspaces = [group.naming.source_keyspace, *(w.keyspace for w in group.workflows)]
    return {
        f"{keyspace}/{shard}": tables
        for keyspace in keyspaces
        for shard, tables in cluster.denied_tables(keyspace).items()
    }


def say(traffic: Sequence[KeyspaceTraffic], tell: Tell) -> None:
    for each in traffic:
        tell(Note(text=f"{each.keyspace}: served by {each.state}"))
