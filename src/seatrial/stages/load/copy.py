"""Creates what is missing, watches what runs, and ends when every stream follows. Killed, it carries on."""

import time

from seatrial.domain.event import Acted, Acting, Note, Progress, Tell, rest
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.identifier import literal, qualified
from seatrial.domain.movement import Loaded, LoadedTable, Materialization, Runway, Workflow
from seatrial.domain.ports import Cluster, Now, Sql, Tablets
from seatrial.domain.rehearsal import TrafficState
from seatrial.domain.vitess import WorkflowStatus
from seatrial.stages.load import gates
from seatrial.stages.load.brake import Brake
from seatrial.stages.load.count import Shards, exact_rows, measure
from seatrial.stages.load.order import Order, acts
from seatrial.stages.load.watch import Watch, pending

LOOK_EVERY_S = 1.0
FOLLOW_LAG_S = 5.0
MISSING_LOOKS = 30
"""How many looks in a row may find a tablet or vtctld away before we give up and say so."""


def load(order: Order, *, cluster: Cluster, tablets: Tablets, source: Sql, now: Now, tell: Tell) -> Loaded:
    """Bring every table over and keep it following. `source` reads the source's status; nothing here writes there
    but Vitess itself, as the page of acts says. Run again after any break, it finds its work and goes on."""
    resumed = any(_status(cluster, w.name, w.keyspace) for w in order.workflows)
    keyspaces = [workflow.keyspace for workflow in order.workflows]
    with Shards(keyspaces, cluster, tablets) as shards:
        if not resumed:
            _fresh_gates(order, cluster, shards, source, tell)
            _forget_journals(order, cluster, shards, tell)
        attach(order, tablets, tell)
        for workflow in order.workflows:
            create(workflow, order, cluster, source, tell)
        watch = Watch(order, shards, tell)
        runway = watch_over(order, cluster, source, watch, now, tell)
        for materialization in order.materializations:
            materialise(materialization, cluster, tell)
        return counted(order, watch, shards, tell, resumed=resumed, runway=runway)


def counted(
    order: Order, watch: Watch, shards: Shards, tell: Tell, *, resumed: bool = False, runway: Runway | None = None
) -> Loaded:
    """What was loaded, with every table's rows counted on the target."""
    for workflow in order.workflows:
        measure(workflow.keyspace, workflow.tables, shards)
    watch.measure()
    tables = tuple(
        LoadedTable(
            table=table,
            keyspace=workflow.keyspace,
            rows=exact_rows(workflow.keyspace, table, shards, tell),
            bytes=watch.bytes_of(workflow.keyspace, table),
            seconds=watch.seconds_of(workflow.keyspace, table),
        )
        for workflow in order.workflows
        for table in workflow.tables
    )
    return Loaded(
        source_keyspace=order.naming.source_keyspace,
        workflows=order.workflows,
        materializations=order.materializations,
        tables=tables,
        rows=sum(table.rows for table in tables),
        bytes=sum(table.bytes for table in tables),
        copy_seconds=watch.copy_seconds,
        points=tuple(watch.points),
        acts=acts(order),
        braked_seconds=watch.braked_seconds,
        resumed=resumed,
        runway=runway,
        source_version=order.source_version,
        target_version=order.provisioned.mysql_version,
        vitess_version=order.provisioned.vitess_version,
    )


def _fresh_gates(order: Order, cluster: Cluster, shards: Shards, source: Sql, tell: Tell) -> None:
    gates.names_are_free(order, cluster)
    for workflow in order.workflows:
        gates.targets_are_empty(workflow.keyspace, workflow.tables, shards.of(workflow.keyspace))
    gates.no_long_transaction(source, tell)


def _forget_journals(order: Order, cluster: Cluster, shards: Shards, tell: Tell) -> None:
    """Delete what switches of an earlier import of this trial left in the shards' journals.

    Vitess numbers a switch by its streams' ids, and those begin anew with the source's new sidecar database: a
    reverse would find the old number, take itself for begun already, and start the streams at the old positions
    (met with 24.0.3: a stream then followed the old journal and read from its own keyspace)."""
    for workflow in order.workflows:
        journal = qualified(cluster.sidecar(workflow.keyspace), "resharding_journal")
        named = literal(f'%keyspace:"{order.naming.source_keyspace}"%')
        for sql in shards.of(workflow.keyspace):
            if left := sql.execute(f"DELETE FROM {journal} WHERE val LIKE {named}"):
                tell(Note(text=f"{workflow.keyspace}: forgot {left} journals of switches of an earlier import"))


