"""Reads slow logs, one after the other, into one digest."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import BinaryIO

from msgspec import Struct

from seatrial.domain.event import Note, Progress, Pulse, Tell
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.schema import Schema
from seatrial.domain.workload import Digest, LogFile, NotUnderstood, Recorded
from seatrial.parsing.slow_log import SlowLog
from seatrial.stages.digest.digester import Digester

DIALECT = "mysql slow log"
SLOW_ONLY_US = 500
"""Some statement of any application is faster than this; if none in the log is, the log leaves them out."""

_TELL_EVERY_S = 0.2


class Log(Struct, frozen=True, kw_only=True):
    """A log to read, from the stream's present place to its end. `bytes`: its size, where it is known."""

    name: str
    stream: BinaryIO
    bytes: int | None = None


def digest(
    logs: Sequence[Log],
    *,
    database: str,
    schema: Schema | None,
    keep: Callable[[Recorded], None] | None,
    now: datetime,
    tell: Tell,
    ours: frozenset[str] = frozenset(),
) -> Digest:
    """The digest of these logs of one server, in the order in which it wrote them.

    `keep` gets every statement of the database, with its literals. Faults: `digest.no-logs`, `digest.empty`,
    `digest.not-a-log`, `digest.unreadable`, `digest.other-database`.
    """
    if not logs:
        raise Fault(
            "digest.no-logs",
            "there is no slow log to digest",
            remedy="name one: seatrial digest LOG; `seatrial slow-log` prints how a server is made to write it",
            exit=Exit.USAGE,
        )
    digester = Digester(dialect=DIALECT, database=database, schema=schema, keep=keep, ours=ours)
    progress = _Progress(logs, tell)
    files: list[LogFile] = []
    missed: list[NotUnderstood] = []
    caveats: list[str] = []
    for log in logs:
        read = SlowLog(log.stream, log.name)
        before_us = digester.last_us
        caveats += _read(log, read, digester, progress)
        if before_us and read.first_us and read.first_us < before_us:
            caveats.append(
                f"{log.name} begins before the log read ahead of it ends: give logs in the order they were written."
            )
        files.append(LogFile(name=log.name, sha256=read.sha256, bytes=read.read_bytes, server=read.server))
        missed += read.not_understood
    _insist_on_ours(digester, database)
    if digester.fastest_us > SLOW_ONLY_US:
        caveats.append(
            f"No statement is faster than {digester.fastest_us / 1000:,.1f} ms: long_query_time was above 0, so most "
            "statements, and parts of transactions, are missing."
        )
    made = digester.done(now, files, missed, caveats)
    for caveat in made.caveats:
        tell(Note(text=caveat, warning=True))
    return made


def _read(log: Log, read: SlowLog, digester: Digester, progress: "_Progress") -> list[str]:
    """Every event of one log; what is to be said of it."""
    add = digester.add
    try:
        for number, executed in enumerate(read):
            add(executed)
            if not number & 255:
                progress.at(log, read)
    except OSError as error:
        raise Fault(
            "digest.unreadable",
            f"{log.name} cannot be read: {error.strerror or error}",
            remedy="give a file that this user may read, and that is no folder",
            exit=Exit.CONFIG,
        ) from None
    progress.end(read)
    if not read.read_bytes:
        raise Fault(
            "digest.empty",
            f"{log.name} is empty",
            remedy="see that the server writes it: SHOW GLOBAL VARIABLES LIKE 'slow_query_log%'",
            exit=Exit.CONFIG,
        )
    if not read.events and not read.cut and not read.server:
        raise Fault(
            "digest.not-a-log",
            f"{log.name} is no slow log of MySQL: {looks_like(read.begins)}",
            remedy="give the file SHOW GLOBAL VARIABLES LIKE 'slow_query_log_file' names, unpacked",
            exit=Exit.CONFIG,
        )
    caveats = []
    if read.cut:
        caveats.append(f"{log.name} is cut at its end: its last event is left out.")
    if not read.server:
        caveats.append(f"{log.name} has no banner: the version of its server is not known.")
    if read.events and not read.extra:
        caveats.append(f"{log.name} was written without log_slow_extra: errors and bytes sent are not in it.")
    return caveats


def _insist_on_ours(digester: Digester, database: str) -> None:
    if digester.events or not digester.other_databases:
        return
    others: Counter[str] = digester.other_databases
    named = ", ".join(f"{name} ({count:,} statements)" for name, count in others.most_common(5))
    raise Fault(
        "digest.other-database",
        f"the log is of another database: it has {named}, and none of {database}",
        remedy="give a log of the source's server; its database is in trial.toml, `source`",
        exit=Exit.CONFIG,
    )


_MAGIC = {
    b"\x1f\x8b": "packed with gzip",
    b"\x28\xb5\x2f\xfd": "packed with zstd",
    b"PK\x03\x04": "a zip archive",
    b"BZh": "packed with bzip2",
    b"\xfd7zXZ": "packed with xz",
    b"\xfebin": "a binary log",
    b"{": "it begins as JSON does",
    b"<": "it begins as XML does",
    b"-- MySQL dump": "a dump of mysqldump",
}


def looks_like(begins: bytes) -> str:
    """What a file seems to be, by its first bytes; of a text, letters as x and digits as 9: they may be anybody's."""
    for magic, what in _MAGIC.items():
        if begins.lstrip().startswith(magic):
            return what
    text = begins.decode("utf-8", "replace")
    if sum(not character.isprintable() and not character.isspace() for character in text) > len(text) // 10:
        return "it begins with binary data"
    line = next((line for line in text.splitlines() if line.strip()), "")[:40]
    hidden = "".join("x" if letter.isalpha() else "9" if letter.isdigit() else letter for letter in line)
    return f"it begins like `{hidden}`"


class _Progress:
    """Tells how far the logs are read, and how long the rest will take, five times a second."""

    def __init__(self, logs: Sequence[Log], tell: Tell) -> None:
        sizes = [log.bytes for log in logs]
        self._total = None if any(size is None for size in sizes) else float(sum(size or 0 for size in sizes))
        self._tell = tell
        self._began = self._told = time.monotonic()
        self._before = 0

    def at(self, log: Log, read: SlowLog) -> None:
        now = time.monotonic()
        if now - self._told < _TELL_EVERY_S:
            return
        self._told = now
        done = self._before + read.read_bytes
        left = (now - self._began) * (self._total - done) / done if self._total and done else None
        self._tell(
            Progress(
                phase="read", done=done, total=self._total, unit="bytes", detail=log.name, left_s=left and max(0, left)
            )
        )

    def end(self, read: SlowLog) -> None:
        self._before += read.read_bytes
        self._tell(Pulse())
