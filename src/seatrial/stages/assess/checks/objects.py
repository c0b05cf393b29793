"""What a Vitess import leaves behind without a word (rule W5)."""

from collections import Counter

from seatrial.domain.evidence import pointer
from seatrial.domain.finding import Outcome
from seatrial.domain.question import Question
from seatrial.stages.assess.check import Answer, Case, Check, CouldNotLook, counted, passed, warns

ACTIONS = {
    "view": "create it on the target's keyspace; in a sharded one it is read-only and within that keyspace",
    "trigger": "move what it does into the application; Vitess does not create triggers in sharded keyspaces",
    "event": "run it from a scheduler of your own, through vtgate",
    "procedure": "move it into the application; Vitess calls procedures on unsharded keyspaces only",
    "function": "move it into the application, or create it on every shard's MySQL",
}
"""What somebody must do about each kind."""


def _inventory(case: Case) -> Answer:
    found = case.collection.schema.stored_objects
    at = [pointer("schema", "stored_objects", index) for index in range(len(found))]
    subjects = [f"{one.kind} {one.name} (owner {one.definer or 'unknown'}): {ACTIONS[one.kind]}" for one in found]
    kinds = Counter(one.kind for one in found)
    said = ", ".join(counted(number, kind) for kind, number in sorted(kinds.items()))
    hidden = [
        gap
        for gap in case.collection.gaps
        if gap.question in (Question.VIEWS, Question.TRIGGERS, Question.EVENTS, Question.ROUTINES)
    ]
    readers = case.collection.replication.binlog_readers if case.collection.replication else None
    if found:
        unseen = f"; not seen: {', '.join(gap.question for gap in hidden)} ({hidden[0].reason})" if hidden else ""
        return warns(f"left behind: {said}{unseen}", *at, subjects=subjects)
    if hidden:
        index = case.collection.gaps.index(hidden[0])
        raise CouldNotLook("; ".join(f"{gap.question}: {gap.reason}" for gap in hidden), pointer("gaps", index))
    if readers:
        detail = f"{counted(readers, 'reader')} of the binary log (replicas, change-data capture) must be moved by hand"
        return warns(detail, pointer("replication", "binlog_readers"))
    return passed("the database has no view, trigger, event or routine", pointer("schema", "stored_objects"))


CHECKS = (
    Check(
        code="OBJ-LEFT",
        title="Nothing stays behind unnoticed",
        why=(
            "An import carries tables and rows. Views, triggers, events and routines stay on the source without a "
            "message, and so do accounts, grants, settings, scheduled jobs and readers of the binary log. Each "
            "item needs "
            "an owner and an action before the cutover."
        ),
        outcomes={
            Outcome.WARN: "such objects exist, listed one by one with what to do",
            Outcome.COULD_NOT_LOOK: "none was seen, but the account may not see all kinds",
        },
        remedy="Give every item an owner; the list says what to do with each kind.",
        look=_inventory,
    ),
)
