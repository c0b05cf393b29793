"""The recorded workload on a scratch copy: sent at its recorded times, measured from the moment it was due."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime

from seatrial.domain.collection import Collection
from seatrial.domain.event import Note, Tell
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.generator import GeneratorRun, Sent, WorkerReport, WorkerSlice
from seatrial.domain.movement import Loaded, Provisioned
from seatrial.domain.ports import Generator
from seatrial.domain.rehearsal import Pace
from seatrial.domain.replaying import Guard, Lateness, Replay, ReplayedClass
from seatrial.domain.sketch import Sketch, merged
from seatrial.domain.workload import Digest, Recorded, Recording, Times
from seatrial.stages.replay.differences import differences
from seatrial.stages.replay.state import starting_state

LATE_US = 1000
"""Rule T6: with more of its own lateness at the 99th percentile, a generator measures itself."""

STARVED = 0.9
"""The share of the machine's cores, or of a worker's one core, above which everything waits for the processor."""

SLOWEST, FASTEST = 0.01, 1000.0

_SLICES = 300


def replay(
    events: Iterator[Recorded],
    recording: Recording,
    digest: Digest,
    collection: Collection,
    provisioned: Provisioned,
    loaded: Loaded,
    *,
    guard: Guard,
    generator: Generator,
    speed: float,
    workers: int,
    now: datetime,
    tell: Tell,
    written_at: datetime | None = None,
) -> Replay:
    """Send the recording to the scratch copy's home keyspace; the `guard` says that it is one. `written_at`: when
    somebody wrote on the copy since it was loaded. Faults: `replay.expired`, for a recording past its day;
    `replay.speed`; `replay.no-connections`."""
    _insist_on_time(recording, now)
    _insist_on_sense(recording, speed)
    state = starting_state(collection, recording, loaded, written_at)
    if state.apart != 0:
        tell(Note(text=f"copy and recording may begin at different states: {state.because}", warning=True))
    keyspace = provisioned.home.name
    slice_s = max(1.0, math.ceil(recording.seconds / speed / _SLICES))
    run = generator.run(events, keyspace, speed=speed, workers=workers, slice_s=slice_s, tell=tell)
    late = merged(report.lateness for report in run.reports)
    lateness = Lateness(
        p50_us=round(late.quantile(0.5)),
        p99_us=round(late.quantile(0.99)),
        max_us=max((report.lateness_max_us for report in run.reports), default=0),
    )
    honest, because = believe(run, lateness)

    def total(of: Callable[[WorkerReport], int]) -> int:
        return sum(map(of, run.reports))

    return Replay(
        keyspace=keyspace,
        speed=speed,
        workers=len(run.reports),
        connections=total(lambda r: r.connections),
        recorded_seconds=recording.seconds,
        seconds=round(run.seconds, 3),
        transactions=total(lambda r: r.transactions),
        transactions_failed=total(lambda r: r.transactions_failed),
        statements=total(lambda r: r.statements),
        statements_failed=total(lambda r: r.statements_failed),
        skipped=total(lambda r: r.skipped) + sum(each.count for each in run.left_out),
        reads=total(lambda r: r.reads),
        reads_differ=total(lambda r: r.reads_differ),
        classes=_classes(run.reports),
        differences=differences(run.reports, same_state=state.apart == 0, generated=_generated(digest, collection)),
        lateness=lateness,
        generator_cpu=round(sum(r.cpu_s for r in run.reports) / max(run.seconds, 1e-3), 3),
        machine_cpu=run.machine_cpu,
        cores=run.cores,
        honest=honest,
        because=because,
        guard=guard,
        state=state,
        pace=_pace(run.reports, slice_s),
        source_version=loaded.source_version,
        target_version=provisioned.mysql_version,
        vitess_version=provisioned.vitess_version,
        left_out=run.left_out,
    )


def believe(run: GeneratorRun, lateness: Lateness) -> tuple[bool, str]:
    """Whether times of this run are the target's, and why (not)."""
    against = []
    if not run.reports:
        against.append("nothing was sent")
    if lateness.p99_us > LATE_US:
        against.append(
            f"one statement in a hundred left more than {lateness.p99_us / 1000:.1f} ms late (at most "
            f"{LATE_US / 1000:g} ms is honest)"
        )
    if run.machine_cpu > STARVED * run.cores:
        against.append(f"the machine was starved: {run.machine_cpu:.1f} of {run.cores} cores were busy")
    if any(report.cpu_s > STARVED * report.seconds for report in run.reports):
        against.append("a worker used its core to the full; more workers, or less speed, would be needed")
    if against:
        return False, "; ".join(against)
    return True, (
        f"99 of 100 statements left within {max(lateness.p99_us, 1) / 1000:.2g} ms of their time, and "
        f"{run.machine_cpu:.1f} of {run.cores} cores were busy"
    )