def attach(order: Order, tablets: Tablets, tell: Tell) -> None:
    """Make the source's own MySQL a keyspace of the cluster, unless it is one already."""
    keyspace, sidecar = order.naming.source_keyspace, order.naming.source_sidecar
    act = f"attach the source as keyspace {keyspace}; Vitess makes the database {sidecar} on it"
    tell(Acting(act=act, undo="seatrial load detach"))
    tablets.attach(keyspace, sidecar, tell)
    tell(Acted(act=act))


def _status(cluster: Cluster, workflow: str, keyspace: str) -> WorkflowStatus | None:
    return cluster.status(workflow, keyspace)


def create(workflow: Workflow, order: Order, cluster: Cluster, source: Sql, tell: Tell) -> None:
    """Start the workflow, or find it and have it go on."""
    found = _status(cluster, workflow.name, workflow.keyspace)
    if found is not None:
        if cluster.traffic(workflow.name, workflow.keyspace) is TrafficState.TARGET:
            raise Fault(
                "load.switched",
                f"{workflow.keyspace} serves the traffic already: there is nothing to load, and much to lose",
                remedy="see: seatrial cutover recover; to go back: seatrial cutover reverse",
                exit=Exit.CONFIG,
            )
        tell(Note(text=f"workflow {workflow.name} is there already: carrying on"))
        if found.stopped or found.failed:
            _go_on(workflow, found, cluster, source, tell)
        return
    gates.no_long_transaction(source, tell)
    act = f"copy {len(workflow.tables)} tables into {workflow.keyspace} (workflow {workflow.name})"
    tell(Acting(act=act, undo=f"seatrial load cancel --instance {order.naming.instance}"))
    for choice in workflow.choices:
        tell(Note(text=f"{choice.option}={choice.value}: {choice.reason}"))
    try:
        cluster.move_tables(
            workflow.name, workflow.keyspace, order.naming.source_keyspace, workflow.tables, workflow.choices
        )
    except Fault:
        # Vitess leaves a half-made workflow behind (engine met 24.0.3); a stopped one that never copied goes again
        if (half := _status(cluster, workflow.name, workflow.keyspace)) is not None and half.stopped:
            cluster.cancel(workflow.name, workflow.keyspace, keep_rules=order.scratch)
        raise
    tell(Acted(act=act))


def _go_on(workflow: Workflow, found: WorkflowStatus, cluster: Cluster, source: Sql, tell: Tell) -> None:
    _insist_on_binlog(found, source)
    tell(Acting(act=f"start workflow {workflow.name} again", undo="seatrial load pause"))
    cluster.start(workflow.name, workflow.keyspace)
    tell(Acted(act=f"start workflow {workflow.name} again"))


def _insist_on_binlog(state: WorkflowStatus, source: Sql) -> None:
    """A stream whose next event was purged on the source can never go on (rule S9)."""
    for stream in state.streams:
        if stream.position and not gates.position_is_held(source, stream.position):
            raise Fault(
                "load.binlog-gone",
                f"the source no longer has the binary log after the position of {state.name}",
                remedy="seatrial load cancel, let the source keep its binary logs for longer, then load anew",
                exit=Exit.FAULT,
            )


