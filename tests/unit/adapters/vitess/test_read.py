"""Vitess 24.0.3's JSON, as it was recorded, in our types."""

import json
from pathlib import Path
from typing import Any

import pytest

from seatrial.adapters.vitess import read
from seatrial.domain.rehearsal import TrafficState
from seatrial.domain.vitess import StreamState


def recorded(name: str) -> Any:
    return json.loads(Path(__file__).with_name(f"{name}.json").read_text())


def entry() -> Any:
    return recorded("workflow_show")["workflows"][0]


def streams(raw: Any) -> list[Any]:
    return [stream for shard in raw["shard_streams"].values() for stream in shard["streams"]]


def test_a_workflow_that_follows() -> None:
    status = read.workflow(entry())
    assert (status.name, status.keyspace, status.source_keyspace) == ("w_s", "t_sharded", "t_source")
    assert [(stream.shard, stream.state) for stream in status.streams] == [
        ("-80", StreamState.RUNNING),
        ("80-", StreamState.RUNNING),
    ]
    assert status.streams[0].position == "09c1ed55-e56a-11f1-8bca-02fc00000001:1-86"
    assert (status.following, status.stopped, status.failed, status.lag_s) == (True, False, "", 0.0)
    assert status.copying == frozenset()


def test_a_workflow_that_copies_follows_not_yet() -> None:
    raw = entry()
    streams(raw)[0] |= {"state": "Copying", "rows_copied": "497", "copy_states": [{"table": "orders", "last_pk": ""}]}
    status = read.workflow(raw)
    assert (status.following, status.copying, status.streams[0].rows_copied) == (False, frozenset({"orders"}), 497)


def test_a_failed_stream_says_its_words() -> None:
    raw = entry()
    streams(raw)[1] |= {"state": "Error", "message": "Duplicate entry '7' for key 'orders.PRIMARY'"}
    assert read.workflow(raw).failed == "Duplicate entry '7' for key 'orders.PRIMARY'"


def test_one_stopped_stream_stops_the_workflow() -> None:
    raw = entry()
    streams(raw)[0]["state"] = "Stopped"
    assert (read.workflow(raw).stopped, read.workflow(raw).following) == (True, False)


@pytest.mark.parametrize(("said", "lag_s"), [("0", 0.0), ("12", 12.0), (str(2**63 - 1), None)])
def test_a_lag_vitess_does_not_know_is_none(said: str, lag_s: float | None) -> None:
    assert read.workflow(entry() | {"max_v_replication_lag": said}).lag_s == lag_s


def test_a_workflow_without_streams_does_not_follow() -> None:
    status = read.workflow(entry() | {"shard_streams": {}})
    assert (status.streams, status.following, status.lag_s) == ((), False, None)


@pytest.mark.parametrize(
    ("said", "state"),
    [
        (recorded("move_tables_status")["traffic_state"], TrafficState.SOURCE),
        ("All Reads Switched. Writes Not Switched", TrafficState.READS_SWITCHED),
        ("All Reads Switched. Writes Switched", TrafficState.TARGET),
        ("Reads partially switched, writes not", TrafficState.MIXED),
        ("", TrafficState.MIXED),
    ],
)
def test_who_serves(said: str, state: TrafficState) -> None:
    assert read.traffic(said) is state


def test_equal_tables() -> None:
    reports = read.vdiff(recorded("vdiff_equal"))
    assert {(r.table, r.shard): r.rows_compared for r in reports} == {
        ("noprim", "-80"): 497,
        ("noprim", "80-"): 503,
        ("orders", "-80"): 40_150,
        ("orders", "80-"): 59_850,
    }
    assert all(r.state == "completed" and not r.error for r in reports)
    assert sum(r.mismatched + r.extra_source + r.extra_target for r in reports) == 0
    assert all(not (r.differing or r.only_source or r.only_target) for r in reports)


def test_different_tables_and_their_rows() -> None:
    by_place = {(r.table, r.shard): r for r in read.vdiff(recorded("vdiff_different"))}
    changed, gone = by_place["orders", "-80"], by_place["noprim", "80-"]
    assert (changed.mismatched, gone.extra_source, gone.extra_target) == (2, 1, 0)
    source, target = changed.differing[0]
    assert (source["id"], source["note"], target["note"]) == ("9", "note ü 中 8", "BAD")
    assert gone.only_source == ({"a": "0", "b": "x0"},)
    assert by_place["orders", "80-"].mismatched == 0


@pytest.mark.parametrize("answer", [{}, {"ShardSummaries": None}, {"ShardSummaries": {"-80": {"State": "pending"}}}])
def test_a_comparison_that_has_not_begun_has_no_reports(answer: dict[str, Any]) -> None:
    assert read.vdiff(answer) == ()


def test_refused_tables_of_a_shard() -> None:
    assert read.denied(recorded("shard_denied")) == ("cur", "misc", "noprim", "orders")
    assert read.denied(recorded("shard_free")) == ()
    assert read.denied({"shard": None}) == ()


def test_a_tablet_has_its_alias_as_vitess_writes_it() -> None:
    raw = {"alias": {"cell": "zone1", "uid": 101}, "keyspace": "t_sharded", "shard": "-80", "type": 1}
    assert (read.tablet(raw).alias, read.tablet(raw).primary) == ("zone1-0000000101", True)
    assert not read.tablet(raw | {"type": 2}).primary
