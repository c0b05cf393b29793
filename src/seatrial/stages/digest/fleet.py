"""Partial digests of a fleet: each machine digests its own logs, and merged they are the digest of all of them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct

from seatrial.domain.fault import Exit, Fault
from seatrial.domain.workload import Digest, LogFile, NotUnderstood
from seatrial.stages.digest.choosing import Filters
from seatrial.stages.digest.digester import Digester
from seatrial.stages.digest.gathering import gathered, most_frequent_first, read_otherwise
from seatrial.stages.digest.part import Part

SLOW_ONLY_US = 500
"""Some statement of any application is faster than this; if none in the log is, the log leaves them out."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class LogRead(Struct, frozen=True, kw_only=True):
    """A log that was read, and what is to be said of it. `first_us`: when its first statement ended."""

    file: LogFile
    dialect: str
    events: int
    first_us: int
    not_understood: tuple[NotUnderstood, ...]
    caveats: tuple[str, ...]


class Partial(Struct, frozen=True, kw_only=True):
    """A partial digest: the settled part of some logs of a fleet. `key`: the fingerprint of the key of its hashes, ""
    where it has none. `ahead_us`: how far the log's clock was ahead of the machine's that read it; mostly negative.
    `filters` have no names: a part leaves its machine."""

    database: str
    key: str
    values: bool
    ahead_us: int
    filters: Filters = Filters()
    merge_numbered: bool = False
    logs: tuple[LogRead, ...]
    part: Part

    def __post_init__(self) -> None:
        if self.filters.users or self.filters.hosts:
            raise ValueError("a part names nobody who was asked for")

    @property
    def asked(self) -> str:
        """The options that say what is in it."""
        words = [str(self.filters)] * bool(self.filters) + ["--merge-numbered-tables"] * self.merge_numbered
        return " ".join(words) or "no filter"


def slow_only(fastest_us: int) -> list[str]:
    """The caveat of a log that leaves fast statements out."""
    if fastest_us <= SLOW_ONLY_US or fastest_us == 1 << 62:
        return []
    return [
        f"No statement is faster than {fastest_us / 1000:,.1f} ms: long_query_time was above 0, so most "
        "statements, and parts of transactions, are missing."
    ]


def ahead_us(last_us: int, now: datetime) -> int:
    """How far a log that ends then is ahead of our clock."""
    return last_us - (now - _EPOCH) // timedelta(microseconds=1)


def merged_partials(partials: Iterable[tuple[str, Partial]]) -> Partial:
    """All of them in one, which are used up by it; in any order and grouping it is the same. Each has a name to be
    called by.

    Faults: `digest.part-database`, `digest.part-values`, `digest.part-key`, `digest.part-filters`, `digest.part-twice`.
    """
    first: tuple[str, Partial] | None = None
    told: list[Partial] = []
    seen: dict[str, str] = {}

    def parts() -> Iterable[Part]:
        nonlocal first
        for name, partial in partials:
            first = first or (name, partial)
            _insist_on_alike(*first, name, partial)
            _insist_on_once(seen, name, partial)
            told.append(msgspec.structs.replace(partial, part=None))
            yield partial.part

    whole = gathered(parts())
    assert first is not None  # noqa: S101 – nobody merges nothing
    return msgspec.structs.replace(
        first[1],
        ahead_us=max(each.ahead_us for each in told),
        logs=_in_time_order(log for each in told for log in each.logs),
        part=whole,
    )


def told(partial: Partial) -> Digest:
    """The digest of it; it is used up by it."""
    part, logs = partial.part, _in_time_order(partial.logs)
    caveats = [caveat for log in logs for caveat in log.caveats] + slow_only(part.fastest_us)
    if otherwise := read_otherwise(part):
        caveats.append(
            f"{otherwise:,} classes were read with one schema in some parts and another in others: patterns of the "
            "rarer reading are left out."
        )
    digester = Digester(
        dialect=", ".join(dict.fromkeys(log.dialect for log in logs)),
        database=partial.database,
        schema=None,
        values=partial.values,
        filters=partial.filters,
        merge_numbered=partial.merge_numbered,
    )
    now = _EPOCH + timedelta(microseconds=part.last_us - partial.ahead_us)
    digester.take(most_frequent_first(part))
    return digester.done(
        now, [log.file for log in logs], [missed for log in logs for missed in log.not_understood], caveats
    )


def _in_time_order(logs: Iterable[LogRead]) -> tuple[LogRead, ...]:
    return tuple(sorted(logs, key=lambda log: (log.first_us, log.file.name, log.file.sha256)))


def _insist_on_alike(first: str, one: Partial, name: str, other: Partial) -> None:
    if one.database != other.database:
        raise Fault(
            "digest.part-database",
            f"{first} is of the database {one.database}, {name} of {other.database}",
            remedy="merge parts of one database; each has a dossier of its own",
            exit=Exit.CONFIG,
        )
    if one.values != other.values:
        without, has = (name, first) if one.values else (first, name)
        raise Fault(
            "digest.part-values",
            f"{without} was made with --no-values, and {has} has values",
            remedy="make all parts with one key, or all with --no-values",
            exit=Exit.CONFIG,
        )
    if one.key != other.key:
        raise Fault(
            "digest.part-key",
            f"{first} and {name} were made with different keys: the same value is not known again",
            remedy="make all parts with the key that `seatrial digest key` prints: seatrial digest LOG --part FILE "
            "--key fleet.key",
            exit=Exit.CONFIG,
        )
    if one.asked != other.asked:
        raise Fault(
            "digest.part-filters",
            f"{first} was made with {one.asked}, {name} with {other.asked}",
            remedy="make all parts with the same filters",
            exit=Exit.CONFIG,
        )


def _insist_on_once(seen: dict[str, str], name: str, partial: Partial) -> None:
    logs = {log.file.sha256: log.file.name for log in partial.logs if log.events}
    for sha256, log in logs.items():
        if sha256 in seen:
            raise Fault(
                "digest.part-twice",
                f"{log} is in {seen[sha256]} and in {name}: it would be counted twice",
                remedy=f"leave one of the two out, or make {name} anew without that log",
                exit=Exit.USAGE,
            )
    seen |= dict.fromkeys(logs, name)
