"""Takes statements one by one and makes a digest of them; holds classes and counts, never the statements."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from seatrial.domain.schema import Schema
from seatrial.domain.workload import Column, Digest, Executed, LogFile, NotUnderstood, QueryClass, Recorded
from seatrial.parsing.lexer import split, value
from seatrial.parsing.slow_log import SERVER_STARTED
from seatrial.stages.digest.classes import SYNTAX_ERROR, Class, Classes, Control, Text, one_value, utc
from seatrial.stages.digest.tally import Series, ValueTally
from seatrial.stages.digest.transactions import Session, Transactions

CLOCK_MAY_DIFFER = timedelta(minutes=1)

_TAG = re.compile(rb"/\*seatrial:([0-9a-f]{16})\*/")
_ENDS = ("Quit", "Change user", "Reset Connection")
_AUTOCOMMIT = re.compile(rb"(?i)autocommit[`\s]*:?=[\s'\"]*(\w+)")


class Digester:
    """A digest in the making, of one database (vtgate: keyspace). `dialect` is told as it is given.

    `keep` gets every statement of that database, literals and all, in the log's order; it is the only way out for
    them. What the accounts `ours` did is left out. With `known`, a statement that begins with `/*seatrial:ID*/` is of
    the known class of that id.
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
    ) -> None:
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
        if executed.database and executed.database != self._database and not self._names_ours(sql):
            self.other_databases[executed.database] += 1
            return
        text, literals = self._text(sql, executed.errno)
        query = text.query
        if query.elsewhere:
            self.other_databases[query.statement.databases[0]] += 1
            return
        took_us = executed.took_us
        ended_us = executed.ended_us
        began_us = ended_us - took_us
        session = self._session(executed.connection)
        self._counted(executed, began_us)
        query.add(executed)
        values = self._named(text, literals)
        if query.control is Control.AUTOCOMMIT:
            self._autocommit(session, sql)
        else:
            self._transactions.add(session, query, values, began_us, ended_us, executed.errno)
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

    def done(
        self,
        now: datetime,
        files: Sequence[LogFile] = (),
        not_understood: Sequence[NotUnderstood] = (),
        caveats: Sequence[str] = (),
    ) -> Digest:
        """The digest of all that was added. `now` is held against the log's clock."""
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
            transactions=self._transactions.told(),
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
        return self._fastest_us

    @property
    def last_us(self) -> int:
        """When the last statement ended, wall clock, µs since 1970 UTC; 0 before any."""
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
        if sql.startswith(b"/*seatrial:") and (tag := _TAG.match(sql)) is not None:
            known = self._classes.tagged(tag[1].decode())
            if known is not None:
                return known, []
        if errno == SYNTAX_ERROR:
            return self._classes.refused(sql), []
        text, literals = split(sql)
        return self._classes.text(text, literals), literals

    def _counted(self, executed: Executed, began_us: int) -> None:
        if not self.events:
            self._first_us = began_us
        self.events += 1
        if executed.errno:
            self.errors += 1
        took_us = executed.took_us
        self.query_time_us += took_us
        if took_us < self._fastest_us:
            self._fastest_us = took_us
        if executed.ended_us > self._last_us:
            self._last_us = executed.ended_us
        self._series.add(executed.ended_us, took_us, executed.errno != 0)

    def _named(self, text: Text, literals: list[bytes]) -> list[object]:
        """The value of each key, MANY where it has several; all of them counted."""
        values: list[object] = []
        if text.single:
            for (number, how), tally in zip(text.single, self._tallies(text.query), strict=True):
                one = value(literals[number], how)
                tally.add_one(one)
                values.append(one)
            return values
        if not text.places:
            return [object() for _ in text.query.keys]  # each equal to no other: what a tag does not tell
        named = text.values(literals)
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
            session = self._sessions[connection] = Session(self.connections)
            self.connections += 1
        return session

    def _command(self, executed: Executed) -> None:
        if executed.command == SERVER_STARTED:
            for session in self._sessions.values():
                self._transactions.lost(session)
            self._sessions.clear()
        elif executed.command in _ENDS and executed.connection in self._sessions:
            self._transactions.quit(self._sessions.pop(executed.connection))

    def _autocommit(self, session: Session | None, sql: bytes) -> None:
        if session is not None and (found := _AUTOCOMMIT.search(sql)) is not None:
            self._transactions.autocommit(session, found[1].lower() not in (b"0", b"off", b"false"))
