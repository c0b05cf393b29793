"""Measures of the replay: how much of the workload ran on the copy, what failed, what answered otherwise, how fast."""

from collections.abc import Callable

from msgspec.structs import replace

from seatrial.domain.evidence import Evidence, Exhibit
from seatrial.domain.replaying import Divergence, Replay
from seatrial.domain.workload import QueryClass, Times
from seatrial.stages.judge.case import Case, Reading, counted, listed
from seatrial.stages.judge.loading import NAMED_EVIDENCE
from seatrial.stages.judge.planning import query_code, short

ENOUGH = 50
"""Executions below which a quantile of a class says nothing."""

TIMES_SLOWER = 3
FELT_US = 5_000
"""A class counts as slower when its 99th percentile is more than so many times the source's, and above so many µs:
below, the way through vtgate is all that is measured."""

_FAILURES = (Divergence.UNSUPPORTED, Divergence.ERROR, Divergence.STARTING_STATE)


def replayed_transactions(case: Case) -> Reading:
    replay = case.replay
    body = replay.body
    because = f"{counted(body.transactions, 'transaction')} of {counted(body.connections, 'connection')} replayed"
    if body.speed != 1:
        because += f" at {body.speed:g} times the recorded speed"
    return Reading(body.transactions, because, (replay.evidence("transactions"),))


def starting_state_apart(case: Case) -> Reading:
    """Rule T4."""
    replay = case.replay
    state = replay.body.state
    if state.apart is None:
        because = f"whether copy and log begin at one state is not known: {state.because}"
    elif state.apart:
        because = f"between the copy and the log the source committed {counted(state.apart, 'transaction')}"
    else:
        because = "copy and log begin at the same state"
    return Reading(state.apart, because, (replay.evidence("state", "apart"),))


def replay_failed_percent(case: Case) -> Reading:
    """Transactions that failed here and not on the source. A statement fails once in one, for the rest is skipped.

    Those that met rows of another moment may be the copy's fault or the target's (rule T4).
    """
    replay = case.replay
    body = replay.body
    if not body.transactions:
        return _nothing_replayed(replay)
    excused = moved = 0
    counts: list[tuple[int, int]] = []
    for at, difference in enumerate(body.differences):
        if difference.kind not in _FAILURES:
            continue
        if query_code(difference.query) in case.accepted:
            excused += difference.count
        elif difference.kind is Divergence.STARTING_STATE:
            moved += difference.count
        else:
            counts.append((difference.count, at))
    failed = max(body.transactions_failed - excused - moved, 0)
    because = f"{counted(failed, 'transaction')} of {body.transactions:,} failed that the source had not failed"
    if counts:
        often = sorted(counts, reverse=True)
        because += "; " + listed([f"{body.differences[at].message} ({count:,})" for count, at in often], limit=3)
    if excused:
        because += f"; {excused:,} of accepted query classes are not counted"
    if moved:
        because += f"; whether {moved:,} more failed only because the copy is of another moment is open"
    named = tuple(replay.evidence("differences", at, "count") for _, at in sorted(counts, reverse=True))
    places = (replay.evidence("transactions_failed"), replay.evidence("transactions"), *named[:NAMED_EVIDENCE])
    at_most = round(100 * (failed + moved) / body.transactions, 4)
    return Reading(round(100 * failed / body.transactions, 4), because, places, at_most)


def reads_differ_percent(case: Case) -> Reading:
    """Reads that gave another number of rows than on the source."""
    replay = case.replay
    body = replay.body
    if not body.reads:
        return Reading(None, "no read was replayed", (replay.evidence("reads"),))
    excused = sum(each.rows_differ for each in body.classes if query_code(each.query) in case.accepted)
    differ = max(body.reads_differ - excused, 0)
    because = f"{counted(differ, 'read')} of {body.reads:,} gave another number of rows than on the source"
    if excused:
        because += f"; {excused:,} of accepted query classes are not counted"
    places = (replay.evidence("reads_differ"), replay.evidence("reads"))
    return _of_one_state(body, Reading(round(100 * differ / body.reads, 4), because, places))


A_FEW = 2
"""Reads that two connections, answered in another order, may change."""


def classes_answered_otherwise(case: Case) -> Reading:
    """Classes of which most reads, and more than a few, gave another number of rows: chance differs now and then."""
    replay = case.replay
    body = replay.body
    differing = [
        (at, each)
        for at, each in enumerate(body.classes)
        if each.rows_differ > A_FEW and 2 * each.rows_differ > each.count - each.errors
    ]
    open_ = [(at, each) for at, each in differing if query_code(each.query) not in case.accepted]
    because = f"{counted(len(open_), 'query class', 'query classes')} gave another number of rows more often than not"
    if open_:
        because += ": " + listed([query_code(each.query) for _, each in open_])
    if len(differing) > len(open_):
        because += f" ({len(differing) - len(open_)} accepted)"
    places = tuple(replay.evidence("classes", at, "rows_differ") for at, _ in open_[:NAMED_EVIDENCE])
    return _of_one_state(body, Reading(len(open_), because, places or (replay.evidence("classes"),)))


