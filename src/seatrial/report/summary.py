"""A collection as plain text: to read, to diff against an earlier one, to paste into a mail."""

from collections import Counter
from collections.abc import Iterable, Sequence

from seatrial.domain.collection import Collection
from seatrial.domain.rates import per_second, per_second_since_start, seconds_between
from seatrial.domain.schema import ForeignKey, Schema, Table
from seatrial.report.plain import WIDTH, amount, bytes_text, columns, duration, heading, pairs, wrapped

LARGEST_TABLES = 20

SETTINGS = (
    "auto_increment_increment", "auto_increment_offset", "binlog_expire_logs_seconds", "binlog_format",
    "binlog_row_image", "binlog_row_value_options", "binlog_transaction_compression", "character_set_server",
    "collation_server", "default_storage_engine", "enforce_gtid_consistency", "expire_logs_days", "gtid_mode",
    "innodb_flush_log_at_trx_commit", "innodb_flush_method", "innodb_io_capacity", "innodb_io_capacity_max",
    "innodb_lock_wait_timeout", "innodb_read_io_threads", "innodb_write_io_threads", "log_bin",
    "log_queries_not_using_indexes", "log_replica_updates", "log_slave_updates", "long_query_time",
    "lower_case_table_names", "max_connections", "optimizer_switch", "performance_schema", "read_only", "server_id",
    "slow_query_log", "sql_mode", "super_read_only", "sync_binlog", "system_time_zone", "time_zone",
    "transaction_isolation", "tx_isolation",
)  # fmt: skip
SIZES = (
    "innodb_buffer_pool_size", "innodb_log_buffer_size", "innodb_log_file_size", "innodb_redo_log_capacity",
    "join_buffer_size", "max_allowed_packet", "max_binlog_size", "max_heap_table_size", "read_buffer_size",
    "read_rnd_buffer_size", "sort_buffer_size", "thread_stack", "tmp_table_size",
)  # fmt: skip
COUNTERS = (
    "aborted_clients", "aborted_connects", "bytes_received", "bytes_sent", "com_begin", "com_commit", "com_delete",
    "com_delete_multi", "com_insert", "com_insert_select", "com_kill", "com_load", "com_lock_tables", "com_replace",
    "com_rollback", "com_savepoint", "com_select", "com_set_option", "com_stmt_close", "com_stmt_execute",
    "com_stmt_prepare", "com_truncate", "com_update", "com_update_multi", "com_xa_start", "connections",
    "created_tmp_disk_tables", "created_tmp_tables", "handler_read_rnd_next", "innodb_buffer_pool_read_requests",
    "innodb_buffer_pool_reads", "innodb_data_read", "innodb_data_written", "innodb_os_log_written",
    "innodb_row_lock_waits", "innodb_rows_deleted", "innodb_rows_inserted", "innodb_rows_read",
    "innodb_rows_updated", "queries", "questions", "select_full_join", "select_range", "select_scan",
    "slow_queries", "sort_merge_passes", "sort_rows", "sort_scan",
)  # fmt: skip
GAUGES = (
    "max_used_connections", "open_tables", "prepared_stmt_count", "threads_cached", "threads_connected",
    "threads_running", "innodb_buffer_pool_pages_data", "innodb_buffer_pool_pages_dirty",
    "innodb_buffer_pool_pages_free", "innodb_row_lock_current_waits",
)  # fmt: skip


