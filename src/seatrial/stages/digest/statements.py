"""Makes a digest of two snapshots of performance_schema's statement digests."""

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from seatrial.domain.event import Note, Progress, Tell
from seatrial.domain.executed import Executed
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.schema import Schema
from seatrial.domain.sketch import GAMMA, Sketch, bucket
from seatrial.domain.statements import DIALECT, STEP, Snapshot
from seatrial.domain.version import version_numbers
from seatrial.domain.workload import Digest, LogFile, QueryClass, Recorded, Slice, Times
from seatrial.parsing.digest_text import Spelling, cleaned, is_cut, is_execute, is_prepare, quoting, statement
from seatrial.parsing.digest_words import words_of
from seatrial.parsing.logs.recognise import Form
from seatrial.parsing.logs.snapshot_file import snapshot_of
from seatrial.stages.digest.difference import PS_PER_US, Interval, Spent, difference
from seatrial.stages.digest.digester import Digester
from seatrial.stages.digest.opening import Opened, unreadable

MOST_BYTES = 1 << 30
PAIR = 2
EXECUTIONS_SINCE = (9, 0, 0)
"""MySQL's digests have the texts of prepared statements, as far as was tried (9.7.4; not 5.6.24)."""
ERROR = math.sqrt(STEP) * GAMMA**0.5 - 1
"""How far a quantile may be off: half a bucket of the server's, and half of the sketch's."""
_CUT = "performance_schema kept the beginning of its text only"


def are_snapshots(opened: Sequence[Opened]) -> bool:
    """Whether any of these is a snapshot, so that no log can be read here."""
    return any(each.form is Form.STATEMENTS for each in opened)


def digest_of_pair(
    opened: Sequence[Opened],
    *,
    database: str,
    schema: Schema | None,
    keep: Callable[[Recorded], None] | None,
    now: datetime,
    tell: Tell,
) -> Digest:
    """The digest of what the source's server executed between two snapshots, given in any order.

    It knows no transactions and no values. Faults: `digest.snapshots`, `digest.bad-snapshot`,
    `digest.no-recording`, `digest.other-database`, `digest.nothing-between`, and those of a difference.
    """
    _insist_on_two(opened, keep is not None)
    tell(Progress(phase="read"))
    read = sorted((_read(each) for each in opened), key=lambda each: each.snapshot.moment)
    for each in read:
        if each.snapshot.database != database:
            raise Fault(
                "digest.other-database",
                f"{each.file.name} is a snapshot of database {each.snapshot.database}, not of {database}",
                remedy="take both of the source: seatrial digest snapshot; its database is in trial.toml, `source`",
                exit=Exit.CONFIG,
            )
    interval = difference(*(each.snapshot for each in read))
    if not interval.spent:
        unseen = _prepared_unseen(interval)
        raise Fault(
            "digest.nothing-between",
            f"no statement of {database} was counted between {interval.first} and {interval.last} "
            f"({interval.others:,} of other databases)"
            + (f"; {unseen:,} prepared statements were executed, of which this server keeps no text" if unseen else ""),
            remedy="take the second snapshot while, or after, the application works; and on the server it works on",
            exit=Exit.CONFIG,
        )
    made = made_of(interval, database=database, schema=schema, now=now)
    said = (*_caveats(interval, read[-1].snapshot), *made.caveats)
    made = msgspec.structs.replace(made, files=tuple(each.file for each in read), caveats=said)
    for caveat in made.caveats:
        tell(Note(text=caveat, warning=True))
    return made