def replay_lateness_p99_ms(case: Case) -> Reading:
    """How late the generator itself was (rule T6)."""
    replay = case.replay
    late = replay.body.lateness
    because = f"99 of 100 statements left at most {late.p99_us / 1000:g} ms late, the latest {late.max_us / 1000:g} ms"
    return Reading(late.p99_us / 1000, because, (replay.evidence("lateness", "p99_us"),))


def slower_classes(case: Case) -> Reading:
    def slow(times: Times, then: Times) -> bool:
        return times.p99_us > max(TIMES_SLOWER * then.p99_us, FELT_US)

    replay, compared = _compared(case)
    found = [(at, known, now) for at, known, now in compared if slow(now, known.times)]
    because = (
        f"of {counted(len(compared), 'class', 'classes')} with {ENOUGH} executions or more, {len(found) or 'none'} "
        f"took more than {TIMES_SLOWER} times as long"
    )
    if found:
        because += ": " + listed([f"{short(known)} ({_ratio(now.p99_us, known.times.p99_us):.3g}×)"
                                  for _, known, now in found], limit=3)  # fmt: skip
    places = tuple(replay.evidence("classes", at, "response", "p99_us") for at, *_ in found[:NAMED_EVIDENCE])
    return _timed(replay, len(found) if compared else None, because, places)


def latency_p50_ratio(case: Case) -> Reading:
    return _largest(case, "p50_us", "median", lambda times: times.p50_us)


def latency_p99_ratio(case: Case) -> Reading:
    return _largest(case, "p99_us", "99th percentile", lambda times: times.p99_us)


def tried_failed(case: Case) -> Reading:
    """Rule T8: the customer's own command on the copy."""
    tried = case.tried
    body = tried.body
    because = f"{body.program} ended with {body.exit} after {body.seconds:,.0f} s"
    if body.failures:
        because += f"; {counted(sum(each.count for each in body.failures), 'statement')} failed meanwhile"
    return Reading(int(body.exit != 0), because, (tried.evidence("exit"), tried.evidence("failures")))


def _largest(case: Case, field: str, name: str, of: Callable[[Times], int]) -> Reading:
    replay, compared = _compared(case)
    if not compared:
        return _timed(replay, None, "", ())
    at, known, now = max(compared, key=lambda each: _ratio(of(each[2]), of(each[1].times)))
    because = (
        f"the {name} of {short(known)} went from {of(known.times) / 1000:.3g} ms to {of(now) / 1000:.3g} ms, "
        f"the most of {counted(len(compared), 'class', 'classes')}"
    )
    places = (replay.evidence("classes", at, "response", field),)
    return _timed(replay, round(_ratio(of(now), of(known.times)), 3), because, places)


def _compared(case: Case) -> tuple[Exhibit[Replay], list[tuple[int, QueryClass, Times]]]:
    """Classes with enough executions on both sides: place in the replay, the source's class, the target's times."""
    recorded, replay = case.recorded, case.replay
    known = {query.id: query for query in recorded.body.classes}
    return replay, [
        (at, known[each.query], each.response)
        for at, each in enumerate(replay.body.classes)
        if each.query in known and min(each.count - each.errors, known[each.query].count) >= ENOUGH
    ]


def _timed(replay: Exhibit[Replay], value: float | None, because: str, places: tuple[Evidence, ...]) -> Reading:
    """A time, worth nothing where the generator or the machine was too slow (rule T6)."""
    if value is None:
        because = f"no query class was executed {ENOUGH} times on both sides"
        return Reading(None, because, (replay.evidence("classes"),))
    evidence = (
        (*places, replay.evidence("honest")) if places else (replay.evidence("classes"), replay.evidence("honest"))
    )
    if replay.body.honest:
        return Reading(value, because, evidence)
    because += f"; its times are not to be believed: {replay.body.because}"
    return Reading(value, because, evidence, proves_nothing=True)


def _of_one_state(body: Replay, reading: Reading) -> Reading:
    """Rule T4: on a copy of another moment other rows are no fault of the target, and the same ones no proof."""
    if body.state.apart == 0:
        return reading
    because = f"{reading.because}; the copy was of another moment than the log, so this proves nothing"
    return replace(reading, because=because, proves_nothing=True)


def _ratio(now: int, then: int) -> float:
    return now / max(then, 1)


def _nothing_replayed(replay: Exhibit[Replay]) -> Reading:
    return Reading(None, "no transaction was replayed", (replay.evidence("transactions"),))