def summary(collection: Collection) -> str:
    """The whole collection in at most 100 columns; every section is there each time, in the same order."""
    sections = (
        heading(f"seatrial collect: database {collection.schema.database}", "="),
        _server(collection),
        heading("Settings"),
        pairs((name, _setting(collection, name)) for name in SETTINGS if name in collection.server.variables),
        heading("Sizes"),
        pairs((name, _size(collection, name)) for name in SIZES if name in collection.server.variables),
        heading("Counters", note=_sampled(collection)),
        _counters(collection),
        heading("Gauges, at the last sample"),
        pairs((name, _gauge(collection, name)) for name in GAUGES if _gauge(collection, name)),
        heading("Replication and binary logs"),
        _replication(collection),
        heading("Who else is at work"),
        _activity(collection),
        heading("Privileges of the collecting account"),
        _privileges(collection),
        heading("Schema"),
        _schema(collection.schema),
        heading(f"Tables by size, the {LARGEST_TABLES} largest"),
        _tables(collection.schema.tables),
        heading("Views, triggers, events, routines"),
        _stored(collection.schema),
        heading("Could not look"),
        _gaps(collection),
    )
    return "\n".join(line for section in sections for line in section) + "\n"


def _server(collection: Collection) -> list[str]:
    server, variables = collection.server, collection.server.variables
    last = collection.status[-1] if collection.status else None
    up_s = last.values.get("uptime") if last else None
    platform = f"{variables.get('version_compile_os', '?')} {variables.get('version_compile_machine', '')}".strip()
    return pairs(
        [
            ("flavour and version", f"{server.flavour} {server.version_text}"),
            ("comment", server.version_comment),
            ("platform", platform),
            ("server uuid", server.uuid or "none"),
            ("collected at (UTC)", last.at if last else "unknown"),
            ("up for", duration(float(up_s)) if up_s else "unknown"),
            ("data folder", variables.get("datadir", "unknown")),
        ]
    )


def _sampled(collection: Collection) -> str:
    if len(collection.status) < 2:
        return "no two samples: no rate for now"
    return f"two samples {seconds_between(collection.status[0], collection.status[-1]):.1f} s apart"


def _counters(collection: Collection) -> list[str]:
    if not collection.status:
        return ["  no answer"]
    last = collection.status[-1]
    rows = [
        [
            name,
            f"{int(float(last.values[name])):,}",
            amount(per_second_since_start(last, name)),
            amount(per_second(collection.status, name)),
        ]
        for name in COUNTERS
        if name in last.values
    ]
    return columns(["counter", "total", "per s since start", "per s between samples"], rows, right=(1, 2, 3))


def _gauge(collection: Collection, name: str) -> str:
    value = collection.status[-1].values.get(name) if collection.status else None
    return "" if value is None else f"{int(float(value)):,}"


def _setting(collection: Collection, name: str) -> str:
    return collection.server.variables[name].replace(",", ", ")  # long lists break between their words


def _size(collection: Collection, name: str) -> str:
    value = collection.server.variables[name]
    return bytes_text(int(value)) if value.isdigit() else value


def _replication(collection: Collection) -> list[str]:
    replication = collection.replication
    if replication is None:
        return ["  no answer"]
    logs = replication.binlogs
    rate = replication.binlog_rate_bytes_s
    lag = "unknown" if replication.lag_s is None else f"{replication.lag_s:,} s"
    readers = replication.binlog_readers
    return pairs(
        [
            ("is a replica", f"yes, {lag} behind" if replication.is_replica else "no"),
            ("binary logs", f"{len(logs):,} files, {bytes_text(sum(log.size_bytes for log in logs))}"),
            ("oldest and newest", f"{logs[0].name}, {logs[-1].name}" if logs else "none"),
            ("empty files", f"{sum(1 for log in logs if not log.size_bytes):,}"),
            ("written now", "unknown" if rate is None else f"{bytes_text(rate)} per s"),
            ("readers of the log", "unknown" if readers is None else f"{readers:,}"),
            ("gtid_executed", replication.gtid_executed or "empty"),
        ]
    )


