"""Runs Vitess's own VDiff and waits for it; stopped, it leaves none running."""

import uuid
from collections.abc import Sequence

from seatrial.domain.event import Progress, Tell, rest
from seatrial.domain.fault import Cancelled, Fault
from seatrial.domain.ports import Cluster
from seatrial.domain.vitess import VDiffShard

LOOK_EVERY_S = 1.0
FINAL = frozenset({"completed", "error", "stopped"})


def run_vdiff(
    workflow: str, keyspace: str, tables: Sequence[str], cluster: Cluster, tell: Tell
) -> tuple[VDiffShard, ...]:
    """Compare all rows of the workflow's tables; the report of every table on every shard."""
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
    except (Cancelled, KeyboardInterrupt, Fault):
        cluster.vdiff_stop(workflow, keyspace, run)
        raise
