from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from seatrial.domain.event import Tell
from seatrial.domain.executed import Executed
from seatrial.domain.fault import Fault
from seatrial.domain.generator import GeneratorRun, LeftOut, Sent, WorkerError, WorkerReport, WorkerSlice
from seatrial.domain.movement import StoodStill
from seatrial.domain.replaying import Divergence, Replay
from seatrial.domain.sketch import Sketch, bucket
from seatrial.domain.workload import Recorded, Recording
from seatrial.stages.replay.differences import kind as kind_of
from seatrial.stages.replay.replay import replay
from seatrial.stages.replay.tried import Failures
from tests.unit import factories
from tests.unit.factories_replay import guard
from tests.unit.factories_workload import GTID
from tests.unit.fakes import Told

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
BEGAN = "2026-11-21T11:00:00+00:00"
RECORDING = Recording(expires="2026-11-21", began=BEGAN, seconds=20.0, events=2, connections=1)
SOURCE = GTID.partition(":")[0]


def sketch(*values: float) -> Sketch:
    counts: dict[int, int] = {}
    for value in values:
        counts[bucket(value)] = counts.get(bucket(value), 0) + 1
    return Sketch.of(counts)


def sent(query: str, *times_us: int, **given: Any) -> Sent:
    usual: dict[str, Any] = {"count": len(times_us), "errors": 0, "rows": 0, "rows_differ": 0}
    for name in ("response", "service"):
        usual |= {
            name: sketch(*times_us),
            f"{name}_total_us": sum(times_us),
            f"{name}_min_us": min(times_us, default=0),
            f"{name}_max_us": max(times_us, default=0),
        }
    return Sent(query=query, **(usual | given))


def error(number: int, message: str = "", query: str = "q1", expected: int = 0) -> WorkerError:
    return WorkerError(query=query, number=number, message=message, expected=expected, count=1)


def report(**given: Any) -> WorkerReport:
    usual: dict[str, Any] = {
        "connections": 1, "transactions": 10, "transactions_failed": 1, "statements": 30, "statements_failed": 1,
        "skipped": 2, "reads": 5, "reads_differ": 0, "classes": (), "errors": (), "lateness": sketch(*[50] * 100),
        "lateness_max_us": 60, "slices": (), "seconds": 20.0, "cpu_s": 2.0,
    }  # fmt: skip
    return WorkerReport(**(usual | given))


class FakeGenerator:
    def __init__(self, *reports: WorkerReport, **given: Any) -> None:
        usual: dict[str, Any] = {"seconds": 20.0, "machine_cpu": 1.0, "cores": 2}
        self.done = GeneratorRun(reports=reports, **(usual | given))
        self.asked: dict[str, Any] = {}

    def run(self, events: Iterator[Recorded], keyspace: str, *, tell: Tell, **given: Any) -> GeneratorRun:
        self.asked = {"keyspace": keyspace, "events": len(list(events)), **given}
        return self.done


def replayed(
    *reports: WorkerReport,
    copied: str = GTID,
    read_at: str = BEGAN,
    written_at: datetime | None = None,
    speed: float = 1.0,
    recording: Recording = RECORDING,
    **given: Any,
) -> Replay:
    collection = factories.collection()
    collection = replace(collection, status=(replace(collection.status[0], at=read_at),))
    stood = StoodStill(at=BEGAN, positions=(f"MySQL56/{copied}",), bytes_needed=1, bytes_free=2)
    return replay(
        iter(()),
        recording,
        factories.everything().digest.body,  # type: ignore[union-attr]
        collection,
        factories.provisioned(),
        replace(factories.loaded(), stood_still=stood),
        guard=guard(),
        generator=FakeGenerator(*reports, **given),
        speed=speed,
        workers=0,
        now=NOW,
        tell=Told(),
        written_at=written_at,
    )


