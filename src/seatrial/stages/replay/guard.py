"""The look before the first statement (rule R1): what is about to be written must be a scratch copy and nothing else.

Through vtgate, an imported keyspace answers like any other, and every statement to it reaches the source.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

from seatrial.domain.event import Note, Progress, Tell
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.identifier import quote
from seatrial.domain.movement import Loaded, Provisioned
from seatrial.domain.naming import is_scratch
from seatrial.domain.ports import Cluster, Sql
from seatrial.domain.replaying import Guard

AGAIN = "seatrial load cancel --instance scratch, then provision and load with --instance scratch"


def home(provisioned: Provisioned) -> str:
    """The keyspace that clients of the scratch copy name as their database."""
    return provisioned.home.name


def guard(provisioned: Provisioned, cluster: Cluster, tell: Tell) -> Guard:
    """Prove that statements to these keyspaces stay in them, or refuse with Fault `replay.not-scratch`.

    Looked at: names; workflows, of any keyspace, that cross their border; routing rules; denied tables; what their
    VSchemas refer to; and, last, vtgate's own plan for every table. Nothing is executed. A look that cannot be had
    is a Fault too.
    """
    ours = frozenset(keyspace.name for keyspace in provisioned.keyspaces)
    _named(ours)
    _there(ours, cluster)
    tell(Progress(phase="guard: looking for streams into or out of the scratch copy"))
    _no_streams(ours, cluster, tell)
    rules = _rules_stay_inside(ours, cluster)
    denied = _nothing_denied(ours, cluster)
    _references_stay_inside(ours, cluster)
    tables = sorted(
        {
            name
            for keyspace in provisioned.keyspaces
            for name, entry in keyspace.vschema.tables.items()
            if entry.type != "sequence"
        }
    )
    with closing(cluster.gate_sql(home(provisioned))) as gate:
        for number, table in enumerate(tables):
            tell(Progress(phase="guard: asking vtgate where each table is", done=number, total=len(tables)))
            _planned_inside(table, ours, gate)
    tell(Note(text=f"guard: {len(tables)} tables are planned into {', '.join(sorted(ours))} and nowhere else"))
    return Guard(keyspaces=tuple(sorted(ours)), tables=len(tables), rules=rules, denied=denied)


def insist_on_rows(loaded: Loaded, provisioned: Provisioned, cluster: Cluster) -> None:
    """Refuse a copy whose fullest table is empty now: it was taken away and provisioned again, and not loaded. To be
    asked after the guard, for it reads through vtgate."""
    fullest = max(loaded.tables, key=lambda table: table.rows, default=None)
    if fullest is None or not fullest.rows:
        return
    with closing(cluster.gate_sql(home(provisioned))) as gate:
        if not gate.query(f"SELECT 1 FROM {quote(fullest.table)} LIMIT 1"):
            raise Fault(
                "scratch.empty",
                f"the scratch copy is empty: {fullest.table} had {fullest.rows:,} rows when it was loaded",
                remedy="seatrial load --instance scratch",
                exit=Exit.CONFIG,
            )


def _refused(found: str, remedy: str = AGAIN) -> Fault:
    return Fault(
        "replay.not-scratch",
        f"nothing was sent: {found}",
        remedy=remedy,
        exit=Exit.CONFIG,
    )


def _named(ours: frozenset[str]) -> None:
    if not ours or (strangers := sorted(name for name in ours if not is_scratch(name))):
        raise _refused(
            f"{', '.join(strangers) if ours else 'no keyspace'} is no scratch copy; statements to an imported "
            "keyspace reach the source",
            "seatrial provision --instance scratch, then seatrial load --instance scratch",
        )


def _there(ours: frozenset[str], cluster: Cluster) -> None:
    if missing := sorted(ours - cluster.keyspaces()):
        raise _refused(
            f"the scratch copy is gone from the target: there is no keyspace {', '.join(missing)}",
            "seatrial provision --instance scratch, then seatrial load --instance scratch",
        )


def _no_streams(ours: frozenset[str], cluster: Cluster, tell: Tell) -> None:
    for keyspace in sorted(cluster.keyspaces()):
        for name in cluster.workflows(keyspace):
            tell(Progress(phase="guard: looking at workflows", detail=name))
            state = cluster.status(name, keyspace)
            if state is not None and (state.keyspace in ours) != (state.source_keyspace in ours):
                raise _refused(
                    f"workflow {name} streams rows from {state.source_keyspace} into {state.keyspace}",
                    "seatrial load --instance scratch: a copy that is whole has no such workflow",
                )


def _rules_stay_inside(ours: frozenset[str], cluster: Cluster) -> int:
    """How many routing rules begin in the scratch copy; all of them end there."""
    found = 0
    for rule in cluster.routing_rules().get("rules") or []:
        if rule["from_table"].partition(".")[0] not in ours:
            continue
        found += 1
        ends = rule.get("to_tables") or []
        if not ends or any(end.partition(".")[0] not in ours for end in ends):
            raise _refused(f"a routing rule sends {rule['from_table']} to {', '.join(ends) or 'nowhere'}")
    return found


def _nothing_denied(ours: frozenset[str], cluster: Cluster) -> int:
    for keyspace in sorted(ours):
        for shard, tables in cluster.denied_tables(keyspace).items():
            if tables:
                raise _refused(
                    f"{keyspace}/{shard} still refuses {len(tables)} tables ({', '.join(tables[:3])}): the copy was "
                    "not finished",
                    "seatrial load --instance scratch",
                )
    return 0


def _references_stay_inside(ours: frozenset[str], cluster: Cluster) -> None:
    for keyspace in sorted(ours):
        for what, reference in _references(cluster.vschema(keyspace)):
            if reference.rpartition(".")[0] not in ours:
                raise _refused(f"the VSchema of {keyspace} has {what} outside the scratch copy: {reference}")


def _references(vschema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every table of any keyspace that the VSchema names, and for what."""
    for name, table in (vschema.get("tables") or {}).items():
        if sequence := (table.get("auto_increment") or {}).get("sequence"):
            yield f"the ids of {name}", sequence
        if source := table.get("source"):
            yield f"the source of {name}", source
    for name, vindex in (vschema.get("vindexes") or {}).items():
        if table := (vindex.get("params") or {}).get("table"):
            yield f"the lookup table of vindex {name}", table


def _planned_inside(table: str, ours: frozenset[str], gate: Sql) -> None:
    try:
        rows = gate.query(f"VEXPLAIN PLAN SELECT 1 FROM {quote(table)}")
    except Fault as fault:
        if fault.retry:
            raise
        raise _refused(
            f"vtgate has no plan for table {table}: {fault.what}", "seatrial load --instance scratch"
        ) from None
    named = set(_keyspaces(json.loads(str(rows[0][0])))) if rows else set()
    if not named or not named <= ours:
        where = ", ".join(sorted(named - ours)) or "a plan that names no keyspace"
        raise _refused(f"vtgate sends table {table} to {where}")


def _keyspaces(plan: Any) -> Iterator[str]:
    """Every keyspace that a plan names, at whatever depth."""
    if isinstance(plan, Mapping):
        if isinstance(keyspace := plan.get("Keyspace"), Mapping):
            yield str(keyspace.get("Name"))
        for part in plan.values():
            yield from _keyspaces(part)
    elif isinstance(plan, list):
        for part in plan:
            yield from _keyspaces(part)
