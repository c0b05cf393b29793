"""Transactions of each connection as a log goes by, and the classes and patterns they make.

A part of a log may begin inside transactions. What a connection did there is not judged before it is known how the
connection came in (Mode.UNKNOWN): it is kept as steps, and taken again when the part before is known. Only what
follows BEGIN needs nothing from before it; so of most connections the steps are few.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from seatrial.domain.workload import MANY, TransactionClass
from seatrial.stages.digest.counted import Class, Control
from seatrial.stages.digest.patterns import BEYOND, EXPLICIT, PATTERNS_TOLD, SINGLE, TransactionTally, pattern, told
from seatrial.stages.digest.sessions import Executions, Mode, Session, Step, What, all_united, united

WAIT = 1_000
"""Transactions of one class that wait to be counted together."""
CLASSES_KEPT = 5_000
TOUCHES_KEPT = 1_000
UNDECIDED_KEPT = 100
"""Statements after which a connection that said neither BEGIN nor COMMIT is taken to commit each by itself."""

GAP_US = 600_000_000
"""A connection silent for longer inside a transaction is taken to have said what the log does not have."""

SERVER_ROLLED_BACK = (1213,)
"""Errors with which the server ends the transaction by itself: a deadlock."""

_NONE = Control.NONE
_ASIDE = Control.ASIDE
_EACH = Mode.EACH
_UNTIL_COMMIT = Mode.UNTIL_COMMIT
_WITH_ROWS = (Control.NONE, Control.IMPLICIT, Control.ASIDE)


class Transactions(Struct, array_like=True, eq=False):
    """Follows every connection's transactions. `incomplete`: those begun before the log, open at its end, or
    with a gap in them. `without_empty`: one without a statement is none, as its statements may not be looked at."""

    tallies: dict[tuple[int, ...], TransactionTally] = {}
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
        one = (query.number, values, began_us, ended_us)
        if session is None:
            if control is _NONE:
                self._count_single(one)
            return
        if session.open and (began_us if control in _WITH_ROWS else ended_us) - session.ended_us > GAP_US:
            self._gap(session)
        session.ended_us = ended_us
        if control is _NONE or (control is _ASIDE and session.open):
            self._executed(session, one)
        elif control is Control.BEGIN:
            self._begun(session, began_us)
        elif control is Control.COMMIT or control is Control.ROLLBACK:
            self._ended(session, rolled_back=control is Control.ROLLBACK)
        elif control is Control.IMPLICIT:
            self._implicit(session, one)
        elif session.blind:
            session.later(What.ASIDE, one)
        if errno in SERVER_ROLLED_BACK:
            self._aborted(session)

    def autocommit(self, session: Session, on: bool) -> None:
        """SET autocommit: switched on, it commits what is open; switched off, what BEGIN opened goes on (MySQL 9.7
        Reference Manual, §15.3.1)."""
        if session.blind:
            session.later(What.AUTOCOMMIT, flag=on)
            if on:
                session.mode = Mode.EACH
            return
        if on or (session.mode is not Mode.UNTIL_COMMIT and not session.open):
            self._settle(session, rolled_back=False)
        session.mode = Mode.EACH if on else Mode.UNTIL_COMMIT

    def quit(self, session: Session) -> None:
        """The connection is closed: what is open is rolled back."""
        if session.blind:
            session.later(What.QUIT)
        else:
            self._settle(session, rolled_back=True)

    def lost(self, session: Session) -> None:
        """The log, or the server, ended while the connection was open."""
        if session.blind:
            session.later(What.LOST)
        elif session.open or (session.mode is Mode.UNTIL_COMMIT and session.held):
            self._incomplete(session)
            session.held, session.open = [], False
        else:
            self._settle(session, rolled_back=True)

    def again(self, session: Session, steps: Sequence[Step]) -> None:
        """What the connection did at the beginning of the part that follows, now that we know how it came there."""
        for step in steps:
            if step.what is What.STATEMENT:
                self._executed_again(session, step)
            else:
                self._done_again(session, step)

    def _executed_again(self, session: Session, step: Step) -> None:
        held, some = session.held, step.some
        if not session.open and session.mode is Mode.UNDECIDED and len(held) + len(some) <= UNDECIDED_KEPT:
            held += some
            session.ended_us = step.ended_us
            return
        for one in some:
            if session.open and one[2] - session.ended_us > GAP_US:
                self._gap(session)
            session.ended_us = one[3]
            self._executed(session, one)

    def _done_again(self, session: Session, step: Step) -> None:
        one = step.some[0] if step.some else None
        if session.open and (step.ended_us if one is None else one[2]) - session.ended_us > GAP_US:
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
                session.later(What.GAP)
        elif one is not None and step.what is What.IMPLICIT:
            self._implicit(session, one)
        elif one is not None and session.open:
            self._executed(session, one)
        elif session.blind:
            session.later(What.ASIDE, one)

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
                tally = self.tallies[ours] = TransactionTally()
            tally.count += theirs.count
            tally.rolled_back += theirs.rolled_back
            tally.times.take(theirs.times)
            tally.left_out += theirs.left_out
            for each, count in theirs.patterns.items():
                if full or not unlike.isdisjoint(key):
                    tally.left_out += count
                else:
                    tally.add_pattern(each, count)

    def _begun(self, session: Session, began_us: int) -> None:
        if session.blind:
            if session.steps is not None and not (session.steps and session.steps[-1].what is What.BEGAN):
                session.later(What.BEGAN)
        else:
            self._settle(session, rolled_back=False)
        session.open, session.control_seen, session.began_us = True, True, began_us

    def _executed(self, session: Session, one: Executions) -> None:
        held = session.held
        if session.open or session.mode is _UNTIL_COMMIT:
            if held and held[-1][0] == one[0]:
                held[-1] = united(held[-1], one)
            elif len(held) < TOUCHES_KEPT:
                held.append(one)
            else:
                session.too_long = True
        elif session.mode is _EACH:
            self._count_single(one)
        elif session.mode is Mode.UNKNOWN:
            session.later(What.STATEMENT, one)
        else:
            held.append(one)
            if len(held) > UNDECIDED_KEPT:
                self._settle(session, rolled_back=False)
                session.mode = _EACH

    def _gap(self, session: Session) -> None:
        """The log has a hole here: what is open may have ended in it, and something else begun."""
        self._incomplete(session)
        session.held, session.open, session.too_long, session.control_seen = [], False, False, False
        if session.blind:
            session.later(What.GAP)

    def _incomplete(self, session: Session) -> None:
        self.incomplete += bool(session.held) or not self.without_empty

    def _implicit(self, session: Session, one: Executions) -> None:
        if session.blind:
            session.later(What.IMPLICIT, one)
        else:
            self._settle(session, rolled_back=False)
            self._count_single(one)

    def _aborted(self, session: Session) -> None:
        if session.blind:
            session.later(What.ABORTED)
        else:
            self._settle(session, rolled_back=True)

    def _ended(self, session: Session, *, rolled_back: bool) -> None:
        if session.blind:
            session.later(What.ENDED, flag=rolled_back)
        elif session.open or session.mode is Mode.UNTIL_COMMIT:
            self._settle(session, rolled_back=rolled_back)
        elif session.mode is Mode.UNDECIDED:
            if not session.control_seen:
                self._incomplete(session)  # its BEGIN was before the log
                session.held = []
            elif session.held:  # it commits, and said no BEGIN: autocommit must be off
                session.mode = Mode.UNTIL_COMMIT
                session.held = all_united(session.held)
                self._settle(session, rolled_back=rolled_back)
        session.control_seen = True

    def _settle(self, session: Session, *, rolled_back: bool) -> None:
        """End what is open: one transaction, or, where nothing was decided, one for each statement."""
        held = session.held
        if held:
            session.held = []
        if session.open:
            if held or not self.without_empty:
                self._count(held, session.began_us, session, rolled_back)
        elif session.mode is _UNTIL_COMMIT:
            if held:
                self._count(held, held[0][2], session, rolled_back)
        else:
            for one in held:
                self._count_single(one)
        session.open = session.too_long = False

    def _count_single(self, one: Executions) -> None:
        self._add((SINGLE, one[0]), one[3] - one[2], pattern((one,), MANY), False)

    def _count(self, held: list[Executions], began_us: int, session: Session, rolled_back: bool) -> None:
        key = (EXPLICIT, *[one[0] for one in held])
        seen = None if session.too_long else pattern(held, MANY)
        self._add(key, session.ended_us - began_us, seen, rolled_back)

    def _add(self, key: tuple[int, ...], took_us: int, seen: tuple[int, ...] | None, rolled_back: bool) -> None:
        tally = self.tallies.get(key)
        if tally is None:
            if seen is None or len(self.tallies) >= CLASSES_KEPT:
                self.beyond += 1
                key, seen = (key[0], BEYOND), None
                tally = self.tallies.get(key)
            if tally is None:
                tally = self.tallies[key] = TransactionTally()
        tally.rolled_back += rolled_back
        tally.took.append(took_us if took_us > 0 else 0)
        if seen is not None:
            tally.seen.append(seen)

    def settle(self, waiting: int = 1) -> None:
        """Count what waits to be counted, of each class of which so many do."""
        for tally in self.tallies.values():
            if len(tally.took) >= waiting:
                tally.settle()

    def told(self, classes: Sequence[Class], *, patterns: bool = True) -> tuple[TransactionClass, ...]:
        """The classes, the most frequent first; where nobody looked at values, without `patterns`."""
        self.settle()
        most = PATTERNS_TOLD if patterns else 0
        all_told = [told(key, tally, classes, most) for key, tally in self.tallies.items()]
        return tuple(sorted(all_told, key=lambda each: (-each.count, each.id)))
