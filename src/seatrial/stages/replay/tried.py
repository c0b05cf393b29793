"""What failed on the target while a command of the customer's ran (rule T8)."""

from collections import Counter
from collections.abc import Iterable

from seatrial.domain.executed import Executed
from seatrial.domain.refusal import message_class
from seatrial.domain.replaying import TriedFailure
from seatrial.parsing.lexer import lex, split

_MOST = 1000
"""Kinds of failure that are told apart; more are counted with the statements only."""


class Failures:
    """Counts statements, and groups those that failed by fingerprint and message; literals are not kept."""

    def __init__(self) -> None:
        self.statements = 0
        self._failures: Counter[tuple[str, str]] = Counter()

    def add(self, executed: Iterable[Executed]) -> None:
        for each in executed:
            self.statements += 1
            if each.error or each.errno:
                group = lex(*split(each.sql)).fingerprint, message_class(each.error) or f"error {each.errno}"
                if group in self._failures or len(self._failures) < _MOST:
                    self._failures[group] += 1

    @property
    def found(self) -> tuple[TriedFailure, ...]:
        """The most frequent first."""
        return tuple(
            TriedFailure(fingerprint=fingerprint, message=message, count=count)
            for (fingerprint, message), count in sorted(self._failures.items(), key=lambda each: (-each[1], each[0]))
        )
