"""Reads logs, one after the other, into one digest."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

from seatrial.domain.event import Note, Progress, Pulse, Tell
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.ports import Crew
from seatrial.domain.schema import Schema
from seatrial.domain.workload import Digest, LogFile, Recorded, Samples
from seatrial.parsing.logs.reader import Reader
from seatrial.parsing.logs.recognise import Form
from seatrial.parsing.slow_log import SlowLog
from seatrial.stages.digest.choosing import Before, Filters
from seatrial.stages.digest.digester import Digester
from seatrial.stages.digest.fleet import LogRead, Partial, ahead_us, slow_only, told
from seatrial.stages.digest.gathering import settled
from seatrial.stages.digest.key import Key
from seatrial.stages.digest.opening import Log, Opened, in_time_order, no_log, opened, unreadable
from seatrial.stages.digest.parallel import InPieces, read_by, worth_it
from seatrial.stages.digest.part_file import packed, unpacked
from seatrial.stages.digest.seldom import seldom_searched
from seatrial.stages.digest.statements import are_snapshots, digest_of_pair
from seatrial.stages.digest.worker import Order

_TELL_EVERY_S = 0.2


def digest(
    logs: Sequence[Log],
    *,
    database: str,
    schema: Schema | None,
    keep: Callable[[Recorded], None] | None,
    now: datetime,
    tell: Tell,
    ours: frozenset[str] = frozenset(),
    form: Form | None = None,
    crew: Crew | None = None,
    samples: Callable[[Samples], None] | None = None,
    values: bool = True,
    key: Key | None = None,
    partial: Callable[[bytes], None] | None = None,
    filters: Filters = Filters(),  # noqa: B008 – it is frozen
    merge_numbered: bool = False,
) -> Digest:
    """The digest of these logs of one server, read in the order of their first statements; or of two snapshots of its
    statements.

    Each is of the form its content shows, or all are of `form`. `keep` gets every statement of the database, with its
    literals; without it, large logs are read by the `crew`. `samples` gets some, and names, at the end. Without
    `values` none is looked at; else they are hashed with the `key`, if there is one. `partial` gets the partial digest
    as a file's content, for which values need a key. `filters` leave statements
    out. With `merge_numbered` tables that differ in numbers at their end are one.

    Faults: `digest.no-logs`, `digest.empty`, `digest.not-a-log`, `digest.unreadable`, `digest.other-database`,
    `digest.filter`, `digest.filtered-out`, and those of the crew and of snapshots.
    """
    if not logs:
        raise Fault(
            "digest.no-logs",
            "there is no slow log to digest",
            remedy="name one: seatrial digest LOG; `seatrial slow-log` prints how a server is made to write it",
            exit=Exit.USAGE,
        )
    sources = in_time_order([opened(log, form) for log in logs])
    if are_snapshots(sources) and (filters or merge_numbered):
        raise Fault(
            "digest.filter",
            f"snapshots hold counts and no statements: {filters or '--merge-numbered-tables'} cannot be asked of them",
            remedy="leave it out, or digest a log",
            exit=Exit.USAGE,
        )
    if are_snapshots(sources):
        if partial is not None:
            raise Fault(
                "digest.part-of-snapshots",
                "snapshots of performance_schema have no values and no transactions to merge",
                remedy="digest them on their own: seatrial digest BEFORE AFTER -d DOSSIER",
                exit=Exit.USAGE,
            )
        return digest_of_pair(sources, database=database, schema=schema, keep=keep, now=now, tell=tell)
    order = Order(
        database=database,
        schema=schema,
        ours=ours,
        samples=samples is not None,
        values=values,
        key=key.reveal() if key is not None else b"",
        filters=filters,
        merge_numbered=merge_numbered,
    )
    digester = order.digester(", ".join(dict.fromkeys(source.dialect for source in sources)), keep)
    with seldom_searched():
        reads = _read_all(sources, digester, order, crew if keep is None else None, tell)
    others, before = Counter(digester.other_databases), digester.before
    if partial is None:
        missed = [one for each in reads for one in each.not_understood]
        caveats = [one for each in reads for one in each.caveats] + slow_only(digester.fastest_us)
        made = digester.done(now, [each.file for each in reads], missed, caveats)
        _insist_on_some(made, filters, before, database)
        _insist_on_ours(made, others, database)
    else:
        content = packed(_partial(digester, order, reads, now, key))
        made = told(unpacked(content, "the part"))
        _insist_on_some(made, filters, before, database)
        _insist_on_ours(made, others, database)
        partial(content)
    if samples is not None:
        samples(digester.samples())
    for caveat in made.caveats:
        tell(Note(text=caveat, warning=True))
    return made


def _read_all(
    sources: Sequence[Opened], digester: Digester, order: Order, crew: Crew | None, tell: Tell
) -> list[LogRead]:
    """Every log into the digester, large ones by the crew; and what is to be said of each."""
    progress = _Progress(sources, tell)
    reads: list[LogRead] = []
    for source in sources:
        log, before_us = source.log, digester.last_us
        read: SlowLog | Reader | InPieces
        if crew is not None and worth_it(source, crew):
            read = _by_crew(crew, source, digester, progress, order)
        else:
            read = source.reader()
            _each(source, read, digester, progress)
        progress.end(read)
        caveats = _said(source, read)
        if before_us and read.first_us and read.first_us < before_us:
            caveats.append(f"{log.name} begins before the log read ahead of it ends: are both of one server?")
        if (same := next((one.file.name for one in reads if one.file.sha256 == read.sha256), None)) is not None:
            caveats.append(f"{log.name} has the very content of {same}: its statements count twice. Leave one out.")
        reads.append(
            LogRead(
                file=LogFile(name=log.name, sha256=read.sha256, bytes=read.read_bytes, server=read.server),
                dialect=source.dialect,
                events=read.events,
                first_us=read.first_us,
                not_understood=tuple(read.not_understood),
                caveats=tuple(caveats),
            )
        )
    return reads


def _partial(digester: Digester, order: Order, reads: Sequence[LogRead], now: datetime, key: Key | None) -> Partial:
    assert key is not None or not order.values  # noqa: S101 – what a machine's own seed hashes is no use to another
    part = settled(digester.part(), key.name if key is not None else None)
    return Partial(
        database=order.database,
        key=key.fingerprint if key is not None else "",
        values=order.values,
        ahead_us=ahead_us(part.last_us, now),
        filters=order.filters.nameless(key.asked if key is not None else None),
        merge_numbered=order.merge_numbered,
        logs=tuple(reads),
        part=part,
    )


def _each(source: Opened, read: SlowLog | Reader, digester: Digester, progress: "_Progress") -> None:
    """Every event of one log."""
    try:
        if isinstance(read, SlowLog):
            for batch in read.batches():
                digester.add_all(batch)
                progress.at(source.log, read.read_bytes)
        else:
            for number, executed in enumerate(read):
                digester.add(executed)
                if not number & 255:
                    progress.at(source.log, read.read_bytes)
    except OSError as error:
        raise unreadable(source.log, error) from None


def _by_crew(crew: Crew, source: Opened, digester: Digester, progress: "_Progress", order: Order) -> InPieces:
    def at(read_bytes: int) -> None:
        progress.at(source.log, read_bytes)

    try:
        return read_by(crew, source, digester, order, at)
    except OSError as error:
        raise unreadable(source.log, error) from None


def _said(source: Opened, read: SlowLog | Reader | InPieces) -> list[str]:
    """What is to be said of one log that was read."""
    log = source.log
    if not read.events and (source.against_its_looks or not (read.cut or read.server)):
        raise no_log(log, source.content, source.wrapped, read.begins)
    caveats = []
    if damage := source.content.damage:
        caveats.append(f"{log.name} is packed with {source.content.packing}; {damage}: the rest of it is missing.")
    if source.wrapped is not None:
        caveats += source.wrapped.caveats(log.name)
    if read.cut:
        caveats.append(f"{log.name} is cut at its end: its last event is left out.")
    if isinstance(read, Reader):
        return caveats + read.caveats
    if not read.server:
        caveats.append(f"{log.name} has no banner: the version of its server is not known.")
    if read.events and not read.extra:
        caveats.append(f"{log.name} was written without log_slow_extra: errors and bytes sent are not in it.")
    return caveats


def _insist_on_some(made: Digest, filters: Filters, before: Before, database: str) -> None:
    if before.left_out and not made.events:
        raise Fault(
            "digest.filtered-out",
            f"of {before.count:,} statements of {database} none passes {filters}: {before.told()}",
            remedy="widen the filters (options, or in trial.toml [workload]); times without a zone are UTC",
            exit=Exit.USAGE,
        )


def _insist_on_ours(made: Digest, others: Counter[str], database: str) -> None:
    """A log that has rows of other databases and none of ours; a session's SET names is no work of ours yet."""
    if not others or any(query.verb.touches_rows for query in made.classes):
        return
    named = ", ".join(f"{name} ({count:,} statements)" for name, count in others.most_common(5))
    raise Fault(
        "digest.other-database",
        f"the log is of another database: it has {named}, and none of {database}",
        remedy="give a log of the source's server; its database is in trial.toml, `source`",
        exit=Exit.CONFIG,
    )


class _Progress:
    """Tells how far the logs are read, and how long the rest will take, five times a second."""

    def __init__(self, logs: Sequence[Opened], tell: Tell) -> None:
        sizes = [opened.log.bytes if opened.is_file else None for opened in logs]
        self._total = None if any(size is None for size in sizes) else float(sum(size or 0 for size in sizes))
        self._tell = tell
        self._began = self._told = time.monotonic()
        self._before = 0

    def at(self, log: Log, read_bytes: int) -> None:
        now = time.monotonic()
        if now - self._told < _TELL_EVERY_S:
            return
        self._told = now
        done = self._before + read_bytes
        left = (now - self._began) * (self._total - done) / done if self._total and done else None
        self._tell(
            Progress(
                phase="read", done=done, total=self._total, unit="bytes", detail=log.name, left_s=left and max(0, left)
            )
        )

    def end(self, read: SlowLog | Reader | InPieces) -> None:
        self._before += read.read_bytes
        self._tell(Pulse())
