"""Who else is at work on the source: replication, connections, transactions, undo."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from seatrial.domain.collection import BinlogFile, LongTransaction, Replication, StatusSample, Writer
from seatrial.domain.rates import grown_bytes, seconds_between
from seatrial.stages.collect.redaction import Hosts, user_of

Rows = list[dict[str, Any]]


def replication(
    replica_status: Rows | None,
    binlogs: tuple[tuple[BinlogFile, ...] | None, ...],
    samples: tuple[StatusSample, ...],
    variables: Mapping[str, str],
    connections: Rows | None,
) -> Replication | None:
    """The server as a replica and as a source of binary logs; None where we may not look."""
    if replica_status is None:
        return None
    listings = [files for files in binlogs if files is not None]
    lags = [_lag(row) for row in replica_status]
    known = [lag for lag in lags if lag is not None]
    gtids = variables.get("gtid_executed") or variables.get("gtid_binlog_pos", "")
    return Replication(
        is_replica=bool(replica_status),
        lag_s=max(known) if known and len(known) == len(lags) else None,
        gtid_executed=gtids.replace("\n", ""),
        binlogs=listings[-1] if listings else (),
        binlog_rate_bytes_s=_binlog_rate(listings, samples),
        binlog_readers=None if connections is None else _binlog_readers(connections),
    )


def binlog_files(rows: Rows | None, hosts: Hosts) -> tuple[BinlogFile, ...] | None:
    """SHOW BINARY LOGS as sizes, oldest first."""
    if rows is None:
        return None
    return tuple(
        BinlogFile(name=hosts.hide(str(row["log_name"])), size_bytes=int(row["file_size"] or 0)) for row in rows
    )


def writers(
    connections: Rows, database: str, own_account: str, label: Callable[[str], str], folded: bool
) -> tuple[Writer, ...]:
    """Accounts with connections that use the database, the busiest first; our own connection is left out."""
    wanted = database.lower() if folded else database
    threads: Counter[str] = Counter()
    for row in connections:
        used = str(row["database_name"] or "")
        if (used.lower() if folded else used) == wanted and not int(row["own"]):
            threads[user_of(str(row["account"]))] += int(row["threads"])
    found = [Writer(account=label(user), threads=n, ours=user == own_account) for user, n in threads.items()]
    return tuple(sorted(found, key=lambda writer: (-writer.threads, writer.account)))


def long_transactions(rows: Rows | None, label: Callable[[str], str]) -> tuple[LongTransaction, ...] | None:
    """Transactions that were open for long, the oldest first."""
    if rows is None:
        return None
    return tuple(
        LongTransaction(
            thread_id=int(row["thread_id"]),
            account=label(str(row["account"])),
            open_s=int(row["open_s"] or 0),
            rows_locked=int(row["rows_locked"] or 0),
            rows_modified=int(row["rows_modified"] or 0),
        )
        for row in rows
    )


def history_list(rows: Rows | None) -> int | None:
    """The length of InnoDB's history list, in undo log records."""
    return int(rows[0]["length"]) if rows else None


def _lag(replica: Mapping[str, Any]) -> int | None:
    for name in ("seconds_behind_source", "seconds_behind_master"):
        if (value := replica.get(name)) is not None:
            return int(value)
    return None


def _binlog_readers(connections: Rows) -> int:
    return sum(int(row["threads"]) for row in connections if str(row["command"]).startswith("Binlog Dump"))


def _binlog_rate(listings: list[tuple[BinlogFile, ...]], samples: tuple[StatusSample, ...]) -> float | None:
    if len(listings) < 2 or len(samples) < 2 or (apart_s := seconds_between(samples[0], samples[-1])) <= 0:
        return None
    return grown_bytes(listings[0], listings[-1]) / apart_s
