"""Runs Vitess's own VDiff and waits for it; stopped, it leaves none running."""

import uuid
from collections.abc import Callable, Sequence

from seatrial.domain.event import Note, Progress, Tell, rest
from seatrial.domain.fault import Cancelled, Fault
from seatrial.domain.ports import Cluster
from seatrial.domain.vitess import VDiffShard

LOOK_EVERY_S = 1.0
TRIES = 3
FINAL = frozenset({"completed", "error", "stopped"})


def run_vdiff(
    workflow: str, keyspace: str, tables: Sequence[str], cluster: Cluster, mend: Callable[[], None], tell: Tell
) -> tuple[VDiffShard, ...]:
    """Compare all rows of the workflow's tables; the report of every table on every shard.

    VDiff stops and starts streams, and now and then a tablet of Vitess 24.0.3 panics over that (met: "Row count
    exceeded 1", then an index out of range in GetSchema). It is mended, and the comparison begun again."""
    for _ in range(TRIES - 1):
        try:
            return _once(workflow, keyspace, tables, cluster, tell)
        except Fault as fault:
            if fault.code != "vitess.unreachable":
                raise
            tell(Note(text=f"a tablet went away while comparing; mending it and comparing again: {fault.what}"))
            mend()
    return _once(workflow, keyspace, tables, cluster, tell)


def _once(workflow: str, keyspace: str, tables: Sequence[str], cluster: Cluster, tell: Tell) -> tuple[VDiffShard, ...]:
    run = str(uuid.uuid4())
    shards = len(cluster.shards(keyspace))
    cluster.vdiff(workflow, keyspace, run, tables)
    try:
        while True:
            reports = cluster.vdiff_reports(workflow, keyspace, run)
            done = sum(report.state in FINAL for report in reports)
            wanted = shards * len(tables)
            tell(
                Progress(
                    phase=f"comparing all rows of {keyspace}",
                    done=sum(report.rows_compared for report in reports),
                    unit="rows",
                    detail=f"{done} of {wanted} tables × shards",
                )
            )
            if len(reports) >= wanted and done == len(reports):
                return reports
            rest(tell, LOOK_EVERY_S)
    except (Cancelled, KeyboardInterrupt):
        cluster.vdiff_stop(workflow, keyspace, run)
        raise
    except Fault as fault:
        if fault.code != "vitess.unreachable":  # a comparison that lost its tablet has ended, and cannot be told to
            cluster.vdiff_stop(workflow, keyspace, run)
        raise
