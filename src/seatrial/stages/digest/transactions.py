"""Transactions of each connection as a log goes by, and the classes and patterns they make.

A part of a log may begin inside transactions. What a connection did there is not judged before it is known how the
connection came in (Mode.UNKNOWN): it is kept as steps, and taken again when the part before is known. Only what
follows BEGIN needs nothing from before it; so of most connections the steps are few.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from enum import IntEnum

from msgspec import Struct, field

from seatrial.domain.workload import MANY, Pattern, Touch, TransactionClass
from seatrial.stages.digest.counted import Class, Control
from seatrial.stages.digest.tally import TimeTally
from seatrial.stages.digest.texts import unequal

WAIT = 1_000
PATTERNS_TOLD = 64
PATTERNS_KEPT = 512
CLASSES_KEPT = 5_000
TOUCHES_KEPT = 1_000
UNDECIDED_KEPT = 100
"""Statements after which a connection that said neither BEGIN nor COMMIT is taken to commit each by itself."""

GAP_US = 600_000_000
"""A connection silent for longer inside a transaction is taken to have said what the log does not have."""

SERVER_ROLLED_BACK = (1213,)
"""Errors with which the server ends the transaction by itself: a deadlock."""

SINGLE, EXPLICIT, BEYOND = -2, -1, -3
"""In the key of a tally, before the numbers of its classes: by itself, or from BEGIN to its end; and, in their place:
all those beyond the ones told apart."""


_NONE = Control.NONE
_ONE, _MANY = (0,), (MANY,)
_WITH_ROWS = (Control.NONE, Control.IMPLICIT, Control.ASIDE)


class Mode(IntEnum):
    """Whether a statement outside of BEGIN is a transaction of its own, as far as the log showed yet."""

    UNDECIDED = 0
    EACH = 1
    UNTIL_COMMIT = 2  # autocommit = 0
    UNKNOWN = 3  # what it was when this part of the log began


class Executions(Struct, array_like=True, eq=False):
    """Statements of one class in a row, with the value of each of its keys, MANY where they had several."""

    query: int  # the class's number
    values: Sequence[int | float]
    began_us: int
    ended_us: int


class What(IntEnum):
    """What a connection did that cannot be judged yet."""

    STATEMENT = 0
    ASIDE = 1
    BEGAN = 2  # and whatever followed up to the transaction's end is counted
    ENDED = 3
    IMPLICIT = 4
    ABORTED = 5
    AUTOCOMMIT = 6
    QUIT = 7
    LOST = 8
    GAP = 9


class Step(Struct, array_like=True, eq=False):
    """One such deed. `flag`: rolled back, or autocommit switched on."""

    what: What
    ended_us: int
    one: Executions | None = None
    flag: bool = False


class Session(Struct, array_like=True, eq=False):
    """One connection. `open`: BEGIN was said; `held`: what was executed since, or since nothing was decided. `steps`:
    what it did in this part while UNKNOWN; None of a connection that began in it."""

    number: int
    mode: Mode = Mode.UNDECIDED
    control_seen: bool = False
    open: bool = False
    began_us: int = 0
    ended_us: int = 0
    held: list[Executions] = []
    too_long: bool = False
    steps: list[Step] | None = None

    @property
    def blind(self) -> bool:
        return self.mode is Mode.UNKNOWN and not self.open


class _Tally(Struct, array_like=True, eq=False):
    """One transaction class. The last ones wait (`took`, `seen`) to be counted many at a time."""

    count: int = 0
    rolled_back: int = 0
    times: TimeTally = field(default_factory=TimeTally)
    patterns: dict[tuple[int, ...], int] = {}
    left_out: int = 0
    took: list[int] = []
    seen: list[tuple[int, ...]] = []

    def add(self, rolled_back: bool, took_us: int, pattern: tuple[int, ...] | None) -> None:
        self.rolled_back += rolled_back
        self.took.append(took_us)
        if pattern is not None:
            self.seen.append(pattern)
        else:
            self.left_out += 1
        if len(self.took) >= WAIT:
            self.settle()

    def settle(self) -> None:
        """Count those that wait."""
        if not self.took:
            return
        took, seen, self.took, self.seen = self.took, self.seen, [], []
        self.count += len(took)
        self.times.add_all(took)
        for pattern, count in Counter(seen).items():
            self.add_pattern(pattern, count)

    def add_pattern(self, pattern: tuple[int, ...], count: int) -> None:
        if pattern in self.patterns:
            self.patterns[pattern] += count
        elif len(self.patterns) < PATTERNS_KEPT:
            self.patterns[pattern] = count
        else:
            self.left_out += count


class Transactions(Struct, array_like=True, eq=False):
    """Follows every connection's transactions. `incomplete`: those begun before the log, open at its end, or
    with a gap in them. `without_empty`: one without a statement is none, as its statements may not be looked at."""

    tallies: dict[tuple[int, ...], _Tally] = {}
    incomplete: int = 0
    beyond: int = 0
    without_empty: bool = False

    def add(
        self,
        session: Session | None,
        query: Class,
        values: Sequence[int | float],
        began_us: int,
        ended_us: int,
        errno: int,
    ) -> None:
        """One statement; without a session (a log without connection ids) it can only be a transaction of its own."""
        control = query.control
        if session is None:
            if control is Control.NONE:
                self._count([Executions(query.number, values, began_us, ended_us)], False, False, ended_us - began_us)
            return
        if session.open and (began_us if control in _WITH_ROWS else ended_us) - session.ended_us > GAP_US:
            self._gap(session)
        session.ended_us = ended_us
        if control is _NONE or (control is Control.ASIDE and session.open):
            if session.open:
                held = session.held
                if held and held[-1].query == query.number:
                    _unite(held[-1], Executions(query.number, values, began_us, ended_us))
                elif len(held) < TOUCHES_KEPT:
                    held.append(Executions(query.number, values, began_us, ended_us))
                else:
                    session.too_long = True
            else:
                self._executed(session, Executions(query.number, values, began_us, ended_us))
        elif control is Control.BEGIN:
            self._begun(session, began_us)
        elif control is Control.COMMIT or control is Control.ROLLBACK:
            self._ended(session, rolled_back=control is Control.ROLLBACK)
        elif control is Control.IMPLICIT:
            self._implicit(session, Executions(query.number, values, began_us, ended_us))
        elif session.blind:
            _later(session, What.ASIDE, Executions(query.number, values, began_us, ended_us))
        if errno in SERVER_ROLLED_BACK:
            self._aborted(session)

    def autocommit(self, session: Session, on: bool) -> None:
        """SET autocommit: switched on, it commits what is open; switched off, what BEGIN opened goes on (MySQL 9.7
        Reference Manual, §15.3.1)."""
        if session.blind:
            _later(session, What.AUTOCOMMIT, flag=on)
            if on:
                session.mode = Mode.EACH
            return
        if on or (session.mode is not Mode.UNTIL_COMMIT and not session.open):
            self._settle(session, rolled_back=False)
        session.mode = Mode.EACH if on else Mode.UNTIL_COMMIT

    def quit(self, session: Session) -> None:
        """The connection is closed: what is open is rolled back."""
        if session.blind:
            _later(session, What.QUIT)
        else:
            self._settle(session, rolled_back=True)

    def lost(self, session: Session) -> None:
        """The log, or the server, ended while the connection was open."""
        if session.blind:
            _later(session, What.LOST)
        elif session.open or (session.mode is Mode.UNTIL_COMMIT and session.held):
            self._incomplete(session)
            session.held, session.open = [], False
        else:
            self._settle(session, rolled_back=True)

    def again(self, session: Session, steps: Sequence[Step]) -> None:
        """What the connection did at the beginning of the part that follows, now that we know how it came there."""
        for step in steps:
            one = step.one
            if session.open and (step.ended_us if one is None else one.began_us) - session.ended_us > GAP_US:
                self._gap(session)
            session.ended_us = step.ended_us or session.ended_us
            if step.what is What.BEGAN:
                self._begun(session, step.ended_us)
                session.open = False
            elif step.what is What.ENDED:
                self._ended(session, rolled_back=step.flag)
            elif step.what is What.ABORTED:
                self._aborted(session)
            elif step.what is What.AUTOCOMMIT:
                self.autocommit(session, step.flag)
            elif step.what is What.QUIT:
                self.quit(session)
            elif step.what is What.LOST:
                self.lost(session)
            elif step.what is What.GAP:
                session.control_seen = False
                if session.blind:
                    _later(session, What.GAP)
            elif one is not None and step.what is What.IMPLICIT:
                self._implicit(session, one)
            elif one is not None and (step.what is What.STATEMENT or session.open):
                self._executed(session, one)
            elif session.blind:
                _later(session, What.ASIDE, one)

    def take(self, other: "Transactions", numbers: Mapping[int, int], unlike: frozenset[int]) -> None:
        """Add what the following part counted; `numbers` are our numbers of its classes, and those `unlike` have
        other keys there than here."""
        self.settle()
        other.settle()
        self.incomplete += other.incomplete
        self.beyond += other.beyond
        self.without_empty = self.without_empty or other.without_empty
        for key, theirs in other.tallies.items():
            ours = (key[0], *(numbers[number] if number >= 0 else number for number in key[1:]))
            full = ours not in self.tallies and ours[1:2] != (BEYOND,) and len(self.tallies) >= CLASSES_KEPT
            if full:
                self.beyond += theirs.count
                ours = (key[0], BEYOND)
            if (tally := self.tallies.get(ours)) is None:
                tally = self.tallies[ours] = _Tally()
            tally.count += theirs.count
            tally.rolled_back += theirs.rolled_back
            tally.times.take(theirs.times)
            tally.left_out += theirs.left_out
            for pattern, count in theirs.patterns.items():
                if full or not unlike.isdisjoint(key):
                    tally.left_out += count
                else:
                    tally.add_pattern(pattern, count)

    def _begun(self, session: Session, began_us: int) -> None:
        if session.blind:
            if session.steps is not None and not (session.steps and session.steps[-1].what is What.BEGAN):
                _later(session, What.BEGAN)
        else:
            self._settle(session, rolled_back=False)
        session.open, session.control_seen, session.began_us = True, True, began_us

    def _executed(self, session: Session, one: Executions, *, alone: bool = False) -> None:
        if alone or (session.mode is Mode.EACH and not session.open):
            self._count([one], False, False, one.ended_us - one.began_us)
            return
        held = session.held
        if session.open or session.mode is Mode.UNTIL_COMMIT:
            if held and held[-1].query == one.query:
                _unite(held[-1], one)
            elif len(held) < TOUCHES_KEPT:
                held.append(one)
            else:
                session.too_long = True
            return
        if session.mode is Mode.UNKNOWN:
            _later(session, What.STATEMENT, one)
            return
        held.append(one)
        if len(held) > UNDECIDED_KEPT:
            self._settle(session, rolled_back=False)
            session.mode = Mode.EACH

    def _gap(self, session: Session) -> None:
        """The log has a hole here: what is open may have ended in it, and something else begun."""
        self._incomplete(session)
        session.held, session.open, session.too_long, session.control_seen = [], False, False, False
        if session.blind:
            _later(session, What.GAP)

    def _incomplete(self, session: Session) -> None:
        self.incomplete += bool(session.held) or not self.without_empty

    def _implicit(self, session: Session, one: Executions) -> None:
        if session.blind:
            _later(session, What.IMPLICIT, one)
        else:
            self._settle(session, rolled_back=False)
            self._executed(session, one, alone=True)

    def _aborted(self, session: Session) -> None:
        if session.blind:
            _later(session, What.ABORTED)
        else:
            self._settle(session, rolled_back=True)

    def _ended(self, session: Session, *, rolled_back: bool) -> None:
        if session.blind:
            _later(session, What.ENDED, flag=rolled_back)
        elif session.open or session.mode is Mode.UNTIL_COMMIT:
            self._settle(session, rolled_back=rolled_back)
        elif session.mode is Mode.UNDECIDED:
            if not session.control_seen:
                self._incomplete(session)  # its BEGIN was before the log
                session.held = []
            elif session.held:  # it commits, and said no BEGIN: autocommit must be off
                session.mode = Mode.UNTIL_COMMIT
                session.held = _united(session.held)
                self._settle(session, rolled_back=rolled_back)
        session.control_seen = True

    def _settle(self, session: Session, *, rolled_back: bool) -> None:
        """End what is open: one transaction, or, where nothing was decided, one for each statement."""
        held, session.held = session.held, []
        if session.open and not held and self.without_empty:
            pass
        elif session.open:
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
        key = (EXPLICIT if explicit else SINGLE, *[one.query for one in held])
        tally = self.tallies.get(key)
        if tally is None:
            if too_long or len(self.tallies) >= CLASSES_KEPT:
                self.beyond += 1
                key, too_long = (key[0], BEYOND), True
                tally = self.tallies.get(key)
            if tally is None:
                tally = self.tallies[key] = _Tally()
        tally.add(rolled_back, max(took_us, 0), None if too_long else _pattern(held))

    def settle(self) -> None:
        """Count what waits to be counted."""
        for tally in self.tallies.values():
            tally.settle()

    def told(self, classes: Sequence[Class], *, patterns: bool = True) -> tuple[TransactionClass, ...]:
        """The classes, the most frequent first; where nobody looked at values, without `patterns`."""
        self.settle()
        told = [_told(key, tally, classes, PATTERNS_TOLD if patterns else 0) for key, tally in self.tallies.items()]
        return tuple(sorted(told, key=lambda each: (-each.count, each.id)))


def unknown_values(count: int) -> list[int | float]:
    """So many values, each equal to no other."""
    return [unequal() for _ in range(count)]


def _later(session: Session, what: What, one: Executions | None = None, *, flag: bool = False) -> None:
    assert session.steps is not None  # noqa: S101 – an UNKNOWN session has them
    ended_us = 0 if what in (What.AUTOCOMMIT, What.QUIT, What.LOST, What.GAP) else session.ended_us
    session.steps.append(Step(what, ended_us, one, flag))


def _pattern(held: Sequence[Executions]) -> tuple[int, ...]:
    """The values' numbers, in the order of their first appearance."""
    values = held[0].values if len(held) == 1 else [value for one in held for value in one.values]
    if len(values) < 2:
        return () if not values else _MANY if values[0] == MANY else _ONE
    numbers = {value: number for number, value in enumerate(dict.fromkeys(values))}
    if MANY not in numbers:
        return tuple([numbers[value] for value in values])
    after = numbers[MANY]  # it takes no number
    return tuple([MANY if value == MANY else numbers[value] - (numbers[value] > after) for value in values])


