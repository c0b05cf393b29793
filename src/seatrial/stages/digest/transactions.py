"""Transactions of each connection as a log goes by, and the classes and patterns they make."""

import hashlib
from collections.abc import Sequence
from enum import IntEnum

from seatrial.domain.workload import MANY, Pattern, Touch, TransactionClass
from seatrial.stages.digest.classes import Class, Control
from seatrial.stages.digest.tally import TimeTally

PATTERNS_TOLD = 64
PATTERNS_KEPT = 512
CLASSES_KEPT = 5_000
TOUCHES_KEPT = 1_000
UNDECIDED_KEPT = 100
"""Statements after which a connection that said neither BEGIN nor COMMIT is taken to commit each by itself."""

SERVER_ROLLED_BACK = (1213,)
"""Errors with which the server ends the transaction by itself: a deadlock."""


class Mode(IntEnum):
    """Whether a statement outside of BEGIN is a transaction of its own, as far as the log showed yet."""

    UNDECIDED = 0
    EACH = 1
    UNTIL_COMMIT = 2  # autocommit = 0


class Executions:
    """Statements of one class in a row, with the value of each of its keys, MANY where they had several."""

    __slots__ = ("began_us", "ended_us", "query", "values")

    def __init__(self, query: Class, values: list[object], began_us: int, ended_us: int) -> None:
        self.query = query
        self.values = values
        self.began_us = began_us
        self.ended_us = ended_us


class Session:
    """One connection. `open`: BEGIN was said; `held`: what was executed since, or since nothing was decided."""

    __slots__ = ("began_us", "control_seen", "ended_us", "held", "mode", "number", "open", "too_long")

    def __init__(self, number: int) -> None:
        self.number = number
        self.mode = Mode.UNDECIDED
        self.control_seen = False
        self.open = False
        self.began_us = 0
        self.ended_us = 0
        self.held: list[Executions] = []
        self.too_long = False


class _Tally:
    __slots__ = ("count", "left_out", "patterns", "queries", "rolled_back", "times")

    def __init__(self, queries: Sequence[Class]) -> None:
        self.queries = queries
        self.count = 0
        self.rolled_back = 0
        self.times = TimeTally()
        self.patterns: dict[tuple[int, ...], int] = {}
        self.left_out = 0


