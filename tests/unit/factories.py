"""Small makers of realistic values: a shop's database, loaded into two keyspaces, verified and rehearsed.

Every maker takes no argument and gives a good case; a test changes what it is about with `replace`.
"""

import hashlib
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from seatrial.domain.address import Address
from seatrial.domain.collection import Collection, Gap, Privileges, Replication, Server, StatusSample
from seatrial.domain.comparison import (
    Equality,
    RowAccount,
    SampleComparison,
    ShardComparison,
    TableComparison,
    Verification,
)
from seatrial.domain.evidence import Exhibit
from seatrial.domain.exhibits import Exhibits
from seatrial.domain.finding import Assessment, Finding, Outcome
from seatrial.domain.movement import (
    Act,
    Choice,
    Loaded,
    LoadedTable,
    ProgressPoint,
    Provisioned,
    Runway,
    ServedKeyspace,
    Workflow,
)
from seatrial.domain.plan import Answer
from seatrial.domain.schema import Column, Index, IndexPart, Schema, StoredObject, Table
from seatrial.domain.vschema import AutoIncrement, ColumnVindex, Vindex, VSchema, VTable
from tests.unit import factories_plan, factories_rehearsal, factories_replay, factories_workload

T = TypeVar("T")

digest, observed, plan = factories_workload.digest, factories_workload.observed, factories_plan.plan
guard, replay, tried = factories_replay.guard, factories_replay.replay, factories_replay.tried
failed_try, rehearsal = factories_replay.failed_try, factories_rehearsal.rehearsal
ACCEPTED_QUERY, REFUSED = factories_workload.ACCEPTED_QUERY, factories_workload.MERGE

SHARDED, UNSHARDED = factories_rehearsal.SHARDED, factories_rehearsal.UNSHARDED
SHARDS = ("-80", "80-")
VERSION = "9.7.4"
CREATED = "2026-11-20T09:12:44Z"
TAKEN_AT = "2026-11-20T09:30:00Z"
NOW = "2026-11-20T15:30:00Z"

ROWS = {
    "customers": 48_210,
    "orders": 391_554,
    "order_items": 1_204_377,
    "invoices": 388_902,
    "products": 5_120,
    "countries": 249,
    "订单备注": 17_003,
}
"""Rows a table; `products`, `countries` and the Chinese-named notes live unsharded."""

_UNSHARDED = ("products", "countries", "订单备注")


def keyspace_of(table: str) -> str:
    return UNSHARDED if table in _UNSHARDED else SHARDED


def exhibit(kind: str, body: T, instance: str = "main") -> Exhibit[T]:
    """The body as an artifact, under a hash of its own."""
    sha256 = hashlib.sha256(msgspec.json.encode(body)).hexdigest()
    return Exhibit(address=Address(kind, instance), sha256=sha256, created=CREATED, body=body)


def plain(body: Any) -> Any:
    """The body as it stands in the artifact's file: what pointers point into."""
    return msgspec.json.decode(msgspec.json.encode(body))


def table(name: str, rows: int) -> Table:
    return Table(
        name=name,
        engine="InnoDB",
        collation="utf8mb4_0900_ai_ci",
        rows_estimate=rows,
        data_bytes=rows * 180,
        index_bytes=rows * 60,
        columns=(
            Column(name="id", type="bigint unsigned", data_type="bigint", nullable=False, auto_increment=True),
            Column(name="note", type="varchar(200)", data_type="varchar", charset="utf8mb4"),
        ),
        indexes=(Index(name="PRIMARY", unique=True, parts=(IndexPart(column="id"),)),),
    )


def collection(rows: dict[str, int] | None = None) -> Collection:
    return Collection(
        server=Server(
            uuid="4c1f2a7e-0000-11f1-9d3c-0242ac110002",
            flavour="mysql",
            version=(9, 7, 4),
            version_text="9.7.4",
            variables={
                "binlog_format": "ROW",
                "binlog_row_image": "FULL",
                "gtid_mode": "ON",
                "max_connections": "151",
                "sql_mode": "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES",
                "time_zone": "SYSTEM",
            },
        ),
        status=(StatusSample(at=CREATED, values={"threads_running": "3", "questions": "91844"}),),
        schema=Schema(
            database="shop",
            charset="utf8mb4",
            collation="utf8mb4_0900_ai_ci",
            tables=tuple(table(name, count) for name, count in (rows or ROWS).items()),
            stored_objects=(
                StoredObject(kind="view", name="open_orders", definer="account-1"),
                StoredObject(kind="trigger", name="orders_touch", definer="account-1", table="orders"),
            ),
        ),
        privileges=Privileges(everywhere=frozenset({"REPLICATION CLIENT"}), database=frozenset({"SELECT"})),
        replication=Replication(
            is_replica=False,
            lag_s=None,
            gtid_executed="4c1f2a7e-0000-11f1-9d3c-0242ac110002:1-188211",
            binlogs=(),
            binlog_rate_bytes_s=88_200.0,
        ),
        writers=(),
        long_transactions=(),
        history_list_length=412,
        gaps=(Gap(question="replica_status", reason="needs REPLICATION CLIENT"),),
    )


