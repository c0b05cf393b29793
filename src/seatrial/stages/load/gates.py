"""What must hold before anything is attached or locked: refusals that name the culprit and the way out."""

from collections.abc import Iterable, Mapping

from seatrial.domain.event import Note, Progress, Tell, rest
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.finding import Assessment
from seatrial.domain.identifier import quote
from seatrial.domain.ports import Cluster, Sql
from seatrial.stages.load.order import Order

LONG_TRANSACTION_S = 10
WAIT_FOR_TRANSACTION_S = 30


def assessed(assessment: Assessment, accepted: Mapping[str, str]) -> None:
    """Refuse while a blocking finding is neither mended nor accepted with a reason."""
    blocking = [finding for finding in assessment.blocking if finding.code not in accepted]
    if blocking:
        names = "; ".join(f"{f.code} {f.title} ({', '.join(f.subjects[:3])})" for f in blocking[:4])
        raise Fault(
            "assess.blocks",
            f"{len(blocking)} finding(s) block the import: {names}",
            remedy='mend them and collect again, or accept one in trial.toml: [accept] CODE = "reason"',
            exit=Exit.NEGATIVE,
        )


def no_long_transaction(source: Sql, tell: Tell, older_than_s: int = LONG_TRANSACTION_S) -> None:
    """Wait a while for transactions older than this to end; refuse with the oldest one named (rule S7)."""
    waited = 0.0
    while True:
        rows = source.query(
            "SELECT trx_mysql_thread_id, TIMESTAMPDIFF(SECOND, trx_started, NOW()) FROM information_schema.innodb_trx "
            "WHERE trx_started < NOW() - INTERVAL %s SECOND AND trx_mysql_thread_id NOT IN (0, CONNECTION_ID()) "
            "ORDER BY trx_started LIMIT 1",
            (older_than_s,),
        )
        if not rows:
            return
        thread, age_s = rows[0]
        if waited >= WAIT_FOR_TRANSACTION_S:
            raise Fault(
                "source.long-transaction",
                f"connection {thread} on the source has a transaction open for {age_s} s: any lock would wait for it, "
                "and everyone behind the lock",
                remedy=f"end it (SHOW PROCESSLIST; KILL {thread}), then run the same command again",
                retry=True,
            )
        tell(Progress(phase="waiting for a long transaction", detail=f"connection {thread}, open for {age_s} s"))
        rest(tell, 2)
        waited += 2


def names_are_free(order: Order, cluster: Cluster) -> None:
    """Refuse when a table's bare name already means a table of another keyspace, or a routing rule claims it
    (rule R2: routing rules are global)."""
    ours = {workflow.keyspace for workflow in order.workflows} | {order.naming.source_keyspace}
    moving = {table for workflow in order.workflows for table in workflow.tables}
    for rule in cluster.routing_rules().get("rules") or []:
        table = rule["from_table"].partition("@")[0].rpartition(".")[2]
        strangers = [to for to in rule.get("to_tables") or [] if to.partition(".")[0] not in ours]
        if table in moving and strangers:
            raise _taken(table, f"a routing rule sends it to {strangers[0]}")
    for keyspace in sorted(cluster.keyspaces() - ours):
        taken = moving & set(cluster.vschema(keyspace).get("tables") or {})
        if taken:
            raise _taken(min(taken), f"keyspace {keyspace} has a table of that name")


def _taken(table: str, why: str) -> Fault:
    return Fault(
        "load.name-taken",
        f"the name {table} is in use on the target already: {why}",
        remedy="use a cluster of its own for this trial (seatrial lab up --name …), or free the name",
        exit=Exit.CONFIG,
    )


def targets_are_empty(keyspace: str, tables: Iterable[str], connections: Iterable[Sql]) -> None:
    """Refuse to copy into tables that hold rows which no workflow of ours brought there."""
    for sql in connections:
        for table in tables:
            if sql.query(f"SELECT 1 FROM {quote(table)} LIMIT 1"):
                raise Fault(
                    "load.target-not-empty",
                    f"{keyspace}.{table} on the target already holds rows, and no import of this trial runs",
                    remedy="if nobody needs them: seatrial load cancel empties this trial's tables",
                    exit=Exit.CONFIG,
                )


def position_is_held(source: Sql, position: str) -> bool:
    """Whether the source still has every binary log event after a stream's position (rule S9)."""
    gtids = position.removeprefix("MySQL56/")
    ((held,),) = source.query("SELECT GTID_SUBSET(@@GLOBAL.gtid_purged, %s)", (gtids,))
    return bool(held)


def mover_is_fit(mover: Sql, order: Order, accepted: Mapping[str, str], tell: Tell) -> None:
    """Refuse a mover's account that could drop the customer's tables (rule S2)."""
    code = "LOAD-DROP"
    powers = [str(row[0]) for row in mover.query("SHOW GRANTS")]
    strong = [grant for grant in powers if _can_drop(grant, order)]
    if not strong:
        return
    if code in accepted:
        tell(Note(text=f"the mover's account could drop tables; accepted: {accepted[code]}", warning=True))
        return
    raise Fault(
        "load.mover-can-drop",
        f"the mover's account may drop tables of {order.database}: {strong[0].partition(' TO ')[0]}",
        remedy="use the account that `seatrial load accounts` prints, or accept it in trial.toml: "
        f'[accept] {code} = "reason"',
        exit=Exit.CONFIG,
    )


def _can_drop(grant: str, order: Order) -> bool:
    what, _, where = grant.partition(" ON ")
    powers = {word.strip() for word in what.removeprefix("GRANT ").split(",")}
    if not powers & {"DROP", "ALL PRIVILEGES", "ALL"}:
        return False
    scope = where.partition(" TO ")[0].partition(".")[0].strip("`").replace("\\", "")
    return scope in ("*", "%", order.database)
