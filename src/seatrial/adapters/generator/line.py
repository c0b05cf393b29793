"""One recorded connection, sent again: each statement when it is due, or as soon as the one before is answered."""

import asyncio
from collections.abc import Callable, Coroutine
from time import monotonic

from seatrial.adapters.generator.fitting import Kind
from seatrial.adapters.generator.job import Statement
from seatrial.adapters.generator.tally import Tally
from seatrial.adapters.generator.wire import LOST, Answer, Wire
from seatrial.domain.refusal import message_class

DEADLOCK = 1213
OPEN_AHEAD_S = 1.0

Login = Callable[[Callable[[Answer], None]], Coroutine[None, None, Wire]]


class Unreachable(Exception):
    """The target takes no connection."""


class Line:
    """A connection with its statements, in the order recorded.

    After an error that the source did not give, the rest of the transaction is rolled back and skipped, up to its
    COMMIT or ROLLBACK: what the application would have done is not known.
    """

    def __init__(
        self,
        statements: list[Statement],
        *,
        begin: float,
        speed: float,
        login: Login,
        woke: Callable[[], float],
        tally: Tally,
        ended: Callable[["Line", BaseException | None], None],
    ) -> None:
        self._statements = statements
        self._begin = begin
        self._per_us = 1e-6 / speed
        self._login = login
        self._woke = woke
        self._tally = tally
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._wire: Wire | None = None
        self._at = 0
        self._due = begin + statements[0].at_us * self._per_us
        self._free = 0.0  # when the answer before came
        self._sent = 0.0
        self._ours = False  # a ROLLBACK of our own is under way
        self._autocommit = True
        self._open = False  # in a transaction
        self._skipping = False
        self._task: asyncio.Task[None] | None = None
        self._loop.call_at(max(self._due - OPEN_AHEAD_S, monotonic()), self._connect)

    @property
    def waits(self) -> bool:
        """Whether an answer is outstanding."""
        return self._sent > self._free

    @property
    def last_heard(self) -> float:
        return max(self._free, self._sent)

    def behind(self, now: float) -> float:
        """For how long the statement that is next has been due."""
        return max(0.0, now - self._due) if self.waits else 0.0

    def _connect(self) -> None:
        self._task = self._loop.create_task(self._open_wire())
        self._task.add_done_callback(self._connected)

    async def _open_wire(self) -> None:
        self._wire = await self._login(self._answered)

    def _connected(self, task: "asyncio.Task[None]") -> None:
        self._task = None
        if not task.cancelled() and (error := task.exception()) is not None:
            self._ended(self, error)
        elif not task.cancelled():
            self._next()

    def _next(self) -> None:
        """Send what is next, now or when it is due."""
        while self._at < len(self._statements) and self._skips(self._statements[self._at]):
            self._at += 1
        if self._at == len(self._statements):
            if self._wire is not None:
                self._wire.close()
            self._ended(self, None)
            return
        self._due = self._begin + self._statements[self._at].at_us * self._per_us
        if self._due <= monotonic():
            self._send()
        else:
            self._loop.call_at(self._due, self._send)

    def _skips(self, statement: Statement) -> bool:
        if not self._skipping:
            return False
        if statement.kind == Kind.BEGIN:
            self._skipping = False
            return False
        if statement.kind == Kind.END:
            self._skipping = False
        self._tally.skipped += 1
        return True

    def _send(self) -> None:
        assert self._wire is not None  # noqa: S101 – sending follows connecting
        now = monotonic()
        self._sent = now
        self._tally.sent_late(round(max(0.0, now - max(self._due, self._free)) * 1e6))
        self._wire.send(self._statements[self._at].sql)

    def _answered(self, answer: Answer) -> None:
        self._free = now = max(self._woke(), self._sent)
        if self._ours:
            self._ours = False
        else:
            self._count(self._statements[self._at], answer, now)
            self._at += 1
        if answer.number and self._wire is not None and self._wire.closed:
            self._wire, self._ours = None, False  # the server has rolled back what was open
            self._connect()
        elif self._ours:
            assert self._wire is not None  # noqa: S101 – it has just answered
            self._sent = monotonic()
            self._wire.send(b"ROLLBACK")
        else:
            self._next()

    def _count(self, statement: Statement, answer: Answer, now: float) -> None:
        tally, at_s = self._tally, now - self._begin
        if answer.number:
            if statement.errno == answer.number:
                tally.refused_as_expected(statement.query)
            else:
                tally.refused(statement.query, answer.number, message_class(answer.message))
            if statement.errno and answer.number != LOST:
                self._follow(statement, at_s)  # the application went on after an error of the source too
            else:
                self._fail(statement, at_s)
            return
        response_us, service_us = round((now - self._due) * 1e6), round((now - self._sent) * 1e6)
        of_class = tally.succeeded(statement.query, response_us, service_us, at_s)
        if statement.errno:
            tally.not_refused(statement.query, statement.errno)
        elif statement.kind == Kind.READ:
            tally.read(of_class, answer.rows, statement.rows)
        self._follow(statement, at_s)

    def _follow(self, statement: Statement, at_s: float) -> None:
        """Keep book of the transaction."""
        kind = statement.kind
        if kind == Kind.END:
            if self._open:
                self._tally.transaction(at_s)
            self._open = False
        elif kind == Kind.BEGIN:
            if self._open:
                self._tally.transaction(at_s)  # it committed the one before
            self._open = True
        elif kind == Kind.AUTOCOMMIT_OFF:
            self._autocommit = False
        elif kind == Kind.AUTOCOMMIT_ON:
            if self._open:
                self._tally.transaction(at_s)
            self._autocommit, self._open = True, False
        elif kind != Kind.SESSION and not self._open:
            if self._autocommit:
                self._tally.transaction(at_s)
            else:
                self._open = True
        if statement.errno == DEADLOCK and self._open:
            self._open, self._ours = False, True  # the source rolled it back, so we do

    def _fail(self, statement: Statement, at_s: float) -> None:
        kind = statement.kind
        if kind >= Kind.AUTOCOMMIT_OFF and not self._open:
            return  # it stands in no transaction
        self._tally.transaction(at_s, failed=True)
        opened = self._open or kind == Kind.BEGIN or not self._autocommit
        if opened:
            self._ours = True
            self._skipping = kind != Kind.END
        self._open = False
