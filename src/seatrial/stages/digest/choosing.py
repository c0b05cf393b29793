"""Which of a log's statements count: those of our database, of no account of ours, and that no filter leaves out."""

from collections import Counter
from collections.abc import Collection
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from msgspec import Struct

from seatrial.domain.executed import Batch
from seatrial.domain.fault import Exit, Fault
from seatrial.parsing.tags import tags


class Filters(Struct, frozen=True, kw_only=True):
    """What the user asks for; "" and () leave nothing out. `since` and `until` are ISO 8601, in UTC where they have no
    zone: a statement counts that ended from the one on and before the other. `users` and `hosts` may hold `*`; `tags`
    are `key=value`, and a statement must have them all."""

    since: str = ""
    until: str = ""
    users: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self != Filters()

    def __str__(self) -> str:
        words = [f"--since {self.since}"] * bool(self.since) + [f"--until {self.until}"] * bool(self.until)
        words += [f"--user {user}" for user in self.users]
        words += [f"--host {host}" for host in self.hosts]
        return " ".join((*words, *(f"--tag {tag}" for tag in self.tags)))


class Choice:
    """Counts what is left out: `our_statements`, of the accounts `ours`; others by database; and what filters leave
    out. Fault `digest.filter` for one that cannot be read."""

    def __init__(self, database: str, ours: frozenset[str], filters: Filters) -> None:
        self._database = database
        self._ours = ours
        self.filters = filters
        self._since_us, self._until_us = _moment_us(filters.since, "--since"), _moment_us(filters.until, "--until")
        self._tags = [_tag(one) for one in filters.tags]
        quoted = database.encode()
        self._our_names = (quoted + b".", b"`" + quoted + b"`")
        self.our_statements = 0
        self.filtered = 0
        self.other_databases: Counter[str] = Counter()

    def of(self, batch: Batch) -> tuple[Collection[int], Collection[int]]:
        """The rows that do not count; and those of other databases that name ours, which may."""
        left_out: set[int] = set()
        foreign: set[int] = set()
        if not self._ours.isdisjoint(batch.user):
            left_out = {row for row, user in enumerate(batch.user) if user in self._ours}
            self.our_statements += len(left_out)
        commands = batch.command
        if self.filters:
            kept_out = {row for row in range(len(batch)) if row not in left_out and not self._passes(batch, row)}
            self.filtered += sum(1 for row in kept_out if not (commands and commands[row]))
            left_out |= kept_out
        if set(batch.database) <= {"", self._database}:
            return left_out, foreign
        for row, database in enumerate(batch.database):
            if not database or database == self._database or row in left_out or (commands and commands[row]):
                continue
            if any(name in batch.sql[row] for name in self._our_names):
                foreign.add(row)
            else:
                left_out.add(row)
                self.other_databases[database] += 1
        return left_out, foreign

    def _passes(self, batch: Batch, row: int) -> bool:
        ended_us = batch.ended_us[row]
        if (self._since_us and ended_us < self._since_us) or (self._until_us and ended_us >= self._until_us):
            return False
        if batch.command is not None and batch.command[row]:
            return True  # the end of a connection, or of all of them
        users, hosts = self.filters.users, self.filters.hosts
        if users and not any(fnmatchcase(batch.user[row], user) for user in users):
            return False
        host = batch.host[row] if batch.host is not None else ""
        if hosts and not any(fnmatchcase(host, one) for one in hosts):
            return False
        if not self._tags:
            return True
        found = tags(batch.sql[row])
        return all(key in found and fnmatchcase(found[key], value) for key, value in self._tags)


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