def test_the_recording_goes_to_the_home_of_the_copy_whatever_day_it_is_until_it_expires() -> None:
    generator = FakeGenerator(report())

    def on(now: datetime) -> Replay:
        return replay(
            iter(()), RECORDING, factories.everything().digest.body,  # type: ignore[union-attr]
            factories.collection(), factories.provisioned(), factories.loaded(), guard=guard(), generator=generator,
            speed=2.0, workers=3, now=now, tell=Told(),
        )  # fmt: skip

    assert on(datetime(2026, 11, 21, 23, 59, tzinfo=UTC)).keyspace == factories.provisioned().home.name
    assert generator.asked | {"slice_s": 1.0} == {
        "keyspace": "shop_sharded", "events": 0, "speed": 2.0, "workers": 3, "slice_s": 1.0,
    }  # fmt: skip
    with pytest.raises(Fault) as fault:
        on(datetime(2026, 11, 22, tzinfo=UTC))
    assert fault.value.code == "replay.expired"


def test_what_workers_saw_apart_is_added_up() -> None:
    done = replayed(
        report(classes=(sent("q1", 100, 200, rows=3), sent("q2", 50))),
        report(classes=(sent("q1", 4000, rows_differ=1, errors=1, count=2),)),
    )
    assert [each.query for each in done.classes] == ["q1", "q2"]
    q1 = done.classes[0]
    assert (q1.count, q1.errors, q1.rows, q1.rows_differ) == (4, 1, 3, 1)
    assert (q1.response.total_us, q1.response.min_us, q1.response.max_us) == (4300, 100, 4000)
    assert abs(q1.response.p50_us - 200) <= 2 and q1.response.p99_us <= 4000
    assert (done.transactions, done.transactions_failed, done.statements, done.skipped) == (20, 2, 60, 4)


def test_what_was_not_ours_to_send_counts_as_skipped() -> None:
    done = replayed(report(), left_out=(LeftOut(reason="names another database", count=7),))
    assert done.skipped == 9
    assert done.left_out[0].reason == "names another database"


def test_slices_of_all_workers_are_one_chart_without_holes() -> None:
    def slice_(number: int, finished: int, failed: int, us: float) -> WorkerSlice:
        return WorkerSlice(number=number, finished=finished, failed=failed, response=sketch(us))

    done = replayed(
        report(slices=(slice_(0, 3, 1, 1000),)), report(slices=(slice_(0, 2, 0, 3000), slice_(2, 1, 0, 500)))
    )
    assert [(each.second, each.committed, each.failed) for each in done.pace] == [(0, 4, 1), (1, 0, 0), (2, 1, 0)]
    assert done.pace[1].latency_max_ms is None
    assert done.pace[0].latency_max_ms == pytest.approx(3.0, rel=0.02)


@pytest.mark.parametrize(
    ("given", "copied", "kind"),
    [
        (error(1062, "Duplicate entry '…' for key '…'"), GTID, Divergence.ERROR),
        (error(1062, "Duplicate entry '…' for key '…'"), f"{SOURCE}:1-5", Divergence.STARTING_STATE),
        (error(1105, "VT12001: unsupported: GROUP BY WITH ROLLUP"), GTID, Divergence.UNSUPPORTED),
        (error(1105, "syntax error at position N near '…'"), GTID, Divergence.UNSUPPORTED),
        (error(1235, "This version doesn't yet support '…'"), GTID, Divergence.UNSUPPORTED),
        (error(1205, "Lock wait timeout exceeded"), f"{SOURCE}:1-5", Divergence.ERROR),
        (error(0, "", expected=1062), GTID, Divergence.NO_ERROR),
    ],
)  # fmt: skip
def test_each_difference_is_of_its_kind(given: WorkerError, copied: str, kind: Divergence) -> None:
    (difference,) = replayed(report(errors=(given,)), copied=copied).differences
    assert difference.kind is kind
    assert difference.number == (given.number or given.expected)


