"""What was executed between two snapshots of performance_schema's statement digests."""

import math
from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from seatrial.domain.fault import Exit, Fault
from seatrial.domain.sketch import bucket
from seatrial.domain.statements import Snapshot, StatementCount

SUMS_BEGIN_ANEW_AT = 1 << 64
PS_PER_US = 1_000_000
CLOCKS_DIFFER_S = 2
"""By so much uptime, which counts whole seconds, may be behind the clock."""
LEAST_US = 0.5
"""Nothing takes less: what stands for the lower end of the first bucket, which is 0."""


class Spent(Struct, frozen=True, kw_only=True):
    """What one row counted in between. `exact`: whether `min_us` and `max_us` are of that time, and no mere bounds of
    it; `times`: executions by the sketch's buckets, None where there is no histogram of them."""

    row: StatementCount
    count: int
    errors: int
    time_ps: int
    lock_ps: int
    rows_sent: int
    rows_examined: int
    rows_affected: int
    min_us: float
    max_us: float
    exact: bool
    times: Counter[int] | None
    first: str
    last: str


class Interval(Struct, frozen=True, kw_only=True):
    """The time between two snapshots. `anew` says why the rows were counted from nothing, "" where they were not;
    `executes`: statements of the server that were prepared by the protocol, of whatever database."""

    first: str
    last: str
    seconds: float
    server: str
    spent: tuple[Spent, ...]
    others: int
    beyond: int
    executes: int
    anew: str


def difference(one: Snapshot, other: Snapshot) -> Interval:
    """What was executed between the two, whichever was taken first.

    Where the server was started or its counts were emptied in between, what was counted since. Faults:
    `digest.two-servers`, `digest.two-databases`, `digest.same-moment`.
    """
    before, after = sorted((one, other), key=lambda each: each.moment)
    _insist_on_a_pair(before, after)
    known = {row.key: row for row in before.statements}
    first, anew = before.moment, _anew(before, after)
    if anew:
        known = {}
        first = max(first, min((row.first_seen for row in after.statements if row.first_seen), default=first))
    sizes = {each.number: (each.low_ps, each.high_ps) for each in after.buckets}
    histograms = not before.no_histogram and not after.no_histogram
    spent = (
        _spent(row, known.get(row.key), sizes if histograms and row.histogram else None, first)
        for row in after.statements
    )
    return Interval(
        first=first,
        last=after.moment,
        seconds=_seconds(first, after.moment),
        server=after.server,
        spent=tuple(each for each in spent if each.count),
        others=after.others if anew else max(0, after.others - before.others),
        beyond=after.beyond if anew else max(0, after.beyond - before.beyond),
        executes=max(0, after.executes - before.executes),
        anew=anew,
    )


def _insist_on_a_pair(before: Snapshot, after: Snapshot) -> None:
    if before.server_uuid != after.server_uuid:
        raise Fault(
            "digest.two-servers",
            f"the snapshots are of two servers: {before.server_uuid or '(none)'} and {after.server_uuid or '(none)'}",
            remedy="give two of one server; a primary and its replica count apart",
            exit=Exit.USAGE,
        )
    if before.database != after.database:
        raise Fault(
            "digest.two-databases",
            f"the snapshots are of two databases: {before.database} and {after.database}",
            remedy="give two of the source's own: its database is in trial.toml, `source`",
            exit=Exit.USAGE,
        )
    if before.moment == after.moment:
        raise Fault(
            "digest.same-moment",
            f"both snapshots were taken at {before.moment}: they are the same, and nothing lies between them",
            remedy="take another one now: seatrial digest snapshot; and give it with the first",
            exit=Exit.USAGE,
        )


def _anew(before: Snapshot, after: Snapshot) -> str:
    """Why what `before` counted is no part of what `after` counted."""
    passed_s = _seconds(before.moment, after.moment)
    if after.uptime_s < before.uptime_s or after.uptime_s + CLOCKS_DIFFER_S < passed_s:
        return "the server was started again"
    now = {row.key: row for row in after.statements}
    for row in before.statements:
        later = now.get(row.key)
        if later is None or later.count < row.count or later.first_seen != row.first_seen:
            return "the server's counts were emptied (TRUNCATE)"
    if after.others < before.others or after.beyond < before.beyond:
        return "the server's counts were emptied (TRUNCATE)"
    return ""


def _spent(
    row: StatementCount, before: StatementCount | None, sizes: Mapping[int, tuple[int, int]] | None, began: str
) -> Spent:
    executed = dict(row.histogram)
    for number, count in before.histogram if before is not None else ():
        executed[number] = executed.get(number, 0) - count
    if any(count < 0 for count in executed.values()):
        sizes = None  # its histogram alone was emptied
    least, most, exact = _bounds(row, before, executed if sizes else {}, sizes or {})
    times = None
    if sizes is not None:
        times = Counter[int]()
        for number, count in executed.items():
            if count > 0:
                times[_bucket(sizes[number], least, most)] += count

    def grown(field: str) -> int:
        return int(getattr(row, field)) - (int(getattr(before, field)) if before is not None else 0)

    return Spent(
        row=row,
        count=grown("count"),
        errors=grown("errors"),
        time_ps=grown("time_ps") % SUMS_BEGIN_ANEW_AT,
        lock_ps=grown("lock_ps") % SUMS_BEGIN_ANEW_AT,
        rows_sent=grown("rows_sent"),
        rows_examined=grown("rows_examined"),
        rows_affected=grown("rows_affected"),
        min_us=least,
        max_us=most,
        exact=exact,
        times=times,
        first=row.first_seen if before is None and row.first_seen else began,
        last=row.last_seen or began,
    )


def _bounds(
    row: StatementCount,
    before: StatementCount | None,
    executed: Mapping[int, int],
    sizes: Mapping[int, tuple[int, int]],
) -> tuple[float, float, bool]:
    """The least and the most in µs: those of the row where they are of this time, else the ends of the buckets."""
    least, most = row.min_ps, row.max_ps
    if before is None:
        return least / PS_PER_US, most / PS_PER_US, True
    filled = [sizes[number] for number, count in executed.items() if count > 0]
    faster, slower = least < before.min_ps, most > before.max_ps
    if filled and not faster:
        least = max(least, min(low for low, _ in filled))
    if filled and not slower:
        most = max(least, min(most, max(high for _, high in filled)))
    return least / PS_PER_US, most / PS_PER_US, faster and slower


def _bucket(size: tuple[int, int], least_us: float, most_us: float) -> int:
    """The sketch's bucket of the middle of a bucket, as far as the least and the most let it reach."""
    low = max(size[0] / PS_PER_US, least_us, LEAST_US)
    high = max(low, min(size[1] / PS_PER_US, most_us))
    return bucket(math.sqrt(low * high))


def _seconds(first: str, last: str) -> float:
    return (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds()
