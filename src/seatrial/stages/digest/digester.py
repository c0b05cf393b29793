"""Takes statements one by one and makes a digest of them; holds classes and counts, never the statements."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from seatrial.domain.schema import Schema
from seatrial.domain.workload import Column, Digest, Executed, LogFile, NotUnderstood, QueryClass, Recorded
from seatrial.parsing.lexer import split, value
from seatrial.parsing.slow_log import SERVER_STARTED
from seatrial.stages.digest.classes import SYNTAX_ERROR, Class, Classes, Control, Text, one_value, unequal, utc
from seatrial.stages.digest.part import Head, Part
from seatrial.stages.digest.tally import Series, ValueTally
from seatrial.stages.digest.transactions import Mode, Session, Step, Transactions, What

WAIT = 4_000
"""Statements that wait to be counted together."""

UNCOUNTED = -1
"""The number of a connection of which only its end is known."""

CLOCK_MAY_DIFFER = timedelta(minutes=1)

LAST_QUOTE_OR_ZERO = ord("0")
"""A literal that begins with a greater byte is a number, and stands for itself."""
_NO_VALUES: list[int | float] = []

_TAG = re.compile(rb"/\*seatrial:([0-9a-f]{16})\*/")
_ENDS = ("Quit", "Change user", "Reset Connection")
_AUTOCOMMIT = re.compile(rb"(?i)autocommit[`\s]*:?=[\s'\"]*(\w+)")


class Digester:
    """A digest in the making, of one database (vtgate: keyspace). `dialect` is told as it is given.

    `keep` gets every statement of that database, literals and all, in the log's order; it is the only way out for
    them. What the accounts `ours` did is left out. With `known`, a statement that begins with `/*seatrial:ID*/` is of
    the known class of that id. Values are kept as `hashed` only: by default Python's hashes of bytes, which are keyed
    with a random number of this process, known to nobody and gone with it. A digester that `continues` reads a log
    from some place in the middle of it, and is good for a `part` only.
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
        continues: bool = False,
    ) -> None:
        self._hashed = hashed
        self._continues = continues  # until the server is started again: from there on we know every connection
        self._restarted = False
        self._heads: dict[int, Head] = {}
        self._dialect = dialect
        self._database = database
        quoted = database.encode()
        self._our_names = (quoted + b".", b"`" + quoted + b"`")
        self._keep = keep
        self._ours = ours
        self._our_statements = 0
        self._classes = Classes(database, schema, known)
        self._transactions = Transactions()
        self._values: dict[Column, ValueTally] = {}
        self._columns: dict[int, list[ValueTally]] = {}
        self._series = Series()
        self._sessions: dict[int, Session] = {}
        self._first_us = self._last_us = 0
        self._fastest_us = 1 << 62
        self._waiting: list[Class] = []
        self._waits = 0
        self.connections = 0
        self.events = 0
        self.errors = 0
        self.query_time_us = 0
        self.other_databases: Counter[str] = Counter()

    def add(self, executed: Executed) -> None:
        """The next statement, or administrator command, of the log."""
        if executed.user in self._ours:
            self._our_statements += 1
            return
        if executed.command:
            self._command(executed)
            return
        sql = executed.sql
        foreign = bool(executed.database) and executed.database != self._database
        if foreign and not self._names_ours(sql):
            self.other_databases[executed.database] += 1
            return
        errno = executed.errno
        text, literals = self._text(sql, errno)
        query = text.query
        if query.elsewhere:
            self.other_databases[query.statement.databases[0]] += 1
            return
        if foreign and not query.names_all_of_ours:  # its bytes had the name, but not as every table's database
            self.other_databases[executed.database] += 1
            return
        took_us = executed.took_us
        ended_us = executed.ended_us
        began_us = ended_us - took_us
        session = self._session(executed.connection)
        if not self.events:
            self._first_us = began_us
        self.events += 1
        if not query.waiting:
            self._waiting.append(query)
        query.waiting.append(
            (
                ended_us,
                took_us,
                executed.lock_us,
                executed.rows_sent,
                executed.rows_examined,
                executed.rows_affected,
                executed.bytes_sent,
                errno,
                executed.database,
                executed.shard_queries,
            )
        )
        values = self._named(text, literals) if query.keys else _NO_VALUES
        if query.control is Control.AUTOCOMMIT:
            self._autocommit(session, sql)
        else:
            self._transactions.add(session, query, values, began_us, ended_us, errno)
        self._waits += 1
        if self._waits >= WAIT:
            self._count_waiting()
        if self._keep is not None:
            self._keep(
                Recorded(
                    session.number if session is not None else 0,
                    max(0, began_us - self._first_us),
                    took_us,
                    query.id,
                    executed.database or self._database,
                    executed.rows_sent,
                    executed.errno,
                    sql,
                )
            )

    def weigh(self, executed: Executed) -> None:
        """Count the statement that was added last as the `weight` it has, in everything but values and transactions:
        what a log with a rate limit left out."""
        self._count_waiting()
        more = executed.weight - 1
        took_us, failed = executed.took_us, executed.errno != 0
        self.events += more
        self.errors += more * failed
        self.query_time_us += more * took_us
        self._series.repeat(executed.ended_us, took_us, failed, more)
        self._text(executed.sql, executed.errno)[0].query.repeat(executed, more)

    def part(self) -> Part:
        """What was counted, to be taken by another digester. Afterwards this one goes on with nothing counted, behind
        the part it gave."""
        self._count_waiting()
        part = Part(
            continues=self._continues,
            restarted=self._restarted,
            classes=[query for query in self._classes.all if query.count],
            too_many=self._classes.too_many,
            transactions=self._transactions,
            values=list(self._values.items()),
            series=self._series,
            heads=self._heads,
            sessions=self._sessions,
            connections=self.connections,
            events=self.events,
            errors=self.errors,
            query_time_us=self.query_time_us,
            first_us=self._first_us,
            last_us=self._last_us,
            fastest_us=self._fastest_us,
            our_statements=self._our_statements,
            other_databases=dict(self.other_databases),
        )
        self._classes = self._classes.again()
        self._transactions = Transactions()
        self._values, self._columns = {}, {}
        self._series = Series()
        self._heads, self._sessions = {}, {}
        self._continues, self._restarted = True, False
        self._first_us = self._last_us = self._our_statements = 0
        self._fastest_us = 1 << 62
        self.connections = self.events = self.errors = self.query_time_us = 0
        self.other_databases = Counter()
        return part

    def take(self, part: Part) -> None:
        """Go on with what another digester counted in the part of the log that follows; the part is used up by it.

        That makes the digest of the whole, whatever the parts and whatever order they are joined in, as long as
        neighbours are; but for what is beyond the numbers of classes, values and patterns that are kept.
        """
        self._count_waiting()
        numbers, unlike = self._classes.take(part.classes)
        self._classes.too_many += part.too_many
        self._transactions.take(part.transactions, numbers, unlike)
        self._columns.clear()
        for column, tally in part.values:
            self._values.setdefault(column, ValueTally()).take(tally)
        self._series.take(part.series)
        if not self.events:
            self._first_us = part.first_us
        self._last_us = max(self._last_us, part.last_us)
        self._fastest_us = min(self._fastest_us, part.fastest_us)
        self._our_statements += part.our_statements
        self.events += part.events
        self.errors += part.errors
        self.query_time_us += part.query_time_us
        self.connections += part.connections
        self.other_databases.update(part.other_databases)
        self._take_sessions(part, numbers, unlike)

    def _take_sessions(self, part: Part, numbers: Mapping[int, int], unlike: frozenset[int]) -> None:
        """Connections go on where they were left; of those we do not know either, what is to be judged later grows."""
        part.renumber(numbers, {number: len(self._classes.all[numbers[number]].keys) for number in unlike})
        for connection, head in part.heads.items():
            session = self._entered(connection, counted=head.counted)
            if session is not None:
                self._transactions.again(session, head.steps)
                self._closed(connection)
        if part.restarted or not part.continues:
            self._server_started()
        for connection, theirs in part.sessions.items():
            if theirs.steps is None:
                self._sessions[connection] = theirs
                continue
            session = self._entered(connection, counted=True)
            assert session is not None  # noqa: S101 – it is counted, so it was made
            self._transactions.again(session, theirs.steps)
            if theirs.open or theirs.mode is not Mode.UNKNOWN:
                _go_on(session, theirs)

    def _entered(self, connection: int, *, counted: bool) -> Session | None:
        """The connection as it was when the part that follows began; None for one that nothing is known of and that
        did nothing there but to end. `counted` there, it may be one that we counted as well."""
        if (session := self._sessions.get(connection)) is not None:
            self.connections -= counted
            return session
        if not counted and not self._is_unknown(connection):
            return None
        session = self._sessions[connection] = self._made(connection)
        if not counted:
            session.number = UNCOUNTED
        return session

    def done(
        self,
        now: datetime,
        files: Sequence[LogFile] = (),
        not_understood: Sequence[NotUnderstood] = (),
        caveats: Sequence[str] = (),
    ) -> Digest:
        """The digest of all that was added. `now` is held against the log's clock."""
        self._count_waiting()
        for session in self._sessions.values():
            self._transactions.lost(session)
        self._sessions.clear()
        classes = [query.told() for query in self._classes.all if query.count]
        values = (tally.spread(column) for column, tally in self._values.items())
        return Digest(
            dialect=self._dialect,
            files=tuple(files),
            first=utc(self._first_us) if self.events else "",
            last=utc(self._last_us) if self.events else "",
            seconds=(self._last_us - self._first_us) / 1e6,
            events=self.events,
            errors=self.errors,
            connections=self.connections,
            query_time_us=self.query_time_us,
            classes=tuple(sorted(classes, key=lambda query: (-query.times.total_us, query.id))),
            transactions=self._transactions.told(self._classes.all),
            incomplete_transactions=self._transactions.incomplete,
            values=tuple(sorted(values, key=lambda each: (-each.executions, each.column))),
            series=self._series.slices(),
            not_understood=tuple(not_understood),
            other_databases=sum(self.other_databases.values()),
            caveats=(*caveats, *self._caveats(now)),
        )

    @property
    def fastest_us(self) -> int:
        """The shortest statement; a large number before any."""
        self._count_waiting()
        return self._fastest_us

    @property
    def last_us(self) -> int:
        """When the last statement ended, wall clock, µs since 1970 UTC; 0 before any."""
        self._count_waiting()
        return self._last_us

    def _caveats(self, now: datetime) -> list[str]:
        caveats = []
        if self._our_statements:
            caveats.append(f"What seatrial's own accounts did is left out: {self._our_statements:,} statements.")
        ahead_s = self._last_us / 1e6 - now.timestamp()
        if ahead_s > CLOCK_MAY_DIFFER.total_seconds():
            caveats.append(f"The log's clock is ahead of ours: its last statement is {ahead_s:,.0f} s in the future.")
        if self.events and not self._sessions and not self.connections:
            caveats.append("The log has no connection ids: transactions cannot be followed, nor it be replayed.")
        if self._classes.too_many:
            caveats.append(
                f"{self._classes.too_many:,} statements are of classes beyond the first {len(self._classes.all):,}."
            )
        if self._transactions.beyond:
            caveats.append(
                f"{self._transactions.beyond:,} transactions were too long, or of too many kinds, to be kept in full."
            )
        return caveats

    def _names_ours(self, sql: bytes) -> bool:
        return self._our_names[0] in sql or self._our_names[1] in sql

    def _text(self, sql: bytes, errno: int) -> tuple[Text, list[bytes]]:
        if errno != SYNTAX_ERROR and (fixed := self._classes.fixed.get(sql)) is not None:
            return fixed, []
        if sql.startswith(b"/*seatrial:") and (tag := _TAG.match(sql)) is not None:
            known = self._classes.tagged(tag[1].decode())
            if known is not None:
                return known, []
        if errno == SYNTAX_ERROR:
            return self._classes.refused(sql), []
        split_text, literals = split(sql)
        text = self._classes.text(split_text, literals)
        if not literals:
            self._classes.fix(sql, text)
        return text, literals

    def _count_waiting(self) -> None:
        """Statements are counted some thousand at a time, class by class: whole columns add up in C."""
        for query in self._waiting:
            ended, took, errnos = query.add_waiting()
            self.errors += len(errnos) - errnos.count(0)
            self.query_time_us += sum(took)
            self._fastest_us = min(self._fastest_us, min(took))
            self._last_us = max(self._last_us, max(ended))
            self._series.add_all(ended, took, errnos)
            if query.named:
                for tally, values in zip(self._tallies(query), zip(*query.named, strict=True), strict=True):
                    tally.add_ones(values)
                query.named = []
        self._waiting = []
        self._waits = 0

    def _named(self, text: Text, literals: list[bytes]) -> list[int | float]:
        """The value of each key, hashed, MANY where it has several; all of them counted."""
        hashed = self._hashed
        if text.single:
            values = [
                hashed(literal if not how and literal[0] > LAST_QUOTE_OR_ZERO else value(literal, how))
                for number, how in text.single
                for literal in (literals[number],)
            ]
            text.query.named.append(values)
            return [*values]
        if not text.places:
            return [unequal() for _ in text.query.keys]  # what a tag does not tell
        named = text.values(literals, self._hashed)
        for tally, some in zip(self._tallies(text.query), named, strict=True):
            tally.add(some)
        return [one_value(some) for some in named]

    def _tallies(self, query: Class) -> list[ValueTally]:
        if (tallies := self._columns.get(query.number)) is None:
            tallies = [self._values.setdefault(column, ValueTally()) for column in query.keys]
            self._columns[query.number] = tallies
        return tallies

    def _session(self, connection: int) -> Session | None:
        if not connection:
            return None
        if (session := self._sessions.get(connection)) is None:
            session = self._sessions[connection] = self._made(connection)
            self.connections += 1
        return session

    def _made(self, connection: int) -> Session:
        if self._is_unknown(connection):
            return Session(self.connections, mode=Mode.UNKNOWN, steps=[])
        return Session(self.connections)

    def _is_unknown(self, connection: int) -> bool:
        """Whether a connection without session may have been open when our part of the log began."""
        return self._continues and not self._restarted and connection not in self._heads

    def _command(self, executed: Executed) -> None:
        connection = executed.connection
        if executed.command == SERVER_STARTED:
            self._server_started()
        elif executed.command in _ENDS:
            if (session := self._sessions.get(connection)) is not None:
                self._transactions.quit(session)
                self._closed(connection)
            elif self._is_unknown(connection):
                self._heads[connection] = Head(counted=False, steps=[Step(What.QUIT, 0)])

    def _server_started(self) -> None:
        for connection, session in list(self._sessions.items()):
            self._transactions.lost(session)
            self._closed(connection)
        self._restarted = True

    def _closed(self, connection: int) -> None:
        session = self._sessions.pop(connection, None)
        if session is not None and session.steps is not None:
            self._heads[connection] = Head(counted=session.number != UNCOUNTED, steps=session.steps)

    def _autocommit(self, session: Session | None, sql: bytes) -> None:
        if session is not None and (found := _AUTOCOMMIT.search(sql)) is not None:
            self._transactions.autocommit(session, found[1].lower() not in (b"0", b"off", b"false"))


def _go_on(session: Session, theirs: Session) -> None:
    """The connection as it was at the end of the part that follows, which knows it."""
    if theirs.mode is not Mode.UNKNOWN:
        session.mode = theirs.mode
    session.control_seen, session.open, session.too_long = theirs.control_seen, theirs.open, theirs.too_long
    session.began_us, session.ended_us, session.held = theirs.began_us, theirs.ended_us, theirs.held
