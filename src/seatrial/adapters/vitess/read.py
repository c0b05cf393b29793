"""Vitess 24's JSON as domain types. Numbers of 64 bits come as text there."""

from collections.abc import Mapping
from typing import Any

from seatrial.domain.rehearsal import TrafficState
from seatrial.domain.vitess import Stream, Tablet, VDiffShard, WorkflowStatus

PRIMARY = 1  # topodata.proto, TabletType
UNKNOWN_LAG_S = 1 << 40
"""A lag beyond this is Vitess's way to say that it does not know."""

_TRAFFIC = {
    "Reads Not Switched. Writes Not Switched": TrafficState.SOURCE,
    "All Reads Switched. Writes Not Switched": TrafficState.READS_SWITCHED,
    "All Reads Switched. Writes Switched": TrafficState.TARGET,
}


def alias(entry: Mapping[str, Any]) -> str:
    return f"{entry['cell']}-{int(entry['uid']):010d}"


def tablet(entry: Mapping[str, Any]) -> Tablet:
    return Tablet(
        alias=alias(entry["alias"]),
        keyspace=entry["keyspace"],
        shard=entry["shard"],
        primary=entry.get("type") == PRIMARY,
    )


def denied(shard: Mapping[str, Any]) -> tuple[str, ...]:
    """Every table the shard's record refuses to serve."""
    controls = (shard.get("shard") or {}).get("tablet_controls") or []
    return tuple(sorted({table for control in controls for table in control.get("denied_tables") or []}))


def traffic(said: str) -> TrafficState:
    return _TRAFFIC.get(said, TrafficState.MIXED)


def workflow(entry: Mapping[str, Any]) -> WorkflowStatus:
    """One entry of `Workflow show`."""
    lag = int(entry.get("max_v_replication_lag") or 0)
    known = lag if lag < UNKNOWN_LAG_S else None
    raw = [s for streams in (entry.get("shard_streams") or {}).values() for s in streams.get("streams") or []]
    return WorkflowStatus(
        name=entry["name"],
        keyspace=entry["target"]["keyspace"],
        source_keyspace=entry["source"]["keyspace"],
        streams=tuple(
            Stream(
                shard=stream["shard"],
                state=stream["state"],
                message=stream.get("message") or "",
                lag_s=known,
                rows_copied=int(stream.get("rows_copied") or 0),
                position=stream.get("position") or "",
            )
            for stream in raw
        ),
        copying=frozenset(state["table"] for stream in raw for state in stream.get("copy_states") or []),
    )


def vdiff(answer: Mapping[str, Any]) -> tuple[VDiffShard, ...]:
    """`VDiff show UUID --verbose`: one value for each table and shard."""
    states = {
        shard: summary.get("TableStates") or {} for shard, summary in (answer.get("ShardSummaries") or {}).items()
    }
    reports = answer.get("Reports") or {}
    errors = answer.get("Errors") or {}
    return tuple(
        VDiffShard(
            table=table,
            shard=shard,
            state=state.get("State", ""),
            rows_compared=int(state.get("RowsCompared") or 0),
            mismatched=int(state.get("MismatchedRows") or 0),
            extra_source=int(state.get("ExtraRowsSource") or 0),
            extra_target=int(state.get("ExtraRowsTarget") or 0),
            error=str(errors.get(shard) or ""),
            **_samples((reports.get(table) or {}).get(shard) or {}),
        )
        for shard, tables in sorted(states.items())
        for table, state in sorted(tables.items())
    )


def _samples(report: Mapping[str, Any]) -> dict[str, Any]:
    def rows(key: str) -> tuple[dict[str, str], ...]:
        return tuple(entry["Row"] for entry in report.get(key) or [])

    return {
        "differing": tuple(
            (entry["Source"]["Row"], entry["Target"]["Row"]) for entry in report.get("MismatchedRowsSample") or []
        ),
        "only_source": rows("ExtraRowsSourceSample"),
        "only_target": rows("ExtraRowsTargetSample"),
    }
