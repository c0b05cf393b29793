"""What must hold before anything is attached or locked: refusals that name the culprit and the way out."""

import re
from collections.abc import Iterable, Mapping

from msgspec import Struct

from seatrial.domain.accounts import Grant, grants
from seatrial.domain.event import Note, Progress, Tell, rest
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.finding import Assessment
from seatrial.domain.identifier import quote
from seatrial.domain.ports import Cluster, Sql
from seatrial.domain.transaction import oldest
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
        found = oldest(source, older_than_s=older_than_s)
        if found is None:
            return
        thread, age_s = found.connection, found.age_s
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
        keyspace, _, table = rule["from_table"].partition("@")[0].rpartition(".")
        if keyspace and keyspace not in ours:
            continue  # of another keyspace's own names
        strangers = [to for to in rule.get("to_tables") or [] if to.partition(".")[0] not in ours]
        if table in moving and strangers:
            raise _taken(table, f"a routing rule sends it to {strangers[0]}")
    for keyspace in sorted(cluster.keyspaces() - ours):
        vschema = cluster.vschema(keyspace)
        taken = moving & set(vschema.get("tables") or {})
        if taken and not vschema.get("require_explicit_routing"):
            raise _taken(min(taken), f"keyspace {keyspace} has a table of that name")


def source_serves(order: Order, cluster: Cluster) -> None:
    """Refuse where the tables' traffic has been switched away from the source: a copy of it is of the past, and
    Vitess would take the copy's workflow for switched too."""
    for rule in cluster.routing_rules().get("rules") or []:
        name = rule["from_table"]  # with @replica or @rdonly it is about reads only
        ours = name.startswith(f"{order.naming.source_keyspace}.") and "@" not in name
        if ours and rule.get("to_tables") not in ([], [name], None):
            raise Fault(
                "load.switched",
                f"{name} is served by {rule['to_tables'][0]}: the traffic has been switched away from the source",
                remedy="first: seatrial cutover reverse",
                exit=Exit.CONFIG,
            )


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


def mover_is_fit(mover: Sql, order: Order, reader: str, user: str, accepted: Mapping[str, str], tell: Tell) -> None:
    """Refuse a mover's account that could drop the customer's tables (rule S2), or that lacks a privilege Vitess
    will want in the middle of its work. `user` is the mover's name, `reader` the reading account's."""
    held = [_Held.of(str(row[0])) for row in mover.query("SHOW GRANTS")]
    strong = [grant for grant in held if grant.privileges & {"DROP", *_ALL} and grant.reaches(order.database)]
    if strong:
        _refuse_or_note(
            Fault(
                "load.mover-can-drop",
                f"the mover's account {user!r} may drop tables of {order.database}: {strong[0].text}",
                remedy="use the account that `seatrial load --accounts` prints, or accept it in trial.toml: "
                '[accept] LOAD-DROP = "reason"',
                exit=Exit.CONFIG,
            ),
            accepted.get("LOAD-DROP"),
            tell,
        )
    sidecar = order.naming.source_sidecar
    wanted = grants(database=order.database, sidecar=sidecar, reader=reader, mover=user)
    lacking = [
        f"{missing} ON {grant.on}" for grant in wanted if grant.user == user for missing in _lacking(grant, held)
    ]
    if lacking:
        _refuse_or_note(
            Fault(
                "load.mover-lacks",
                f"the mover's account {user!r} lacks {', '.join(lacking)}",
                remedy="paste what `seatrial load --accounts` prints, or, if a role has it, accept it in trial.toml: "
                '[accept] LOAD-GRANT = "reason"',
                exit=Exit.CONFIG,
            ),
            accepted.get("LOAD-GRANT"),
            tell,
        )


def _refuse_or_note(fault: Fault, reason: str | None, tell: Tell) -> None:
    if reason is None:
        raise fault
    tell(Note(text=f"{fault.what}; accepted: {reason}", warning=True))


_ALL = frozenset({"ALL", "ALL PRIVILEGES"})


class _Held(Struct, frozen=True):
    """One line of SHOW GRANTS: privileges on everything (`*`) or on databases by GRANT's pattern; `whole` says
    that they are on all of a database's tables."""

    text: str
    privileges: frozenset[str]
    scope: str
    whole: bool

    @classmethod
    def of(cls, line: str) -> "_Held":
        text = line.partition(" TO ")[0]
        what, _, where = text.removeprefix("GRANT ").partition(" ON ")
        scope, whole = where.strip(), False
        if (match := re.match(r"(\*|`(?:[^`]|``)+`)\.(.*)", scope)) is not None:
            scope, whole = match[1].strip("`").replace("``", "`"), match[2] == "*"
        return cls(text, frozenset(word.strip() for word in what.split(",")), scope, whole)

    def reaches(self, database: str) -> bool:
        if self.scope == "*":
            return True
        wild = {"%": ".*", "_": "."}
        parts = re.findall(r"\\.|.", self.scope)
        return re.fullmatch("".join(wild.get(part) or re.escape(part[-1]) for part in parts), database) is not None


def _lacking(grant: Grant, held: Iterable[_Held]) -> list[str]:
    """The privileges of a wanted grant that none of those held gives."""
    name = grant.database and re.sub(r"\\(.)", r"\1", grant.database)
    given = {
        privilege
        for each in held
        if each.whole and (each.scope == "*" if name is None else each.reaches(name))
        for privilege in each.privileges
    }
    return [] if given & _ALL else [privilege for privilege in grant.privileges if privilege not in given]