def made_of(interval: Interval, *, database: str, schema: Schema | None, now: datetime) -> Digest:
    """The interval's rows as classes; of what our digest of a log has, without transactions, values and caveats."""
    texts = [cleaned(each.row.text) for each in interval.spent]  # once more: a file can be edited
    spelling = spelling_of(texts, schema, interval.server)
    by_class: dict[str, list[Spent]] = defaultdict(list)
    counted = [(each, text) for each, text in zip(interval.spent, texts, strict=True) if not is_prepare(text)]
    ours: set[int] = set()

    def keep(recorded: Recorded) -> None:
        ours.add(recorded.rows)
        by_class[recorded.query].append(counted[recorded.rows][0])

    digester = Digester(dialect=DIALECT, database=database, schema=schema, keep=keep)
    for number, (each, text) in enumerate(counted):  # its figures are the row's: a digester only says of which class
        sql = statement(text, spelling)
        digester.add(Executed(ended_us=0, took_us=0, rows_sent=number, database=each.row.schema or "", sql=sql))
    read = {query.id: query for query in digester.done(now).classes}
    elsewhere = sum(each.count for number, (each, _) in enumerate(counted) if number not in ours)
    classes = tuple(_class(read[each], spent) for each, spent in by_class.items())
    errors, time_us = sum(query.errors for query in classes), sum(query.times.total_us for query in classes)
    events = sum(query.count for query in classes)
    most_us = max((query.times.max_us for query in classes), default=0)
    return Digest(
        dialect=DIALECT,
        files=(),
        first=interval.first,
        last=interval.last,
        seconds=interval.seconds,
        events=events,
        errors=errors,
        connections=0,
        query_time_us=time_us,
        classes=tuple(sorted(classes, key=lambda query: (-query.times.total_us, query.id))),
        transactions=(),
        incomplete_transactions=0,
        values=(),
        series=(
            Slice(second=0, seconds=interval.seconds, queries=events, errors=errors, busy_us=time_us, max_us=most_us),
        ),
        not_understood=(),
        other_databases=interval.others + elsewhere,
        caveats=(),
    )


def spelling_of(texts: Sequence[str], schema: Schema | None, server: str) -> Spelling:
    """How this application's statements are spelled, as far as their texts, the schema and the server's words tell."""
    tables = {table.name: table for table in schema.tables} if schema is not None else {}
    names = {
        name.lower(): name
        for table in tables.values()
        for name in (table.name, *(column.name for column in table.columns))
    }

    def columns(table: str) -> int:
        return sum(not column.invisible for column in tables[table].columns) if table in tables else 0

    words = words_of(server)
    return Spelling(names=names, columns=columns, quoted=quoting(texts, names, words), words=words)


class _Read(NamedTuple):
    file: LogFile
    snapshot: Snapshot


def _insist_on_two(opened: Sequence[Opened], recording: bool) -> None:
    logs = [each.log.name for each in opened if each.form is not Form.STATEMENTS]
    if logs:
        raise Fault(
            "digest.snapshots",
            f"{', '.join(logs)}: a log, and snapshots of statements, are digested apart",
            remedy="give the two snapshots, or the log; with --instance each makes a digest of its own",
            exit=Exit.USAGE,
        )
    if len(opened) != PAIR:
        raise Fault(
            "digest.snapshots",
            f"{len(opened)} snapshot{'' if len(opened) == 1 else 's'} given: a digest is what lies between two",
            remedy="take another one later: seatrial digest snapshot > after.json; then: seatrial digest BEFORE AFTER"
            if len(opened) == 1
            else "give the first and the last: seatrial digest BEFORE AFTER",
            exit=Exit.USAGE,
        )
    if recording:
        raise Fault(
            "digest.no-recording",
            "snapshots hold no statement that could be recorded",
            remedy="digest them without --record (in trial.toml: [workload] record); a replay needs a log: "
            "seatrial slow-log",
            exit=Exit.USAGE,
        )


def _read(opened: Opened) -> _Read:
    name = opened.log.name
    try:
        content = opened.text.read(MOST_BYTES)
    except OSError as error:
        raise unreadable(opened.log, error) from None
    found = snapshot_of(content)
    if isinstance(found, str):
        raise Fault(
            "digest.bad-snapshot",
            f"{name} cannot be read as a snapshot: {opened.content.damage or found}",
            remedy="give the file as `seatrial digest snapshot` printed it, or take both anew",
            exit=Exit.CONFIG,
        )
    digest = hashlib.sha256(content).hexdigest()
    return _Read(LogFile(name=name, sha256=digest, bytes=len(content), server=found.server), found)