def _insist_on_time(recording: Recording, now: datetime) -> None:
    if now.date() > date.fromisoformat(recording.expires[:10]):
        raise Fault(
            "replay.expired",
            f"the recording was to be used until {recording.expires[:10]}, and that day is over",
            remedy="make a new one while the log is there: seatrial digest LOG --record; and delete the old one from "
            "the dossier's private/recording",
            exit=Exit.CONFIG,
        )


def _insist_on_sense(recording: Recording, speed: float) -> None:
    if not SLOWEST <= speed <= FASTEST:
        raise Fault(
            "replay.speed",
            f"a replay at {speed:g} times the recorded speed cannot be run",
            remedy=f"give a speed from {SLOWEST:g} to {FASTEST:g}",
            exit=Exit.USAGE,
        )
    if recording.events and not recording.connections:
        raise Fault(
            "replay.no-connections",
            "the log has no connection ids: what belongs together, and what ran beside it, is not known",
            remedy="record a log of MySQL 8 or later, as seatrial slow-log says: seatrial digest LOG --record",
            exit=Exit.CONFIG,
        )


def _classes(reports: Sequence[WorkerReport]) -> tuple[ReplayedClass, ...]:
    parts: dict[str, list[Sent]] = defaultdict(list)
    for report in reports:
        for sent in report.classes:
            parts[sent.query].append(sent)
    classes = (
        ReplayedClass(
            query=query,
            count=sum(each.count for each in sent),
            errors=sum(each.errors for each in sent),
            rows=sum(each.rows for each in sent),
            rows_differ=sum(each.rows_differ for each in sent),
            response=times([(s.response, s.response_total_us, s.response_min_us, s.response_max_us) for s in sent]),
            service=times([(s.service, s.service_total_us, s.service_min_us, s.service_max_us) for s in sent]),
        )
        for query, sent in parts.items()
    )
    return tuple(sorted(classes, key=lambda each: (-each.response.total_us, each.query)))


def times(parts: Sequence[tuple[Sketch, int, int, int]]) -> Times:
    """Times measured apart (sketch, sum, least, most), put together."""
    filled = [part for part in parts if part[0].buckets]
    sketch = merged(part[0] for part in filled)
    least, most = min((part[2] for part in filled), default=0), max((part[3] for part in filled), default=0)

    def quantile(share: float) -> int:
        return min(max(round(sketch.quantile(share)), least), most)  # the exact bounds are better known

    return Times(
        total_us=sum(part[1] for part in filled),
        min_us=least,
        max_us=most,
        p50_us=quantile(0.5),
        p95_us=quantile(0.95),
        p99_us=quantile(0.99),
        sketch=sketch,
    )


def _pace(reports: Sequence[WorkerReport], slice_s: float) -> tuple[Pace, ...]:
    parts: dict[int, list[WorkerSlice]] = defaultdict(list)
    for report in reports:
        for each in report.slices:
            parts[each.number].append(each)
    return tuple(_slice(number, parts.get(number, []), slice_s) for number in range(max(parts, default=-1) + 1))


def _slice(number: int, parts: Sequence[WorkerSlice], slice_s: float) -> Pace:
    response = merged(each.response for each in parts)
    failed = sum(each.failed for each in parts)
    return Pace(
        second=number * slice_s,
        slice_s=slice_s,
        committed=sum(each.finished for each in parts) - failed,
        failed=failed,
        latency_p50_ms=round(response.quantile(0.5) / 1000, 3) if response.count else None,
        latency_max_ms=round(response.quantile(1) / 1000, 3) if response.count else None,
    )


def _generated(digest: Digest, collection: Collection) -> Callable[[str], bool]:
    """Whether a class writes tables whose ids the server generates."""
    with_ids = {table.name.lower() for table in collection.schema.tables if table.auto_increment is not None}
    writing = {query.id for query in digest.classes if with_ids.intersection(table.lower() for table in query.tables)}
    return writing.__contains__
