"""The values of the columns that may be keys: hashed as they are met, and counted by column."""

from collections.abc import Callable, Iterable, Sequence

from seatrial.domain.workload import Column
from seatrial.parsing.lexer import value
from seatrial.stages.digest.counted import Class
from seatrial.stages.digest.tally import ValueTally
from seatrial.stages.digest.texts import LAST_QUOTE_OR_ZERO, QUOTED, Known, one_value, unequal


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

    def named(self, found: Known) -> Sequence[int | float]:
        """The value of each key, hashed, MANY where it has several; all of them wait to be counted with
        their class."""
        text, literals, reads, alike = found
        hashed = self._hashed
        if reads is not None:
            values = [
                hashed(
                    literal
                    if (how == QUOTED and b"\\" not in literal) or (not how and literal[0] > LAST_QUOTE_OR_ZERO)
                    else value(literal if stop is not None else b"'%b'" % literal, how)
                )
                for piece, start, stop, how in reads
                for literal in (literals[piece][start:stop],)
            ]
            text.query.named.append(values)
            return values
        if text.single and alike is None:
            values = [
                hashed(literal if not how and literal[0] > LAST_QUOTE_OR_ZERO else value(literal, how))
                for number, how in text.single
                for literal in (literals[number],)
            ]
            text.query.named.append(values)
            return values
        if not text.places:
            return [unequal() for _ in text.query.keys]  # what a tag does not tell
        named = text.values(literals, hashed) if alike is None else text.values_alike(alike, hashed)
        text.query.named_many.append(named)
        return [one_value(some) for some in named]

    def count(self, query: Class) -> None:
        """Count what was named by executions of this class."""
        if query.named:
            for tally, values in zip(self._of(query), zip(*query.named, strict=True), strict=True):
                tally.add_ones(values)
            query.named = []
        if query.named_many:
            for tally, some in zip(self._of(query), zip(*query.named_many, strict=True), strict=True):
                tally.add_all(some)
            query.named_many = []

    def _of(self, query: Class) -> list[ValueTally]:
        if (tallies := self._of_class.get(query.number)) is None:
            tallies = [self._tallies.setdefault(column, ValueTally()) for column in query.keys]
            self._of_class[query.number] = tallies
        return tallies
