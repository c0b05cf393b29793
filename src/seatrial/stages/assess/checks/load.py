"""How busy the server is, and who else is at work on it (rules S7, R3)."""

from seatrial.domain.evidence import pointer
from seatrial.domain.finding import Outcome
from seatrial.domain.question import Question
from seatrial.stages.assess.check import Answer, Case, Check, CouldNotLook, at_variable, blocks, counted, passed, warns


def _connections(case: Case) -> Answer:
    most, peak, needed = (
        case.number("max_connections"),
        case.counter("max_used_connections"),
        case.rule.number("needed"),
    )
    at = (at_variable("max_connections"), case.at_counter("max_used_connections"))
    said = f"{peak:,.0f} of {most:,.0f} connections were in use at the peak"
    if most < needed:
        return blocks(f"max_connections is {most:,.0f}; an import alone takes {needed:,.0f}", *at)
    if most - peak < needed or peak > most * case.rule.number("used_share"):
        return warns(said, *at, subjects=["max_connections"])
    return passed(said, *at)


def _history(case: Case) -> Answer:
    case.answered(Question.HISTORY_LIST)
    length, at = case.collection.history_list_length, pointer("history_list_length")
    if length is None:
        raise CouldNotLook("the server does not say how long its history list is", at)
    said = f"the history list is {length:,} long"
    if length > case.rule.number("throttles"):
        return warns(f"{said}: copying would wait", at)
    if length > case.rule.number("warn"):
        return warns(f"{said}: purge is behind, most often for an old transaction", at)
    return passed(said, at)


def _transactions(case: Case) -> Answer:
    case.answered(Question.LONG_TRANSACTIONS)
    found = case.collection.long_transactions
    if found is None:
        raise CouldNotLook("the collection holds nothing about transactions")
    long = [(index, one) for index, one in enumerate(found) if one.open_s >= case.rule.number("warn_s")]
    if not long:
        return passed(
            f"no transaction was open for {case.rule.number('warn_s'):.0f} s or more", pointer("long_transactions")
        )
    oldest = max(one.open_s for _, one in long)
    return warns(
        f"{counted(len(long), 'transaction')} open, the oldest for {oldest:,} s",
        *(pointer("long_transactions", index) for index, _ in long),
        subjects=[f"thread {one.thread_id} ({one.account}, {one.rows_modified:,} rows modified)" for _, one in long],
    )


def _writers(case: Case) -> Answer:
    case.answered(Question.CONNECTIONS)
    found = case.collection.writers
    if found is None:
        raise CouldNotLook("the collection holds nothing about connections")
    others = [(index, writer) for index, writer in enumerate(found) if not writer.ours]
    if not others:
        return passed("no account but ours was connected to the database at that moment", pointer("writers"))
    threads = sum(writer.threads for _, writer in others)
    return warns(
        f"{counted(len(others), 'account')} used the database with {counted(threads, 'connection')}",
        *(pointer("writers", index) for index, _ in others),
        subjects=[f"{writer.account} ({counted(writer.threads, 'connection')})" for _, writer in others],
    )


CHECKS = (
    Check(
        code="SRV-MAXCONN",
        title="Connections are to spare",
        why="Each tablet and each copy stream holds connections to the source; production must not run out of them.",
        outcomes={
            Outcome.BLOCK: "max_connections is below 10",
            Outcome.WARN: "fewer than 10 were left at the peak since the server started, or more than 90 % were used",
        },
        remedy="SET GLOBAL max_connections = …; after a look at the server's memory; or import from a replica.",
        look=_connections,
    ),
    Check(
        code="SRV-HLL",
        title="Undo is purged in time",
        why=(
            "The copy reads under a snapshot, which keeps old row versions. Vitess waits while the history list"
            " is long."
        ),
        outcomes={Outcome.WARN: "the history list is longer than 100,000"},
        remedy="End the oldest transactions (see SRV-LONGTX) and wait for purge before the copy begins.",
        look=_history,
    ),
    Check(
        code="SRV-LONGTX",
        title="No transaction stays open for long",
        why=(
            "One old transaction makes every lock wait: the copy's short table lock, and at the switch every "
            "query behind "
            "it. vtgate holds queries back for ten seconds, then they fail."
        ),
        outcomes={Outcome.WARN: "a transaction was open for 30 s or more"},
        remedy=(
            "Find its owner by the thread: SELECT * FROM performance_schema.threads WHERE PROCESSLIST_ID = …; "
            "shorten it."
        ),
        look=_transactions,
    ),
    Check(
        code="SRV-WRITERS",
        title="Who else uses the database is known",
        why=(
            "At a cutover Vitess stops only what goes through it. An account that writes to the source directly"
            " goes on "
            "writing there: those rows never reach the target. Every account here needs an owner and a plan."
        ),
        outcomes={Outcome.WARN: "accounts other than ours are connected: each must move to vtgate or be locked"},
        remedy="Name an owner for each account; at the cutover ALTER USER … ACCOUNT LOCK; and end its connections.",
        look=_writers,
    ),
)