def _unite(first: Executions, other: Executions) -> None:
    first.values = [one if one == another else MANY for one, another in zip(first.values, other.values, strict=True)]
    first.ended_us = other.ended_us


def _united(held: list[Executions]) -> list[Executions]:
    united: list[Executions] = []
    for one in held:
        if united and united[-1].query == one.query:
            _unite(united[-1], one)
        else:
            united.append(one)
    return united


def _told(key: tuple[int, ...], tally: _Tally, classes: Sequence[Class], most: int) -> TransactionClass:
    queries = [classes[number] for number in key[1:] if number >= 0]
    ids = tuple(query.id for query in queries)
    frequent = sorted(tally.patterns.items(), key=lambda item: (-item[1], item[0]))
    kind = "explicit" if key[0] == EXPLICIT else "single"
    beyond = "beyond" if key[1:2] == (BEYOND,) else ""
    return TransactionClass(
        id=hashlib.blake2b(" ".join((kind, beyond, *ids)).encode(), digest_size=8).hexdigest(),
        queries=ids,
        count=tally.count,
        rolled_back=tally.rolled_back,
        explicit=key[0] == EXPLICIT,
        times=tally.times.times(),
        patterns=tuple(Pattern(touches=_touches(queries, numbers), count=count) for numbers, count in frequent[:most]),
        patterns_left_out=tally.left_out + sum(count for _, count in frequent[most:]),
    )


def _touches(queries: Sequence[Class], numbers: tuple[int, ...]) -> tuple[Touch, ...]:
    left = iter(numbers)
    return tuple(Touch(query.id, tuple((column, next(left)) for column in query.keys)) for query in queries)
