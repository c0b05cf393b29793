"""Ordinary stretches of a slow log, read all at once: a column for each field, made by a few calls into C.

Nearly all of a log is ordinary: headings as MySQL writes them with log_slow_extra, each statement with its end and
nothing in it that looks like a line of a heading. What is not is left to `slow_log.SlowLog`, which knows better.
"""

from datetime import datetime
from typing import Any

from seatrial import compiled
from seatrial.domain.executed import Batch
from seatrial.parsing.heading import COMMAND, HEADING, LONGEST_US

_FIELDS = 14
_MOMENT_BYTES = len("2026-11-21T08:50:00.000000Z")


class People(dict[bytes | None, tuple[str, str]]):
    """Account and host of each `app[app] @ db1 [10.0.0.7]` met, the address where there is no name."""

    def __missing__(self, who: bytes | None) -> tuple[str, str]:
        if who is None:
            return "", ""
        user, _, rest = who.partition(b"[")
        host, _, address = rest.partition(b"] @ ")[2].partition(b"[")
        found = self[who] = (_text(user), _text(host.strip() or address.removesuffix(b"]")))
        return found


def columns(stretch: bytes, database: str, people: People) -> Batch | None:
    """The events of a stretch that begins with a heading and ends before one; None if it is not ordinary.

    `database` is in use where it begins; `people` are those met before.
    """
    if compiled.headings is None:
        return in_python(stretch, database, people)
    fields = compiled.headings.columns(stretch, database, people)
    return Batch(**fields) if fields is not None else None


def in_python(stretch: bytes, database: str, people: People) -> Batch | None:
    """The same, without what is compiled."""
    parts: list[bytes | Any] = HEADING.split(stretch)
    at, who, number, took, lock, sent, examined, _, errno, size, on_disk, tables, used, _, body = (
        parts[field :: _FIELDS + 1] for field in range(1, _FIELDS + 2)
    )
    if parts[0] or not _whole(stretch, body) or None in at or None in number or None in errno or None in size:
        return None
    ended, took_us, lock_us = _moments(at), _microseconds(took), _microseconds(lock)
    if ended is None or took_us is None or lock_us is None or max(*took_us, *lock_us) > LONGEST_US:
        return None
    sql = [text[:-2] for text in body]
    return Batch(
        ended_us=ended,
        took_us=took_us,
        lock_us=lock_us,
        rows_sent=list(map(int, sent)),
        rows_examined=list(map(int, examined)),
        bytes_sent=list(map(int, size)),
        errno=list(map(int, errno)),
        user=[people[one][0] for one in who],
        host=[people[one][1] for one in who],
        connection=list(map(int, number)),
        database=_databases(used, database),
        command=_commands(sql),
        sql=sql,
        tmp_tables=_seldom(tables),
        tmp_disk_tables=_seldom(on_disk),
    )


def _whole(stretch: bytes, bodies: list[bytes]) -> bool:
    """Whether each statement has its end, and no line of one begins as those of headings do."""
    ends = [body[-2:] for body in bodies]
    lines = 3 * len(bodies) - 1 + stretch.count(b";\n" + COMMAND)
    return ends.count(b";\n") == len(ends) and stretch.count(b"\n# ") == lines


def _moments(texts: list[bytes]) -> list[int] | None:
    """µs since 1970; None where one is of another form than `2026-11-21T08:50:00.000000Z`."""
    zones = b"".join(texts)[_MOMENT_BYTES - 1 :: _MOMENT_BYTES]
    if set(map(len, texts)) != {_MOMENT_BYTES} or zones != b"Z" * len(texts):
        return None
    seconds = [text[:20] for text in texts]
    fractions = [text[20:26] for text in texts]
    starts = {second: _second_us(second) for second in set(seconds)}
    if None in starts.values() or not b"".join(fractions).isdigit():
        return None
    return [(starts[second] or 0) + int(fraction) for second, fraction in zip(seconds, fractions, strict=True)]


def _second_us(text: bytes) -> int | None:
    try:
        moment = datetime.fromisoformat(text[:19].decode("ascii") + "+00:00")
    except ValueError:
        return None
    return round(moment.timestamp()) * 1_000_000 if text[19:] == b"." else None


def _microseconds(seconds: list[bytes]) -> list[int] | None:
    """µs; None where one is not written with six decimals."""
    joined = b" ".join(seconds)
    points = [text[-7:-6] for text in seconds].count(b".")
    if not joined.count(b".") == points == len(seconds):
        return None
    return list(map(int, joined.replace(b".", b"").split(b" ")))


def _seldom(numbers: list[bytes | None]) -> list[int] | None:
    """Numbers that are nearly always 0: None if they all are."""
    if numbers.count(b"0") == len(numbers):
        return None
    return [int(number or 0) for number in numbers]


def _text(name: bytes) -> str:
    return name.decode(errors="replace")


def _databases(used: list[bytes | None], database: str) -> list[str]:
    if used.count(None) == len(used):
        return [database] * len(used)
    databases = []
    for name in used:
        if name is not None:
            database = name[:-1].decode(errors="replace")
        databases.append(database)
    return databases


def _commands(sql: list[bytes]) -> list[str] | None:
    """The administrator commands, which are taken out of the statements; None if there are none."""
    found = [number for number, text in enumerate(sql) if text[:1] == b"#" and text.startswith(COMMAND)]
    if not found:
        return None
    commands = [""] * len(sql)
    for number in found:
        commands[number] = sql[number][len(COMMAND) :].decode(errors="replace")
        sql[number] = b""
    return commands
