"""What must hold before a switch; each gate says what it saw, also when it lets pass."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta

from seatrial.domain.comparison import Equality, Verification
from seatrial.domain.event import Progress, Tell, rest
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.ports import Cluster, Now, Sql
from seatrial.domain.rehearsal import GateAnswer, GateLimits, TrafficState
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
    cluster: Cluster,
    source: Sql,
    now: Now,
    tell: Tell,
) -> tuple[GateAnswer, ...]:
    """Ask every gate. `ours` are the accounts on the source that are allowed to write."""
    return (
        *_verified(verification, limits, now()),
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


def _verified(verification: Verification, limits: GateLimits, now: datetime) -> Iterator[GateAnswer]:
    yield GateAnswer(
        gate="verified equal",
        open=verification.equality is Equality.EQUAL,
        seen=f"{verification.equality}, {verification.rows_compared:,} rows compared",
    )
    age = now - datetime.fromisoformat(verification.taken_at)
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
    rows = source.query(
        "SELECT trx_mysql_thread_id, TIMESTAMPDIFF(SECOND, trx_started, NOW()) FROM information_schema.innodb_trx "
        "WHERE trx_started < NOW() - INTERVAL %s SECOND AND trx_mysql_thread_id NOT IN (0, CONNECTION_ID()) "
        "ORDER BY trx_started LIMIT 1",
        (limits.transaction_s,),
    )
    return GateAnswer(
        gate=f"no transaction older than {limits.transaction_s} s on the source",
        open=not rows,
        seen=f"connection {rows[0][0]} has one open for {rows[0][1]} s" if rows else "none",
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
