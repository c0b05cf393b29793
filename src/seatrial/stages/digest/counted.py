"""One query class, and what is counted of it."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from enum import IntEnum
from operator import itemgetter
from typing import Any

from msgspec import Struct, field

from seatrial.domain.executed import Batch
from seatrial.domain.moments import utc
from seatrial.domain.workload import Column, QueryClass, Sample, Share
from seatrial.parsing.statement import Statement
from seatrial.parsing.tags import tags, told
from seatrial.stages.digest.course import CourseTally
from seatrial.stages.digest.tally import TimeTally

NAMES_KEPT = 50
"""Accounts, and hosts, that are told apart in one class."""
OTHERS = "others"
SAMPLE_BYTES = 10_000


class Control(IntEnum):
    """What a class does to its connection's transaction."""

    NONE = 0
    BEGIN = 1
    COMMIT = 2
    ROLLBACK = 3
    AUTOCOMMIT = 4  # or back: the statement says which
    IMPLICIT = 5  # commits what is open, whoever asks
    ASIDE = 6  # SET, SHOW and the like: outside of BEGIN no transaction


class Class(Struct, array_like=True, eq=False):
    """One query class, counted. `keys` are the bound columns whose values are followed; `plain` is the text of the
    first of its statements, as a parser is shown it."""

    number: int
    id: str
    fingerprint: str
    shape: str
    plain: str
    statement: Statement
    control: Control = Control.NONE
    keys: tuple[Column, ...] = ()
    elsewhere: bool = False
    names_all_of_ours: bool = False  # every table with our database before it
    pt_checksum: str = ""  # of its first statement
    times: TimeTally = field(default_factory=TimeTally)
    count: int = 0
    errors: int = 0
    lock_us: int = 0
    rows_sent: int = 0
    rows_sent_max: int = 0
    rows_examined: int = 0
    rows_affected: int = 0
    bytes_sent: int = 0
    shard_queries: int = 0
    first_us: int = 0
    last_us: int = 0
    databases: set[str] = set()
    tmp_tables: int = 0
    tmp_disk_tables: int = 0
    full_scans: int = 0
    users: dict[str, int] = {}
    hosts: dict[str, int] = {}
    tags: dict[str, int] = {}
    course: CourseTally = field(default_factory=CourseTally)
    worst: Sample | None = None
    typical: Sample | None = None
    rows: list[int] = []  # of the batch that is being added
    named: list[list[int]] = []  # values of the keys, of executions in it that name one each
    named_many: list[list[list[int]]] = []  # of those that may name several

    def count_rows(self, batch: Batch, rows: Sequence[int]) -> tuple[Sequence[int], Sequence[int], Sequence[int]]:
        """Count these statements, column by column; when each ended, in order, how long it took, and its error, for
        whoever counts them too."""
        of = _picked(sorted(rows, key=batch.ended_us.__getitem__))
        ended, took, errnos = of(batch.ended_us), of(batch.took_us), of(batch.errno)
        self.first_us = min(self.first_us, ended[0]) if self.count else ended[0]
        self.last_us = max(self.last_us, ended[-1])
        self.count += len(rows)
        self.times.add_all(took)
        self.errors += len(errnos) - errnos.count(0)
        self.databases.update(of(batch.database))
        if batch.lock_us is not None:
            self.lock_us += sum(of(batch.lock_us))
        if batch.rows_sent is not None:
            sent = of(batch.rows_sent)
            self.rows_sent += sum(sent)
            self.rows_sent_max = max(self.rows_sent_max, max(sent))
        if batch.rows_examined is not None:
            self.rows_examined += sum(of(batch.rows_examined))
        if batch.rows_affected is not None:
            self.rows_affected += sum(of(batch.rows_affected))
        if batch.bytes_sent is not None:
            self.bytes_sent += sum(of(batch.bytes_sent))
        if batch.shard_queries is not None:
            self.shard_queries += sum(of(batch.shard_queries))
        self._count_seldom(batch, of)
        self.course.add_all(ended, took)
        return ended, took, errnos

    def _count_seldom(self, batch: Batch, of: Callable[[Sequence[Any]], Sequence[Any]]) -> None:
        _count_names(self.users, of(batch.user))
        if batch.host is not None:
            _count_names(self.hosts, of(batch.host))
        if batch.tmp_tables is not None:
            self.tmp_tables += sum(of(batch.tmp_tables))
        if batch.tmp_disk_tables is not None:
            self.tmp_disk_tables += sum(of(batch.tmp_disk_tables))
        if batch.full_scan is not None:
            self.full_scans += sum(of(batch.full_scan))

    def count_tags(self, statements: Iterable[bytes]) -> None:
        """Count the tags of statements with comments."""
        for sql in statements:
            _add_names(self.tags, dict.fromkeys(told(tags(sql)), 1))

    def keep_samples(self, batch: Batch, rows: Sequence[int]) -> None:
        """Keep the slowest of these statements, literals and all, if it is the slowest yet, and one as slow as most."""
        ordered = sorted(rows, key=batch.took_us.__getitem__)
        if self.worst is None or batch.took_us[ordered[-1]] > self.worst.took_us:
            self.worst = sample(batch, ordered[-1])
        self._keep_typical(sample(batch, ordered[len(ordered) // 2]))

    def _keep_typical(self, other: Sample) -> None:
        usual = self.times.median()
        if self.typical is None or abs(other.took_us - usual) < abs(self.typical.took_us - usual):
            self.typical = other

    def repeat(self, batch: Batch, row: int, more: int) -> None:
        """Count a statement that was counted so many times more."""

        def again(column: Sequence[int] | None) -> int:
            return more * column[row] if column is not None else 0

        self.count += more
        self.times.repeat(batch.took_us[row], more)
        self.lock_us += again(batch.lock_us)
        self.rows_sent += again(batch.rows_sent)
        self.rows_examined += again(batch.rows_examined)
        self.rows_affected += again(batch.rows_affected)
        self.bytes_sent += again(batch.bytes_sent)
        self.shard_queries += again(batch.shard_queries)
        self.errors += more * (batch.errno[row] != 0)
        self.tmp_tables += again(batch.tmp_tables)
        self.tmp_disk_tables += again(batch.tmp_disk_tables)
        self.full_scans += again(batch.full_scan)
        _add_names(self.users, {batch.user[row]: more})
        if batch.host is not None:
            _add_names(self.hosts, {batch.host[row]: more})
        self.course.repeat(batch.ended_us[row], batch.took_us[row], more)

    def take(self, other: "Class") -> None:
        """Add what the following part of the log counted."""
        self.first_us = min(self.first_us, other.first_us) if self.count else other.first_us
        self.last_us = max(self.last_us, other.last_us)
        self.count += other.count
        self.errors += other.errors
        self.times.take(other.times)
        self.lock_us += other.lock_us
        self.rows_sent += other.rows_sent
        self.rows_sent_max = max(self.rows_sent_max, other.rows_sent_max)
        self.rows_examined += other.rows_examined
        self.rows_affected += other.rows_affected
        self.bytes_sent += other.bytes_sent
        self.shard_queries += other.shard_queries
        self.databases |= other.databases
        self.tmp_tables += other.tmp_tables
        self.tmp_disk_tables += other.tmp_disk_tables
        self.full_scans += other.full_scans
        _add_names(self.users, other.users)
        _add_names(self.hosts, other.hosts)
        _add_names(self.tags, other.tags)
        self.course.take(other.course)
        if other.worst is not None and (self.worst is None or other.worst.took_us > self.worst.took_us):
            self.worst = other.worst
        if other.typical is not None:
            self._keep_typical(other.typical)
        self.shape = fuller(self.shape, other.shape)

    def uncounted(self) -> "Class":
        """The same class with nothing counted."""
        return Class(
            self.number,
            self.id,
            self.fingerprint,
            self.shape,
            self.plain,
            self.statement,
            self.control,
            self.keys,
            self.elsewhere,
            self.names_all_of_ours,
            self.pt_checksum,
        )

    def taken_out(self) -> "Class":
        """What was counted; here nothing is any more."""
        counted, nothing = copy(self), self.uncounted()
        for name in self.__struct_fields__:
            setattr(self, name, getattr(nothing, name))
        return counted

    def told(self, labels: "Labels") -> QueryClass:
        statement = self.statement
        return QueryClass(
            id=self.id,
            fingerprint=self.fingerprint,
            shape=self.shape,
            verb=statement.verb,
            tables=statement.tables,
            bound=tuple(dict.fromkeys(bound.column for bound in statement.bound)),
            joined=statement.joined,
            updated=statement.updated,
            not_parsed=statement.not_parsed,
            count=self.count,
            errors=self.errors,
            times=self.times.times(),
            lock_us=self.lock_us,
            rows_sent=self.rows_sent,
            rows_sent_max=self.rows_sent_max,
            rows_examined=self.rows_examined,
            rows_affected=self.rows_affected,
            bytes_sent=self.bytes_sent,
            first=utc(self.first_us),
            last=utc(self.last_us),
            databases=tuple(sorted(self.databases - {""})),
            shard_queries=self.shard_queries,
            pt_checksum=self.pt_checksum,
            tmp_tables=self.tmp_tables,
            tmp_disk_tables=self.tmp_disk_tables,
            full_scans=self.full_scans,
            accounts=_shares(self.users, labels.accounts),
            hosts=_shares(self.hosts, labels.hosts),
            tags=_shares(self.tags, {tag: tag for tag in self.tags}),
            course=self.course.told(),
        )


def sample(batch: Batch, row: int) -> Sample:
    """A statement as it was logged, up to SAMPLE_BYTES of it."""
    sql = batch.sql[row]
    return Sample(
        sql=sql[:SAMPLE_BYTES].decode(errors="replace"),
        cut=len(sql) > SAMPLE_BYTES,
        took_us=batch.took_us[row],
        at=utc(batch.ended_us[row] - batch.took_us[row]),
    )


class Labels(Struct, frozen=True):
    """Names and what stands for each in an artifact."""

    accounts: dict[str, str]
    hosts: dict[str, str]

    @classmethod
    def of(cls, classes: Sequence[Class]) -> "Labels":
        """Labels for all that these classes name, the one with the most statements first."""
        return cls(
            _labels("account", (each.users for each in classes)), _labels("host", (each.hosts for each in classes))
        )


def _labels(word: str, counted: Iterable[dict[str, int]]) -> dict[str, str]:
    together: Counter[str] = Counter()
    for some in counted:
        together.update(some)
    together.pop("", None)
    known = sorted(together.items(), key=lambda item: (item[0] == OTHERS, -item[1], item[0]))
    return {name: f"{word}-{number}" if name != OTHERS else OTHERS for number, (name, _) in enumerate(known, 1)}


def _shares(counted: dict[str, int], labels: dict[str, str]) -> tuple[Share, ...]:
    found = [Share(labels[name], count) for name, count in counted.items() if name]
    return tuple(sorted(found, key=lambda share: (-share.count, share.label)))


def _count_names(counted: dict[str, int], names: Sequence[str]) -> None:
    first = names[0]
    alike = names.count(first) == len(names)
    _add_names(counted, {first: len(names)} if alike else Counter(names))


def _add_names(counted: dict[str, int], more: Mapping[str, int]) -> None:
    for name, count in more.items():
        kept = name if name in counted or len(counted) < NAMES_KEPT else OTHERS
        counted[kept] = counted.get(kept, 0) + count


def _picked(rows: Sequence[int]) -> Callable[[Sequence[Any]], Sequence[Any]]:
    """What takes these rows out of a column."""
    if len(rows) == 1:
        return lambda column: (column[rows[0]],)
    return itemgetter(*rows)


def variables(shape: str) -> int:
    """How many bind variables a shape has."""
    return shape.count(":v")


def fuller(shape: str, other: str) -> str:
    """The one with more bind variables; of two with as many, always the same one."""
    return min(shape, other, key=lambda each: (-variables(each), each))
