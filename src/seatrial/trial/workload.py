"""The steps about the workload: its log digested, a plan made of it, its recording replayed."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from glob import has_magic
from pathlib import Path
from typing import Any

import msgspec

from seatrial.domain.address import Address
from seatrial.domain.event import Event, rest
from seatrial.domain.evidence import Exhibit
from seatrial.domain.executed import Executed
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.naming import MAIN, SCRATCH
from seatrial.domain.workload import Digest, Recorded, Recording, Samples
from seatrial.dossier.store import Dossier
from seatrial.stages.digest import Digester, Log, digest
from seatrial.stages.plan import plan
from seatrial.stages.replay.guard import guard, home, insist_on_rows
from seatrial.stages.replay.replay import replay
from seatrial.trial.bench import Bench, Step
from seatrial.trial.observing import TARGET
from seatrial.trial.planner import lab_planner
from seatrial.trial.scratch import copied, written_at
from seatrial.trial.settings import Settings, WorkloadSettings

STANDARD_INPUT = Path("-")

LAST_LINES_S = 0.5
"""vtgate tells of a statement a little after it has answered it."""


def _digest(bench: Bench) -> Mapping[str, Any]:
    settings = bench.settings.workload
    database = bench.settings.source_address.database
    _insist_on_a_whole_recording(settings, database)
    database = settings.database or database
    collected = bench.read("collect").body
    with ExitStack() as stack:
        logs = named_logs(bench, stack)
        keep = None
        if settings.record:
            address = Address("recording", bench.instance)
            events = stack.enter_context(bench.dossier.data_file(address, f"{bench.instance}.events.jsonl"))
            encode = msgspec.json.Encoder().encode

            def keep(recorded: Recorded) -> None:
                events.line(encode(recorded))

        kept: list[Samples] = []
        found = digest(
            logs,
            database=database,
            schema=collected.schema,
            keep=keep,
            now=bench.now(),
            tell=bench.tell,
            ours=bench.settings.ours,
            form=settings.format,
            crew=bench.wiring.crew(),
            samples=kept.append if settings.samples else None,
            filters=settings.filters,
            merge_numbered=settings.merge_numbered_tables,
            values=settings.values,
        )
    expires = (bench.now() + timedelta(days=settings.keep_days)).date().isoformat()
    made: dict[str, Any] = {"digest": found}
    if kept:
        made["samples"] = msgspec.structs.replace(
            kept[0], expires=expires, of=tuple(file.sha256 for file in found.files)
        )
    if not settings.record:
        return made
    bench.files["recording"] = (events.told,)
    recording = Recording(
        expires=expires,
        began=found.first,
        seconds=found.seconds,
        events=events.told.rows or 0,
        connections=found.connections,
    )
    return made | {"recording": recording}


def _insist_on_a_whole_recording(settings: WorkloadSettings, database: str) -> None:
    if settings.record and settings.database not in ("", database):
        raise Fault(
            "digest.database",
            f"a recording is for the trial's own database {database!r}, not {settings.database!r}",
            remedy="leave --record out, or --db",
            exit=Exit.USAGE,
        )
    if settings.record and settings.tags:
        raise Fault(
            "digest.tag-and-record",
            "BEGIN and COMMIT have no tags: a recording of tagged statements alone cannot be replayed",
            remedy="leave --record out, or --tag",
            exit=Exit.USAGE,
        )


def named_logs(bench: Bench, stack: ExitStack) -> list[Log]:
    """The logs that the settings name, open as long as the stack."""
    return [_opened(path, stack) for path in _paths(bench.dossier.root, bench.settings.workload.logs)]


def _paths(root: Path, names: Sequence[str]) -> list[Path]:
    """The files that these names mean, each once: a name that is no file may be a pattern."""
    found: dict[Path, None] = {}
    for name in names:
        path = STANDARD_INPUT if Path(name) == STANDARD_INPUT else root / name
        if path == STANDARD_INPUT or path.exists() or not has_magic(name):
            found[path] = None
            continue
        start = Path(path.anchor) if path.is_absolute() else Path()
        if not (matching := sorted(start.glob(str(path.relative_to(start))))):
            raise Fault(
                "digest.no-log",
                f"no file is named like {path}",
                remedy="name a log, or a pattern that some are named like",
                exit=Exit.CONFIG,
            )
        found |= dict.fromkeys(matching)
    return list(found)


def _opened(path: Path, stack: ExitStack) -> Log:
    if path == STANDARD_INPUT:
        if sys.stdin.isatty():
            raise Fault(
                "digest.standard-input",
                "standard input is a terminal, and no log",
                remedy="send it one: zcat slow.log.gz | seatrial digest -; or name the file, packed as it is",
                exit=Exit.USAGE,
            )
        return Log(name="standard input", stream=sys.stdin.buffer)
    if path.exists() and not (path.is_file() or path.is_dir() or path.is_char_device()):
        raise Fault(
            "digest.no-file",
            f"{path} is no file: it may never end",
            remedy="write it into a file first, or send it to standard input: seatrial digest -",
            exit=Exit.CONFIG,
        )
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
    loaded = copied(bench)
    recording, source = _recording(bench)
    collected, provisioned = bench.read("collect").body, bench.read("provision").body
    guarded = guard(provisioned, bench.wiring.cluster(), bench.tell)
    insist_on_rows(loaded.body, provisioned, bench.wiring.cluster())
    seen = Digester(
        dialect="vtgate query log", database=home(provisioned), schema=collected.schema, known=source.classes
    )
    with bench.wiring.scratch_gate(guarded.keyspaces, bench.tell) as gate:
        log = gate.log

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
            loaded.body,
            guard=guarded,
            written_at=written_at(bench.dossier, loaded),
            generator=gate.generator(),
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


def _recording(bench: Bench) -> tuple[Recording, Digest]:
    """The recording, and the digest that was made of the same log."""
    if (address := _recording_address(bench.dossier)) is None:
        raise Fault(
            "replay.no-recording",
            "there is no recording to replay: a digest keeps no literals",
            remedy="run: seatrial digest LOG --record --instance scratch",
            exit=Exit.CONFIG,
        )
    exhibit = bench.read_at(address)
    recording: Recording = exhibit.body
    made = datetime.fromisoformat(exhibit.created).date()
    keeps = (made + timedelta(days=bench.settings.workload.keep_days)).isoformat()
    recording = msgspec.structs.replace(recording, expires=min(recording.expires, keeps))  # kept for less by now
    source: Digest = bench.read_at(Address("digest", address.instance)).body
    if source.first != recording.began:
        raise Fault(
            "replay.other-log",
            f"digest/{address.instance} was made anew of another log than the recording, and without --record",
            remedy=f"digest the log that is to be replayed: seatrial digest LOG --record --instance {address.instance}",
            exit=Exit.CONFIG,
        )
    return recording, source


def replayed_log(dossier: Dossier) -> Exhibit[Digest]:
    """The digest of the log that a replay sends; a Fault where there is none."""
    return dossier.read(Address("digest", (_recording_address(dossier) or Address("recording")).instance))


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


def without_recording(settings: Settings, dossier: Dossier) -> str:
    """Why a walk passes scratch copy and replay over."""
    if _recording_address(dossier) is not None:
        return ""
    if settings.workload.record:
        return "the digest was made before [workload] record was set; run: seatrial digest"
    return "there is no recording ([workload] record = true); or: seatrial digest LOG --record"


WORKLOAD = (
    Step(
        kind="digest",
        title="what the slow log says of the workload",
        reads=("collect",),
        run=_digest,
        settings=lambda s: s.workload.chosen,
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
    settings=lambda _: {},
    acting=True,
    skip=without_recording,
)
