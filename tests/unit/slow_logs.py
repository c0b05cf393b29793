"""Slow logs as MySQL 8 and 9 write them, made to order."""

from datetime import UTC, datetime, timedelta

BEGAN = datetime(2026, 11, 20, 8, 50, tzinfo=UTC)
BANNER = (
    b"/usr/sbin/mysqld, Version: 8.4.3 (MySQL Community Server - GPL). started with:\n"
    b"Tcp port: 3306  Unix socket: /run/mysqld/mysqld.sock\n"
    b"Time                 Id Command    Argument\n"
)
_EXTRA = (
    " Thread_id: {id} Errno: {errno} Killed: 0 Bytes_received: 40 Bytes_sent: {bytes_sent} Read_first: 0 Read_last: 0"
    " Read_key: 1 Read_next: 0 Read_prev: 0 Read_rnd: 0 Read_rnd_next: 0 Sort_merge_passes: 0 Sort_range_count: 0"
    " Sort_rows: 0 Sort_scan_count: 0 Created_tmp_disk_tables: 0 Created_tmp_tables: 0 Count_hit_tmp_table_size: 0"
    "  Start: {start} End: {end}"
)


def moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def heading(
    *,
    id: int = 7,
    second: float = 0,
    took_us: int = 100,
    use: str = "",
    errno: int = 0,
    extra: bool = True,
    rows: int = 0,
    examined: int = 0,
    bytes_sent: int = 11,
) -> bytes:
    """The lines before a statement."""
    end = BEGAN + timedelta(seconds=second)
    start = end - timedelta(microseconds=took_us)
    more = _EXTRA.format(id=id, errno=errno, bytes_sent=bytes_sent, start=moment(start), end=moment(end))
    return (
        f"# Time: {moment(end)}\n"
        f"# User@Host: app[app] @ localhost [127.0.0.1]  Id: {id:5}\n"
        f"# Query_time: {took_us / 1e6:.6f}  Lock_time: 0.000003 Rows_sent: {rows}  Rows_examined: {examined}"
        f"{more if extra else ''}\n" + (f"use {use};\n" if use else "") + f"SET timestamp={int(start.timestamp())};\n"
    ).encode()


def event(
    sql: str | bytes,
    *,
    id: int = 7,
    second: float = 0,
    took_us: int = 100,
    use: str = "",
    errno: int = 0,
    extra: bool = True,
    rows: int = 0,
) -> bytes:
    """A statement with its lines."""
    statement = sql if isinstance(sql, bytes) else sql.encode()
    lines = heading(id=id, second=second, took_us=took_us, use=use, errno=errno, extra=extra, rows=rows)
    return lines + statement + b";\n"


def closed(*, id: int = 7, second: float = 0) -> bytes:
    return event("# administrator command: Quit", id=id, second=second)


def log(*statements: str | bytes, id: int = 7, database: str = "shop") -> bytes:
    """A log of one connection, with its banner: a statement each millisecond."""
    return BANNER + b"".join(
        event(sql, id=id, second=number / 1000, use="" if number else database) for number, sql in enumerate(statements)
    )
