"""Processes of this program that work side by side: each gets a job, answers it, and gets the next."""

import os
import secrets
import selectors
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import Self

import psutil

from seatrial.domain.fault import Fault
from seatrial.domain.frames import LENGTH_BYTES, framed

_BEAT_S = 0.2
_READ_BYTES = 1 << 20
_AHEAD = 3
"""Answers that wait for one before them, by process: so many, then the others wait too."""


class Crew:
    """Implements `domain.ports.Crew`."""

    def __init__(self, size: int | None = None) -> None:
        self._size = size or len(psutil.Process().cpu_affinity() or ()) or 1

    @property
    def size(self) -> int:
        return self._size

    def work(self, module: str, first: bytes, jobs: Iterable[bytes], tell: Callable[[], None]) -> Iterator[bytes]:
        """See the port."""
        waiting = enumerate(jobs)
        answers: dict[int, bytes] = {}
        given = 0
        seed = secrets.randbelow(1 << 32)
        with selectors.DefaultSelector() as ready, ExitStack() as stack:
            workers = [stack.enter_context(_Worker(module, seed)) for _ in range(self._size)]
            for worker in workers:
                ready.register(worker.output, selectors.EVENT_READ, worker)
                worker.send(first)
            following = next(waiting, None)
            while True:
                for worker in workers:
                    if worker.job is None and following is not None and len(answers) < _AHEAD * len(workers):
                        worker.job = following[0]
                        worker.send(following[1])
                        following = None
                while given in answers:
                    yield answers.pop(given)
                    given += 1
                following = following or next(waiting, None)  # before anybody waits for it
                tell()
                idle = [worker for worker in workers if worker.job is None]
                if following is None and len(idle) == len(workers):
                    return
                if following is not None and idle and len(answers) < _AHEAD * len(workers):
                    continue
                for key, _ in ready.select(_BEAT_S):
                    worker = key.data
                    if (done := worker.answer()) is not None and worker.job is not None:
                        answers[worker.job] = done
                        worker.job = None


class _Worker:
    """One process. Its own session: Ctrl-C is ours alone to answer. Its input ends with us, and so does it."""

    def __init__(self, module: str, seed: int) -> None:
        self.job: int | None = None
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            start_new_session=True,
        )
        assert self._process.stdout is not None  # noqa: S101 – a pipe was asked for
        self.output = self._process.stdout
        self._buffer = bytearray()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            try:
                if pipe is not None:
                    pipe.close()
            except BrokenPipeError:
                pass

    def send(self, content: bytes) -> None:
        assert self._process.stdin is not None  # noqa: S101
        try:
            self._process.stdin.write(framed(content))
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._died() from None

    def answer(self) -> bytes | None:
        """The whole answer, once it is there."""
        chunk = os.read(self.output.fileno(), _READ_BYTES)
        if not chunk:
            raise self._died()
        self._buffer += chunk
        length = LENGTH_BYTES + int.from_bytes(self._buffer[:LENGTH_BYTES], "big")
        if len(self._buffer) < max(length, LENGTH_BYTES):
            return None
        content = bytes(self._buffer[LENGTH_BYTES:length])
        del self._buffer[:length]
        return content

    def _died(self) -> Fault:
        ended = self._process.wait()
        return Fault(
            "crew.worker-died",
            f"a worker process ended in the middle of its work, with {ended}",
            remedy="see whether memory ran out (dmesg), and run the same command again",
            retry=True,
        )
