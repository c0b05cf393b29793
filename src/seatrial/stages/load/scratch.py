"""A copy of the source that stands still, for a replay to write on: outside every workflow and every global routing
rule, shown with its cost before, taken away whole after.

Vitess's own MoveTables brings the rows. It knows no such copy, so its leftovers are undone one by one: the workflow
goes once every stream has stopped, and with it the shards' refusal of the tables.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from seatrial.domain.event import Acted, Acting, Note, Tell, silent
from seatrial.domain.fault import Fault
from seatrial.domain.movement import Loaded, Provisioned, StoodStill
from seatrial.domain.naming import Naming
from seatrial.domain.ports import Cluster, Now, Sql, Tablets
from seatrial.stages.load import gates, ids, leave
from seatrial.stages.load.copy import attach, counted, create, materialise, watch_over
from seatrial.stages.load.count import Shards
from seatrial.stages.load.order import Order
from seatrial.stages.load.standing import place, settled
from seatrial.stages.load.watch import Watch

GROWTH = 1.5
"""Disk a table takes on a shard, against its data and indexes on the source: the copy's binary log holds the rows
once more, pages are filled less than in a table that has stood long."""

SHARD_BYTES = 64 << 20
"""What undo, redo and temporary tablespaces of a shard's MySQL grow by while rows come in (met with 9.7)."""

_TYPES = ("", "@replica", "@rdonly")


class Cost(Struct, frozen=True, kw_only=True):
    """What a scratch copy costs, by the sizes the source itself reported. `bytes_free` is None where the tablets
    are out of our sight."""

    bytes_read: int
    bytes_needed: int
    bytes_free: int | None

    def __str__(self) -> str:
        free = "" if self.bytes_free is None else f"; {_size(self.bytes_free)} are free there"
        return (
            f"the scratch copy reads about {_size(self.bytes_read)} from the source and takes about "
            f"{_size(self.bytes_needed)} on the target's disks{free}"
        )

    def insist(self) -> None:
        """Refuse when it does not fit."""
        if self.bytes_free is not None and self.bytes_needed > self.bytes_free:
            raise Fault(
                "scratch.no-room",
                f"the scratch copy needs about {_size(self.bytes_needed)}, and {_size(self.bytes_free)} are free "
                "where the tablets put their rows",
                remedy="free some space there (an older copy goes with seatrial load cancel --instance scratch), then "
                "run the same command again",
                retry=True,
            )


def cost(order: Order, tablets: Tablets) -> Cost:
    """Estimate what the copy reads and takes. A reference table stands on every shard that reads it."""
    read = written = shards = 0
    for keyspace in order.provisioned.keyspaces:
        shards += len(keyspace.shards)
        for name in keyspace.vschema.held:
            table = order.table(name)
            read += table.data_bytes
            written += table.data_bytes + table.index_bytes
        for name in keyspace.vschema.materialised:
            table = order.table(name)
            written += (table.data_bytes + table.index_bytes) * len(keyspace.shards)
    return Cost(
        bytes_read=read, bytes_needed=int(written * GROWTH) + shards * SHARD_BYTES, bytes_free=tablets.room_bytes()
    )


def copy_scratch(
    order: Order, *, cluster: Cluster, tablets: Tablets, source: Sql, mover: Sql, now: Now, tell: Tell
) -> Loaded:
    """Copy every table into the scratch keyspaces and leave them standing still, ready to be written through vtgate.

    Rows that stood there are replaced: run again after a replay or after any break, it begins anew. Cancelled or
    failed, nothing of it reads the source any more. `source` reads the source's status and AUTO_INCREMENT values,
    `mover` its binary log's events, to tell our own writes from others'.
    """
    if not order.scratch:
        raise ValueError(f"not an order for a scratch copy: {order.naming}")
    price = cost(order, tablets)
    tell(Note(text=str(price)))
    price.insist()
    gates.source_serves(order, cluster)
    gates.no_long_transaction(source, tell)
    attached = order.naming.source_keyspace in cluster.keyspaces()
    with Shards([keyspace.name for keyspace in order.provisioned.keyspaces], cluster, tablets) as shards:
        _begin_anew(order, cluster, tablets, tell)
        try:
            watch, positions = _copied(order, cluster, tablets, source, shards, now, tell)
        except BaseException:
            _leave_the_source(order, cluster, tablets, detach=not attached)
            raise
        stood_at, began = now(), place(mover)
        next_ids = ids.of_source(order, source, tell)
        leave.end_workflows(order, cluster, tell)
        for materialization in order.materializations:
            materialise(materialization, cluster, tell)
        ids.carry_on(order, next_ids, cluster, shards, tell)
        _route(order.provisioned, cluster, tell)
        loaded = counted(order, watch, shards, tell)
    stood = StoodStill(
        at=stood_at.isoformat(timespec="seconds"),
        positions=positions,
        settled=settled(mover, began, positions, order.naming.source_sidecar),
        bytes_needed=price.bytes_needed,
        bytes_free=price.bytes_free,
    )
    if not attached:
        tell(Note(text="the source stays attached for the next copy; seatrial load detach takes us off it"))
    return replace(loaded, stood_still=stood)


def _begin_anew(order: Order, cluster: Cluster, tablets: Tablets, tell: Tell) -> None:
    """End what an earlier run left half-made, and empty the tables."""
    act = "empty what stands in the scratch keyspaces"
    tell(Acting(act=act, undo="seatrial load --instance scratch copies anew"))
    leave.end_workflows(order, cluster, tell)
    for keyspace in order.provisioned.keyspaces:
        cluster.allow_tables(keyspace.name)
    leave.empty(order, cluster, tablets, tell)
    tell(Acted(act=act))


