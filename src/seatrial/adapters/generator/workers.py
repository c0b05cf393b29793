"""Starts a replay's workers, gives each its connections, gathers what they report."""

import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import psutil

from seatrial.adapters import process
from seatrial.adapters.generator.fitting import Fitting, Kept
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
from seatrial.adapters.mysql.client import Login
from seatrial.adapters.process import Identity
from seatrial.domain.event import Acted, Acting, Note, Progress, Pulse, Tell, silent
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.generator import GeneratorRun, LeftOut
from seatrial.domain.workload import Recorded

MARK = b"/*seatrial:%s*/ "
"""Stands before every statement: vtgate's query log shows it, and its planner does not mind. It names the class."""

AHEAD_S = 1.5
"""From the word to go to the begin: workers open their first connections meanwhile."""

SILENCE_S = 120.0
"""With no answer at all for so long, the target is taken to be stuck."""

_BEAT_S = 0.1
_GRACE_S = 1.0
_READY_TIMEOUT_S = 600.0
_TELL_EVERY = 2_000
_MEMORY_PER_BYTE = 3
"""A statement in a worker's memory takes about so many times its bytes in the file; measured with short ones."""


class Workers:
    """Implements `domain.ports.Generator` with processes of their own, one event loop each."""

    def __init__(self, login: Login) -> None:
        if login.socket is not None:
            raise ValueError("workers connect by host and port")
        self._login = login

    def run(
        self, events: Iterator[Recorded], keyspace: str, *, speed: float, workers: int, slice_s: float, tell: Tell
    ) -> GeneratorRun:
        """See the port. What may not be sent (see `fitting`) is left out and counted. `workers` 0: a core stays free
        for the rest of the machine. Faults: `replay.target-gone`, `replay.stuck`, `replay.worker-died`."""
        with _private_folder() as folder:
            recording = folder / "statements"
            weights, left_out = _write(events, recording, tell)
            if not weights:
                return GeneratorRun(
                    reports=(), seconds=0.0, machine_cpu=0.0, cores=psutil.cpu_count() or 1, left_out=left_out
                )
            _insist_on_memory(recording)
            shares = share(weights, workers or max(1, (psutil.cpu_count() or 1) - 1))
            crew = _Crew(folder, self._login, keyspace, tell)
            try:
                crew.start(shares, speed, slice_s)
                recording.unlink()  # it is in the workers' memory now, and there it ends with them
                act = f"send {sum(weights.values()):,} statements to {keyspace}"
                tell(Acting(act=act, undo="seatrial load --instance scratch makes the copy anew"))
                done = crew.send(sum(weights.values()), left_out)
                tell(Acted(act=act))
                return done
            finally:
                crew.stop()


def share(weights: Mapping[int, int], workers: int) -> list[frozenset[int]]:
    """Connections over workers so that each has about as many statements; no worker without any."""
    shares: list[list[int]] = [[] for _ in range(max(1, min(workers, len(weights))))]
    loads = [0] * len(shares)
    for connection, weight in sorted(weights.items(), key=lambda each: (-each[1], each[0])):
        lightest = loads.index(min(loads))
        shares[lightest].append(connection)
        loads[lightest] += weight
    return [frozenset(each) for each in shares]


def _write(events: Iterator[Recorded], path: Path, tell: Tell) -> tuple[dict[int, int], tuple[LeftOut, ...]]:
    """What is to be sent, as a file; statements by connection; and what is left out, by reason."""
    fit, encode = Fitting().fit, msgspec.json.Encoder().encode
    weights: Counter[int] = Counter()
    kept: Counter[str] = Counter()
    try:
        with path.open("wb", buffering=1 << 20) as file:
            for number, event in enumerate(events):
                if number % _TELL_EVERY == 0:
                    tell(Progress(phase="looking at what may be sent", done=number, unit="statements"))
                answer = fit(event.sql, event.database)
                if isinstance(answer, Kept):
                    kept[answer.reason] += 1
                    continue
                weights[event.connection] += 1
                statement = Statement(
                    connection=event.connection,
                    at_us=event.at_us,
                    kind=int(answer.kind),
                    query=event.query,
                    rows=event.rows,
                    errno=event.errno,
                    sql=MARK % event.query.encode() + answer.sql,
                )
                file.write(encode(statement) + b"\n")
    except OSError as error:
        raise Fault(
            "replay.no-room",
            f"the statements to send cannot be written to {path.parent}: {error.strerror}",
            remedy="make room there, or set TMPDIR to a folder with more",
            retry=True,
        ) from None
    left_out = tuple(LeftOut(reason=reason, count=count) for reason, count in kept.most_common())
    if left_out:
        tell(Note(text=f"not sent: {', '.join(f'{each.count:,} {each.reason}' for each in left_out)}"))
    return dict(weights), left_out


def _insist_on_memory(path: Path) -> None:
    needed, free = path.stat().st_size * _MEMORY_PER_BYTE, psutil.virtual_memory().available
    if needed > free:
        raise Fault(
            "replay.too-large",
            f"the recording needs about {needed / 1e9:,.1f} GB of memory, and {free / 1e9:,.1f} GB are free",
            remedy="digest a shorter stretch of the log, or replay on a larger machine",
            exit=Exit.CONFIG,
        )


