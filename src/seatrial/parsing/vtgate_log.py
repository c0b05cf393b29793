"""vtgate's query log in JSON, as Vitess 24 writes it on /debug/querylog.

It has no rows for a SELECT, no end of a connection, and no zone in its times, which are those of vtgate's own machine.
Its errors hold literals also where bind values are redacted; what is kept of them here lives in memory only.
"""

import hashlib
import re
from datetime import datetime

import msgspec
from msgspec import Struct

from seatrial.domain.executed import Executed
from seatrial.domain.refusal import UNKNOWN, number_of
from seatrial.parsing.heading import LONGEST_US

_SYNTAX_ERROR = 1064
_PARTICULARS = re.compile(r" \(CallerID\b.*|: Sql: .*", re.DOTALL)
_QUOTED = re.compile(r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.)*\"|'.*|\".*", re.DOTALL)


class _Line(Struct, rename="pascal"):
    start: str = ""
    end: str = ""
    total_time: float = 0.0
    sql: str = msgspec.field(name="SQL", default="")
    shard_queries: int = 0
    rows_affected: int = 0
    error: str = ""
    session_uuid: str = msgspec.field(name="SessionUUID", default="")
    active_keyspace: str = ""


_decode = msgspec.json.Decoder(_Line).decode


def executed(line: bytes) -> Executed | None:
    """The statement of one line; None if the line is none. A keyspace is told without shard and tablet type."""
    try:
        told = _decode(line)
        ended_us = round(datetime.fromisoformat(told.end).astimezone().timestamp() * 1_000_000)
    except (msgspec.DecodeError, ValueError, OverflowError, RecursionError):
        return None
    if not told.sql or not 0 <= told.total_time * 1_000_000 <= LONGEST_US:
        return None
    return Executed(
        ended_us=ended_us,
        took_us=round(told.total_time * 1_000_000),
        rows_affected=told.rows_affected,
        errno=_number(told.error),
        connection=_connection(told.session_uuid),
        database=re.split(r"[:@]", told.active_keyspace, maxsplit=1)[0],
        sql=told.sql.encode(),
        error=_QUOTED.sub("'…'", _PARTICULARS.sub("", told.error)),
        shard_queries=told.shard_queries,
    )


def _number(error: str) -> int:
    number = number_of(error)
    return _SYNTAX_ERROR if number == UNKNOWN and "syntax error at position" in error else number


def _connection(session: str) -> int:
    """A number for a session's name, never 0 for one that has a name."""
    return int.from_bytes(hashlib.blake2b(session.encode(), digest_size=7).digest(), "big") | 1 if session else 0
