"""Which of a log's statements count: those of our database, of no account of ours, and that no filter leaves out."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
from msgspec import Struct

from seatrial.domain.executed import Batch
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.moments import utc
from seatrial.parsing.tags import tags

NAMES_KEPT = 1_000
"""Users, and hosts, that are told apart among the statements before a filter."""
NAMES_TOLD = 5

# what a transaction begins and ends with: that is followed even without a tag
_CONTROL = re.compile(
    rb"(?is)(?:\s|/\*[^!].*?\*/)*+(?:begin|start\s+transaction|commit|rollback|set\b[^'\"]*autocommit)\b"
).match


class Filters(Struct, frozen=True, kw_only=True):
    """What the user asks for; "" and () leave nothing out. `since` and `until` are ISO 8601, in UTC where they have no
    zone: a statement counts that ended from the one on and before the other. `users` and `hosts` may hold `*`; `tags`
    are `key=value`, and a statement must have them all. As text it is for who asked; `told` is for an artifact.
    `unnamed` is what stands for users and hosts once their names are gone: nothing can be chosen by that."""

    since: str = ""
    until: str = ""
    users: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    unnamed: str = ""

    def __bool__(self) -> bool:
        return self != Filters()

    def __str__(self) -> str:
        words = [f"--since {self.since}"] * bool(self.since) + [f"--until {self.until}"] * bool(self.until)
        words += [f"--user {user}" for user in self.users]
        words += [f"--host {host}" for host in self.hosts]
        words += [self.unnamed] * bool(self.unnamed)
        return " ".join((*words, *(f"--tag {tag}" for tag in self.tags)))

    @property
    def told(self) -> str:
        """The same without the names of accounts and hosts, which stand in no artifact: their number and a hash."""
        return str(self.nameless())

    def nameless(self, hashed: Callable[[str], str] | None = None) -> "Filters":
        """The same, the names gone from it. A hash that has no key of its own can be guessed."""
        names = [
            f"{option} {len(names)} not named here ({(hashed or _hashed)(chr(0).join(names))})"
            for option, names in (("--user", self.users), ("--host", self.hosts))
            if names
        ]
        unnamed = " ".join([self.unnamed] * bool(self.unnamed) + names)
        return msgspec.structs.replace(self, users=(), hosts=(), unnamed=unnamed)


class Before(Struct, array_like=True):
    """The statements that the filters were put to, whether they let them through or not."""

    count: int = 0
    left_out: int = 0
    first_us: int = 0
    last_us: int = 0
    fastest_us: int = 1 << 62
    users: dict[str, int] = {}
    hosts: dict[str, int] = {}

    def add(self, batch: Batch, rows: Sequence[int], left_out: int) -> None:
        """Some statements, of which so many were left out."""
        ended = [batch.ended_us[row] for row in rows]
        one = Before(
            count=len(rows),
            left_out=left_out,
            first_us=min(ended),
            last_us=max(ended),
            fastest_us=min(batch.took_us[row] for row in rows),
            users=Counter([batch.user[row] for row in rows]),
            hosts=Counter([batch.host[row] for row in rows] if batch.host is not None else [""] * len(rows)),
        )
        self.take(one)

    def take(self, other: "Before") -> None:
        """Add those of what follows."""
        if not other.count:
            return
        self.first_us = min(self.first_us, other.first_us) if self.count else other.first_us
        self.last_us = max(self.last_us, other.last_us)
        self.fastest_us = min(self.fastest_us, other.fastest_us)
        self.count += other.count
        self.left_out += other.left_out
        for ours, theirs in ((self.users, other.users), (self.hosts, other.hosts)):
            for name, count in theirs.items():
                if name in ours or len(ours) < NAMES_KEPT:
                    ours[name] = ours.get(name, 0) + count

    def told(self) -> str:
        """In words, with the names that are met most often."""
        users, hosts = _most(self.users), _most(self.hosts)
        by = f", of {users}" if users else ", of accounts that the log does not name"
        where = f", from {hosts}" if hosts else ", from hosts that the log does not name"
        return f"they ended from {utc(self.first_us)} to {utc(self.last_us)}{by}{where}"


class Chosen(NamedTuple):
    """Rows of a batch: those that do not count; those of other databases that name ours, which may count; and those
    of the first that begin and end transactions, which are followed all the same."""

    left_out: Collection[int]
    foreign: Collection[int]
    followed: Collection[int]


class Choice:
    """Counts what is left out: `our_statements`, of the accounts `ours`; others by database; and what was there
    `before` the filters. Fault `digest.filter` for one that cannot be read."""

    def __init__(self, database: str, ours: frozenset[str], filters: Filters) -> None:
        self._database = database
        self._ours = ours
        quoted = database.encode()
        self._our_names = (quoted + b".", b"`" + quoted + b"`")
        self.filters = filters
        self._since_us, self._until_us = _moment_us(filters.since, "--since"), _moment_us(filters.until, "--until")
        self._fits_user, self._fits_host = _fitting(filters.users), _fitting(filters.hosts)
        self._tags = [(key, _fits((value,))) for key, value in map(_tag, filters.tags)]
        self.our_statements = 0
        self.other_databases: Counter[str] = Counter()
        self.before = Before()

    def of(self, batch: Batch) -> Chosen:
        """Which rows count."""
        left_out: set[int] = set()
        foreign: set[int] = set()
        if not self._ours.isdisjoint(batch.user):
            left_out = {row for row, user in enumerate(batch.user) if user in self._ours}
            self.our_statements += len(left_out)
        if not set(batch.database) <= {"", self._database}:
            self._leave_databases(batch, left_out, foreign)
        return Chosen(left_out, foreign, set(self._filtered(batch, left_out)) if self.filters else ())

    def _leave_databases(self, batch: Batch, left_out: set[int], foreign: set[int]) -> None:
        commands = batch.command
        for row, database in enumerate(batch.database):
            if not database or database == self._database or row in left_out or (commands and commands[row]):
                continue
            if any(name in batch.sql[row] for name in self._our_names):
                foreign.add(row)
            else:
                left_out.add(row)
                self.other_databases[database] += 1

    def _filtered(self, batch: Batch, left_out: set[int]) -> Iterator[int]:
        """Leave out what the filters do not let through; those rows of it that are followed. Commands tell of
        connections' ends: they count up to the time's end, whoever they are of."""
        commands = batch.command
        since, until = self._since_us, self._until_us or None
        statements = [
            row for row in range(len(batch)) if row not in left_out and not (commands is not None and commands[row])
        ]
        if commands is not None and until is not None:
            left_out.update(row for row, at in enumerate(batch.ended_us) if commands[row] and at >= until)
        users, hosts = self._fits_user(batch.user), self._fits_host(batch.host or [""] * len(batch))
        out = 0
        for row in statements:
            ended_us = batch.ended_us[row]
            fits = (
                ended_us >= since
                and (until is None or ended_us < until)
                and (users is None or batch.user[row] in users)
                and (hosts is None or (batch.host[row] if batch.host is not None else "") in hosts)
            )
            if fits and (not self._tags or self._is_tagged(batch.sql[row])):
                continue
            left_out.add(row)
            out += 1
            if fits and _CONTROL(batch.sql[row]) is not None:
                yield row
        if statements:
            self.before.add(batch, statements, out)

    def _is_tagged(self, sql: bytes) -> bool:
        if b"/*" not in sql:
            return False
        found = tags(sql)
        return all(key in found and fits(found[key]) for key, fits in self._tags)


Fits = Callable[[str], bool]


def _fits(patterns: Sequence[str]) -> Fits:
    some = "|".join(".*".join(map(re.escape, pattern.split("*"))) for pattern in patterns)
    fits = re.compile(some, re.DOTALL).fullmatch
    return lambda text: fits(text) is not None


def _fitting(patterns: Sequence[str]) -> Callable[[Sequence[str]], Collection[str] | None]:
    """Which of some names fit one of the patterns; None where there are none to fit. Each name is held against them
    once."""
    if not patterns:
        return lambda _: None
    known: dict[str, bool] = {}
    fits = _fits(patterns)

    def of(names: Sequence[str]) -> Collection[str]:
        met = set(names)
        if len(known) > NAMES_KEPT:
            known.clear()
        for name in met.difference(known):
            known[name] = fits(name)
        return {name for name in met if known[name]}

    return of


def _hashed(names: str) -> str:
    return f"sha256:{hashlib.sha256(names.encode()).hexdigest()[:16]}"


def _most(counted: dict[str, int]) -> str:
    known = sorted(((name, count) for name, count in counted.items() if name), key=lambda each: (-each[1], each[0]))
    told = [f"{name} ({count:,})" for name, count in known[:NAMES_TOLD]]
    return ", ".join([*told, *([f"{len(known) - NAMES_TOLD:,} more"] if len(known) > NAMES_TOLD else [])])


def _moment_us(text: str, option: str) -> int:
    if not text:
        return 0
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Fault(
            "digest.filter",
            f"{option} {text!r} is no moment",
            remedy="write it as 2026-11-21, 2026-11-21T08:50 or 2026-11-21T08:50:00+01:00",
            exit=Exit.USAGE,
        ) from None
    return round((moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp() * 1_000_000)


def _tag(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not (key and equals and value):
        raise Fault(
            "digest.filter",
            f"--tag {text!r} is no tag",
            remedy="write it as key=value, such as controller=orders",
            exit=Exit.USAGE,
        )
    return key, value