class _Crew:
    """The workers of one run."""

    def __init__(self, folder: Path, login: Login, keyspace: str, tell: Tell) -> None:
        self._folder = folder
        self._login = login
        self._keyspace = keyspace
        self._tell = tell
        self._workers: list[_Worker] = []

    def start(self, shares: Sequence[frozenset[int]], speed: float, slice_s: float) -> None:
        """Start one worker a share, and wait until all have read their statements."""
        for number, connections in enumerate(shares):
            job = Job(
                host=self._login.host,
                port=self._login.port,
                user=self._login.user,
                database=self._keyspace,
                speed=speed,
                slice_s=slice_s,
                statements=str(self._folder / "statements"),
                go=str(self._folder / "go"),
                connections=connections,
            )
            self._workers.append(_Worker(self._folder, number, job, self._login))
        until = time.monotonic() + _READY_TIMEOUT_S
        while not all(worker.ready for worker in self._workers):
            self._beat(until)
            ready = sum(worker.ready for worker in self._workers)
            self._tell(Progress(phase="workers read their statements", done=ready, total=len(self._workers)))

    def send(self, statements: int, left_out: tuple[LeftOut, ...]) -> GeneratorRun:
        """Give the word to go; what came of it."""
        go = self._folder / "go.tmp"
        go.write_bytes(msgspec.json.encode(Go(time.time() + AHEAD_S)))
        go.rename(self._folder / "go")
        began = time.monotonic() + AHEAD_S
        while time.monotonic() < began:
            self._beat()
        busy_s = _busy_s()
        began = time.monotonic()
        told = 0.0
        while not all(worker.report for worker in self._workers):
            self._beat()
            if time.monotonic() - told >= 0.5:
                told = time.monotonic()
                self._tell_progress(statements)
        seconds = time.monotonic() - began
        return GeneratorRun(
            reports=tuple(worker.report.report for worker in self._workers if worker.report),
            seconds=seconds,
            machine_cpu=round((_busy_s() - busy_s) / max(seconds, 1e-3), 3),
            cores=psutil.cpu_count() or 1,
            left_out=left_out,
        )

    def stop(self) -> None:
        process.stop([worker.identity for worker in self._workers], silent, grace_s=_GRACE_S)

    def _beat(self, until: float | None = None) -> None:
        """Wait a moment, hear what workers say; a Fault when one cannot go on."""
        self._tell(Pulse())
        time.sleep(_BEAT_S)
        for worker in self._workers:
            worker.listen()
        if until is not None and time.monotonic() > until:
            raise _died("was not ready in time", "")
        idle_s = min((worker.idle_s for worker in self._workers if not worker.report), default=0.0)
        if idle_s > SILENCE_S:
            raise Fault(
                "replay.stuck",
                f"the target has answered nothing for {idle_s:.0f} s",
                remedy="look at vtgate and the tablets (seatrial lab status), then run the same command again",
                retry=True,
            )

    def _tell_progress(self, statements: int) -> None:
        failed = sum(worker.failed for worker in self._workers)
        behind_us = max(worker.behind_us for worker in self._workers)
        self._tell(
            Progress(
                phase="replaying",
                done=sum(worker.done for worker in self._workers),
                total=statements,
                unit="statements",
                detail=f"{failed:,} failed" + (f", {behind_us / 1e6:.1f} s behind" if behind_us >= 1e6 else ""),
            )
        )


class _Worker:
    """One worker process, and what it has said so far."""

    def __init__(self, folder: Path, number: int, job: Job, login: Login) -> None:
        self._output = folder / f"worker-{number}.out"
        self._heard = 0
        self._rest = b""
        self._words = ""
        self.ready = False
        self.report: Finished | None = None
        self.done = self.failed = self.behind_us = 0
        self.idle_s = 0.0
        job_file = folder / f"worker-{number}.job"
        job_file.write_bytes(msgspec.json.encode(job))
        self.identity: Identity = process.start_daemon(
            [sys.executable, "-m", "seatrial.adapters.generator.worker", str(job_file)],
            log=self._output,
            env={PASSWORD_VARIABLE: login.password.reveal() if login.password else ""},
        )

    def listen(self) -> None:
        """Take in what it said; a Fault when it gave up or died."""
        alive = self.identity.alive  # before the look, so that its last words are not missed
        with self._output.open("rb") as output:
            output.seek(self._heard)
            said = output.read()
        self._heard += len(said)
        *lines, self._rest = (self._rest + said).split(b"\n")
        for line in lines:
            self._hear(line)
        if not alive and self.report is None:
            raise _died("ended before its work was done", self._words)

    def _hear(self, line: bytes) -> None:
        try:
            word: Said = msgspec.json.decode(line, type=Said)
        except msgspec.DecodeError:
            self._words = line.decode(errors="replace") or self._words
            return
        match word:
            case Ready():
                self.ready = True
            case Progressed():
                self.done, self.failed = word.done, word.failed
                self.behind_us, self.idle_s = word.behind_us, word.idle_s
            case Finished(report):
                self.report = word
                self.done, self.failed = report.statements, report.statements_failed
                self.behind_us = 0
            case GaveUp(what):
                raise Fault(
                    "replay.target-gone",
                    f"the replay stopped: {what}",
                    remedy="see that vtgate is up (seatrial lab status); a scratch copy that took a part of the "
                    "recording must be made anew (seatrial load --instance scratch)",
                    retry=True,
                )


@contextmanager
def _private_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="seatrial-replay-"))  # 0700: literals lie in it for a moment
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _busy_s() -> float:
    """Seconds that all cores together have worked since the machine started; what the hypervisor took is work too."""
    times = psutil.cpu_times()
    idle = times.idle + getattr(times, "iowait", 0.0)
    guest = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)  # in user and nice already
    return float(sum(times) - idle - guest)


def _died(how: str, words: str) -> Fault:
    return Fault(
        "replay.worker-died",
        f"a worker of the replay {how}" + (f": {words}" if words else ""),
        remedy="make the scratch copy anew (seatrial load --instance scratch), then run the replay again",
    )
