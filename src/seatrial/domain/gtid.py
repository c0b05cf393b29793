"""GTID sets as MySQL writes them: how far two positions of one source are apart."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from seatrial.domain.fault import Fault

_SOURCE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_TAG = re.compile(r"[a-z_][a-z0-9_]{0,31}", re.IGNORECASE)
_INTERVAL = re.compile(r"(\d+)(?:-(\d+))?")

_FLAVOUR = "MySQL56/"
"""How Vitess marks a position in this notation."""


class Interval(NamedTuple):
    """Transactions from `first` to `last`, both of them in it."""

    first: int
    last: int


Gtids = Mapping[str, tuple[Interval, ...]]
"""Source (`uuid`, or `uuid:tag`) to its transactions: ascending, apart from each other."""


def parse(text: str) -> Gtids:
    """A GTID set: `uuid:1-5:8,uuid:tag:1-3`, also with Vitess's prefix; "" is the empty set. Else a Fault."""
    found: dict[str, list[Interval]] = {}
    for entry in re.sub(r"\s", "", text).removeprefix(_FLAVOUR).split(","):
        if not entry:
            continue
        source, *parts = entry.split(":")
        if not _SOURCE.fullmatch(source) or not parts:
            raise _malformed(text)
        key = source.lower()
        for part in parts:
            if interval := _INTERVAL.fullmatch(part):
                first = int(interval[1])
                found.setdefault(key, []).append(Interval(first, int(interval[2] or first)))
            elif _TAG.fullmatch(part):
                key = f"{source.lower()}:{part.lower()}"
            else:
                raise _malformed(text)
    return {source: whole for source, intervals in found.items() if (whole := _whole(intervals))}


def count(gtids: Gtids) -> int:
    """How many transactions the set holds."""
    return sum(each.last - each.first + 1 for intervals in gtids.values() for each in intervals)


def lacking(gtids: Gtids, other: Gtids) -> int:
    """How many transactions of the first set the other does not hold."""
    return sum(
        sum(each.last - each.first + 1 for each in intervals) - _shared(intervals, other.get(source, ()))
        for source, intervals in gtids.items()
    )


def apart(one: Gtids, other: Gtids) -> int:
    """How many transactions only one of the two holds."""
    return lacking(one, other) + lacking(other, one)


def _whole(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    joined: list[Interval] = []
    for each in sorted(each for each in intervals if each.first <= each.last):
        if joined and each.first <= joined[-1].last + 1:
            joined[-1] = Interval(joined[-1].first, max(joined[-1].last, each.last))
        else:
            joined.append(each)
    return tuple(joined)


def _shared(some: tuple[Interval, ...], others: tuple[Interval, ...]) -> int:
    shared = at = 0
    for each in some:
        while at < len(others) and others[at].last < each.first:
            at += 1
        for other in others[at:]:
            if other.first > each.last:
                break
            shared += min(each.last, other.last) - max(each.first, other.first) + 1
    return shared


def _malformed(text: str) -> Fault:
    return Fault(
        "gtid.malformed",
        f"{text[:80]!r} is not a GTID set",
        remedy="a source without GTIDs cannot be compared by position; MariaDB's are of another kind",
    )
