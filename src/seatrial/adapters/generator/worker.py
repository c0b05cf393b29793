"""A worker of a replay: `python -m seatrial.adapters.generator.worker JOB`. Says JSON lines on stdout.

Everything is read and decoded before the clock starts. Then there is one timer or one outstanding answer a
connection, and nothing else: no task, no lock, no value decoded.
"""

import asyncio
import gc
import os
import resource
import select
import selectors
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any

import asyncmy
import asyncmy.errors
import msgspec

from seatrial.adapters.generator.job import (
    PASSWORD_VARIABLE,
    Finished,
    GaveUp,
    Go,
    Job,
    Progressed,
    Ready,
    Said,
    Statement,
)
from seatrial.adapters.generator.line import Line, Unreachable
from seatrial.adapters.generator.tally import Tally
from seatrial.adapters.generator.wire import Answer, Wire

PROGRESS_S = 0.5
_LOGINS_AT_ONCE = 8
_CONNECT_TIMEOUT_S = 10


class PromptSelector(selectors.DefaultSelector):
    """Wakes within microseconds of the time asked for, where epoll rounds up to whole milliseconds; and remembers
    when it woke, which is the moment from which a delay is our own."""

    woke = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout > 0:
            select.select((self.fileno(),), (), (), timeout)  # an epoll is itself readable when one of its own is
            timeout = 0
        ready = super().select(timeout)
        self.woke = monotonic()
        return ready


class Worker:
    """All lines of one job."""

    def __init__(self, job: Job, password: str, woke: Callable[[], float]) -> None:
        self._job = job
        self._password = password
        self._woke = woke
        self._tally = Tally(job.slice_s)
        self._lines: set[Line] = set()
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._parent = os.getppid()
        self._logins = asyncio.Semaphore(_LOGINS_AT_ONCE)

    async def run(self) -> Finished:
        """Send everything; the report. Raises Unreachable when the target takes no connection."""
        asyncio.get_running_loop().set_exception_handler(self._defect)
        recorded = self._recorded()
        say(Ready(sum(map(len, recorded))))
        gc.collect()
        gc.freeze()  # the statements stay to the end: no collection need look at them
        begin = await self._begin()
        come_first()
        cpu_s = time.process_time()
        for statements in recorded:
            self._lines.add(
                Line(
                    statements,
                    begin=begin,
                    speed=self._job.speed,
                    login=self._login,
                    woke=self._woke,
                    tally=self._tally,
                    ended=self._ended,
                )
            )
        if recorded:
            while not await self._is_over():
                # in a thread: a busy disk can hold up a write for longer than we may be late
                await asyncio.to_thread(say, self._progress())
        report = self._tally.report(
            connections=len(recorded), seconds=max(0.0, monotonic() - begin), cpu_s=time.process_time() - cpu_s
        )
        return Finished(report)

    async def _is_over(self) -> bool:
        done, _ = await asyncio.wait([self._over], timeout=PROGRESS_S)
        self._be_awaited()
        if done:
            self._over.result()
        return bool(done)

    def _be_awaited(self) -> None:
        if os.getppid() != self._parent:
            raise Unreachable("nobody waits for the report any more")

    def _recorded(self) -> list[list[Statement]]:
        decode = msgspec.json.Decoder(Statement).decode
        lines: dict[int, list[Statement]] = {}
        with Path(self._job.statements).open("rb") as file:
            for text in file:
                # the connection comes first in a line, so another worker's statement is not decoded
                if int(text[1 : text.index(b",")]) in self._job.connections:
                    statement = decode(text)
                    lines.setdefault(statement.connection, []).append(statement)
        return sorted(lines.values(), key=lambda statements: statements[0].at_us)

    async def _begin(self) -> float:
        go = Path(self._job.go)
        while not go.exists():
            self._be_awaited()
            await asyncio.sleep(0.02)
        at = msgspec.json.decode(go.read_bytes(), type=Go).at
        return monotonic() + at - time.time()

    async def _login(self, answered: Callable[[Answer], None]) -> Wire:
        job = self._job
        async with self._logins:
            try:
                connection = await asyncmy.connect(
                    host=job.host,
                    port=job.port,
                    user=job.user,
                    password=self._password,
                    database=job.database or None,
                    autocommit=True,
                    connect_timeout=_CONNECT_TIMEOUT_S,
                )
            except (asyncmy.errors.Error, OSError, TimeoutError) as error:
                raise Unreachable(str(error.args[-1] if error.args else type(error).__name__)) from None
        # The driver has logged in; from here on the wire is ours. Its public face has no word for either of these.
        transport, deprecate_eof = connection._transport, connection._deprecate_eof  # type: ignore[attr-defined]
        return Wire(transport, deprecate_eof=deprecate_eof, answered=answered)

    def _defect(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """An error in a callback ends the worker, where asyncio would log it and leave a line hanging."""
        if not self._over.done():
            self._over.set_exception(context.get("exception") or RuntimeError(context["message"]))

    def _ended(self, line: Line, error: BaseException | None) -> None:
        self._lines.discard(line)
        if error is not None and not self._over.done():
            self._over.set_exception(error)
        elif not self._lines and not self._over.done():
            self._over.set_result(None)

    def _progress(self) -> Progressed:
        now = monotonic()
        waiting = [line for line in self._lines if line.waits]
        return Progressed(
            done=self._tally.done,
            failed=self._tally.failed,
            behind_us=round(max((line.behind(now) for line in waiting), default=0.0) * 1e6),
            idle_s=now - max((line.last_heard for line in waiting), default=now),
        )


def say(word: Said) -> None:
    """One line, at once."""
    line = msgspec.json.encode(word) + b"\n"
    while line:
        line = line[os.write(sys.stdout.fileno(), line) :]


def come_first() -> None:
    """Ask for the processor before others, so that a busy machine delays the target rather than the clock; where we
    may not (an ordinary user), lateness says what it was."""
    if hasattr(os, "sched_setscheduler"):
        with suppress(PermissionError):
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))


def main(path: str) -> int:
    job = msgspec.json.decode(Path(path).read_bytes(), type=Job)
    password = os.environ.pop(PASSWORD_VARIABLE, "")
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    selector = PromptSelector()

    async def work() -> Finished:
        return await Worker(job, password, lambda: selector.woke).run()

    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selector)) as runner:
        try:
            say(runner.run(work()))
        except Unreachable as error:
            say(GaveUp(str(error)))
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
