"""Connections as a log goes by: which are open, what each did, and what the parts of a log know of them.

Of a part that is no log's beginning, a connection that is met may have been open before (`continues`), until the server
is started again: from there on every connection is known.
"""

import re
from collections.abc import Mapping

from seatrial.parsing.slow_log import SERVER_STARTED
from seatrial.stages.digest.part import Head, Part
from seatrial.stages.digest.sessions import Mode, Session, Step, What
from seatrial.stages.digest.transactions import Transactions

UNCOUNTED = -1
"""The number of a connection of which only its end is known."""

_ENDS = ("Quit", "Change user", "Reset Connection")
_SET_AUTOCOMMIT = re.compile(rb"(?i)autocommit[`\s]*:?=[\s'\"]*(\w+)")


class Connections:
    """`open` are those that are, by their ids; `ended` those of which something cannot be judged yet; `count`: how many
    there were."""

    def __init__(self, transactions: Transactions, *, continues: bool) -> None:
        self._transactions = transactions
        self.continues = continues
        self.restarted = False
        self.open: dict[int, Session] = {}
        self.ended: dict[int, Head] = {}
        self.count = 0

    def session(self, connection: int) -> Session | None:
        """That of the connection, from now on at least; None in a log without connection ids."""
        if not connection:
            return None
        if (session := self.open.get(connection)) is None:
            session = self.open[connection] = self._made(connection)
            self.count += 1
        return session

    def command(self, command: str, connection: int) -> None:
        """An administrator command: some end a connection, one ends them all."""
        if command == SERVER_STARTED:
            self._server_started()
        elif command in _ENDS:
            if (session := self.open.get(connection)) is not None:
                self._transactions.quit(session)
                self._closed(connection)
            elif self._is_unknown(connection):
                self.ended[connection] = Head(counted=False, steps=[Step(What.QUIT, 0)])

    def autocommit(self, session: Session | None, sql: bytes) -> None:
        """SET autocommit, to what the statement says."""
        if session is not None and (found := _SET_AUTOCOMMIT.search(sql)) is not None:
            self._transactions.autocommit(session, found[1].lower() not in (b"0", b"off", b"false"))

    def lost(self) -> None:
        """The log ends here."""
        for session in self.open.values():
            self._transactions.lost(session)
        self.open.clear()

    def take(self, part: Part, numbers: Mapping[int, int], keys: Mapping[int, int]) -> None:
        """Connections go on where they were left; of those we do not know either, what is to be judged later grows.
        `numbers` are our numbers of the part's classes; those in `keys` have so many keys here, and others there."""
        self.count += part.connections
        part.renumber(numbers, keys)
        for connection, head in part.heads.items():
            session = self._entered(connection, counted=head.counted)
            if session is not None:
                self._transactions.again(session, head.steps)
                self._closed(connection)
        if part.restarted or not part.continues:
            self._server_started()
        for connection, theirs in part.sessions.items():
            if theirs.steps is None:
                self.open[connection] = theirs
                continue
            session = self._entered(connection, counted=True)
            assert session is not None  # noqa: S101 – it is counted, so it was made
            self._transactions.again(session, theirs.steps)
            if theirs.open or theirs.mode is not Mode.UNKNOWN:
                _go_on(session, theirs)

    def _entered(self, connection: int, *, counted: bool) -> Session | None:
        """The connection as it was when the part that follows began; None for one that nothing is known of and that
        did nothing there but to end. `counted` there, it may be one that we counted as well."""
        if (session := self.open.get(connection)) is not None:
            self.count -= counted
            return session
        if not counted and not self._is_unknown(connection):
            return None
        session = self.open[connection] = self._made(connection)
        if not counted:
            session.number = UNCOUNTED
        return session

    def _made(self, connection: int) -> Session:
        if self._is_unknown(connection):
            return Session(self.count, mode=Mode.UNKNOWN, steps=[])
        return Session(self.count)

    def _is_unknown(self, connection: int) -> bool:
        """Whether a connection without session may have been open when our part of the log began."""
        return self.continues and not self.restarted and connection not in self.ended

    def _server_started(self) -> None:
        for connection, session in list(self.open.items()):
            self._transactions.lost(session)
            self._closed(connection)
        self.restarted = True

    def _closed(self, connection: int) -> None:
        session = self.open.pop(connection, None)
        if session is not None and session.steps is not None:
            self.ended[connection] = Head(counted=session.number != UNCOUNTED, steps=session.steps)


def _go_on(session: Session, theirs: Session) -> None:
    """The connection as it was at the end of the part that follows, which knows it."""
    if theirs.mode is not Mode.UNKNOWN:
        session.mode = theirs.mode
    session.control_seen, session.open, session.too_long = theirs.control_seen, theirs.open, theirs.too_long
    session.began_us, session.ended_us, session.held = theirs.began_us, theirs.ended_us, theirs.held
