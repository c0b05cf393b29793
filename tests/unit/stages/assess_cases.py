"""A source that is fine, and changes to it: what each check must say about each."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from seatrial.domain.collection import (
    BinlogFile,
    Collection,
    Gap,
    LongTransaction,
    Privileges,
    Replication,
    Server,
    StatusSample,
    Writer,
)
from seatrial.domain.finding import Outcome
from seatrial.domain.schema import Column, ForeignKey, Index, IndexPart, Schema, StoredObject, Table

Change = Callable[[Collection], Collection]

GOOD_VARIABLES = {
    "basedir": "/usr/", "binlog_expire_logs_seconds": "2592000", "binlog_format": "ROW", "binlog_row_image": "FULL",
    "binlog_row_value_options": "", "binlog_transaction_compression": "OFF", "datadir": "/var/lib/mysql/",
    "enforce_gtid_consistency": "ON", "gtid_mode": "ON", "log_bin": "ON", "log_replica_updates": "ON",
    "lower_case_table_names": "0", "max_allowed_packet": "67108864", "max_connections": "500",
    "max_execution_time": "0", "net_read_timeout": "30", "net_write_timeout": "60", "read_only": "OFF",
    "server_id": "7", "sql_mode": "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES", "ssl_cert": "server-cert.pem",
    "system_time_zone": "UTC", "time_zone": "SYSTEM", "tls_version": "TLSv1.2,TLSv1.3", "wait_timeout": "28800",
}  # fmt: skip

GOOD_STATUS = {
    "max_used_connections": "40",
    "com_xa_start": "0",
    "com_lock_tables": "0",
    "com_load": "0",
    "uptime": "9",
}


def column(name: str = "id", **given: Any) -> Column:
    usual: dict[str, Any] = {"type": "bigint", "data_type": "bigint", "nullable": False}
    return Column(**{"name": name} | usual | given)


def index(*parts: str, name: str = "PRIMARY", prefix: int | None = None, **given: Any) -> Index:
    made = tuple(IndexPart(column=part or None, prefix=prefix) for part in parts)
    usual: dict[str, Any] = {"unique": True, "parts": made}
    return Index(**{"name": name} | usual | given)


def table(name: str = "orders", **given: Any) -> Table:
    usual: dict[str, Any] = {
        "engine": "InnoDB", "collation": "utf8mb4_0900_ai_ci", "rows_estimate": 1000, "data_bytes": 16384,
        "index_bytes": 0, "columns": (column(),), "indexes": (index("id"),),
    }  # fmt: skip
    return Table(**{"name": name} | usual | given)


def foreign_key(parent: str = "customers", schema: str = "shop", on_delete: str = "RESTRICT") -> ForeignKey:
    return ForeignKey(
        name=f"to_{parent}", columns=("id",), parent_schema=schema, parent_table=parent, parent_columns=("id",),
        on_delete=on_delete, on_update="RESTRICT",
    )  # fmt: skip


def healthy() -> Collection:
    everywhere = frozenset({"PROCESS", "RELOAD", "REPLICATION CLIENT", "REPLICATION SLAVE"})
    on_database = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "LOCK TABLES", "SHOW VIEW"})
    sidecar = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "ALTER", "INDEX"})
    return Collection(
        server=Server(
            uuid="4c1f2a7e-0000-11f1-9d3c-0242ac110002", flavour="mysql", version=(8, 0, 36), version_text="8.0.36",
            variables=GOOD_VARIABLES,
        ),
        status=tuple(StatusSample(at=f"2026-11-20T09:12:4{n}+00:00", values=GOOD_STATUS) for n in range(2)),
        schema=Schema(
            database="shop", charset="utf8mb4", collation="utf8mb4_0900_ai_ci", tables=(table("customers"), table())
        ),
        privileges=Privileges(everywhere=everywhere, database=on_database, sidecar=sidecar),
        replication=Replication(
            is_replica=False, lag_s=None, gtid_executed="", binlogs=(BinlogFile(name="b.1", size_bytes=10**9),),
            binlog_rate_bytes_s=1e5, binlog_readers=0,
        ),
        writers=(), long_transactions=(), history_list_length=40, sidecars=(),
    )  # fmt: skip


def variables(**changed: str | None) -> Change:
    def change(good: Collection) -> Collection:
        merged = {**good.server.variables, **changed}
        kept = {name: value for name, value in merged.items() if value is not None}
        return replace(good, server=replace(good.server, variables=kept))

    return change


def server(**given: Any) -> Change:
    return lambda good: replace(good, server=replace(good.server, **given))


def status(**changed: str | None) -> Change:
    def change(good: Collection) -> Collection:
        merged = {**good.status[-1].values, **changed}
        kept = {name: value for name, value in merged.items() if value is not None}
        return replace(good, status=tuple(replace(sample, values=kept) for sample in good.status))

    return change


def collected(**given: Any) -> Change:
    return lambda good: replace(good, **given)


def tables(*made: Table) -> Change:
    return lambda good: replace(good, schema=replace(good.schema, tables=made))


def objects(*made: StoredObject) -> Change:
    return lambda good: replace(good, schema=replace(good.schema, stored_objects=made))


def replica(**given: Any) -> Change:
    def change(good: Collection) -> Collection:
        assert good.replication is not None
        return replace(good, replication=replace(good.replication, is_replica=True, **given))

    return change


def gap(question: str, reason: str = "a privilege is missing: PROCESS") -> Change:
    return lambda good: replace(good, gaps=(Gap(question=question, reason=reason),))


def both(*changes: Change) -> Change:
    def change(good: Collection) -> Collection:
        for one in changes:
            good = one(good)
        return good

    return change


NO_TABLES = gap("tables")
BLOCK, WARN, BLIND, PASS = Outcome.BLOCK, Outcome.WARN, Outcome.COULD_NOT_LOOK, Outcome.PASS
KEY_ON_FLOAT = table(columns=(column(data_type="float", type="float"),))
ON_UTC_TIME = table(columns=(column(), column("at", data_type="datetime", type="datetime")))

CASES: list[tuple[str, Outcome, Change]] = [
    ("SRV-VERSION", BLOCK, server(version=(5, 6, 24), version_text="5.6.24-log")),
    ("SRV-VERSION", BLOCK, server(flavour="mariadb", version=(10, 11, 6), version_text="10.11.6-MariaDB")),
    ("SRV-VERSION", WARN, server(version=(5, 7, 44), version_text="5.7.44")),
    ("SRV-VERSION", WARN, server(version=(10, 1, 0), version_text="10.1.0")),
    ("SRV-VERSION", PASS, server(version=(9, 7, 4), version_text="9.7.4")),
    ("SRV-VERSION", BLIND, server(flavour="unknown", version=(0, 0, 0), version_text="vitess")),
    ("SRV-VTDB", WARN, collected(sidecars=("_vt_old",))),
    ("SRV-VTDB", BLIND, both(collected(sidecars=None), gap("sidecars"))),
    ("SRV-TLS", WARN, variables(ssl_cert="", ssl_key="")),
    ("SRV-TLS", WARN, variables(have_ssl="DISABLED")),
    ("SRV-TLS", PASS, variables(have_ssl="YES")),
    ("SRV-TLS", BLIND, variables(tls_version=None)),
    ("SRV-LCTN", WARN, variables(lower_case_table_names="1")),
    ("SRV-LCTN", BLIND, variables(lower_case_table_names=None)),
    ("SRV-CLOUD", WARN, variables(wsrep_on="ON")),
    ("SRV-CLOUD", WARN, variables(basedir="/rdsdbbin/mysql/")),
    ("SRV-CLOUD", WARN, both(server(flavour="aurora"), variables(aurora_version="3.04.0"))),
    ("SRV-CLOUD", WARN, server(version_text="8.0.36-google")),
    ("SRV-CLOUD", BLOCK, server(version_text="8.0.36-cluster")),
    ("SRV-CLOUD", BLIND, server(variables={})),
    ("SRV-GTID", BLOCK, variables(gtid_mode="OFF_PERMISSIVE")),
    ("SRV-GTID", WARN, variables(enforce_gtid_consistency="WARN")),
    ("SRV-GTID", BLIND, variables(gtid_mode=None)),
    ("SRV-BINLOG", BLOCK, variables(log_bin="OFF")),
    ("SRV-BINLOG", BLIND, variables(log_bin=None)),
    ("SRV-BINFMT", BLOCK, variables(binlog_format="MIXED")),
    ("SRV-BINFMT", BLIND, variables(binlog_format=None)),
    ("SRV-ROWIMG", BLOCK, variables(binlog_row_image="MINIMAL")),
    ("SRV-ROWIMG", WARN, variables(binlog_row_image="noblob")),
    ("SRV-ROWIMG", BLIND, variables(binlog_row_image=None)),
    ("SRV-PARTJSON", WARN, variables(binlog_row_value_options="PARTIAL_JSON")),
    ("SRV-PARTJSON", PASS, both(server(version=(5, 7, 44)), variables(binlog_row_value_options=None))),
    ("SRV-PARTJSON", BLIND, variables(binlog_row_value_options=None)),
    ("SRV-BINCOMP", WARN, variables(binlog_transaction_compression="ON")),
    ("SRV-BINCOMP", WARN, variables(binlog_transaction_compression=None, log_bin_compress="ON")),
    ("SRV-BINCOMP", BLIND, variables(binlog_transaction_compression=None)),
    ("SRV-RETAIN", BLOCK, variables(binlog_expire_logs_seconds="3600")),
    ("SRV-RETAIN", WARN, variables(binlog_expire_logs_seconds="86400")),
    ("SRV-RETAIN", WARN, variables(binlog_expire_logs_seconds="0", expire_logs_days="1")),
    ("SRV-RETAIN", WARN, variables(binlog_space_limit="1000000000")),
    ("SRV-RETAIN", WARN, tables(table(data_bytes=2 * 10**13))),
    ("SRV-RETAIN", PASS, variables(binlog_expire_logs_seconds="0")),
    ("SRV-RETAIN", PASS, variables(binlog_expire_logs_auto_purge="OFF", binlog_expire_logs_seconds="60")),
    ("SRV-RETAIN", BLOCK, both(
        tables(table(data_bytes=2 * 10**12, foreign_keys=(foreign_key("orders"),))),
        variables(binlog_expire_logs_seconds="172801"),
    )),
    ("SRV-RETAIN", BLIND, variables(binlog_expire_logs_seconds=None)),
    ("SRV-RETAIN", BLIND, variables(basedir="/rdsdbbin/mysql/")),
    ("SRV-RETAIN", BLIND, NO_TABLES),
    ("SRV-DISK", BLIND, collected()),
    ("SRV-DISK", BLIND, gap("binlogs")),
    ("SRV-SERVERID", WARN, variables(server_id="0")),
    ("SRV-SERVERID", BLIND, variables(server_id=None)),
    ("SRV-ROLE", BLOCK, both(replica(lag_s=0), variables(log_replica_updates="OFF"))),
    ("SRV-ROLE", WARN, replica(lag_s=None)),
    ("SRV-ROLE", WARN, replica(lag_s=3600)),
    ("SRV-ROLE", PASS, replica(lag_s=1)),
    ("SRV-ROLE", BLIND, both(collected(replication=None), gap("replica_status"))),
    ("SRV-READONLY", WARN, variables(read_only="ON")),
    ("SRV-READONLY", BLIND, variables(read_only=None)),
    ("SRV-SQLMODE", WARN, variables(sql_mode="STRICT_TRANS_TABLES,ANSI_QUOTES")),
    ("SRV-SQLMODE", WARN, variables(sql_mode="")),
    ("SRV-SQLMODE", BLIND, variables(sql_mode=None)),
    ("SRV-TZ", WARN, both(variables(system_time_zone="CET"), tables(ON_UTC_TIME))),
    ("SRV-TZ", PASS, variables(time_zone="Europe/Paris")),
    ("SRV-TZ", PASS, both(variables(time_zone="+00:00"), tables(ON_UTC_TIME))),
    ("SRV-TZ", BLIND, variables(time_zone=None)),
    ("SRV-TIMEOUT", WARN, variables(wait_timeout="60")),
    ("SRV-TIMEOUT", WARN, variables(max_execution_time="30000")),
    ("SRV-TIMEOUT", BLIND, variables(net_read_timeout=None)),
    ("SRV-PACKET", WARN, variables(max_allowed_packet="4194304")),
    ("SRV-PACKET", WARN, both(
        variables(max_allowed_packet="1073741824"), tables(table(columns=(column(), column("b", data_type="longblob"))))
    )),
    ("SRV-PACKET", BLIND, variables(max_allowed_packet="lots")),
    ("SRV-MAXCONN", BLOCK, variables(max_connections="5")),
    ("SRV-MAXCONN", WARN, status(max_used_connections="495")),
    ("SRV-MAXCONN", BLIND, both(collected(status=()), gap("status"))),
    ("SRV-HLL", WARN, collected(history_list_length=2_000_000)),
    ("SRV-HLL", WARN, collected(history_list_length=200_000)),
    ("SRV-HLL", BLIND, both(collected(history_list_length=None), gap("history_list"))),
    ("SRV-LONGTX", WARN, collected(long_transactions=(
        LongTransaction(thread_id=9, account="account-1", open_s=4000, rows_locked=1, rows_modified=2),
    ))),
    ("SRV-LONGTX", PASS, collected(long_transactions=(
        LongTransaction(thread_id=9, account="account-1", open_s=12, rows_locked=1, rows_modified=2),
    ))),
    ("SRV-LONGTX", BLIND, both(collected(long_transactions=None), gap("long_transactions"))),
    ("SRV-WRITERS", WARN, collected(writers=(Writer(account="account-1", threads=9, ours=False),))),
    ("SRV-WRITERS", PASS, collected(writers=(Writer(account="account-1", threads=1, ours=True),))),
    ("SRV-WRITERS", BLIND, both(collected(writers=None), gap("connections"))),
    ("PRV-GRANTS", WARN, collected(privileges=Privileges(everywhere=frozenset(), database=frozenset({"SELECT"})))),
    ("PRV-GRANTS", BLIND, collected(
        privileges=Privileges(everywhere=frozenset(), database=frozenset(), could_look=False)
    )),
    ("PRV-SELF", WARN, gap("events")),
    ("SCH-EMPTY", BLOCK, tables()),
    ("SCH-EMPTY", BLIND, both(tables(), NO_TABLES)),
    ("SCH-ENGINE", BLOCK, tables(table(engine="MyISAM"))),
    ("SCH-ENGINE", BLIND, NO_TABLES),
    ("SCH-CHARSET", WARN, tables(table(columns=(column(), column("t", charset="gbk", collation="gbk_bin"))))),
    ("SCH-CHARSET", BLOCK, tables(table(columns=(column(collation="utf8mb4_uca1400_ai_ci"),)))),
    ("SCH-CHARSET", BLIND, gap("columns")),
    ("SCH-PART", WARN, tables(table(partitioning="LIST"))),
    ("SCH-PART", WARN, tables(table(partitioning="RANGE/HASH"))),
    ("SCH-PART", WARN, tables(table(partitioning="HASH"))),
    ("SCH-PART", PASS, tables(table(partitioning="RANGE"))),
    ("SCH-PART", BLIND, gap("partitions")),
    ("SCH-LIMITS", WARN, tables(*(table(f"t{n}") for n in range(2049)))),
    ("SCH-LIMITS", BLOCK, tables(table(columns=tuple(column(f"c{n}") for n in range(1018)), indexes=()))),
    ("SCH-LIMITS", BLIND, NO_TABLES),
    ("SCH-NAMES", WARN, tables(table("订单"))),
    ("SCH-NAMES", BLIND, NO_TABLES),
    ("SCH-FLOATPK", BLOCK, tables(KEY_ON_FLOAT)),
    ("SCH-FLOATPK", BLOCK, tables(table(
        columns=(column(data_type="double"),), indexes=(index("id", name="only_unique"),)
    ))),
    ("SCH-FLOATPK", PASS, tables(table(columns=(column(), column("x", data_type="float"))))),
    ("SCH-FLOATPK", BLIND, gap("indexes")),
    ("SCH-BLOBPK", BLOCK, tables(table(indexes=(index("id", prefix=10),)))),
    ("SCH-BLOBPK", WARN, tables(table(indexes=(index("id"), index("id", name="u", prefix=10))))),
    ("SCH-BLOBPK", BLIND, NO_TABLES),
    ("SCH-UNIQ", WARN, tables(table(indexes=()))),
    ("SCH-UNIQ", WARN, tables(table(columns=(column(nullable=True),), indexes=(index("id", name="u"),)))),
    ("SCH-UNIQ", WARN, tables(table(indexes=(index("id", name="plain", unique=False),)))),
    ("SCH-UNIQ", PASS, tables(table(indexes=(index("id", name="u"),)))),
    ("SCH-UNIQ", BLIND, NO_TABLES),
    ("SCH-GIPK", WARN, tables(table(columns=(column("my_row_id", invisible=True),), indexes=(index("my_row_id"),)))),
    ("SCH-GIPK", BLIND, NO_TABLES),
    ("SCH-ENUM", BLOCK, tables(table(columns=(column("e", data_type="enum", type="enum('a','b','A ')"),), indexes=()))),
    ("SCH-ENUM", PASS, tables(table(columns=(column("e", data_type="enum", type="enum('a,b','it''s')"),), indexes=()))),
    ("SCH-ENUM", BLIND, gap("columns")),
    ("SCH-ZERODATE", BLOCK, tables(table(columns=(column("d", data_type="date", default="0000-00-00"),), indexes=()))),
    ("SCH-ZERODATE", BLOCK, tables(table(columns=(column("d", data_type="date", default="2020-00-01"),), indexes=()))),
    ("SCH-ZERODATE", PASS, tables(table(columns=(column("d", data_type="date", default="2020-10-10"),), indexes=()))),
    ("SCH-ZERODATE", BLIND, gap("columns")),
    ("SCH-GENCOL", WARN, tables(table(columns=(column(), column("g", generated="virtual"))))),
    ("SCH-GENCOL", WARN, tables(table(columns=(column(), column("h", invisible=True))))),
    ("SCH-GENCOL", WARN, tables(table(indexes=(index("id"), index("", name="e"))))),
    ("SCH-GENCOL", BLIND, gap("columns")),
    ("SCH-FULLTEXT", WARN, tables(table(indexes=(index("id"), index("id", name="f", unique=False, kind="FULLTEXT"))))),
    ("SCH-FULLTEXT", BLIND, gap("indexes")),
    ("SCH-FK", BLOCK, tables(table("customers"), table(foreign_keys=(foreign_key(),)))),
    ("SCH-FK", BLIND, gap("foreign_keys")),
    ("SCH-FKCASC", WARN, tables(table("customers"), table(foreign_keys=(foreign_key(on_delete="CASCADE"),)))),
    ("SCH-FKCASC", BLIND, gap("foreign_key_columns")),
    ("SCH-FKREF", BLOCK, tables(table(foreign_keys=(foreign_key("gone"),)))),
    ("SCH-FKREF", BLOCK, tables(table("customers"), table(foreign_keys=(foreign_key(schema="other"),)))),
    ("SCH-FKREF", PASS, tables(table("customers"), table(foreign_keys=(foreign_key(), foreign_key("orders"))))),
    ("SCH-FKREF", WARN, tables(
        table("a", foreign_keys=(foreign_key("b"),)), table("b", foreign_keys=(foreign_key("c"),)),
        table("c", foreign_keys=(foreign_key("a"),)),
    )),
    ("SCH-FKREF", BLIND, gap("foreign_keys")),
    ("OBJ-LEFT", WARN, objects(StoredObject(kind="view", name="v", definer="account-1"))),
    ("OBJ-LEFT", WARN, both(objects(StoredObject(kind="event", name="e")), gap("routines"))),
    ("OBJ-LEFT", BLIND, gap("triggers")),
    ("SQL-XA", WARN, status(com_xa_start="3")),
    ("SQL-XA", BLIND, status(com_xa_start=None)),
    ("SQL-LOCK", WARN, status(com_lock_tables="1")),
    ("SQL-LOCK", BLIND, status(com_lock_tables=None)),
    ("SQL-LOAD", WARN, status(com_load="1")),
    ("SQL-LOAD", BLIND, both(collected(status=()), gap("status"))),
]  # fmt: skip
