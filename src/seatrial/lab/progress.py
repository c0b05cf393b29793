"""Progress for children that say nothing themselves, and work done side by side."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

from seatrial.domain.event import Event, Progress, Pulse, Tell
from seatrial.domain.fault import Cancelled

Result = TypeVar("Result")


def elapsed(phase: str, tell: Tell, detail: Callable[[], str] = str) -> Tell:
    """A `tell` whose every beat becomes the phase's progress in seconds."""
    began = time.monotonic()

    def beat(_: Event) -> None:
        tell(Progress(phase=phase, done=int(time.monotonic() - began), unit="s", detail=detail()))

    return beat


def side_by_side(tasks: Sequence[Callable[[Tell], Result]], tell: Tell, at_once: int = 8) -> list[Result]:
    """Run the tasks in threads; their results in order, or the first one's exception.

    A task's own `tell` says nothing and raises `Cancelled` once the caller's `tell` did, or another task failed.
    """
    stopping = threading.Event()

    def quiet(_: Event) -> None:
        if stopping.is_set():
            raise Cancelled

    def guarded(task: Callable[[Tell], Result]) -> Result:
        try:
            return task(quiet)
        except BaseException:
            stopping.set()
            raise

    with ThreadPoolExecutor(max_workers=at_once) as pool:
        futures: list[Future[Result]] = [pool.submit(guarded, task) for task in tasks]
        try:
            while wait(futures, timeout=0.1).not_done:
                tell(Pulse())
        except BaseException:
            stopping.set()
            raise
    errors = [error for future in futures if (error := future.exception()) is not None]
    for error in sorted(errors, key=lambda error: isinstance(error, Cancelled)):
        raise error
    return [future.result() for future in futures]
