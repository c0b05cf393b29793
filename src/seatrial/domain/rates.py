"""Counters become rates by two samples; gauges do not, and say so."""

from datetime import datetime

from seatrial.domain.collection import BinlogFile, StatusSample

_GAUGES = (
    "threads_connected", "threads_running", "threads_cached", "max_used_connections", "open_files", "open_streams",
    "open_tables", "open_table_definitions", "prepared_stmt_count", "uptime", "slave_open_temp_tables",
    "replica_open_temp_tables", "innodb_page_size", "innodb_row_lock_current_waits", "innodb_row_lock_time_avg",
    "innodb_row_lock_time_max", "innodb_num_open_files", "innodb_undo_tablespaces", "key_blocks", "qcache_free",
    "qcache_queries_in_cache", "qcache_total_blocks", "innodb_buffer_pool_pages", "innodb_buffer_pool_bytes",
    "innodb_data_pending", "innodb_os_log_pending", "innodb_history_list_length", "innodb_redo_log", "last_query",
    "tc_log_page_size", "global_connection_memory", "performance_schema_session_connect_attrs",
)  # fmt: skip
_COUNTERS_AMONG_THEM = ("innodb_buffer_pool_pages_flushed", "innodb_buffer_pool_pages_lru_flushed")


def is_counter(name: str) -> bool:
    """Whether a status variable only ever grows while the server runs."""
    return name in _COUNTERS_AMONG_THEM or not name.startswith(_GAUGES)


def seconds_between(first: StatusSample, last: StatusSample) -> float:
    """How far the samples are apart by our clock."""
    return (datetime.fromisoformat(last.at) - datetime.fromisoformat(first.at)).total_seconds()


def per_second(samples: tuple[StatusSample, ...], name: str) -> float | None:
    """The counter's growth per second between the first and the last sample.

    None where that is no number: fewer than two samples, a gauge, a missing value, or a server that was restarted
    or whose counters were flushed in between.
    """
    if len(samples) < 2 or not is_counter(name):
        return None
    first, last = samples[0], samples[-1]
    before, after, apart_s = _number(first, name), _number(last, name), seconds_between(first, last)
    if before is None or after is None or apart_s <= 0 or after < before or _restarted(first, last):
        return None
    return (after - before) / apart_s


def per_second_since_start(sample: StatusSample, name: str) -> float | None:
    """The counter's mean growth per second since the server started; None for a gauge or a missing value."""
    value = _number(sample, name)
    up_s = _number(sample, "uptime_since_flush_status") or _number(sample, "uptime")
    return value / up_s if value is not None and up_s and is_counter(name) else None


def grown_bytes(before: tuple[BinlogFile, ...], after: tuple[BinlogFile, ...]) -> int:
    """How much was written to the binary logs between two listings, whatever was purged in between."""
    known = {file.name: file.size_bytes for file in before}
    newest = before[-1].name if before else ""
    return sum(
        file.size_bytes - known.get(file.name, 0) for file in after if file.name in known or _later(file.name, newest)
    )


def _later(name: str, than: str) -> bool:
    return (len(name), name) > (len(than), than)


def _restarted(first: StatusSample, last: StatusSample) -> bool:
    before, after = _number(first, "uptime"), _number(last, "uptime")
    return before is not None and after is not None and after < before


def _number(sample: StatusSample, name: str) -> float | None:
    try:
        return float(sample.values[name])
    except (KeyError, ValueError):
        return None
