"""The shop's workload replayed on a scratch copy, and its test suite run there.

`tests.unit.factories` hands all of it on; tests ask that module alone.
"""

import math

from seatrial.domain.generator import LeftOut
from seatrial.domain.rehearsal import Pace
from seatrial.domain.replaying import (
    Difference,
    Divergence,
    Guard,
    Lateness,
    Replay,
    ReplayedClass,
    StartingState,
    Tried,
    TriedFailure,
)
from tests.unit.factories_workload import GTID, KNOWN, LOG_FIRST, LOG_SECONDS, MERGE, times


def guard() -> Guard:
    return Guard(keyspaces=("shop__scratch_sharded", "shop__scratch_unsharded"), tables=7, rules=6, denied=0)


def replay() -> Replay:
    """The whole log on a copy of the same moment: eight transactions failed, all of the class that is refused."""
    known = sorted(KNOWN.values(), key=lambda each: -times(each.count, each.p50_us).total_us)
    classes = tuple(
        ReplayedClass(
            query=each.id,
            count=each.count,
            errors=each.count if each.id == MERGE else 0,
            rows=each.count * each.rows,
            rows_differ=0,
            response=times(0 if each.id == MERGE else each.count, each.p50_us * each.slower + 60),
            service=times(0 if each.id == MERGE else each.count, each.p50_us * each.slower),
        )
        for each in known
    )
    pace = tuple(
        Pace(
            second=at * 2.0,
            slice_s=2.0,
            committed=round(84 * (1 + 0.25 * math.sin(at / 22) + 0.08 * math.sin(at * 2.3))),
            failed=1 if at in (31, 77, 80, 149, 150, 201, 244, 290) else 0,
            latency_p50_ms=0.71 + 0.08 * math.sin(at * 1.3),
            latency_max_ms=161.0 if at in (110, 225) else 4.2 + math.sin(at),
        )
        for at in range(300)
    )
    return Replay(
        keyspace="shop__scratch_sharded",
        speed=1.0,
        workers=1,
        connections=48,
        recorded_seconds=LOG_SECONDS,
        seconds=LOG_SECONDS + 0.4,
        transactions=22_868,
        transactions_failed=8,
        statements=sum(each.count for each in KNOWN.values()),
        statements_failed=8,
        skipped=2,
        reads=sum(each.count for each in KNOWN.values() if each.verb.reads),
        reads_differ=0,
        classes=classes,
        differences=(
            Difference(
                kind=Divergence.UNSUPPORTED, query=MERGE, number=1235, message=KNOWN["merge"].said, count=8,
            ),
        ),
        lateness=Lateness(p50_us=61, p99_us=402, max_us=3_104),
        generator_cpu=0.38,
        machine_cpu=2.9,
        cores=8,
        honest=True,
        because="statements were sent within 1 ms of their time, and the machine had cores to spare",
        guard=guard(),
        state=StartingState(
            copied_at=LOG_FIRST, copied_gtid=GTID, recorded_from=LOG_FIRST, recorded_gtid=GTID, apart=0,
            because="the log began at the position at which the copy stood still",
        ),
        pace=pace,
        source_version="9.7.4",
        target_version="9.7.4",
        vitess_version="24.0.3",
        left_out=(LeftOut(reason="LOAD DATA reads a file of the client", count=2),),
    )  # fmt: skip


def tried() -> Tried:
    """The shop's own test suite on the copy: all green."""
    return Tried(
        program="pytest",
        command_sha256="9a" * 32,
        exit=0,
        seconds=84.2,
        statements=3_411,
        failures=(),
        output_lines=212,
        output="private/try/main.log",
        guard=guard(),
    )


def failed_try() -> Tried:
    """The same with one statement that Vitess refuses."""
    failure = TriedFailure(fingerprint=KNOWN["merge"].sql, message=KNOWN["merge"].said, count=2)
    return Tried(
        program="pytest", command_sha256="9a" * 32, exit=1, seconds=90.7, statements=3_398, failures=(failure,),
        output_lines=260, output="private/try/main.log", guard=guard(),
    )  # fmt: skip
