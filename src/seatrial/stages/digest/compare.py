"""Two digests beside each other: which classes got slower or faster beyond doubt, which are new, which are gone."""

import math
from enum import StrEnum

from msgspec import Struct

from seatrial.domain.sketch import GAMMA, Sketch
from seatrial.domain.statements import DIALECT, STEP
from seatrial.domain.workload import Digest, QueryClass

SIGMAS = 3.0
"""How far a quantile of so many executions may stray by chance: with hundreds of classes, two would cry wolf."""


class Kind(StrEnum):
    SLOWER = "slower"
    NEW = "new"
    GONE = "gone"
    FASTER = "faster"
    SAME = "same"  # no difference that is beyond the error of the sketch and of chance


class Side(Struct, frozen=True, kw_only=True):
    """A class in one of the two digests."""

    count: int
    errors: int
    query_time_s: float
    p50_s: float
    p99_s: float
    per_s: float  # executions a second of the log


class Change(Struct, frozen=True, kw_only=True):
    """A class in both digests, or in one. `by` are the quantiles that differ: `p50`, `p99`.

    `weight_s` is the time of the second log that the change cost, negative where it saved: the difference of the
    means times the executions; all of it for a new class, and what it took before for one that is gone.
    """

    kind: Kind
    id: str
    fingerprint: str
    verb: str
    tables: tuple[str, ...]
    by: tuple[str, ...]
    weight_s: float
    before: Side | None
    after: Side | None


class Comparison(Struct, frozen=True, kw_only=True):
    """`changes`: the slower first, then new, gone, faster, same; of a kind those of most weight first."""

    before: str
    after: str
    before_seconds: float
    after_seconds: float
    changes: tuple[Change, ...]

    def of(self, kind: Kind) -> list[Change]:
        return [change for change in self.changes if change.kind is kind]


def compare(before: Digest, after: Digest, *, names: tuple[str, str] = ("before", "after")) -> Comparison:
    """Compare by class id, which is the same in every log. Logs of other lengths may be compared: quantiles do not
    depend on them, and counts are told a second as well."""
    then = {query.id: query for query in before.classes}
    now = {query.id: query for query in after.classes}
    error = GAMMA * STEP if DIALECT in (before.dialect, after.dialect) else GAMMA
    changes = [
        _change(then.get(each), now.get(each), before.seconds, after.seconds, error)
        for each in dict.fromkeys([*now, *then])
    ]
    order = list(Kind)
    return Comparison(
        before=names[0],
        after=names[1],
        before_seconds=before.seconds,
        after_seconds=after.seconds,
        changes=tuple(sorted(changes, key=lambda each: (order.index(each.kind), -abs(each.weight_s), each.id))),
    )


def _change(then: QueryClass | None, now: QueryClass | None, before_s: float, after_s: float, error: float) -> Change:
    query = now or then
    assert query is not None  # noqa: S101 – the id is of one of them
    kind, by, weight_us = Kind.SAME, [], 0.0
    if then is None:
        kind, weight_us = Kind.NEW, query.times.total_us
    elif now is None:
        kind, weight_us = Kind.GONE, -query.times.total_us
    else:
        weight_us = (_mean_us(now) - _mean_us(then)) * now.count
        moved = {name: _moved(then.times.sketch, now.times.sketch, share, error) for name, share in _QUANTILES.items()}
        slower = [name for name, sign in moved.items() if sign > 0]
        faster = [name for name, sign in moved.items() if sign < 0]
        if slower and (not faster or weight_us >= 0):
            kind, by = Kind.SLOWER, slower
        elif faster:
            kind, by = Kind.FASTER, faster
    return Change(
        kind=kind,
        id=query.id,
        fingerprint=query.fingerprint,
        verb=query.verb,
        tables=query.tables,
        by=tuple(by),
        weight_s=round(weight_us / 1e6, 6),
        before=_side(then, before_s) if then else None,
        after=_side(now, after_s) if now else None,
    )


_QUANTILES = {"p50": 0.5, "p99": 0.99}


def _side(query: QueryClass, seconds: float) -> Side:
    return Side(
        count=query.count,
        errors=query.errors,
        query_time_s=query.times.total_us / 1e6,
        p50_s=query.times.p50_us / 1e6,
        p99_s=query.times.p99_us / 1e6,
        per_s=round(query.count / seconds, 6) if seconds else 0.0,
    )


def _mean_us(query: QueryClass) -> float:
    return query.times.total_us / query.count if query.count else 0.0


def _moved(then: Sketch, now: Sketch, share: float, error: float) -> int:
    """1: the quantile is larger now, beyond the sketches' error and what chance may do; -1: smaller; 0: neither."""
    then_low, then_high = _within(then, share)
    now_low, now_high = _within(now, share)
    if now_low > then_high * error:
        return 1
    return -1 if then_low > now_high * error else 0


def _within(sketch: Sketch, share: float) -> tuple[float, float]:
    """Between which values the quantile of the executions' distribution lies, by the binomial spread of its rank.

    Too few executions to say (a p99 wants about 900): from the least or to infinity.
    """
    if not sketch.count:
        return 0.0, math.inf
    stray = SIGMAS * math.sqrt(share * (1 - share) / sketch.count)
    low = sketch.quantile(share - stray) if share > stray else 0.0
    return low, sketch.quantile(share + stray) if share + stray < 1 else math.inf
