"""Slow logs written by a seeded generator: what a real log has little of. The same seed gives the same bytes."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

DATABASE = "bench"

BEGAN = datetime(2026, 11, 20, 8, 50, tzinfo=UTC)
BANNER = (
    b"/usr/sbin/mysqld, Version: 9.7.4 (MySQL Community Server - GPL). started with:\n"
    b"Tcp port: 3306  Unix socket: /run/mysqld/mysqld.sock\n"
    b"Time                 Id Command    Argument\n"
)
CONNECTIONS = 32
ROWS = 500
"""Of one long INSERT."""

_EVENT = (
    "# Time: {second}.{us:06d}Z\n"
    "# User@Host: app[app] @ localhost [127.0.0.1]  Id: {id:5}\n"
    "# Query_time: {took:.6f}  Lock_time: 0.000003 Rows_sent: {rows}  Rows_examined: {rows} Thread_id: {id} Errno: 0"
    " Killed: 0 Bytes_received: {received} Bytes_sent: {sent} Read_first: 0 Read_last: 0 Read_key: 1 Read_next: 0"
    " Read_prev: 0 Read_rnd: 0 Read_rnd_next: 0 Sort_merge_passes: 0 Sort_range_count: 0 Sort_rows: 0"
    " Sort_scan_count: 0 Created_tmp_disk_tables: 0 Created_tmp_tables: 0 Count_hit_tmp_table_size: 0"
    "  Start: {began}.{began_us:06d}Z End: {second}.{us:06d}Z\n"
    "{use}SET timestamp={stamp};\n"
    "{sql};\n"
)
_LETTERS = "bcdghjkmpqrstvwz"
"""Without those that pt-query-digest takes away beside a number, and that make words of SQL."""
_TEXTS = (
    "a plain note",
    "it''s two quotes",
    r"it\'s an escape",
    r"a \"word\" and a backslash \\",
    "two\nlines; and a semicolon",
    "-- no comment, nor /* this */",
    "grüße, 库存",
    "",
)


def short(path: Path, size_bytes: int, seed: int) -> int:
    """Statements of some 30 bytes, as a benchmark of rows by their keys sends them; how many it wrote."""

    def statements(source: random.Random) -> Iterator[str]:
        while True:
            yield "BEGIN"
            for _ in range(source.randrange(2, 8)):
                yield f"SELECT c FROM sbtest{source.randrange(1, 9)} WHERE id={source.randrange(1, 1_000_000)}"
            yield f"UPDATE sbtest{source.randrange(1, 9)} SET k=k+1 WHERE id={source.randrange(1, 1_000_000)}"
            yield "COMMIT"

    return _written(path, statements, seed, lambda _, size: size >= size_bytes)


def inserts(path: Path, size_bytes: int, seed: int) -> int:
    """INSERTs of 500 rows, some 40 kB each, with texts that hold quotes and escapes; how many it wrote."""

    def statements(source: random.Random) -> Iterator[str]:
        for first in count(1, ROWS):
            rows = (_row(source, number) for number in range(first, first + ROWS))
            yield f"INSERT INTO notes (id, customer_id, price, note, made, gone) VALUES {', '.join(rows)}"

    return _written(path, statements, seed, lambda _, size: size >= size_bytes)


def distinct(path: Path, events: int, seed: int) -> int:
    """So many statements, no two of one fingerprint, neither by our rules nor by pt-query-digest's."""

    def statements(source: random.Random) -> Iterator[str]:
        for number in count():
            name = letters(number)
            key = source.randrange(1, 1_000_000)
            yield f"SELECT id, col_{name} FROM things WHERE owner_id = {key} AND col_{name} = 'v{key}'"

    return _written(path, statements, seed, lambda written, _: written >= events)


def letters(number: int) -> str:
    """The number in letters alone: a digit would be taken for a literal."""
    word = ""
    while number or not word:
        number, digit = divmod(number, len(_LETTERS))
        word = _LETTERS[digit] + word
    return word


def _row(source: random.Random, number: int) -> str:
    note = source.choice(_TEXTS)
    gone = "NULL" if source.random() < 0.8 else "'2026-11-20 08:50:00'"
    price = f"{source.randrange(100_000) / 100:.2f}"
    return f"({number}, {source.randrange(1, 50_000)}, {price}, '{note}', '2026-11-20 08:50:00', {gone})"


def _written(
    path: Path,
    statements: Callable[[random.Random], Iterator[str]],
    seed: int,
    enough: Callable[[int, int], bool],
) -> int:
    """A log of these statements as MySQL 9 writes it with log_slow_extra, up to where it is enough; their number."""
    source = random.Random(seed)
    size = events = 0
    at, stamp, second = BEGAN, int(BEGAN.timestamp()), ""
    with path.open("wb") as file:
        size += file.write(BANNER)
        for sql in statements(source):
            us = events % 1000 * 1000 + 999  # a thousand a second
            if us == 999:
                second = f"{at:%Y-%m-%dT%H:%M:%S}"
                at, stamp = at + timedelta(seconds=1), stamp + 1
            took_us = min(us, 100 + source.randrange(400))
            rows = source.randrange(2)
            text = _EVENT.format(
                second=second,
                us=us,
                id=10 + events % CONNECTIONS,
                took=took_us / 1e6,
                rows=rows,
                received=len(sql),
                sent=60 + 80 * rows,
                began=second,
                began_us=us - took_us,
                use="" if events else f"use {DATABASE};\n",
                stamp=stamp - 1,
                sql=sql,
            )
            size += file.write(text.encode())
            events += 1
            if enough(events, size):
                return events
    return events