def watch_over(order: Order, cluster: Cluster, source: Sql, watch: Watch, now: Now, tell: Tell) -> Runway | None:
    """Watch until every stream follows (or stands still, for a scratch copy); hold the brake. Returns the binary
    log's runway as last seen."""
    brake = Brake(source, order.brake, is_replica=order.is_replica)
    away = failing = 0
    runway = None
    while True:
        try:
            states = [_must(cluster, workflow) for workflow in order.workflows]
            done = watch.look(states)
            away = 0
        except Fault as fault:
            away += 1
            if (not fault.retry and fault.code != "vitess.refused") or away > MISSING_LOOKS:
                raise
            watch.lost_sight()
            tell(Progress(phase="waiting for the cluster", detail=fault.what[:100]))
            rest(tell, LOOK_EVERY_S)
            continue
        if done:
            return runway
        failing = failing + 1 if any(state.failed for state in states) else 0
        if failing <= MISSING_LOOKS and all(state.away for state in states if state.failed):
            for state in states:
                if state.failed:
                    tell(Progress(phase="waiting for the cluster", detail=state.failed[:100]))
        else:
            _raise_failed(states, source)
        _hold_brake(order, cluster, brake, watch, states, tell)
        if watch.looks % 10 == 1:
            runway = _runway(source, now)
            for state in states:
                _insist_on_binlog(state, source)
        rest(tell, LOOK_EVERY_S)


def _must(cluster: Cluster, workflow: Workflow) -> WorkflowStatus:
    state = _status(cluster, workflow.name, workflow.keyspace)
    if state is None:
        raise Fault(
            "load.workflow-gone",
            f"workflow {workflow.name} vanished while it was watched: somebody cancelled it",
            remedy="run the same command again to begin anew",
            exit=Exit.FAULT,
        )
    return state


def _raise_failed(states: list[WorkflowStatus], source: Sql) -> None:
    """A stream in state Error is final until somebody acts, unless what it names is only away."""
    for state in states:
        if state.failed:
            held = all(gates.position_is_held(source, s.position) for s in state.streams if s.position)
            raise Fault(
                "load.stream-failed",
                f"workflow {state.name} stopped with an error: {state.failed}",
                remedy="mend what it names, then run the same command again: it starts the stream where it stopped"
                if held
                else "the source's binary log is gone: seatrial load cancel, then load anew",
            )


def _hold_brake(
    order: Order, cluster: Cluster, brake: Brake, watch: Watch, states: list[WorkflowStatus], tell: Tell
) -> None:
    was_on = brake.on
    reason = brake.look()
    if reason and not was_on:
        tell(Acting(act=f"brake: {reason}; pausing the copy", undo="goes on by itself at half of the limit"))
        for workflow in order.workflows:
            cluster.stop(workflow.name, workflow.keyspace)
        watch.braked(since=time.monotonic())
    elif was_on and not reason:
        for workflow in order.workflows:
            cluster.start(workflow.name, workflow.keyspace)
        watch.released()
        tell(Acted(act="brake: the source is calm, copying goes on"))
    elif not reason and not order.scratch and all(state.stopped for state in states):
        tell(Progress(phase="paused", detail="by hand; seatrial load resume goes on"))


def _runway(source: Sql, now: Now) -> Runway:
    """What the source holds of its binary log; None where our account may not look."""
    try:
        held: int | None = sum(int(row[1]) for row in source.query("SHOW BINARY LOGS"))
    except Fault:
        held = None
    rows = source.query("SHOW GLOBAL VARIABLES LIKE 'binlog_expire_logs_seconds'")
    return Runway(at=now().isoformat(timespec="seconds"), held_bytes=held, expire_s=int(rows[0][1]) if rows else None)


def materialise(materialization: Materialization, cluster: Cluster, tell: Tell) -> None:
    """Stream reference tables from the keyspace that is written to every shard that reads them, and wait until
    each shard has them (rule W2)."""
    name, keyspace = materialization.name, materialization.keyspace
    found = _status(cluster, name, keyspace)
    if found is None:
        act = f"keep {', '.join(materialization.tables)} current in {keyspace} (workflow {name})"
        tell(Acting(act=act, undo="seatrial load cancel"))
        cluster.materialize(name, keyspace, materialization.source_keyspace, materialization.tables)
        tell(Acted(act=act))
    elif found.stopped:
        cluster.start(name, keyspace)
    while (
        (state := _status(cluster, name, keyspace)) is None
        or not state.following
        or pending(state, materialization.tables)
    ):
        if state is not None and state.failed:
            raise Fault(
                "load.stream-failed",
                f"workflow {name} stopped with an error: {state.failed}",
                remedy="mend what it names, then run the same command again",
            )
        tell(Progress(phase="materialising reference tables", detail=", ".join(materialization.tables)))
        rest(tell, LOOK_EVERY_S)