def finding(code: str, outcome: Outcome, **given: Any) -> Finding:
    fields: dict[str, Any] = {"title": f"About {code}", "detail": "What was seen, in a sentence."}
    return Finding(code=code, outcome=outcome, **(fields | given))


def assessment() -> Assessment:
    """Two findings to know of, none that blocks, nothing that could not be looked at."""
    collected = exhibit("collect", collection())
    return Assessment(
        findings=(
            finding(
                "OBJ-LEFT",
                Outcome.WARN,
                title="Views and triggers stay behind",
                detail="An import copies tables; 1 view and 1 trigger stay on the source.",
                subjects=("open_orders", "orders_touch"),
                remedy="CREATE VIEW open_orders AS SELECT …;  -- on the target, by its owner",
                evidence=tuple(collected.evidence("schema", "stored_objects", at) for at in range(2)),
                source="Vitess 24.0.3, tried 2026-11",
            ),
            finding(
                "SRV-RETAIN",
                Outcome.WARN,
                title="Binary logs are kept for less than two days",
                detail="binlog_expire_logs_seconds is 86400; the copy may outlast it.",
                subjects=("binlog_expire_logs_seconds",),
                remedy="SET PERSIST binlog_expire_logs_seconds = 259200;",
                evidence=(collected.evidence("server", "variables"),),
            ),
            finding("SRV-GTID", Outcome.PASS, title="GTID mode is on", detail="gtid_mode is ON."),
            finding("SRV-BINFMT", Outcome.PASS, title="Row events are logged", detail="binlog_format is ROW."),
            finding("SCH-UNIQ", Outcome.PASS, title="Every table has a key", detail="7 tables looked at."),
        )
    )


ACCEPTED = {
    "OBJ-LEFT": "recreated by the shop's own migrations",
    "SRV-RETAIN": "the copy takes 20 min",
    **ACCEPTED_QUERY,
}


def provisioned(tables: tuple[str, ...] = tuple(ROWS)) -> Provisioned:
    sharded = VSchema(
        sharded=True,
        vindexes={
            "hash": Vindex(type="xxhash"),
            "invoice_number": Vindex(type="consistent_lookup_unique", params={"table": "x"}, owner="invoices"),
        },
        tables={
            name: VTable(
                column_vindexes=(
                    ColumnVindex(name="hash", column="customer_id" if name != "customers" else "id"),
                    *((ColumnVindex(name="invoice_number", column="number"),) if name == "invoices" else ()),
                ),
                auto_increment=AutoIncrement(column="id", sequence=f"{UNSHARDED}.{name}_seq"),
            )
            for name in tables
            if keyspace_of(name) == SHARDED
        }
        | {"countries": VTable(type="reference", source=f"{UNSHARDED}.countries")},
    )
    sequences = {f"{name}_seq": VTable(type="sequence") for name in sharded.tables if name != "countries"}
    unsharded = VSchema(tables={name: VTable() for name in tables if keyspace_of(name) == UNSHARDED} | sequences)
    return Provisioned(
        target="lab:demo",
        keyspaces=(
            ServedKeyspace(role="sharded", name=SHARDED, shards=SHARDS, vschema=sharded, ddl=()),
            ServedKeyspace(role="unsharded", name=UNSHARDED, shards=("0",), vschema=unsharded, ddl=()),
        ),
        vitess_version="24.0.3",
        mysql_version=VERSION,
    )


