"""Pause and resume; and the way out: cancel, detach, and the certificate that nothing is left."""

from collections.abc import Iterator

from seatrial.domain.accounts import grants, to_take_back
from seatrial.domain.event import Acted, Acting, Note, Tell
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.identifier import qualified, quote
from seatrial.domain.movement import Checked, Detached
from seatrial.domain.naming import SCRATCH, Naming
from seatrial.domain.ports import Cluster, Sql, Tablets
from seatrial.domain.rehearsal import TrafficState
from seatrial.stages.load.count import Shards
from seatrial.stages.load.order import Order


def pause(order: Order, cluster: Cluster, tell: Tell) -> None:
    """Stop reading the source now. Rows that came stay; `resume` goes on where it stopped."""
    for name, keyspace in _streams(order, cluster):
        cluster.stop(name, keyspace)
        tell(Acted(act=f"paused {name}"))


def resume(order: Order, cluster: Cluster, tell: Tell) -> None:
    """Go on after a pause."""
    for name, keyspace in _streams(order, cluster):
        cluster.start(name, keyspace)
        tell(Acted(act=f"resumed {name}"))


def cancel(order: Order, cluster: Cluster, tablets: Tablets, tell: Tell) -> None:
    """End the import: workflows and routing rules go, this trial's tables on the target are emptied but stay as
    provision made them (rule S3). Refused once writes are served by the target: rows would be lost."""
    for workflow in order.workflows:
        if cluster.status(workflow.name, workflow.keyspace) is None:
            continue
        if cluster.traffic(workflow.name, workflow.keyspace) is not TrafficState.SOURCE:
            raise Fault(
                "load.switched",
                f"{workflow.keyspace} serves traffic: cancelling now would lose what was written there",
                remedy="first: seatrial cutover reverse",
                exit=Exit.CONFIG,
            )
    end_workflows(order, cluster, tell)
    empty(order, cluster, tablets, tell)


def end_workflows(order: Order, cluster: Cluster, tell: Tell) -> None:
    """End what there is of the order's workflows; rows stay where they are."""
    for workflow in order.workflows:
        if cluster.status(workflow.name, workflow.keyspace) is not None:
            tell(Acting(act=f"cancel {workflow.name}", undo="seatrial load copies anew"))
            cluster.cancel(workflow.name, workflow.keyspace, keep_rules=order.scratch)
            tell(Acted(act=f"cancel {workflow.name}"))
    # after the tables' own workflows: Vitess takes their routing rules for a switch of this one
    for materialization in order.materializations:
        if cluster.status(materialization.name, materialization.keyspace) is not None:
            cluster.delete_workflow(materialization.name, materialization.keyspace)
            tell(Acted(act=f"ended {materialization.name}"))


def empty(order: Order, cluster: Cluster, tablets: Tablets, tell: Tell) -> None:
    """Empty every table of the order's keyspaces, sequences excepted."""
    for keyspace in order.provisioned.keyspaces:
        tables = [name for name, entry in keyspace.vschema.tables.items() if entry.type != "sequence"]
        with Shards([keyspace.name], cluster, tablets) as shards:
            for sql in shards.of(keyspace.name):
                sql.execute("SET SESSION foreign_key_checks = 0")
                for table in tables:
                    sql.execute(f"TRUNCATE TABLE {quote(table)}")
        tell(Note(text=f"emptied {len(tables)} tables of {keyspace.name}"))


def detach(
    order: Order, cluster: Cluster, tablets: Tablets, mover: Sql, reader: str, user: str, tell: Tell
) -> Detached:
    """Take us off the source and prove it. `mover` is the moving account's own connection to the source; it may
    drop the sidecar database and nothing else. Refused while an import still needs the source."""
    for name, instance in _readers(order, cluster):
        raise Fault(
            "load.in-use",
            f"workflow {name} still reads the source",
            remedy=f"first: seatrial load cancel{instance}",
            exit=Exit.CONFIG,
        )
    keyspace, sidecar = order.naming.source_keyspace, order.naming.source_sidecar
    tell(Acting(act=f"detach {keyspace} and drop {sidecar} on the source", undo="seatrial load attaches again"))
    tablets.detach(keyspace, tell)
    mover.execute(f"DROP DATABASE IF EXISTS {qualified(sidecar)}")
    tell(Acted(act=f"detach {keyspace} and drop {sidecar} on the source"))
    wanted = grants(database=order.database, sidecar=sidecar, reader=reader, mover=user)
    return Detached(
        source_keyspace=keyspace,
        sidecar=sidecar,
        checks=tuple(_nothing_left(keyspace, sidecar, cluster, mover)),
        take_back=to_take_back(wanted, sidecar),
    )


def _readers(order: Order, cluster: Cluster) -> Iterator[tuple[str, str]]:
    """Workflows that read the source, of whatever instance of the trial, and the option that names the instance."""
    base, source = Naming(order.naming.trial).prefix, order.naming.source_keyspace
    for keyspace in sorted(cluster.keyspaces() - {source}):
        if keyspace.startswith(f"{base}_"):
            for name in cluster.workflows(keyspace):
                state = cluster.status(name, keyspace)
                if state is not None and state.source_keyspace == source:
                    yield name, f" --instance {SCRATCH}" if keyspace.startswith(f"{base}__") else ""


def _nothing_left(keyspace: str, sidecar: str, cluster: Cluster, mover: Sql) -> Iterator[Checked]:
    databases = mover.query("SELECT schema_name FROM information_schema.schemata WHERE schema_name = %s", (sidecar,))
    yield Checked(what=f"database {sidecar} on the source", ok=not databases, seen="there" if databases else "gone")
    ((others,),) = mover.query(
        "SELECT COUNT(*) FROM information_schema.processlist WHERE id <> CONNECTION_ID() "
        "AND user = SUBSTRING_INDEX(CURRENT_USER(), '@', 1)"
    )
    yield Checked(what="connections of the mover's account", ok=int(others) == 0, seen=str(others))
    there = keyspace in cluster.keyspaces()
    yield Checked(what=f"keyspace {keyspace} in the cluster", ok=not there, seen="there" if there else "gone")
    rules = [r for r in cluster.routing_rules().get("rules") or [] if keyspace in str(r)]
    yield Checked(what="routing rules that name it", ok=not rules, seen=str(len(rules)))


def _streams(order: Order, cluster: Cluster) -> list[tuple[str, str]]:
    """Every workflow of the order that there is; a Fault if there is none."""
    named = [(w.name, w.keyspace) for w in order.workflows] + [(m.name, m.keyspace) for m in order.materializations]
    found = [(name, keyspace) for name, keyspace in named if cluster.status(name, keyspace) is not None]
    if not found:
        raise Fault(
            "load.none",
            f"no import of trial {order.naming.trial} is under way",
            remedy="start it with: seatrial load",
            exit=Exit.CONFIG,
        )
    return found
