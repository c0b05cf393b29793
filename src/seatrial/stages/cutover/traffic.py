"""Who serves what, and moving it: an ordered group of workflows, each switch of which is found done or undone."""

from collections.abc import Callable, Iterator, Sequence

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
            yield _timed(
                "reads",
                workflow,
                clock,
                tell,
                lambda w=workflow: cluster.switch(  # type: ignore[misc]
                    w.name, w.keyspace, reads=True, timeout_s=SWITCH_TIMEOUT_S, tell=tell
                ),
            )


def switch_writes(group: Group, cluster: Cluster, clock: Callable[[], float], tell: Tell) -> Iterator[Switch]:
    """Send writes to the target, keyspace by keyspace."""
    for workflow in group.workflows:
        if cluster.traffic(workflow.name, workflow.keyspace) is not TrafficState.TARGET:
            yield _timed(
                "writes",
                workflow,
                clock,
                tell,
                lambda w=workflow: cluster.switch(  # type: ignore[misc]
                    w.name, w.keyspace, reads=False, timeout_s=SWITCH_TIMEOUT_S, tell=tell
                ),
            )


def reverse(group: Group, cluster: Cluster, clock: Callable[[], float], tell: Tell) -> Iterator[Switch]:
    """Send everything back to the source, in the opposite order."""
    for workflow in reversed(group.workflows):
        if cluster.traffic(workflow.name, workflow.keyspace) is not TrafficState.SOURCE:
            yield _timed(
                "reverse",
                workflow,
                clock,
                tell,
                lambda w=workflow: cluster.reverse(  # type: ignore[misc]
                    w.name, w.keyspace, timeout_s=SWITCH_TIMEOUT_S, tell=tell
                ),
            )


def _timed(what: str, workflow: Workflow, clock: Callable[[], float], tell: Tell, act: Callable[[], None]) -> Switch:
    name = f"{what} of {workflow.keyspace}"
    undo = "seatrial cutover switch" if what == "reverse" else "seatrial cutover reverse"
    tell(Acting(act=f"switch {name}" if what != "reverse" else f"reverse traffic of {workflow.keyspace}", undo=undo))
    began = clock()
    act()
    ended = clock()
    tell(Acted(act=f"{name}: {ended - began:.2f} s"))
    return Switch(what=what, keyspace=workflow.keyspace, began_s=round(began, 3), ended_s=round(ended, 3))


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
