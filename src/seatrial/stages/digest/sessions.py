"""One connection as a log goes by: what it executed in the transaction that is open, and what cannot be judged yet."""

from collections.abc import Sequence
from enum import IntEnum

from msgspec import Struct

from seatrial.domain.workload import MANY

Executions = tuple[int, Sequence[int | float], int, int]
"""Statements of one class in a row: the class's number, the value of each of its keys, MANY where they had several, and
when they began and ended, in µs. A plain tuple, as there is one for every statement of a log."""


class Mode(IntEnum):
    """Whether a statement outside of BEGIN is a transaction of its own, as far as the log showed yet."""

    UNDECIDED = 0
    EACH = 1
    UNTIL_COMMIT = 2  # autocommit = 0
    UNKNOWN = 3  # what it was when this part of the log began


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
    """One such deed. `some`: what was executed, several statements if they follow each other. `flag`: rolled back, or
    autocommit switched on."""

    what: What
    ended_us: int
    some: list[Executions] = []
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

    def later(self, what: What, one: Executions | None = None, *, flag: bool = False) -> None:
        """Judge this once it is known how the connection came into the part."""
        assert self.steps is not None  # noqa: S101 – an UNKNOWN session has them
        if one is not None and what is What.STATEMENT and self.steps and self.steps[-1].what is what:
            self.steps[-1].some.append(one)
            self.steps[-1].ended_us = self.ended_us
            return
        ended_us = 0 if what in (What.AUTOCOMMIT, What.QUIT, What.LOST, What.GAP) else self.ended_us
        self.steps.append(Step(what, ended_us, [one] if one is not None else [], flag))


def united(first: Executions, other: Executions) -> Executions:
    """Two of one class, one behind the other."""
    number, values, began_us, _ = first
    alike = [one if one == another else MANY for one, another in zip(values, other[1], strict=True)]
    return number, alike, began_us, other[3]


def all_united(held: Sequence[Executions]) -> list[Executions]:
    """The same, neighbours of one class together."""
    found: list[Executions] = []
    for one in held:
        if found and found[-1][0] == one[0]:
            found[-1] = united(found[-1], one)
        else:
            found.append(one)
    return found
