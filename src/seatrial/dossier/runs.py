"""A run's events as lines of JSON: the journal of what was done and the live view in one."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

import msgspec
from msgspec import Struct

from seatrial.domain import event as ev
from seatrial.dossier.store import said_if_full

_PROGRESS_EVERY_S = 0.5


class Line(Struct, frozen=True):
    """One line of a run's file; `at` is UTC, ISO 8601."""

    at: str
    event: ev.Event


class RunLog:
    """Appends events to `runs/ID.jsonl`; acts are on the disk before this returns."""

    def __init__(self, folder: Path, label: str, now: Callable[[], datetime]) -> None:
        self._now = now
        self._last_progress: tuple[str, float] = ("", 0.0)
        name = f"{now():%Y%m%dT%H%M%S}-{label.replace('/', '-')}-{os.getpid()}"
        self.path = folder / f"{name}.jsonl"
        with said_if_full(self.path):
            folder.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("ab", buffering=0)

    def __call__(self, event: ev.Event) -> None:
        at = self._now()
        match event:
            case ev.Pulse():
                return
            case ev.Progress(phase=phase):
                before, when = self._last_progress
                if phase == before and at.timestamp() - when < _PROGRESS_EVERY_S:
                    return
                self._last_progress = (phase, at.timestamp())
        with said_if_full(self.path):
            self._file.write(msgspec.json.encode(Line(at.astimezone(UTC).isoformat(), event)) + b"\n")
            if isinstance(event, ev.Acting | ev.Acted | ev.Done | ev.Failed):
                os.fsync(self._file.fileno())

    def __enter__(self) -> "RunLog":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def lines(path: Path) -> Iterator[Line]:
    """The events of a run; a last line that a crash cut in half is left out."""
    for text in path.read_bytes().split(b"\n"):
        if not text:
            continue
        try:
            yield msgspec.json.decode(text, type=Line)
        except msgspec.DecodeError:
            return