class Transactions:
    """Follows every connection's transactions. `incomplete`: those begun before the log, or open at its end."""

    def __init__(self) -> None:
        self._tallies: dict[tuple[int, ...], _Tally] = {}  # -1 first: between BEGIN and COMMIT
        self.incomplete = 0
        self.beyond = 0

    def add(
        self, session: Session | None, query: Class, values: list[object], began_us: int, ended_us: int, errno: int
    ) -> None:
        """One statement; without a session (a log without connection ids) it can only be a transaction of its own."""
        if session is None:
            if query.control is Control.NONE:
                self._count([Executions(query, values, began_us, ended_us)], False, False, ended_us - began_us)
            return
        session.ended_us = ended_us
        control = query.control
        if control is Control.NONE or (control is Control.ASIDE and session.open):
            self._executed(session, Executions(query, values, began_us, ended_us))
        elif control is Control.BEGIN:
            self._settle(session, rolled_back=False)
            session.open, session.control_seen, session.began_us = True, True, began_us
        elif control is Control.COMMIT or control is Control.ROLLBACK:
            self._ended(session, rolled_back=control is Control.ROLLBACK)
        elif control is Control.IMPLICIT:
            self._settle(session, rolled_back=False)
            self._executed(session, Executions(query, values, began_us, ended_us), alone=True)
        if errno in SERVER_ROLLED_BACK:
            self._settle(session, rolled_back=True)

    def autocommit(self, session: Session, on: bool) -> None:
        """SET autocommit: switched on, it commits what is open (MySQL 9.7 Reference Manual, §15.3.1)."""
        if on or session.mode is not Mode.UNTIL_COMMIT:
            self._settle(session, rolled_back=False)
        session.mode = Mode.EACH if on else Mode.UNTIL_COMMIT

    def quit(self, session: Session) -> None:
        """The connection is closed: what is open is rolled back."""
        self._settle(session, rolled_back=True)

    def lost(self, session: Session) -> None:
        """The log, or the server, ended while the connection was open."""
        if session.open or (session.mode is Mode.UNTIL_COMMIT and session.held):
            self.incomplete += 1
            session.held, session.open = [], False
        else:
            self._settle(session, rolled_back=True)

    def _executed(self, session: Session, one: Executions, *, alone: bool = False) -> None:
        if alone or (session.mode is Mode.EACH and not session.open):
            self._count([one], False, False, one.ended_us - one.began_us)
            return
        held = session.held
        if session.open or session.mode is Mode.UNTIL_COMMIT:
            if held and held[-1].query is one.query:
                _unite(held[-1], one)
            elif len(held) < TOUCHES_KEPT:
                held.append(one)
            else:
                session.too_long = True
            return
        held.append(one)
        if len(held) > UNDECIDED_KEPT:
            self._settle(session, rolled_back=False)
            session.mode = Mode.EACH

    def _ended(self, session: Session, *, rolled_back: bool) -> None:
        if session.open or session.mode is Mode.UNTIL_COMMIT:
            self._settle(session, rolled_back=rolled_back)
        elif session.mode is Mode.UNDECIDED:
            if not session.control_seen:
                self.incomplete += 1  # its BEGIN was before the log
                session.held = []
            elif session.held:  # it commits, and said no BEGIN: autocommit must be off
                session.mode = Mode.UNTIL_COMMIT
                session.held = _united(session.held)
                self._settle(session, rolled_back=rolled_back)
        session.control_seen = True

    def _settle(self, session: Session, *, rolled_back: bool) -> None:
        """End what is open: one transaction, or, where nothing was decided, one for each statement."""
        held, session.held = session.held, []
        if session.open:
            self._count(held, True, rolled_back, session.ended_us - session.began_us, session.too_long)
        elif session.mode is Mode.UNTIL_COMMIT:
            if held:
                self._count(held, True, rolled_back, session.ended_us - held[0].began_us, session.too_long)
        else:
            for one in held:
                self._count([one], False, False, one.ended_us - one.began_us)
        session.open = session.too_long = False

    def _count(
        self, held: list[Executions], explicit: bool, rolled_back: bool, took_us: int, too_long: bool = False
    ) -> None:
        key = (-1 if explicit else -2, *[one.query.number for one in held])
        tally = self._tallies.get(key)
        if tally is None:
            if too_long or len(self._tallies) >= CLASSES_KEPT:
                self.beyond += 1
                key, held, too_long = (key[0], -3), [], True
                tally = self._tallies.get(key)
            if tally is None:
                tally = self._tallies[key] = _Tally([one.query for one in held])
        tally.count += 1
        tally.rolled_back += rolled_back
        tally.times.add(max(took_us, 0))
        if too_long:
            tally.left_out += 1
            return
        numbers: dict[object, int] = {}
        number = numbers.setdefault
        pattern = tuple(
            [MANY if value is MANY else number(value, len(numbers)) for one in held for value in one.values]
        )
        patterns = tally.patterns
        if pattern in patterns:
            patterns[pattern] += 1
        elif len(patterns) < PATTERNS_KEPT:
            patterns[pattern] = 1
        else:
            tally.left_out += 1

    def told(self) -> tuple[TransactionClass, ...]:
        """The classes, the most frequent first."""
        told = [_told(key, tally) for key, tally in self._tallies.items()]
        return tuple(sorted(told, key=lambda each: (-each.count, each.id)))


def _unite(first: Executions, other: Executions) -> None:
    first.values = [
        one if one is not MANY and one == another else MANY
        for one, another in zip(first.values, other.values, strict=True)
    ]
    first.ended_us = other.ended_us


def _united(held: list[Executions]) -> list[Executions]:
    united: list[Executions] = []
    for one in held:
        if united and united[-1].query is one.query:
            _unite(united[-1], one)
        else:
            united.append(one)
    return united


def _told(key: tuple[int, ...], tally: _Tally) -> TransactionClass:
    queries = tuple(query.id for query in tally.queries)
    frequent = sorted(tally.patterns.items(), key=lambda item: (-item[1], item[0]))
    kind = "explicit" if key[0] == -1 else "single"
    beyond = "beyond" if key[1:2] == (-3,) else ""
    return TransactionClass(
        id=hashlib.blake2b(" ".join((kind, beyond, *queries)).encode(), digest_size=8).hexdigest(),
        queries=queries,
        count=tally.count,
        rolled_back=tally.rolled_back,
        explicit=key[0] == -1,
        times=tally.times.times(),
        patterns=tuple(
            Pattern(touches=_touches(tally.queries, numbers), count=count)
            for numbers, count in frequent[:PATTERNS_TOLD]
        ),
        patterns_left_out=tally.left_out + sum(count for _, count in frequent[PATTERNS_TOLD:]),
    )


def _touches(queries: Sequence[Class], numbers: tuple[int, ...]) -> tuple[Touch, ...]:
    left = iter(numbers)
    return tuple(Touch(query.id, tuple((column, next(left)) for column in query.keys)) for query in queries)
