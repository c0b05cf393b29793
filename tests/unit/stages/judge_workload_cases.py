"""The measures of plan, replay and try in every outcome."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from seatrial.domain.exhibits import Exhibits
from seatrial.domain.measure import Measure
from seatrial.domain.plan import Answer, PlannedQuery, Shares
from seatrial.domain.replaying import Difference, Divergence, ReplayedClass
from seatrial.domain.workload import QueryClass, Verb
from tests.unit import factories as make
from tests.unit.factories_workload import KNOWN, times
from tests.unit.stages.judge_cases import FAIL, GOOD, OPEN, PASS, Case, with_

HISTORY, REPORT, CLOSE, SET = (KNOWN[name].id for name in ("history", "report", "close", "set"))
EXECUTIONS = sum(known.count for known in KNOWN.values() if known.verb is not Verb.SET)
READS = make.replay().reads
REPLAYED = make.replay().transactions


def percent(some: int, all_: int) -> float:
    return round(100 * some / all_, 4)


def planned(query: str, answer: Answer) -> Exhibits:
    """The plan with another answer for one class."""

    def changed(each: PlannedQuery) -> PlannedQuery:
        return replace(each, answer=answer) if each.query == query else each

    return with_("plan", queries=tuple(map(changed, make.plan().queries)))


def shares(**fields: float) -> Exhibits:
    return with_("plan", by_executions=Shares(**fields))


def logged(change: Callable[[QueryClass], QueryClass]) -> Exhibits:
    """The log that was digested and replayed, every class changed."""
    body = replace(make.digest(), classes=tuple(map(change, make.digest().classes)))
    return replace(make.everything(), digest=make.exhibit("digest", body), recorded=make.exhibit("digest", body))


def replayed(query: str, **fields: Any) -> Exhibits:
    """The replay with one class changed."""

    def changed(each: ReplayedClass) -> ReplayedClass:
        return replace(each, **fields) if each.query == query else each

    return with_("replay", classes=tuple(map(changed, make.replay().classes)))


def apart(count: int | None, **fields: Any) -> Exhibits:
    """The same on a copy of another moment."""
    return with_("replay", state=replace(make.replay().state, apart=count, because="no position"), **fields)


def differing(*kinds: Divergence, count: int = 100, query: str = HISTORY) -> dict[str, Any]:
    """A replay in which so many transactions failed in each of these ways, besides those of the accepted class."""
    more = tuple(Difference(kind=kind, query=query, number=1062, message="Duplicate", count=count) for kind in kinds)
    failed = count * sum(1 for kind in kinds if kind not in (Divergence.ROWS, Divergence.NO_ERROR))
    return {"differences": (*make.replay().differences, *more), "transactions_failed": 8 + failed}


def slow() -> Exhibits:
    """One class with times ten times those of the source, above what is felt."""
    then = make.digest().query(HISTORY).times
    return replayed(HISTORY, response=replace(then, p50_us=10 * then.p50_us, p99_us=10 * then.p99_us))


def worst(moment: str) -> float:
    """The ratio of the class that the good replay slows down most, an INSERT into a table with a lookup."""
    slowest = KNOWN["invoice"].id
    (now,) = [each.response for each in make.replay().classes if each.query == slowest]
    ratio: float = getattr(now, moment) / getattr(make.digest().query(slowest).times, moment)
    return round(ratio, 3)


def rare(each: QueryClass) -> QueryClass:
    return replace(each, count=49)


CASES: dict[Measure, list[Case]] = {
    Measure.UNSUPPORTED_PERCENT: [
        (GOOD, "==", 0, 0, PASS),
        (planned(HISTORY, Answer.UNSUPPORTED), "<=", 5, percent(KNOWN["history"].count, EXECUTIONS), FAIL),
        (with_("plan", queries=()), "==", 0, None, OPEN),  # the plan of another log
        (logged(lambda each: replace(each, count=0)), "==", 0, None, OPEN),
    ],
    Measure.SCATTER_PERCENT: [
        (GOOD, "<=", 5, round(100 * make.plan().by_executions.scatter, 4), PASS),
        (shares(scatter=0.0501), "<=", 5, 5.01, FAIL),
    ],
    Measure.SINGLE_SHARD_PERCENT: [
        (GOOD, ">=", 80, round(100 * make.plan().by_executions.single, 4), PASS),
        (shares(single=0.7999), ">=", 80, 79.99, FAIL),
    ],
    Measure.TRANSACTIONS_CROSSING_PERCENT: [
        (GOOD, "<=", 5, 1.29, PASS),
        (with_("plan", transactions_single=0.94, crossing=()), "<=", 5, 6, FAIL),
        (with_("digest", transactions=()), "<=", 5, None, OPEN),
    ],
    Measure.UNPLANNED_PERCENT: [
        (GOOD, "<=", 1, 0, PASS),  # CALL ran on the copy
        (replace(GOOD, replay=None), "==", 0, percent(KNOWN["close"].count, EXECUTIONS), OPEN),
        (replayed(CLOSE, errors=KNOWN["close"].count), "==", 0, percent(KNOWN["close"].count, EXECUTIONS), OPEN),
        (with_("plan", queries=()), "<=", 1, None, OPEN),
    ],
    Measure.REPLAYED_TRANSACTIONS: [
        (GOOD, ">=", 100, REPLAYED, PASS),
        (with_("replay", transactions=99, speed=2.0), ">=", 100, 99, OPEN),
    ],
    Measure.STARTING_STATE_APART: [
        (GOOD, "==", 0, 0, PASS),
        (apart(12), "==", 0, 12, OPEN),
        (apart(None), "==", 0, None, OPEN),
    ],
    Measure.REPLAY_FAILED_PERCENT: [
        (GOOD, "<=", 0.1, 0, PASS),  # the refused class is accepted
        (with_("replay", **differing(Divergence.ERROR)), "<=", 0.1, percent(100, REPLAYED), FAIL),
        (with_("replay", **differing(Divergence.ERROR, count=5)), "<=", 0.1, percent(5, REPLAYED), PASS),
        (with_("replay", **differing(Divergence.ROWS, Divergence.NO_ERROR)), "<=", 0.1, 0, PASS),
        (apart(12, **differing(Divergence.STARTING_STATE)), "<=", 0.1, 0, OPEN),
        (apart(None, **differing(Divergence.STARTING_STATE)), "<=", 0.1, 0, OPEN),
        (with_("replay", **differing(Divergence.STARTING_STATE)), "<=", 0.1, 0, OPEN),  # ids in another order
        (apart(12, **differing(Divergence.STARTING_STATE, count=5)), "<=", 0.1, 0, PASS),  # too few to matter
        (apart(12), "<=", 0.1, 0, PASS),
        (
            apart(12, **differing(Divergence.STARTING_STATE, Divergence.ERROR)),
            "<=",
            0.1,
            percent(100, REPLAYED),
            FAIL,  # enough failed without them
        ),
        (with_("replay", transactions=0), "<=", 0.1, None, OPEN),
    ],
    Measure.READS_DIFFER_PERCENT: [
        (GOOD, "<=", 1, 0, PASS),
        (with_("replay", reads_differ=READS // 50), "<=", 1, percent(READS // 50, READS), FAIL),
        (apart(12, reads_differ=READS // 50), "<=", 1, percent(READS // 50, READS), OPEN),
        (with_("replay", reads=0), "<=", 1, None, OPEN),
    ],
    Measure.CLASSES_ANSWERED_OTHERWISE: [
        (GOOD, "==", 0, 0, PASS),
        (replayed(REPORT, rows_differ=KNOWN["report"].count), "==", 0, 1, FAIL),
        (replayed(REPORT, rows_differ=KNOWN["report"].count // 2), "==", 0, 0, PASS),  # now and then
        (apart(1), "==", 0, 0, OPEN),
    ],
    Measure.REPLAY_LATENESS_P99_MS: [
        (GOOD, "<=", 1, 0.402, PASS),
        (with_("replay", lateness=replace(make.replay().lateness, p99_us=1_001)), "<=", 1, 1.001, OPEN),
    ],
    Measure.SLOWER_CLASSES: [
        (GOOD, "==", 0, 0, PASS),
        (slow(), "==", 0, 1, FAIL),
        (replayed(SET, response=times(96, 1_000)), "==", 0, 0, PASS),  # 25 times as long, and nobody feels it
        (logged(rare), "==", 0, None, OPEN),
    ],
    Measure.LATENCY_P50_RATIO: [
        (GOOD, "<=", 3, worst("p50_us"), PASS),
        (slow(), "<=", 3, 10, FAIL),
        (logged(rare), "<=", 3, None, OPEN),
    ],
    Measure.LATENCY_P99_RATIO: [
        (GOOD, "<=", 3, worst("p99_us"), PASS),
        (slow(), "<=", 3, 10, FAIL),
        (with_("replay", honest=False, because="the machine was starved"), "<=", 3, worst("p99_us"), OPEN),
        (with_("replay", classes=()), "<=", 3, None, OPEN),
    ],
    Measure.TRIED_FAILED: [
        (GOOD, "==", 0, 0, PASS),
        (replace(GOOD, tried=make.exhibit("try", make.failed_try(), "scratch")), "==", 0, 1, FAIL),
    ],
}
