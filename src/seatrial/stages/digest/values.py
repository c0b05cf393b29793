"""The values of the columns that may be keys: hashed as they are met, and counted by column."""

from collections.abc import Callable, Iterable, Sequence

from seatrial.domain.workload import Column
from seatrial.parsing.literal import value
from seatrial.stages.digest.counted import Class
from seatrial.stages.digest.tally import ValueTally
from seatrial.stages.digest.texts import Known, distinct, one_value, unknown_values


class Values:
    """How often each value of each column was named; values are here as `hashed` only."""

    def __init__(self, hashed: Callable[[bytes], int]) -> None:
        self._hashed = hashed
        self._tallies: dict[Column, ValueTally] = {}
        self._of_class: dict[int, list[ValueTally]] = {}

    @property
    def all(self) -> list[tuple[Column, ValueTally]]:
        return list(self._tallies.items())

    def again(self) -> "Values":
        """The same with nothing counted."""
        return Values(self._hashed)

    def take(self, others: Iterable[tuple[Column, ValueTally]]) -> None:
        """Add what another part of the log counted, by the same hashes."""
        self._of_class.clear()
        for column, tally in others:
            self._tallies.setdefault(column, ValueTally()).take(tally)

    def named(self, found: Known, sql: bytes) -> Sequence[int | float]:
        """The value of each key of a statement, hashed, MANY where it has several; all of them wait to be counted with
        their class."""
        text, literals, reads, alike = found
        hashed = self._hashed
        if reads is not None:
            values = reads.values(sql, hashed)
            if reads.single:
                text.query.named.append(values)
                return values
            text.query.named_many.append(values)
            return [one_value(some) for some in values]
        if not text.places:
            return unknown_values(len(text.query.keys))  # what a tag does not tell
        alike = alike or [[literal] for literal in literals]
        named = distinct(text.places, alike, hashed, value)
        text.query.named_many.append(named)
        return [one_value(some) for some in named]

    def count(self, query: Class) -> None:
        """Count what was named by executions of this class."""
        if query.named:
            for key, tally in enumerate(self._of(query)):
                tally.add_ones(query.named, key)
            query.named = []
        if query.named_many:
            for key, tally in enumerate(self._of(query)):
                tally.add_many(query.named_many, key)
            query.named_many = []

    def _of(self, query: Class) -> list[ValueTally]:
        if (tallies := self._of_class.get(query.number)) is None:
            tallies = [self._tallies.setdefault(column, ValueTally()) for column in query.keys]
            self._of_class[query.number] = tallies
        return tallies
