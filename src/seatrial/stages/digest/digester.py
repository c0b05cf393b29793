"""Takes statements one by one and makes a digest of them; holds classes and counts, never the statements."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from seatrial import compiled
from seatrial.domain.executed import Batch, Executed
from seatrial.domain.moments import utc
from seatrial.domain.schema import Schema
from seatrial.domain.workload import Digest, LogFile, NotUnderstood, QueryClass, Recorded, Samples
from seatrial.stages.digest.choosing import Before, Choice, Filters
from seatrial.stages.digest.classes import Classes
from seatrial.stages.digest.connections import Connections
from seatrial.stages.digest.counted import Class, Control, Labels
from seatrial.stages.digest.part import Part
from seatrial.stages.digest.sessions import Session
from seatrial.stages.digest.tally import Series
from seatrial.stages.digest.transactions import WAIT as TRANSACTIONS_WAIT
from seatrial.stages.digest.transactions import Transactions
from seatrial.stages.digest.values import Values

WAIT, WAIT_BYTES = 2_000, 1 << 20
"""Statements that wait to be counted together: so many, and so long."""

CLOCK_MAY_DIFFER = timedelta(minutes=1)

_NO_VALUES: Sequence[int | float] = ()
_AUTOCOMMIT = Control.AUTOCOMMIT
_ENDS_OR_BEGINS = (Control.BEGIN, Control.COMMIT, Control.ROLLBACK)


def holding_comments_in_python(statements: Sequence[bytes]) -> set[int]:
    """Which of them may hold a comment."""
    return {row for row, sql in enumerate(statements) if b"/*" in sql}


holding_comments = holding_comments_in_python
if compiled.counting is not None:
    holding_comments = compiled.counting.holding_comments


class Digester:
    """A digest in the making, of one database (vtgate: keyspace). `dialect` is told as it is given.

    `keep` gets every statement of that database, literals and all, in the log's order; it is the only way out for
    them. What the accounts `ours` did is left out. With `known`, a statement that begins with `/*seatrial:ID*/` is of
    the known class of that id. Values are kept as `hashed` only: by default Python's hashes of bytes, which are keyed
    with a random number of this process, known to nobody and gone with it. A digester that `continues` reads a log
    from some place in the middle of it, and is good for a `part` only. `samples`: some statements are kept, to be asked
    for. Without `values` none is looked at: there are no patterns then, and no spread of values.
    """

    def __init__(
        self,
        *,
        dialect: str,
        database: str,
        schema: Schema | None,
        keep: Callable[[Recorded], None] | None = None,
        known: Sequence[QueryClass] = (),
        ours: frozenset[str] = frozenset(),
        hashed: Callable[[bytes], int] = hash,
        samples: bool = False,
        filters: Filters = Filters(),  # noqa: B008 – it is frozen
        continues: bool = False,
        values: bool = True,
        merge_numbered: bool = False,
    ) -> None:
        self._dialect = dialect
        self._database = database
        self._keep = keep
        self._keeps_samples = samples
        self._choice = Choice(database, ours, filters)
        self._looks_at_values = values
        self._merge_numbered = merge_numbered
        self._classes = Classes(database, schema, known, values=values, merge_numbered=merge_numbered)
        self._transactions = Transactions(without_empty=bool(filters.tags))
        self._connections = Connections(self._transactions, continues=continues)
        self._values = Values(hashed)
        self._series = Series()
        self._first_us = self._last_us = 0
        self._fastest_us = 1 << 62
        self._waiting: list[Executed] = []
        self._waiting_bytes = 0
        self._events = 0
        self._errors = 0
        self._query_time_us = 0

    def add(self, executed: Executed) -> None:
        """The next statement, or administrator command, of the log."""
        self._waiting.append(executed)
        self._waiting_bytes += len(executed.sql)
        if len(self._waiting) >= WAIT or self._waiting_bytes >= WAIT_BYTES:
            self._count_waiting()

    def add_all(self, batch: Batch) -> None:
        """The next ones, in the log's order."""
        self._count_waiting()
        self._add_all(batch)

    def _count_waiting(self) -> None:
        if self._waiting:
            batch, self._waiting, self._waiting_bytes = Batch.of(self._waiting), [], 0
            self._add_all(batch)

    def _add_all(self, batch: Batch) -> None:
        """Statements are met one by one, as their connections' transactions want it; then counted class by class,
        whole columns at once."""
        left_out, foreign, followed = self._choice.of(batch)
        commands, keep = batch.command, self._keep
        known, named, add = self._classes.known, self._values.named, self._transactions.add
        sessions = self._connections.open
        met: list[Class] = []
        rows = zip(batch.sql, batch.connection, batch.ended_us, batch.took_us, batch.errno, strict=True)
        for row, (sql, connection, ended_us, took_us, errno) in enumerate(rows):
            if left_out and row in left_out:
                if followed and row in followed:
                    self._follow(sql, connection, ended_us, took_us, errno)
                continue
            if commands and commands[row]:
                self._connections.command(commands[row], connection)
                continue
            found = known(sql, errno)
            query = found[0].query
            if query.elsewhere:
                self._choice.other_databases[query.statement.databases[0]] += 1
                continue
            if foreign and row in foreign and not query.names_all_of_ours:  # its bytes name ours, not all its tables do
                self._choice.other_databases[batch.database[row]] += 1
                continue
            began_us = ended_us - took_us
            if not self._first_us:
                self._first_us = began_us
            if not query.rows:
                met.append(query)
            query.rows.append(row)
            session = sessions.get(connection) or self._connections.session(connection)
            values = named(found, sql) if query.keys else _NO_VALUES
            if query.control is _AUTOCOMMIT:
                self._connections.autocommit(session, sql)
            else:
                add(session, query, values, began_us, ended_us, errno)
            if keep is not None:
                keep(self._recorded(batch, row, query, session))
        self._count(batch, met)
        self._transactions.settle(TRANSACTIONS_WAIT)

    def _follow(self, sql: bytes, connection: int, ended_us: int, took_us: int, errno: int) -> None:
        """A statement that does not count, but may begin or end the transaction of some that do."""
        query = self._classes.known(sql, errno)[0].query
        session = self._connections.session(connection)
        if query.control is _AUTOCOMMIT:
            self._connections.autocommit(session, sql)
        elif session is not None and query.control in _ENDS_OR_BEGINS:
            self._transactions.add(session, query, _NO_VALUES, ended_us - took_us, ended_us, errno)

    def _recorded(self, batch: Batch, row: int, query: Class, session: Session | None) -> Recorded:
        took_us = batch.took_us[row]
        return Recorded(
            session.number if session is not None else 0,
            max(0, batch.ended_us[row] - took_us - self._first_us),
            took_us,
            query.id,
            batch.database[row] or self._database,
            batch.rows_sent[row] if batch.rows_sent is not None else 0,
            batch.errno[row],
            batch.sql[row],
        )

    def _count(self, batch: Batch, met: Sequence[Class]) -> None:
        """Of a log with a rate limit, each statement counts as the number it stands for, in everything but values and
        transactions."""
        commented = holding_comments(batch.sql)
        for query in met:
            rows, query.rows = query.rows, []
            ended, took, errnos = query.count_rows(batch, rows)
            self._events += len(rows)
            if commented:
                query.count_tags(batch.sql[row] for row in rows if row in commented)
            if self._keeps_samples:
                query.keep_samples(batch, rows)
            self._errors += len(errnos) - errnos.count(0)
            self._query_time_us += sum(took)
            self._fastest_us = min(self._fastest_us, min(took))
            self._last_us = max(self._last_us, ended[-1])
            self._series.add_all(ended, took, errnos)
            if query.keys:
                self._values.count(query)
            for row in rows if batch.weight is not None else ():
                if batch.weight is not None and (more := batch.weight[row] - 1):
                    failed = batch.errno[row] != 0
                    self._events += more
                    self._errors += more * failed
                    self._query_time_us += more * batch.took_us[row]
                    self._series.repeat(batch.ended_us[row], batch.took_us[row], failed, more)
                    query.repeat(batch, row, more)

    def part(self) -> Part:
        """What was counted, to be taken by another digester. Afterwards this one goes on with nothing counted, behind
        the part it gave."""
        self._count_waiting()
        self._transactions.settle()
        part = Part(
            continues=self._connections.continues,
            restarted=self._connections.restarted,
            classes=self._classes.taken_out(),
            transactions=self._transactions,
            values=self._values.all,
            series=self._series,
            heads=self._connections.ended,
            sessions=self._connections.open,
            connections=self._connections.count,
            events=self._events,
            errors=self._errors,
            query_time_us=self._query_time_us,
            first_us=self._first_us,
            last_us=self._last_us,
            fastest_us=self._fastest_us,
            our_statements=self._choice.our_statements,
            before=self._choice.before,
            other_databases=dict(self._choice.other_databases),
        )
        self._transactions = Transactions(without_empty=bool(self._choice.filters.tags))
        self._values = self._values.again()
        self._series = Series()
        self._connections = Connections(self._transactions, continues=True)
        self._first_us = self._last_us = self._choice.our_statements = 0
        self._fastest_us = 1 << 62
        self._events = self._errors = self._query_time_us = 0
        self._choice.other_databases, self._choice.before = Counter(), Before()
        return part

    def take(self, part: Part) -> None:
        """Go on with what another digester counted in the part of the log that follows; the part is used up by it.

        That makes the digest of the whole, whatever the parts and whatever order they are joined in, as long as
        neighbours are; but for what is beyond the numbers of classes, values and patterns that are kept.
        """
        self._count_waiting()
        numbers, unlike = self._classes.take(part.classes)
        self._transactions.take(part.transactions, numbers, unlike)
        self._values.take(part.values)
        self._series.take(part.series)
        if not self._events:
            self._first_us = part.first_us
        self._last_us = max(self._last_us, part.last_us)
        self._fastest_us = min(self._fastest_us, part.fastest_us)
        self._choice.our_statements += part.our_statements
        self._choice.before.take(part.before)
        self._events += part.events
        self._errors += part.errors
        self._query_time_us += part.query_time_us
        self._choice.other_databases.update(part.other_databases)
        keys = {number: len(self._classes.all[numbers[number]].keys) for number in unlike}
        self._connections.take(part, numbers, keys)

    def samples(self) -> Samples:
        """The statements that were kept, and the names of accounts and hosts."""
        self._count_waiting()
        counted = [query for query in self._classes.all if query.count]
        labels = Labels.of(counted)
        return Samples(
            worst={query.id: query.worst for query in counted if query.worst is not None},
            typical={query.id: query.typical for query in counted if query.typical is not None},
            accounts={label: name for name, label in labels.accounts.items()},
            hosts={label: name for name, label in labels.hosts.items()},
        )

    def done(
        self,
        now: datetime,
        files: Sequence[LogFile] = (),
        not_understood: Sequence[NotUnderstood] = (),
        caveats: Sequence[str] = (),
    ) -> Digest:
        """The digest of all that was added. `now` is held against the log's clock."""
        self._count_waiting()
        self._connections.lost()
        counted = [query for query in self._classes.all if query.count]
        labels = Labels.of(counted)
        classes = [query.told(labels) for query in counted]
        values = (tally.spread(column) for column, tally in self._values.all)
        return Digest(
            dialect=self._dialect,
            files=tuple(files),
            first=utc(self._first_us) if self._events else "",
            last=utc(self._last_us) if self._events else "",
            seconds=(self._last_us - self._first_us) / 1e6,
            events=self._events,
            errors=self._errors,
            connections=self._connections.count,
            query_time_us=self._query_time_us,
            classes=tuple(sorted(classes, key=lambda query: (-query.times.total_us, query.id))),
            transactions=self._transactions.told(self._classes.all, patterns=self._looks_at_values),
            without_values=not self._looks_at_values,
            numbered_tables_merged=self._merge_numbered,
            incomplete_transactions=self._transactions.incomplete,
            values=tuple(sorted(values, key=lambda each: (-each.executions, each.column))),
            series=self._series.slices(),
            not_understood=tuple(not_understood),
            other_databases=sum(self._choice.other_databases.values()),
            caveats=(*caveats, *self._caveats(now)),
        )

    @property
    def before(self) -> Before:
        """What was there before the filters."""
        self._count_waiting()
        return self._choice.before

    @property
    def other_databases(self) -> Counter[str]:
        """Statements of other databases, by database."""
        self._count_waiting()
        return self._choice.other_databases

    @property
    def fastest_us(self) -> int:
        """The shortest statement; a large number before any."""
        self._count_waiting()
        return min(self._fastest_us, self._choice.before.fastest_us)

    @property
    def last_us(self) -> int:
        """When the last statement ended, wall clock, µs since 1970 UTC; 0 before any."""
        self._count_waiting()
        return self._last_us

    def _caveats(self, now: datetime) -> list[str]:
        caveats = []
        if self._choice.our_statements:
            caveats.append(f"What seatrial's own accounts did is left out: {self._choice.our_statements:,} statements.")
        if self._choice.filters:
            before = self._choice.before
            caveats.append(
                f"Only what passes {self._choice.filters.told} counts: {before.left_out:,} statements are left out of "
                f"{before.count:,}."
            )
            if self._choice.filters.tags:
                caveats.append(
                    "BEGIN and COMMIT have no tags as a rule: they are followed without one, but not counted."
                )
        ahead_s = self._last_us / 1e6 - now.timestamp()
        if ahead_s > CLOCK_MAY_DIFFER.total_seconds():
            caveats.append(f"The log's clock is ahead of ours: its last statement is {ahead_s:,.0f} s in the future.")
        if self._events and not self._connections.count:
            caveats.append("The log has no connection ids: transactions cannot be followed, nor it be replayed.")
        if self._classes.too_many:
            caveats.append(
                f"{self._classes.too_many:,} statements are of classes beyond the first {len(self._classes.all) - 1:,}."
            )
        if self._transactions.beyond:
            caveats.append(
                f"{self._transactions.beyond:,} transactions were too long, or of too many kinds, to be kept in full."
            )
        return caveats
