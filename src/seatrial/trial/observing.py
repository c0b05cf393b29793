"""Listening to vtgate while somebody uses the target."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from seatrial.domain.address import Address
from seatrial.domain.event import Note, Progress, Tell
from seatrial.domain.executed import Executed
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.ports import QueryLog
from seatrial.stages.digest import Digester
from seatrial.trial.bench import Bench, Step

TARGET = "target"
"""The instance of a digest of what the target executed."""

_BEAT_S = 0.25


class Digesting(Protocol):
    """What takes the statements: a `Digester`."""

    def add(self, executed: Executed) -> None: ...


def listen(
    log: QueryLog, digester: Digesting, seconds: float | None, tell: Tell, *, enough: Callable[[], bool] = lambda: False
) -> tuple[str, ...]:
    """Give the digester everything that vtgate executes, until the seconds are over, `enough()`, or vtgate ends its
    log; the caveats to store with the digest. Without seconds it ends by `enough` or by cancelling."""
    began, heard = time.monotonic(), 0
    while True:
        ended = log.ended  # before the last look
        taken = log.take()
        for executed in taken:
            digester.add(executed)
        heard += len(taken)
        passed_s = time.monotonic() - began
        tell(
            Progress(
                phase="listening to vtgate",
                done=heard,
                unit="statements",
                left_s=max(0.0, seconds - passed_s) if seconds is not None else None,
            )
        )
        if ended or enough() or (seconds is not None and passed_s >= seconds):
            break
        time.sleep(_BEAT_S)
    caveats = []
    if ended:
        caveats.append(f"vtgate ended its log after {passed_s:.0f} s")
    if lost := log.lost:
        caveats.append(f"{lost:,} statements were executed that its log did not bring to us")
    for caveat in caveats:
        tell(Note(text=caveat, warning=True))
    return tuple(caveats)


def observing(seconds: float | None, enough: Callable[[], bool]) -> Step:
    """The step that digests what vtgate executes meanwhile, as digest/target."""
    return Step(
        kind="digest",
        command="observe",
        instance=TARGET,
        title="what the target executes now",
        reads=("collect", "provision"),
        run=lambda bench: _observe(bench, seconds, enough),
        settings=lambda _: {},
    )


def _observe(bench: Bench, seconds: float | None, enough: Callable[[], bool]) -> Mapping[str, Any]:
    known = bench.dossier.read(Address("digest")).body.classes if bench.dossier.has(Address("digest")) else ()
    digester = Digester(
        dialect="vtgate query log",
        database=bench.read("provision").body.home.name,
        schema=bench.read("collect").body.schema,
        known=known,
    )
    with bench.wiring.query_log() as log:
        if log is None:
            raise Fault(
                "observe.no-log",
                "the page on which this cluster's vtgate tells its queries is not known to us",
                remedy="observe works on a lab's vtgate",
                exit=Exit.CONFIG,
            )
        caveats = listen(log, digester, seconds, bench.tell, enough=enough)
    return {"digest": digester.done(bench.now(), caveats=caveats)}