def _class(query: QueryClass, spent: Sequence[Spent]) -> QueryClass:
    cut = all(is_cut(each.row.text) for each in spent)
    count = sum(each.count for each in spent)
    sent = sum(each.rows_sent for each in spent)
    return msgspec.structs.replace(
        query,
        shape="" if cut else query.shape,
        not_parsed=_CUT if cut else query.not_parsed,
        bound=() if cut else query.bound,
        count=count,
        errors=sum(each.errors for each in spent),
        times=_times(spent),
        lock_us=round(sum(each.lock_ps for each in spent) / PS_PER_US),
        rows_sent=sent,
        rows_sent_max=max(-(-each.rows_sent // each.count) for each in spent),  # at least: a mean is no more
        rows_examined=sum(each.rows_examined for each in spent),
        rows_affected=sum(each.rows_affected for each in spent),
        first=min(each.first for each in spent),
        last=max(each.last for each in spent),
        databases=tuple(sorted({each.row.schema for each in spent if each.row.schema})),
    )


def _times(spent: Sequence[Spent]) -> Times:
    total_us = round(sum(each.time_ps for each in spent) / PS_PER_US)
    least, most = round(min(each.min_us for each in spent)), round(max(each.max_us for each in spent))
    counted: Counter[int] = Counter()
    for each in spent:
        counted.update(each.times if each.times is not None else _all_at_the_mean(each))
    sketch = Sketch.of(counted)
    p50, p95, p99 = (min(max(round(sketch.quantile(at)), least), most) for at in (0.5, 0.95, 0.99))
    return Times(total_us=total_us, min_us=least, max_us=most, p50_us=p50, p95_us=p95, p99_us=p99, sketch=sketch)


def _prepared_unseen(interval: Interval) -> int:
    """Executions of prepared statements by the protocol that no text tells of."""
    told_since = "mariadb" not in interval.server.lower() and version_numbers(interval.server) >= EXECUTIONS_SINCE
    told = told_since or any(is_execute(each.row.text) for each in interval.spent)
    return 0 if told else interval.executes


def _all_at_the_mean(spent: Spent) -> Counter[int]:
    return Counter({bucket(spent.time_ps / spent.count / PS_PER_US): spent.count})


def _caveats(interval: Interval, after: Snapshot) -> Iterator[str]:
    yield (
        "Snapshots of performance_schema have no transactions: which statements belong together, and which values they "
        "share, is not known."
    )
    if interval.anew:
        yield (
            f"Between the snapshots {interval.anew}: only what was executed since {interval.first}, as far as it is "
            "known, is counted."
        )
    if interval.beyond:
        whole = sum(each.count for each in interval.spent) + interval.others + interval.beyond
        yield (
            f"performance_schema_digests_size ({after.digests_size:,}) was reached: {interval.beyond:,} statements "
            f"({interval.beyond / whole:.1%} of the server's) are of texts that found no room, of whatever database."
        )
    bare = sum(each.count for each in interval.spent if each.times is None)
    if after.no_histogram or bare == sum(each.count for each in interval.spent):
        reason = after.no_histogram or "the first snapshot has none"
        yield f"There are no histograms of times ({reason}): quantiles are the means, and no limit of time can be held."
    else:
        yield f"Quantiles are those of the server's histograms, within {ERROR:.1%}."
        if bare:
            yield f"Of {bare:,} statements the server has no histogram: their quantiles are the means."
    if vague := sum(not each.exact for each in interval.spent):
        yield (
            f"Least and most of {vague:,} of {len(interval.spent):,} texts are bounds: the server keeps them from its "
            "start on."
        )
    if cut := sum(is_cut(each.row.text) for each in interval.spent):
        yield (
            f"Of {cut:,} texts MySQL kept the beginning only (max_digest_length and "
            "performance_schema_max_digest_length are what it keeps): "
            "statements that begin alike are one class, and none of it can be planned."
        )
    if unseen := _prepared_unseen(interval):
        yield (
            f"The server executed {unseen:,} statements that were prepared by the protocol, of whatever database. "
            "MySQL before 9 and MariaDB keep no text of these: they are missing here, and a slow log has them."
        )
    if after.instruments_off:
        yield f"{after.instruments_off:,} kinds of statements are not counted (performance_schema.setup_instruments)."
    if after.instruments_untimed:
        yield f"{after.instruments_untimed:,} kinds of statements are counted without times (setup_instruments)."