def _copied(
    order: Order, cluster: Cluster, tablets: Tablets, source: Sql, shards: Shards, now: Now, tell: Tell
) -> tuple[Watch, tuple[str, ...]]:
    """Bring the rows; the watch that was kept, and the position at which each stream stopped."""
    attach(order, tablets, tell)
    with _rules_kept(cluster, tell):
        for workflow in order.workflows:
            create(workflow, order, cluster, source, tell)
    watch = Watch(order, shards, tell)
    watch_over(order, cluster, source, watch, now, tell)
    states = [cluster.status(workflow.name, workflow.keyspace) for workflow in order.workflows]
    positions = [stream.position for state in states if state is not None for stream in state.streams]
    return watch, tuple(position.removeprefix("MySQL56/") for position in positions)


@contextmanager
def _rules_kept(cluster: Cluster, tell: Tell) -> Iterator[None]:
    """Put back the routing rules that are gone after the block.

    A MoveTables that fails while it is made takes away the rules of its tables' names, though it was told to make
    none: those of the main import (read in the source of 24.0.3)."""
    before = _rules(cluster)
    try:
        yield
    finally:
        after = _rules(cluster)
        there = {rule["from_table"] for rule in after}
        if lost := [rule for rule in before if rule["from_table"] not in there]:
            cluster.apply_routing_rules({"rules": after + lost})
            tell(Note(text=f"put back {len(lost)} routing rules that Vitess took away", warning=True))


def _leave_the_source(order: Order, cluster: Cluster, tablets: Tablets, *, detach: bool) -> None:
    """After a break: no stream of ours may go on reading. What cannot be ended now, the next run or `drop` ends."""
    try:
        leave.end_workflows(order, cluster, silent)
        if detach:
            tablets.detach(order.naming.source_keyspace, silent)
    except Fault:
        pass  # the break itself says more


def _route(provisioned: Provisioned, cluster: Cluster, tell: Tell) -> None:
    """Let a client of the home keyspace find the tables of the others by their bare names; every other rule stays."""
    home = provisioned.home
    wanted = {
        f"{home.name}.{table}{kind}": f"{keyspace.name}.{table}"
        for keyspace in provisioned.keyspaces
        if keyspace.name != home.name
        for table in keyspace.vschema.held
        if table not in home.vschema.tables
        for kind in _TYPES
    }
    if not wanted:
        return
    act = f"route {len(wanted) // len(_TYPES)} tables of other keyspaces for clients of {home.name}"
    tell(Acting(act=act, undo="seatrial load cancel --instance scratch"))
    kept = [rule for rule in _rules(cluster) if rule["from_table"] not in wanted]
    ours = [{"from_table": name, "to_tables": [table]} for name, table in wanted.items()]
    cluster.apply_routing_rules({"rules": kept + ours})
    tell(Acted(act=act))


def drop(naming: Naming, cluster: Cluster, tablets: Tablets, tell: Tell) -> None:
    """Take the scratch copy away whole: workflows, routing rules, keyspaces with tablets and rows. It goes by the
    names alone, so that a half-made copy goes too; what is gone already is no fault. The source stays attached."""
    mine = f"{naming.prefix}_"
    if naming.prefix == Naming(naming.trial).prefix:
        raise ValueError("only a scratch instance can be dropped")
    keyspaces = sorted(keyspace for keyspace in cluster.keyspaces() if keyspace.startswith(mine))
    before = tablets.room_bytes()
    for keyspace in keyspaces:
        _end_streams(keyspace, naming, cluster, tell)
    _drop_rules(mine, cluster, tell)
    for keyspace in keyspaces:
        act = f"remove keyspace {keyspace} with its rows"
        tell(Acting(act=act, undo="seatrial provision and load, with --instance scratch, make it anew"))
        tablets.remove(keyspace, tell)
        tell(Acted(act=act))
    if not keyspaces:
        tell(Note(text="no scratch copy is left"))
        return
    after = tablets.room_bytes()
    freed = "" if before is None or after is None else f"; about {_size(max(0, after - before))} of disk are free again"
    tell(Note(text=f"the scratch copy is gone: {', '.join(keyspaces)}{freed}"))


def _end_streams(keyspace: str, naming: Naming, cluster: Cluster, tell: Tell) -> None:
    try:
        for name in cluster.workflows(keyspace):
            state = cluster.status(name, keyspace)
            if state is not None and state.source_keyspace == naming.source_keyspace:
                cluster.cancel(name, keyspace, keep_rules=True)
            elif state is not None:
                cluster.delete_workflow(name, keyspace)
            tell(Acted(act=f"ended {name}"))
    except Fault as fault:
        # its tablets may be dead; they are about to go, and their streams with them
        tell(Note(text=f"the streams of {keyspace} could not be ended first: {fault.what}", warning=True))


def _drop_rules(mine: str, cluster: Cluster, tell: Tell) -> None:
    """Remove the rules that begin or end in keyspaces of these names."""
    rules = _rules(cluster)
    kept = [r for r in rules if not any(n.startswith(mine) for n in (r["from_table"], *(r.get("to_tables") or [])))]
    if len(kept) < len(rules):
        cluster.apply_routing_rules({"rules": kept})
        tell(Acted(act=f"removed {len(rules) - len(kept)} routing rules"))


def _rules(cluster: Cluster) -> list[dict[str, Any]]:
    return list(cluster.routing_rules().get("rules") or [])


def _size(count: int) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.0f} MB"
