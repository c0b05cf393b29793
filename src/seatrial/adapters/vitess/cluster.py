"""A Vitess cluster behind its vtctld and vtgate: the port `Cluster` for any of them, lab or foreign."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from seatrial.adapters.mysql.client import Connection, Login
from seatrial.adapters.vitess import read
from seatrial.adapters.vitess.vtctldclient import Vtctldclient
from seatrial.domain.event import Tell
from seatrial.domain.fault import Fault
from seatrial.domain.movement import Choice
from seatrial.domain.rehearsal import TrafficState
from seatrial.domain.vitess import Tablet, VDiffShard, WorkflowStatus
from seatrial.domain.vschema import VSchema, plain

SWITCH_MARGIN_S = 60
"""How much longer than Vitess's own time-out we wait for the command that switches."""

VDIFF_BEGIN_S = 40
VDIFF_LOOK_S = 15
"""A look at a running VDiff takes milliseconds; a tablet that is dead answers never."""

SAMPLE_ROWS = 20
"""Differing rows VDiff reports for each table and shard."""


class VitessCluster:
    """Implements `domain.ports.Cluster` by vtctldclient's commands; every one is visible in its `--help`."""

    def __init__(self, client: Vtctldclient, gate: Login) -> None:
        self._client = client
        self.gate = gate

    def version(self) -> str:
        with Connection(self.gate) as connection:
            ((comment,),) = connection.query("SELECT @@version_comment")
        _, _, rest = str(comment).partition("Version: ")  # "Version: 24.0.3 (Git revision …"
        return rest.split(" ", 1)[0] or "unknown"

    def gate_sql(self, keyspace: str | None = None) -> Connection:
        return Connection(msgspec.structs.replace(self.gate, database=keyspace))

    def keyspaces(self) -> frozenset[str]:
        return frozenset(entry["name"] for entry in self._client.json("GetKeyspaces") or [])

    def shards(self, keyspace: str) -> tuple[str, ...]:
        return tuple(sorted(self._shards(keyspace)))

    def sidecar(self, keyspace: str) -> str:
        return str(self._client.json("GetKeyspace", keyspace)["keyspace"].get("sidecar_db_name") or "_vt")

    def tablets(self, keyspace: str) -> tuple[Tablet, ...]:
        listed = self._client.json("GetTablets", "--format", "json", "--keyspace", keyspace) or []
        return tuple(read.tablet(entry) for entry in listed)

    def vschema(self, keyspace: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._client.json("GetVSchema", keyspace)
        return found

    def apply_vschema(self, keyspace: str, vschema: VSchema) -> None:
        # strict: an unknown vindex parameter is an error, not a warning nobody sees
        self._client.text("ApplyVSchema", "--strict", "--vschema", json.dumps(plain(vschema)), keyspace)

    def apply_schema(self, keyspace: str, statement: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "schema.sql"
            file.write_text(statement)
            self._client.text("ApplySchema", "--ddl-strategy", "direct", "--sql-file", str(file), keyspace)

    def table_ddl(self, keyspace: str) -> Mapping[str, str]:
        primary = next((tablet for tablet in self.tablets(keyspace) if tablet.primary), None)
        if primary is None:
            raise Fault(
                "vitess.no-primary",
                f"no shard of {keyspace} has a primary",
                remedy="see that its tablets are up, then run the same command again",
                retry=True,
            )
        schema = self._client.json("GetSchema", "--table-schema-only", primary.alias)
        return {table["name"]: table["schema"] for table in schema.get("table_definitions") or []}

    def routing_rules(self) -> Mapping[str, Any]:
        rules: Mapping[str, Any] = self._client.json("GetRoutingRules")
        return rules

    def apply_routing_rules(self, rules: Mapping[str, Any]) -> None:
        with tempfile.TemporaryDirectory() as folder:  # a few hundred tables' rules are too long for an argument
            file = Path(folder) / "rules.json"
            file.write_text(json.dumps(rules))
            self._client.text("ApplyRoutingRules", "--rules-file", str(file))

    def denied_tables(self, keyspace: str) -> Mapping[str, tuple[str, ...]]:
        return {shard: read.denied(entry) for shard, entry in self._shards(keyspace).items()}

    def workflows(self, keyspace: str) -> tuple[str, ...]:
        """The workflows into the keyspace. While a fresh tablet's stream engine is closed this is a Fault."""
        return tuple(self._client.json("Workflow", "--keyspace", keyspace, "list") or [])

    def move_tables(
        self, workflow: str, keyspace: str, source: str, tables: Sequence[str], choices: Sequence[Choice]
    ) -> None:
        options = [f"{choice.option}={choice.value}" for choice in choices]
        self._client.text(
            *_move(workflow, keyspace), "create", "--source-keyspace", source, "--tables", ",".join(tables), *options
        )

    def materialize(self, workflow: str, keyspace: str, source: str, tables: Sequence[str]) -> None:
        self._client.text(
            *("Materialize", "--workflow", workflow, "--target-keyspace", keyspace),
            *("create", "--source-keyspace", source, "--reference-tables", ",".join(tables)),
        )

    def status(self, workflow: str, keyspace: str) -> WorkflowStatus | None:
        answer = self._client.json(
            "Workflow", "--keyspace", keyspace, "show", "--workflow", workflow, "--include-logs=false"
        )
        entries = answer.get("workflows") or []
        return read.workflow(entries[0]) if entries else None

    def traffic(self, workflow: str, keyspace: str) -> TrafficState:
        """Who serves the workflow's tables, by the routing rules and shard records Vitess reads itself."""
        answer = self._client.json(*_move(workflow, keyspace), "status", "--format", "json")
        return read.traffic(str(answer.get("traffic_state", "")))

    def start(self, workflow: str, keyspace: str) -> None:
        self._client.text("Workflow", "--keyspace", keyspace, "start", "--workflow", workflow)

    def stop(self, workflow: str, keyspace: str) -> None:
        self._client.text("Workflow", "--keyspace", keyspace, "stop", "--workflow", workflow)

    def cancel(self, workflow: str, keyspace: str, *, keep_rules: bool = False) -> None:
        rules = ("--keep-routing-rules",) if keep_rules else ()
        self._client.text(*_move(workflow, keyspace), "cancel", "--keep-data", *rules)
        self.allow_tables(keyspace)

    def allow_tables(self, keyspace: str, tables: Sequence[str] | None = None) -> None:
        for shard, denied in self.denied_tables(keyspace).items():
            wrong = [table for table in denied if tables is None or table in tables]
            if wrong:
                target = f"{keyspace}/{shard}"
                self._client.text(
                    "SetShardTabletControl", "--denied-tables", ",".join(wrong), "--remove", "--", target, "primary"
                )
                self._client.text("RefreshStateByShard", "--", target)

    def delete_workflow(self, workflow: str, keyspace: str) -> None:
        self._client.text(
            *("Workflow", "--keyspace", keyspace, "delete", "--workflow", workflow),
            *("--keep-data", "--keep-routing-rules"),
        )

    def vdiff(self, workflow: str, keyspace: str, uuid: str, tables: Sequence[str]) -> None:
        self._client.text(
            *_vdiff(workflow, keyspace),
            *("create", uuid, "--tables", ",".join(tables), "--max-report-sample-rows", str(SAMPLE_ROWS)),
            *("--row-diff-column-truncate-at", "0"),
            timeout_s=VDIFF_BEGIN_S,
        )

    def vdiff_reports(self, workflow: str, keyspace: str, uuid: str) -> tuple[VDiffShard, ...]:
        return read.vdiff(
            self._client.json(*_vdiff(workflow, keyspace), "show", uuid, "--verbose", timeout_s=VDIFF_LOOK_S)
        )

    def vdiff_stop(self, workflow: str, keyspace: str, uuid: str) -> None:
        self._client.text(*_vdiff(workflow, keyspace), "stop", uuid)
        self._client.text(*_vdiff(workflow, keyspace), "delete", uuid)

    def switch(self, workflow: str, keyspace: str, *, reads: bool, timeout_s: int, tell: Tell) -> None:
        types = "replica,rdonly" if reads else "primary"
        options = ["--tablet-types", types, "--timeout", f"{timeout_s}s", "--max-replication-lag-allowed", "10s"]
        if not reads:
            options.append("--initialize-target-sequences")  # on every switch: rule R6
        self._client.text(
            *_move(workflow, keyspace), "switchtraffic", *options, tell=tell, timeout_s=timeout_s + SWITCH_MARGIN_S
        )

    def reverse(self, workflow: str, keyspace: str, *, timeout_s: int, tell: Tell) -> None:
        self._client.text(
            *(*_move(workflow, keyspace), "reversetraffic", "--timeout", f"{timeout_s}s"),
            *("--max-replication-lag-allowed", "10s"),
            tell=tell,
            timeout_s=timeout_s + SWITCH_MARGIN_S,
        )

    def dry_run(self, workflow: str, keyspace: str, *, reverse: bool) -> str:
        act = ["reversetraffic"] if reverse else ["switchtraffic", "--initialize-target-sequences"]
        return self._client.text(*_move(workflow, keyspace), *act, "--dry-run")

    def execute_on(self, alias: str, sql: str) -> list[dict[str, Any]]:
        """Run one statement on a tablet's own MySQL through vtctld; values as JSON has them, binary ones garbled."""
        answer = self._client.json("ExecuteFetchAsDBA", "--json", alias, sql)
        names = [field["name"].lower() for field in answer.get("fields") or []]
        return [dict(zip(names, row, strict=True)) for row in answer.get("rows") or []]

    def _shards(self, keyspace: str) -> dict[str, Any]:
        answer = self._client.json("FindAllShardsInKeyspace", keyspace)
        return dict(answer.get("shards") or {})


def _move(workflow: str, keyspace: str) -> tuple[str, ...]:
    return ("MoveTables", "--workflow", workflow, "--target-keyspace", keyspace)


def _vdiff(workflow: str, keyspace: str) -> tuple[str, ...]:
    return ("VDiff", "--workflow", workflow, "--target-keyspace", keyspace, "--format", "json")