def loaded(rows: dict[str, int] | None = None) -> Loaded:
    rows = rows or ROWS
    tables = tuple(
        LoadedTable(table=name, keyspace=keyspace_of(name), rows=count, bytes=count * 196, seconds=count / 90_000)
        for name, count in rows.items()
    )
    total, size, copy_seconds = sum(rows.values()), sum(rows.values()) * 196, 84.0
    return Loaded(
        source_keyspace="shop_source",
        workflows=tuple(
            Workflow(
                name=f"{keyspace}_in",
                role=keyspace.removeprefix("shop_"),
                keyspace=keyspace,
                tables=tuple(name for name in rows if keyspace_of(name) == keyspace),
                choices=(
                    Choice(option="--on-ddl", value="STOP", reason="a change of schema must be seen"),
                    Choice(option="--defer-secondary-keys", value="true", reason="every table has a primary key"),
                ),
            )
            for keyspace in (SHARDED, UNSHARDED)
        ),
        materializations=(),
        tables=tables,
        rows=total,
        bytes=size,
        copy_seconds=copy_seconds,
        points=tuple(
            ProgressPoint(second=float(second), rows=round(total * share), bytes=round(size * share))
            for second in range(0, 85, 2)
            for share in (1 - (1 - second / 84) ** 1.4,)
        ),
        acts=(
            Act(
                when="attach",
                where="source",
                reads="nothing",
                locks="nothing",
                writes="creates the database `_vt_shop` with the 20 tables Vitess keeps its state in",
                undo="DROP DATABASE `_vt_shop`",
            ),
            Act(
                when="copy",
                where="source",
                reads="every row of 7 tables, in the order of the primary key",
                locks="LOCK TABLES … READ on one table at a time, for milliseconds",
                writes="nothing",
                undo="nothing to undo",
            ),
            Act(
                when="copy",
                where="target",
                reads="nothing",
                locks="nothing",
                writes="the rows of 7 tables",
                undo="seatrial load --cancel truncates them",
            ),
        ),
        braked_seconds=6.0,
        resumed=False,
        runway=Runway(at=CREATED, held_bytes=3_400_000_000, expire_s=259_200),
        source_version=VERSION,
        target_version=VERSION,
        vitess_version="24.0.3",
    )


def comparison(name: str, rows: int) -> TableComparison:
    keyspace = keyspace_of(name)
    shards = SHARDS if keyspace == SHARDED else ("0",)
    share = [rows // len(shards)] * len(shards)
    share[0] += rows - sum(share)
    return TableComparison(
        table=name,
        keyspace=keyspace,
        equality=Equality.EQUAL,
        shards=tuple(
            ShardComparison(shard=shard, rows_compared=count, mismatched=0, extra_source=0, extra_target=0)
            for shard, count in zip(shards, share, strict=True)
        ),
        rows=RowAccount(source_before=rows, source_after=rows, target=rows, copies=1, bound=0),
        sample=SampleComparison(rows_checked=min(rows, 500), mismatched=0, moved=0),
    )


def verification(rows: dict[str, int] | None = None) -> Verification:
    rows = rows or ROWS
    return Verification(
        tables=tuple(comparison(name, count) for name, count in rows.items()),
        rows_compared=sum(rows.values()),
        mismatches=0,
        seconds=41.6,
        taken_at=TAKEN_AT,
        source_version=VERSION,
        target_version=VERSION,
    )


def everything() -> Exhibits:
    """A trial in which all went well."""
    return Exhibits(
        collect=exhibit("collect", collection()),
        assess=exhibit("assess", assessment()),
        digest=exhibit("digest", digest()),
        plan=exhibit("plan", plan()),
        provision=exhibit("provision", provisioned()),
        load=exhibit("load", loaded()),
        verify=exhibit("verify", verification()),
        recorded=exhibit("digest", digest()),
        replay=exhibit("replay", replay(), "scratch"),
        observe=exhibit("digest", observed(), "target"),
        tried=exhibit("try", tried(), "scratch"),
        rehearse=exhibit("rehearse", rehearsal()),
    )


def many(count: int) -> Exhibits:
    """The same trial with that many tables."""
    rows = {f"measurements_{number:05d}": 1_000 + number for number in range(count)}
    return replace(
        everything(),
        collect=exhibit("collect", collection(rows)),
        provision=exhibit("provision", provisioned(tuple(rows))),
        load=exhibit("load", loaded(rows)),
        verify=exhibit("verify", verification(rows)),
    )


def many_classes(count: int) -> Exhibits:
    """The same trial with that many query classes, all of them refused."""
    query, asked, sent = digest().query(REFUSED), plan().queries[-1], replay().classes[0]
    ids = [f"{number:016x}" for number in range(count)]
    classes = tuple(replace(query, id=each) for each in ids)
    queries = tuple(replace(asked, query=each, answer=Answer.UNSUPPORTED) for each in ids)
    sent_classes = tuple(replace(sent, query=each, rows_differ=sent.count) for each in ids)
    return replace(
        everything(),
        digest=exhibit("digest", replace(digest(), classes=classes)),
        recorded=exhibit("digest", replace(digest(), classes=classes)),
        plan=exhibit("plan", replace(plan(), queries=queries)),
        replay=exhibit("replay", replace(replay(), classes=sent_classes), "scratch"),
    )
