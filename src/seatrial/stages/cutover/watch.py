"""After a switch: is the way back open, how far behind is it, and does anybody write past vtgate (rule R3)."""

import time
from collections.abc import Collection

from seatrial.domain.event import Progress, Tell, rest
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.ports import Cluster, Sql
from seatrial.domain.rehearsal import TrafficState
from seatrial.stages.cutover import gates, traffic
from seatrial.stages.cutover.traffic import Group

LOOK_EVERY_S = 2.0


def watch(
    group: Group, cluster: Cluster, source: Sql, ours: Collection[str], seconds: float | None, tell: Tell
) -> None:
    """Look until the time is over (None: until stopped). A foreign writer, or a way back that broke, is a Fault at
    once: every minute more makes the two sides differ further."""
    before = gates.written(source)
    if before is None:
        raise Fault(
            "cutover.blind",
            "who writes to the source cannot be seen: the reading account needs SELECT on performance_schema",
            remedy="grant it as `seatrial load --accounts` prints it",
            exit=Exit.CONFIG,
        )
    began = time.monotonic()
    while seconds is None or time.monotonic() - began < seconds:
        if found := gates.strangers(before, gates.written(source) or {}, ours):
            raise foreign_writer(found)
        tell(Progress(phase="watching", detail=f"source quiet; way back {_way_back(group, cluster)}"))
        rest(tell, LOOK_EVERY_S)


def foreign_writer(found: dict[str, int]) -> Fault:
    """The alarm: somebody wrote to the source while the target served."""
    who = ", ".join(f"{user!r} ({count:,} writes)" for user, count in found.items())
    return Fault(
        "cutover.foreign-writer",
        f"somebody wrote to the source past vtgate while the target served: {who}; those rows are not on the target, "
        "and the way back may break on them (rule R3)",
        remedy="lock that account for the time of a cutover (ALTER USER … ACCOUNT LOCK), load anew, rehearse again",
        exit=Exit.NEGATIVE,
    )


def _way_back(group: Group, cluster: Cluster) -> str:
    lags = []
    for each, workflow in zip(traffic.state(group, cluster), group.workflows, strict=True):
        if each.state is not TrafficState.TARGET:
            continue
        back = cluster.status(f"{workflow.name}_reverse", group.naming.source_keyspace)
        if back is None or back.failed or back.stopped:
            said = f": {back.failed}" if back and back.failed else ""
            raise Fault(
                "cutover.way-back-broken",
                f"the stream from {each.keyspace} back to the source does not run{said}: there is no way back",
                remedy="stop writes, compare both sides, and mend or give up the way back; nothing was changed here",
                exit=Exit.NEGATIVE,
            )
        lags.append(back.lag_s or 0.0)
    return f"open, {max(lags):.0f} s behind" if lags else "not needed: the source serves"
