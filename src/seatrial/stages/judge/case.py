"""What a measure is given, and what it gives back."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from msgspec import Struct

from seatrial.domain.collection import Collection
from seatrial.domain.comparison import Verification
from seatrial.domain.evidence import Evidence, Exhibit
from seatrial.domain.exhibits import Exhibits
from seatrial.domain.finding import Assessment
from seatrial.domain.movement import Loaded, Provisioned
from seatrial.domain.plan import Plan
from seatrial.domain.rehearsal import Rehearsal
from seatrial.domain.replaying import Replay, Tried
from seatrial.domain.workload import Digest

T = TypeVar("T")


class Nature(StrEnum):
    """How a value may be judged."""

    OUTCOME = "outcome"  # what happened: passes and fails anywhere
    COVERAGE = "coverage"  # how much was looked at: passes, or leaves the verdict open, but never fails
    PROTOCOL = "protocol"  # a time set against Vitess's own limit: on a shared machine it may pass, not fail
    PERFORMANCE = "performance"  # a time or rate: on a shared machine neither passes nor fails (rule T6)

    @property
    def wants_own_machine(self) -> bool:
        return self in (Nature.PROTOCOL, Nature.PERFORMANCE)


class Reading(Struct, frozen=True):
    """A measure's value, None where it could not be had, with one sentence and the places it was read from.

    Where the true value is not known but lies between `value` and `at_most`, both must be judged alike. A value that
    `proves_nothing` is shown, and neither passes nor fails.
    """

    value: float | None
    because: str
    evidence: tuple[Evidence, ...] = ()
    at_most: float | None = None
    proves_nothing: bool = False


class Missing(Exception):
    """The step whose artifact a measure needs has not been run."""

    def __init__(self, what: str, command: str) -> None:
        super().__init__(f"no {what} yet: run seatrial {command}")


class Case(Struct, frozen=True, kw_only=True):
    """The exhibits, opened only by those who can do without none: every property raises Missing."""

    exhibits: Exhibits
    now: datetime
    accepted: Mapping[str, str]

    @property
    def collect(self) -> Exhibit[Collection]:
        return _present(self.exhibits.collect, "collection of the source", "collect")

    @property
    def assess(self) -> Exhibit[Assessment]:
        return _present(self.exhibits.assess, "assessment", "assess")

    @property
    def digest(self) -> Exhibit[Digest]:
        return _present(self.exhibits.digest, "digest of a log", "digest LOG")

    @property
    def recorded(self) -> Exhibit[Digest]:
        """The log that was replayed; it may be another than the plan was made of."""
        return self.exhibits.recorded or self.digest

    @property
    def plan(self) -> Exhibit[Plan]:
        return _present(self.exhibits.plan, "plan", "plan")

    @property
    def provision(self) -> Exhibit[Provisioned]:
        return _present(self.exhibits.provision, "provisioned target", "provision")

    @property
    def load(self) -> Exhibit[Loaded]:
        return _present(self.exhibits.load, "load", "load")

    @property
    def verify(self) -> Exhibit[Verification]:
        return _present(self.exhibits.verify, "verification", "verify")

    @property
    def replay(self) -> Exhibit[Replay]:
        if self.exhibits.replay is None:
            self.recorded  # noqa: B018 – without a log there is nothing to replay: that step is named first
        return _present(self.exhibits.replay, "replay", "replay")

    @property
    def tried(self) -> Exhibit[Tried]:
        return _present(self.exhibits.tried, "command tried on a scratch copy", "try -- COMMAND")

    @property
    def rehearse(self) -> Exhibit[Rehearsal]:
        return _present(self.exhibits.rehearse, "rehearsal", "cutover rehearse")


def _present(exhibit: Exhibit[T] | None, what: str, command: str) -> Exhibit[T]:
    if exhibit is None:
        raise Missing(what, command)
    return exhibit


def counted(count: int, noun: str, plural: str = "") -> str:
    """`1 row`, `1,200 rows`, `no row`."""
    if count == 0:
        return f"no {noun}"
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def listed(names: list[str], limit: int = 5) -> str:
    """The first few names, and how many more there are."""
    more = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {more:,} more" if more > 0 else "")
