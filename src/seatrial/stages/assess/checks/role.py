"""The server's place in its own replication."""

from seatrial.domain.evidence import pointer
from seatrial.domain.finding import Outcome
from seatrial.domain.question import Question
from seatrial.stages.assess.check import Answer, Case, Check, CouldNotLook, at_variable, blocks, passed, warns


def _server_id(case: Case) -> Answer:
    value, at = case.number("server_id"), at_variable("server_id")
    if value < 1:
        return warns("server_id is 0: nothing can follow this server's binary log", at, subjects=["server_id"])
    return passed(f"server_id is {value:.0f}", at)


def _role(case: Case) -> Answer:
    case.answered(Question.REPLICA_STATUS)
    replication = case.collection.replication
    if replication is None:
        raise CouldNotLook("the collection holds nothing about replication")
    at = pointer("replication", "is_replica")
    if not replication.is_replica:
        return passed("the source is not a replica; copying will read from a primary", at)
    updates = case.known("log_replica_updates", "log_slave_updates")
    if updates not in ("ON", "1"):
        return blocks("the source is a replica that does not log what it applies", at, subjects=["log_replica_updates"])
    at_lag = pointer("replication", "lag_s")
    if replication.lag_s is None:
        return warns("the source is a replica that is not running, or does not say how far behind it is", at, at_lag)
    if replication.lag_s > case.rule.number("lag_s"):
        return warns(f"the source is a replica {replication.lag_s:,} s behind its primary", at, at_lag)
    detail = "the source is a replica with its own binary log: good to copy from"
    return passed(f"{detail}; the way back after a switch needs the primary", at, at_lag)


def _read_only(case: Case) -> Answer:
    value = case.variable("read_only")
    at = at_variable("read_only")
    if value not in ("OFF", "0", "NO"):
        return warns("the server is read only", at, subjects=["read_only"])
    return passed("the server takes writes", at)


CHECKS = (
    Check(
        code="SRV-SERVERID",
        title="The server has an id",
        why="A server without an id serves its binary log to nobody.",
        outcomes={Outcome.WARN: "server_id is 0"},
        remedy=(
            "SET GLOBAL server_id = 1; (unique among all servers that replicate from one another) and in the "
            "option file."
        ),
        look=_server_id,
    ),
    Check(
        code="SRV-ROLE",
        title="A replica logs what it applies",
        why=(
            "The change stream reads this server's own binary log. On a replica that does not log what it applies, the "
            "log is empty and the target stands still without an error."
        ),
        outcomes={
            Outcome.BLOCK: "a replica with log_replica_updates (log_slave_updates) OFF",
            Outcome.WARN: "a replica that is stopped or more than a minute behind",
        },
        remedy=(
            "Set log_replica_updates = ON in the option file and restart the replica; let it catch up before importing."
        ),
        look=_role,
    ),
    Check(
        code="SRV-READONLY",
        title="The server takes writes",
        why=(
            "Attaching writes Vitess's bookkeeping database, and after a switch the way back writes the "
            "source's tables. "
            "A read-only server refuses both, unless the account may override it."
        ),
        outcomes={Outcome.WARN: "read_only is ON"},
        remedy=(
            "On a replica let Vitess's account override it: GRANT CONNECTION_ADMIN ON *.* TO it (5.7: SUPER); "
            "for the way "
            "back attach the primary."
        ),
        look=_read_only,
    ),
)
