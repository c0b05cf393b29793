"""Measures of the plan: what Vitess's planner makes of the workload (rule T1: where queries go, not what they say)."""

from msgspec import Struct

from seatrial.domain.evidence import Evidence
from seatrial.domain.plan import Answer
from seatrial.domain.workload import QueryClass, Verb
from seatrial.stages.judge.case import Case, Reading, counted, listed
from seatrial.stages.judge.loading import NAMED_EVIDENCE

_NOWHERE = (Verb.BEGIN, Verb.COMMIT, Verb.ROLLBACK, Verb.SET)
"""What frames a transaction or sets up a session goes nowhere, and is not counted."""

_SHORT = 60


class Asked(Struct, frozen=True, kw_only=True):
    """A query class with what the planner said. `at` is its place in the plan, None where the plan has none."""

    at: int | None
    in_digest: int
    answer: Answer
    query: QueryClass


def query_code(query: str) -> str:
    """The code under which a query class is accepted in `trial.toml`."""
    return f"QUERY-{query}"


def short(query: QueryClass) -> str:
    """The class's fingerprint, cut to what a sentence bears."""
    text = " ".join(query.fingerprint.split())
    return text if len(text) <= _SHORT else text[: _SHORT - 1] + "…"


def unsupported_percent(case: Case) -> Reading:
    """Executions of classes that Vitess refuses and nobody accepted."""
    asked = _asked(case)
    refused = [each for each in asked if each.answer is Answer.UNSUPPORTED]
    open_ = [each for each in refused if query_code(each.query.id) not in case.accepted]
    because = f"Vitess refuses {counted(len(open_), 'query class', 'query classes')}"
    if open_:
        named = listed([f"{query_code(each.query.id)} ({short(each.query)})" for each in open_], limit=3)
        because += f": {named}; {counted(_executions(open_), 'execution')}"
    if len(refused) > len(open_):
        because += f" ({len(refused) - len(open_)} accepted)"
    return _share(case, asked, open_, because)


def scatter_percent(case: Case) -> Reading:
    """Executions of classes that ask every shard."""
    case.digest  # noqa: B018 – without a log there is no workload: that step is named first
    plan = case.plan
    executions, time = plan.body.by_executions.scatter, plan.body.by_time.scatter
    because = f"{_said(executions)} of the executions ask every shard; they take {_said(time)} of the time"
    return Reading(
        _percent(executions), because, (plan.evidence("by_executions", "scatter"), plan.evidence("by_time", "scatter"))
    )


def single_shard_percent(case: Case) -> Reading:
    """Executions of classes that ask one shard, or a keyspace of one."""
    case.digest  # noqa: B018 – see above
    plan = case.plan
    share = plan.body.by_executions.single
    because = f"{_said(share)} of the executions ask one shard"
    return Reading(_percent(share), because, (plan.evidence("by_executions", "single"),))


def transactions_crossing_percent(case: Case) -> Reading:
    """Transactions that do not stay on one value of the sharding key."""
    digest, plan = case.digest, case.plan
    if not digest.body.transactions:
        return Reading(None, "the log holds no transaction", (digest.evidence("transactions"),))
    crossing = 1 - plan.body.transactions_single
    because = f"{_said(crossing)} of {digest.body.transaction_count:,} transactions leave one value of the key"
    if plan.body.crossing:
        because += f"; most often because {plan.body.crossing[0].because}"
    return Reading(_percent(crossing), because, (plan.evidence("transactions_single"), plan.evidence("crossing")))


def unplanned_percent(case: Case) -> Reading:
    """Executions of classes that the planner could not be asked about and that ran on no scratch copy either."""
    asked = _asked(case)
    replay = case.exhibits.replay
    ran = {each.query for each in replay.body.classes if each.count > each.errors} if replay else set()
    unplanned = [each for each in asked if each.answer is Answer.UNPLANNED]
    blind = [each for each in unplanned if each.query.id not in ran]
    because = "every query class was planned or executed"
    if blind:
        because = f"{counted(len(blind), 'query class', 'query classes')} neither planned nor executed: " + listed(
            [short(each.query) for each in blind], limit=3
        )
    if len(unplanned) > len(blind):
        because += f"; {len(unplanned) - len(blind)} could not be planned but ran on the copy"
    return _share(case, asked, blind, because)


def _asked(case: Case) -> list[Asked]:
    """Every class of the log with the planner's answer; one the plan does not hold is unplanned."""
    digest, plan = case.digest, case.plan
    places = {planned.query: at for at, planned in enumerate(plan.body.queries)}
    return [
        Asked(
            at=places.get(query.id),
            in_digest=number,
            answer=plan.body.queries[places[query.id]].answer if query.id in places else Answer.UNPLANNED,
            query=query,
        )
        for number, query in enumerate(digest.body.classes)
        if query.verb not in _NOWHERE
    ]


def _share(case: Case, asked: list[Asked], some: list[Asked], because: str) -> Reading:
    """Their share of all executions, in percent."""
    digest, plan = case.digest, case.plan
    total = _executions(asked)
    if not total:
        return Reading(None, "the log holds no query", (digest.evidence("classes"),))
    if not any(each.at is not None for each in asked):
        because = "the plan is of another log: run seatrial plan"
        return Reading(None, because, (plan.evidence("queries"), digest.evidence("classes")))
    places: tuple[Evidence, ...] = tuple(
        digest.evidence("classes", each.in_digest) if each.at is None else plan.evidence("queries", each.at, "answer")
        for each in some[:NAMED_EVIDENCE]
    )
    return Reading(round(100 * _executions(some) / total, 4), because, places or (plan.evidence("queries"),))


def _executions(asked: list[Asked]) -> int:
    return sum(each.query.count for each in asked)


def _percent(share: float) -> float:
    return round(100 * share, 4)


def _said(share: float) -> str:
    return f"{100 * share:.3g} %"
