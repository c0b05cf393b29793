"""Transaction classes as they are counted: how often, how long, and which values were equal in them."""

import hashlib
from collections import Counter
from collections.abc import Sequence

from msgspec import Struct, field

from seatrial import compiled
from seatrial.domain.workload import Pattern, Touch, TransactionClass
from seatrial.stages.digest.counted import Class
from seatrial.stages.digest.sessions import Executions
from seatrial.stages.digest.tally import TimeTally

PATTERNS_TOLD = 64
PATTERNS_KEPT = 512

SINGLE, EXPLICIT, BEYOND = -2, -1, -3
"""In the key of a tally, before the numbers of its classes: by itself, or from BEGIN to its end; and, in their place:
all those beyond the ones told apart."""


class TransactionTally(Struct, array_like=True, eq=False):
    """One transaction class. The last ones wait (`took`, `seen`) to be counted many at a time."""

    count: int = 0
    rolled_back: int = 0
    times: TimeTally = field(default_factory=TimeTally)
    patterns: dict[tuple[int, ...], int] = {}
    left_out: int = 0
    took: list[int] = []
    seen: list[tuple[int, ...]] = []

    def settle(self) -> None:
        """Count those that wait."""
        if not self.took:
            return
        took, seen, self.took, self.seen = self.took, self.seen, [], []
        self.count += len(took)
        self.times.add_all(took)
        self.left_out += len(took) - len(seen)
        for pattern, count in Counter(seen).items():
            self.add_pattern(pattern, count)

    def add_pattern(self, pattern: tuple[int, ...], count: int) -> None:
        if pattern in self.patterns:
            self.patterns[pattern] += count
        elif len(self.patterns) < PATTERNS_KEPT:
            self.patterns[pattern] = count
        else:
            self.left_out += count


def pattern_in_python(held: Sequence[Executions], many: int) -> tuple[int, ...]:
    """The numbers of all their values, in the order of their first appearance; `many` stands for itself."""
    numbers: dict[int | float, int] = {}
    number = numbers.setdefault
    found = tuple([number(value, len(numbers)) for one in held for value in one[1]])
    if many not in numbers:
        return found
    taken = numbers[many]  # it takes no number
    return tuple([many if at == taken else at - (at > taken) for at in found])


pattern = compiled.patterns.pattern if compiled.patterns is not None else pattern_in_python


def told(key: tuple[int, ...], tally: TransactionTally, classes: Sequence[Class], most: int) -> TransactionClass:
    """The transaction class, with so many of its patterns, the most frequent ones."""
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
