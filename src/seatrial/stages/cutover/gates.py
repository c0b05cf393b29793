"""What must hold before a switch; each gate says what it saw, also when it lets pass."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta

from seatrial.domain.comparison import Equality, Verification
from seatrial.domain.event import Progress, Tell, rest
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.ports import Cluster, Now, Sql
from seatrial.domain.rehearsal import GateAnswer, GateLimits, TrafficState
from seatrial.domain.transaction import oldest
from seatrial.stages.cutover import traffic
from seatrial.stages.cutover.traffic import Group

WRITES = ("insert", "insert_select", "update", "update_multi", "delete", "delete_multi", "replace", "replace_select")
_WRITTEN = (
    "SELECT user, SUM(count_star) FROM performance_schema.events_statements_summary_by_user_by_event_name "
    f"WHERE user IS NOT NULL AND event_name IN ({', '.join(repr('statement/sql/' + w) for w in (*WRITES, 'load'))}) "
    "GROUP BY user"
)


def ask(
    group: Group,
    verification: Verification,
    limits: GateLimits,
    ours: Collection[str],
    *,
    moved_at: datetime | None,
    cluster: Cluster,
    source: Sql,
    now: Now,
    tell: Tell,
) -> tuple[GateAnswer, ...]:
    """Ask every gate. `ours` are the accounts on the source that are allowed to write; `moved_at` is when this trial
    last moved traffic, None if it never did."""
    at_home = all(each.state is TrafficState.SOURCE for each in traffic.state(group, cluster))
    return (
        *_verified(verification, limits, now(), moved_at if at_home else None),
        *_streams(group, limits, cluster),
        _transactions(source, limits),
        quiet(source, ours, limits.quiet_s, tell),
    )


def insist(answers: Sequence[GateAnswer]) -> None:
    """Raise one Fault that names every closed gate."""
    closed = [answer for answer in answers if not answer.open]
    if closed:
        raise Fault(
            "cutover.gate-closed",
            "a gate is closed: " + "; ".join(f"{answer.gate}: {answer.seen}" for answer in closed),
            remedy="mend what it names, then run the same command again; nothing was switched",
            exit=Exit.NEGATIVE,
            retry=False,
        )


def _verified(
    verification: Verification, limits: GateLimits, now: datetime, moved_at: datetime | None
) -> Iterator[GateAnswer]:
    yield GateAnswer(
        gate="verified equal",
        open=verification.equality is Equality.EQUAL,
        seen=f"{verification.equality}, {verification.rows_compared:,} rows compared",
    )
    taken_at = datetime.fromisoformat(verification.taken_at)
    if moved_at is not None:
        # what was written past the fence while the target served is on the source alone (rule R3)
        yield GateAnswer(
            gate="verified since the traffic last moved",
            open=taken_at >= moved_at,
            seen=f"moved {moved_at:%Y-%m-%d %H:%M:%S}, verified {taken_at:%Y-%m-%d %H:%M:%S} UTC; seatrial verify",
        )
    age = now - taken_at
    yield GateAnswer(
        gate=f"verified within {limits.verified_h} h",
        open=age <= timedelta(hours=limits.verified_h),
        seen=f"{age.total_seconds() / 3600:.1f} h ago",
    )


def _streams(group: Group, limits: GateLimits, cluster: Cluster) -> Iterator[GateAnswer]:
    for workflow in group.workflows:
        state = cluster.status(workflow.name, workflow.keyspace)
        switched = state is not None and cluster.traffic(workflow.name, workflow.keyspace) is TrafficState.TARGET
        lag = state.lag_s if state else None
        yield GateAnswer(
            gate=f"{workflow.keyspace} follows the source",
            open=switched or (state is not None and state.following and (lag or 0) <= limits.lag_s),
            seen="no workflow"
            if state is None
            else "switched already"
            if switched
            else f"{', '.join(sorted({s.state for s in state.streams}))}, lag {lag if lag is not None else '?'} s",
        )


def _transactions(source: Sql, limits: GateLimits) -> GateAnswer:
    found = oldest(source, older_than_s=limits.transaction_s)
    return GateAnswer(
        gate=f"no transaction older than {limits.transaction_s} s on the source",
        open=found is None,
        seen=f"connection {found.connection} has one open for {found.age_s} s" if found else "none",
    )


def written(source: Sql) -> dict[str, int] | None:
    """Writing statements by account since the server started; None where performance_schema cannot be read."""
    try:
        return {str(user): int(count) for user, count in source.query(_WRITTEN)}
    except Fault:
        return None


def strangers(before: dict[str, int], after: dict[str, int], ours: Collection[str]) -> dict[str, int]:
    """Accounts that are not ours and wrote between two readings, with how often."""
    return {
        user: after[user] - before.get(user, 0)
        for user in after
        if user not in ours and after[user] > before.get(user, 0)
    }


def quiet(source: Sql, ours: Collection[str], seconds: int, tell: Tell) -> GateAnswer:
    """Watch the source for this long: does anybody but us write? Vitess fences only itself (rule R3)."""
    gate = f"no foreign writer on the source for {seconds} s"
    before = written(source)
    if before is None:
        return GateAnswer(
            gate=gate, open=False, seen="could not look: the reading account needs SELECT on performance_schema"
        )
    for second in range(seconds):
        tell(Progress(phase="watching the source for foreign writers", done=second, total=seconds, unit="s"))
        rest(tell, 1)
    found = strangers(before, written(source) or {}, ours)
    return GateAnswer(
        gate=gate,
        open=not found,
        seen="; ".join(f"account {user!r} sent {count:,} writes" for user, count in found.items()) or "none",
    )
