"""What a step says while it runs: one stream, to the journal, the terminal and the page alike."""

import time
from collections.abc import Callable

from msgspec import Struct


class Started(Struct, frozen=True, kw_only=True, tag="started"):
    """A step began. `address` is kind/instance."""

    address: str


class Progress(Struct, frozen=True, kw_only=True, tag="progress"):
    """How far a phase is. `total` is None while unknown; `left_s` is our estimate of the time left."""

    phase: str
    done: float = 0
    total: float | None = None
    unit: str = ""
    detail: str = ""
    left_s: float | None = None


class Note(Struct, frozen=True, kw_only=True, tag="note"):
    """One line worth keeping: a choice with its reason, a state that was found."""

    text: str
    warning: bool = False


class Found(Struct, frozen=True, kw_only=True, tag="found"):
    """A finding as it is made; the artifact holds it whole."""

    code: str
    outcome: str
    title: str


class Acting(Struct, frozen=True, kw_only=True, tag="acting"):
    """About to change the world; synced to disk before the act."""

    act: str
    undo: str


class Acted(Struct, frozen=True, kw_only=True, tag="acted"):
    """The act of the same name is done and was seen to be done."""

    act: str


class Done(Struct, frozen=True, kw_only=True, tag="done"):
    """The step stored its artifact."""

    address: str
    sha256: str
    seconds: float


class Failed(Struct, frozen=True, kw_only=True, tag="failed"):
    """The step ended without an artifact."""

    code: str
    what: str
    remedy: str
    retry: bool


class Pulse(Struct, frozen=True, kw_only=True, tag="pulse"):
    """Nothing to say, only a chance to be cancelled; kept nowhere."""


Event = Started | Progress | Note | Found | Acting | Acted | Done | Failed | Pulse

Tell = Callable[[Event], None]
"""Takes an event; raises `Cancelled` when the user asked to stop. To be called at least twice a second."""


def rest(tell: Tell, seconds: float) -> None:
    """Sleep, cancellable within a quarter of a second."""
    until = time.monotonic() + seconds
    tell(Pulse())
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(left, 0.25))
        tell(Pulse())


def silent(event: Event) -> None:
    """A `tell` for callers that want no events."""
