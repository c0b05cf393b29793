"""The steps about the workload: its log digested, a plan made of it, its recording replayed."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from seatrial.domain.address import Address
from seatrial.domain.event import Event, rest
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.naming import MAIN, SCRATCH
from seatrial.domain.workload import Executed, Recorded, Recording
from seatrial.dossier.store import Dossier
from seatrial.stages.digest import Digester, Log, digest
from seatrial.stages.plan import plan
from seatrial.stages.replay.guard import guard, home
from seatrial.stages.replay.replay import replay
from seatrial.trial.bench import Bench, Step
from seatrial.trial.planner import lab_planner
from seatrial.trial.settings import Settings

TARGET = "target"
"""The instance of a digest of what the target executed."""

LAST_LINES_S = 0.5
"""vtgate tells of a statement a little after it has answered it."""


def _digest(bench: Bench) -> Mapping[str, Any]:
    collected = bench.read("collect").body
    settings = bench.settings.workload
    database = bench.settings.source_address.database
    with ExitStack() as stack:
        logs = [_opened(bench.dossier.root / name, stack) for name in settings.logs]
        keep = None
        if settings.record:
            address = Address("recording", bench.instance)
            events = stack.enter_context(bench.dossier.data_file(address, f"{bench.instance}.events.jsonl"))
            encode = msgspec.json.Encoder().encode

            def keep(recorded: Recorded) -> None:
                events.line(encode(recorded))

        found = digest(
            logs,
            database=database,
            schema=collected.schema,
            keep=keep,
            now=bench.now(),
            tell=bench.tell,
            ours=bench.settings.ours,
        )
    if not settings.record:
        return {"digest": found}
    bench.files["recording"] = (events.told,)
    recording = Recording(
        expires=(bench.now() + timedelta(days=settings.keep_days)).date().isoformat(),
        began=found.first,
        seconds=found.seconds,
        events=events.told.rows or 0,
        connections=found.connections,
    )
    return {"digest": found, "recording": recording}


def _opened(path: Path, stack: ExitStack) -> Log:
    try:
        stream = stack.enter_context(path.open("rb"))
        return Log(name=path.name, stream=stream, bytes=path.stat().st_size)
    except OSError as error:
        raise Fault(
            "digest.no-log",
            f"{path} cannot be read: {error.strerror}",
            remedy="name a slow log that this user may read; in trial.toml names are relative to the dossier",
            exit=Exit.CONFIG,
        ) from None


def _plan(bench: Bench) -> Mapping[str, Any]:
    with lab_planner(bench.tell) as planner:
        made = plan(
            bench.read("digest").body,
            bench.read("collect").body,
            shards=bench.settings.shards,
            given=bench.vschemas(),
            planner=planner,
            tell=bench.tell,
        )
    return {"plan": made}


def _replay(bench: Bench) -> Mapping[str, Any]:
    if not bench.dossier.has(Address("load", SCRATCH)):
        raise Fault(
            "replay.no-scratch",
            "there is no scratch copy to replay on",
            remedy="make one: seatrial provision --instance scratch, then seatrial load --instance scratch",
            exit=Exit.CONFIG,
        )
    recording = _recording(bench)
    source, collected = bench.read("digest").body, bench.read("collect").body
    provisioned, loaded = bench.read("provision").body, bench.read("load").body
    guarded = guard(provisioned, bench.wiring.cluster(), bench.tell)
    seen = Digester(
        dialect="vtgate query log", database=home(provisioned), schema=collected.schema, known=source.classes
    )
    with bench.wiring.query_log() as log:

        def tell(event: Event) -> None:
            if log is not None:
                _add(seen, log.take())
            bench.tell(event)

        done = replay(
            _events(bench),
            recording,
            source,
            collected,
            provisioned,
            loaded,
            guard=guarded,
            generator=bench.wiring.generator(),
            speed=bench.settings.replay.speed,
            workers=bench.settings.replay.workers,
            now=bench.now(),
            tell=tell,
        )
        if log is None:
            return {"replay": done}
        rest(bench.tell, LAST_LINES_S)
        _add(seen, log.take())
        lost = (f"{log.lost:,} statements went by faster than vtgate's log could be read.",) if log.lost else ()
    return {"replay": done, f"digest/{TARGET}": seen.done(bench.now(), caveats=lost)}


def _add(digester: Digester, executed: list[Executed]) -> None:
    for each in executed:
        digester.add(each)


def _recording_address(dossier: Dossier) -> Address | None:
    places = (Address("recording", instance) for instance in (SCRATCH, MAIN))
    return next((place for place in places if dossier.has(place)), None)


def _recording(bench: Bench) -> Recording:
    if (address := _recording_address(bench.dossier)) is None:
        raise Fault(
            "replay.no-recording",
            "there is no recording to replay: a digest keeps no literals",
            remedy="run: seatrial digest LOG --record --instance scratch",
            exit=Exit.CONFIG,
        )
    recording: Recording = bench.read_at(address).body
    return recording


def _events(bench: Bench) -> Iterator[Recorded]:
    address = _recording_address(bench.dossier)
    assert address is not None  # noqa: S101 – _recording said so
    decode = msgspec.json.Decoder(Recorded).decode
    return map(decode, bench.dossier.data_lines(address))


def without_log(settings: Settings, _: Dossier) -> str:
    """Why a walk passes the digest over."""
    return "" if settings.workload.logs else "trial.toml names no slow log ([workload] logs); or: seatrial digest LOG"


def without_digest(_: Settings, dossier: Dossier) -> str:
    """Why a walk passes the plan over."""
    return "" if dossier.has(Address("digest")) else "there is no digest to plan from"


def without_recording(_: Settings, dossier: Dossier) -> str:
    """Why a walk passes scratch copy and replay over."""
    if _recording_address(dossier) is not None:
        return ""
    return "there is no recording ([workload] record = true); or: seatrial digest LOG --record"


WORKLOAD = (
    Step(
        kind="digest",
        title="what the slow log says of the workload",
        reads=("collect",),
        run=_digest,
        settings=lambda _: {},
        skip=without_log,
    ),
    Step(
        kind="plan",
        title="which table goes where, and what Vitess's planner says",
        reads=("collect", "digest"),
        run=_plan,
        settings=lambda s: {"shards": str(s.shards), "vschema": s.vschema},
        skip=without_digest,
    ),
)

REPLAY = Step(
    kind="replay",
    instance=SCRATCH,
    title="the recorded workload on the scratch copy",
    reads=("collect", "digest", "provision", "load"),
    run=_replay,
    settings=lambda s: {"speed": f"{s.replay.speed:g}", "workers": str(s.replay.workers)},
    acting=True,
    skip=without_recording,
)