def test_a_duplicate_of_an_id_the_server_generates_says_nothing_of_the_target() -> None:
    duplicate = error(1062, "Duplicate entry '…' for key '…'")
    assert kind_of(duplicate, True, lambda query: query == "q1") is Divergence.STARTING_STATE
    assert kind_of(duplicate, True, lambda _: False) is Divergence.ERROR


def test_reads_that_differ_are_a_difference_the_most_frequent_first() -> None:
    done = replayed(report(classes=(sent("q1", 5, rows_differ=9),), errors=(error(1205, "Lock wait"),)))
    assert [(each.kind, each.count) for each in done.differences] == [(Divergence.ROWS, 9), (Divergence.ERROR, 1)]


@pytest.mark.parametrize(
    ("reports", "given", "word"),
    [
        ((report(lateness=sketch(*[50] * 98, *[1500] * 2)),), {}, "late"),
        ((report(),), {"machine_cpu": 1.85}, "starved"),
        ((report(cpu_s=19.0),), {}, "to the full"),
        ((), {}, "nothing was sent"),
    ],
)
def test_times_are_not_to_be_believed_when(reports: tuple[WorkerReport, ...], given: dict[str, Any], word: str) -> None:
    done = replayed(*reports, **given)
    assert not done.honest and word in done.because


def test_times_are_believed_of_a_prompt_generator_on_a_machine_with_room() -> None:
    done = replayed(report())
    assert done.honest and "1.0 of 2 cores" in done.because


@pytest.mark.parametrize(
    ("copied", "read_at", "apart"),
    [
        (GTID, BEGAN, 0),
        (f"{SOURCE}:1-188200", BEGAN, 11),
        (f"{SOURCE}:1-188220", BEGAN, 9),
        ("nonsense", BEGAN, None),
        (GTID, "2026-11-21T11:05:00+00:00", None),
        (GTID, "2026-11-21T10:59:30+00:00", 0),
        (GTID, "2026-11-21T10:58:30+00:00", None),  # nobody knows what was committed in that minute and a half
    ],
)
def test_copy_and_recording_are_compared_by_position(copied: str, read_at: str, apart: int | None) -> None:
    state = replayed(report(), copied=copied, read_at=read_at).state
    assert state.apart == apart
    assert state.because


def test_a_copy_that_was_written_on_is_of_no_known_state() -> None:
    done = replayed(report(), written_at=datetime(2026, 11, 21, 11, 30, tzinfo=UTC))
    assert done.state.apart is None and "wrote on the copy at 2026-11-21 11:30 UTC" in done.state.because


@pytest.mark.parametrize("speed", [0, -1, 0.009, 1001, float("nan"), float("inf")])
def test_a_speed_that_makes_no_sense_is_a_fault(speed: float) -> None:
    with pytest.raises(Fault) as fault:
        replayed(report(), speed=speed)
    assert fault.value.code == "replay.speed" and "0.01 to 1000" in fault.value.remedy


def test_a_log_without_connections_is_not_replayed() -> None:
    with pytest.raises(Fault) as fault:
        replayed(report(), recording=replace(RECORDING, connections=0))
    assert fault.value.code == "replay.no-connections"


def test_failures_are_grouped_without_their_literals() -> None:
    failures = Failures()

    def executed(sql: str, said: str = "") -> Executed:
        return Executed(ended_us=1, took_us=1, sql=sql.encode(), error=said, errno=1105 if said else 0)

    unsupported = "VT12001: unsupported: x 'planted'"
    failures.add(
        [executed("select 1"), *(executed(f"select * from t where a = 'planted{n}'", unsupported) for n in (1, 2))]
    )
    (failure,) = failures.found
    assert (failures.statements, failure.count, failure.message) == (3, 2, "VT12001: unsupported: x '…'")
    assert "planted" not in failure.fingerprint and "from" in failure.fingerprint.lower()