def _activity(collection: Collection) -> list[str]:
    lines = []
    if collection.writers is None:
        lines += ["  connections: no answer"]
    elif not collection.writers:
        lines += ["  no other connection uses the database"]
    else:
        rows = [[w.account + (" (ours)" if w.ours else ""), f"{w.threads:,}"] for w in collection.writers]
        lines += columns(["account", "connections"], rows, right=(1,))
    if collection.long_transactions is None:
        lines += ["  transactions: no answer"]
    elif not collection.long_transactions:
        lines += ["  no transaction is open for 10 s or more"]
    else:
        rows = [
            [str(one.thread_id), one.account, f"{one.open_s:,} s", f"{one.rows_locked:,}", f"{one.rows_modified:,}"]
            for one in collection.long_transactions
        ]
        lines += columns(["thread", "account", "open", "rows locked", "rows modified"], rows, right=(2, 3, 4))
    length = collection.history_list_length
    left = collection.sidecars
    return lines + pairs(
        [
            ("history list length", "no answer" if length is None else f"{length:,}"),
            ("databases of Vitess", "no answer" if left is None else ", ".join(left) or "none"),
        ]
    )


def _privileges(collection: Collection) -> list[str]:
    held = collection.privileges
    if not held.could_look:
        return ["  no answer"]
    lists = (("everywhere", held.everywhere), ("on the database", held.database), ("on _vt…", held.sidecar))
    return pairs((name, ", ".join(sorted(found)) or "none") for name, found in lists)


def _schema(schema: Schema) -> list[str]:
    tables = schema.tables
    every = [column for table in tables for column in table.columns]
    indexes = [index for table in tables for index in table.indexes]
    keys = [key for table in tables for key in table.foreign_keys]
    stored = Counter(one.kind for one in schema.stored_objects)
    return pairs(
        [
            ("default charset", f"{schema.charset}, {schema.collation}"),
            ("tables", f"{len(tables):,}"),
            ("data and indexes", f"{bytes_text(_sum(t.data_bytes for t in tables))} + "
             f"{bytes_text(_sum(t.index_bytes for t in tables))} (the engine's estimates)"),
            ("rows", f"about {_sum(table.rows_estimate for table in tables):,}"),
            ("stored objects", _tally(stored)),
            ("engines", _tally(Counter(table.engine or "none" for table in tables))),
            ("partitioned", _tally(Counter(table.partitioning for table in tables if table.partitioning))),
            ("without a key", ", ".join(table.name for table in tables if table.identity is None) or "none"),
            ("index types", _tally(Counter(index.kind for index in indexes))),
            ("column types", _tally(Counter(column.data_type for column in every))),
            ("column charsets", _tally(Counter(column.charset for column in every if column.charset))),
            ("generated, invisible", f"{_sum(bool(c.generated) for c in every)}, {_sum(c.invisible for c in every)}"),
            ("foreign keys", f"{len(keys):,}, with CASCADE {_sum(_cascades(key) for key in keys)}"),
        ]
    )  # fmt: skip


def _tables(tables: Sequence[Table]) -> list[str]:
    largest = sorted(tables, key=lambda table: (-(table.data_bytes + table.index_bytes), table.name))[:LARGEST_TABLES]
    rows = [
        [
            table.name,
            table.engine,
            f"{table.rows_estimate:,}",
            bytes_text(table.data_bytes),
            bytes_text(table.index_bytes),
        ]
        for table in largest
    ]
    return (
        columns(["table", "engine", "rows (about)", "data", "indexes"], rows, right=(2, 3, 4)) if rows else ["  none"]
    )


def _stored(schema: Schema) -> list[str]:
    rows = [[one.kind, one.name, one.definer, one.table or ""] for one in schema.stored_objects]
    return columns(["kind", "name", "definer", "table"], rows) if rows else ["  none seen"]


def _gaps(collection: Collection) -> list[str]:
    if not collection.gaps:
        return ["  nothing: every question was answered"]
    return [line for gap in collection.gaps for line in wrapped(f"{gap.question}: {gap.reason}", WIDTH)]


def _cascades(key: ForeignKey) -> bool:
    return "CASCADE" in (key.on_delete, key.on_update)


def _tally(counted: Counter[str]) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in sorted(counted.items())) or "none"


def _sum(numbers: Iterable[int]) -> int:
    """Like `sum`, and a bool counts."""
    return sum(numbers)
