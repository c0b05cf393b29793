"""A second opinion: rows drawn by key on the source, read from both sides' own MySQL and compared here."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec import Struct

from seatrial.domain.comparison import Mismatch, SampleComparison
from seatrial.domain.event import Progress, Tell, rest
from seatrial.domain.identifier import quote
from seatrial.domain.ports import Sql
from seatrial.domain.schema import Table

CHUNK = 50
FARTHEST = 100_000
"""An OFFSET reads what it passes over: the "middle" of a large table is this far in."""
AGAIN_AFTER_S = 2.0
"""A differing row is read again after this long, a few times, before it counts: it may have been in flight."""
AGAIN_TIMES = 3


class Draw(Struct, frozen=True, kw_only=True):
    """How many rows of each table are drawn: from the beginning, the end and the middle of its key."""

    rows: int = 300


Key = tuple[Any, ...]
Row = dict[str, Any]


def compare(
    table: Table,
    keyspace: str,
    source: Sql,
    primaries: Mapping[str, Sql],
    copies: int,
    draw: Draw,
    tell: Tell,
) -> tuple[SampleComparison | None, list[Mismatch]]:
    """Compare the drawn rows; None for a table without a key to draw by. With several `copies` (a reference table)
    every shard must hold the row, else exactly one."""
    if table.identity is None:
        return None, []
    tell(Progress(phase="reading drawn rows", detail=table.name))
    keys = _draw(table, source, draw)
    differing = _differing(table, keyspace, source, primaries, copies, keys, tell)
    at_first = len(differing)
    for _ in range(AGAIN_TIMES):
        if not differing:
            break
        rest(tell, AGAIN_AFTER_S)
        suspect = {tuple(mismatch.key.values()) for mismatch in differing}
        again = [key for key in keys if _shown_key(key) in suspect]
        differing = _differing(table, keyspace, source, primaries, copies, again, tell)
    return (
        SampleComparison(rows_checked=len(keys), mismatched=len(differing), moved=at_first - len(differing)),
        differing,
    )


def _draw(table: Table, source: Sql, draw: Draw) -> list[Key]:
    """Keys from both ends of the table's key and from the middle: index reads, no scan of rows."""
    columns = ", ".join(quote(column) for column in table.identity_columns)
    third = max(1, draw.rows // 3)
    asc = ", ".join(f"{quote(column)} ASC" for column in table.identity_columns)
    desc = ", ".join(f"{quote(column)} DESC" for column in table.identity_columns)
    middle = min(table.rows_estimate // 2, FARTHEST)
    found = source.query(f"SELECT {columns} FROM {quote(table.name)} ORDER BY {asc} LIMIT {third}")
    found += source.query(f"SELECT {columns} FROM {quote(table.name)} ORDER BY {asc} LIMIT {third} OFFSET {middle}")
    found += source.query(f"SELECT {columns} FROM {quote(table.name)} ORDER BY {desc} LIMIT {third}")
    return list(dict.fromkeys(found))


def _differing(
    table: Table,
    keyspace: str,
    source: Sql,
    primaries: Mapping[str, Sql],
    copies: int,
    keys: list[Key],
    tell: Tell,
) -> list[Mismatch]:
    found: list[Mismatch] = []
    for start in range(0, len(keys), CHUNK):
        chunk = keys[start : start + CHUNK]
        tell(Progress(phase="reading drawn rows", done=start, total=len(keys), unit="rows", detail=table.name))
        expected = _read(table, source, chunk)
        by_shard = {shard: _read(table, sql, chunk) for shard, sql in primaries.items()}
        for key in chunk:
            row = expected.get(key)
            holders = {shard: rows[key] for shard, rows in by_shard.items() if key in rows}
            wanted = copies if row is not None else 0
            if len(holders) == wanted and all(other == row for other in holders.values()):
                continue
            shard, other = next(((s, r) for s, r in holders.items() if r != row), ("", None))
            found.append(
                Mismatch(
                    table=table.name,
                    keyspace=keyspace,
                    shard=shard or ", ".join(holders) or "none",
                    key=dict(zip(table.identity_columns, _shown_key(key), strict=True)),
                    source=_shown(row),
                    target=_shown(other),
                )
            )
    return found


def _read(table: Table, sql: Sql, keys: list[Key]) -> dict[Key, Row]:
    """The rows of those keys, every stored column, by key."""
    names = [column.name for column in table.columns]
    selected = ", ".join(quote(name) for name in names)
    one = "(" + " AND ".join(f"{quote(column)} = %s" for column in table.identity_columns) + ")"
    found = sql.query(
        f"SELECT {selected} FROM {quote(table.name)} WHERE {' OR '.join([one] * len(keys))}",
        [value for key in keys for value in key],
    )
    at = [names.index(table.column(column).name) for column in table.identity_columns]
    return {tuple(row[i] for i in at): dict(zip(names, row, strict=True)) for row in found}


def _shown_key(key: Key) -> Key:
    return tuple(_plain(value) for value in key)


def _shown(row: Row | None) -> Row | None:
    return None if row is None else {name: _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    """A value as JSON can hold it without loss: bytes as 0x…, decimals and times as text."""
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, Decimal | date | datetime | timedelta):
        return str(value)
    return value
