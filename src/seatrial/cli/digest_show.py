"""`seatrial digest show`: the classes of a digest as a table, or all of one class."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import click
from msgspec import Struct

from seatrial.cli.desk import Desk, over_dossier
from seatrial.cli.digest_limits import Forecast, forecasts, told
from seatrial.cli.digest_table import bar, sparkline, table, terminal_width, text_of
from seatrial.cli.output import print_json
from seatrial.domain.address import Address
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.forecast import Breach
from seatrial.domain.workload import Digest, QueryClass, Samples, Times, TransactionClass, Verb
from seatrial.dossier.store import Dossier
from seatrial.facts.limits import limits as profile
from seatrial.facts.limits import targets
from seatrial.report import words
from seatrial.report.plain import fitted, pairs, wrapped
from seatrial.report.workload_limits import amount, how_often
from seatrial.stages.digest.export import (
    ExportedClass,
    ExportedTransactionClass,
    exported_class,
    exported_transaction,
)
from seatrial.stages.digest.views import Order, beginning, chosen, decades, id_length, transactions_with

_MOST_TRANSACTIONS = 10
_BAR = 40


class Shown(Struct, frozen=True, kw_only=True):
    """What `--json` prints of the table: `of` are the classes that fit, of which `classes` are the first."""

    order_by: Order
    of: int
    classes: list[ExportedClass]
    limits: list[Forecast]


class ShownClass(Struct, frozen=True, kw_only=True):
    """What `--json` prints of one class. One of the first two is there; `transactions` hold the query class."""

    query: ExportedClass | None
    transaction: ExportedTransactionClass | None
    transactions: list[ExportedTransactionClass]
    queries: list[ExportedClass]  # of the transaction, in its order
    limits: list[Forecast]


@click.command()
@over_dossier
@click.argument("id", required=False)
@click.option(
    "--order-by",
    type=click.Choice([each.value for each in Order]),
    default="time",
    show_default=True,
    help="Largest first.",
)
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="Classes to show.")
@click.option(
    "--min-time", type=click.FloatRange(0), default=0.0, metavar="S", help="Took at least S seconds together."
)
@click.option(
    "--verb",
    "verbs",
    multiple=True,
    type=click.Choice([each.value for each in Verb]),
    help="Of this kind; may be repeated.",
)
@click.option("--table", "tables", multiple=True, metavar="TABLE", help="Touching this table; may be repeated.")
@click.option("--limits", "limits_of", metavar="PROFILE", help="Hold it against this profile of limits alone.")
def show(
    desk: Desk,
    id: str | None,
    order_by: str,
    limit: int,
    min_time: float,
    verbs: tuple[str, ...],
    tables: tuple[str, ...],
    limits_of: str | None,
) -> None:
    """Show the query classes of a digest, and which of them break a limit of a target.

    With the first digits of an ID (of a query class, or a transaction class) all that is known of that one. Rows are
    those examined and those sent. Limits are held against the times of the log: a slower target breaks more of them.

    \b
      seatrial digest show -d acme --order-by p99 --limit 10
      seatrial digest show -d acme --table orders --verb update
      seatrial digest show 763855cb -d acme
      seatrial digest show -d acme --instance target
    """
    digest: Digest = desk.dossier.read(Address("digest", desk.instance)).body
    made = forecasts(digest, targets() if limits_of is None else {limits_of: profile(limits_of)})
    if id is not None:
        _show_one(digest, _one(digest, id), made, samples_of(desk.dossier, desk.instance, digest), desk.as_json)
        return
    order = Order(order_by)
    fitting = chosen(digest, order=order, min_time_s=min_time, verbs=tuple(map(Verb, verbs)), tables=tables)
    if desk.as_json:
        shown = [exported_class(query) for query in fitting[:limit]]
        print_json(Shown(order_by=order, of=len(fitting), classes=shown, limits=made))
        return
    click.echo("\n".join(page(digest, fitting, made, order=order, limit=limit, width=terminal_width())))


def page(
    digest: Digest, fitting: Sequence[QueryClass], made: Sequence[Forecast], *, order: Order, limit: int, width: int
) -> Iterator[str]:
    """The table, what it leaves out, and the limits."""
    time_us = sum(query.times.total_us for query in fitting)
    yield fitted(
        f"{len(fitting):,} of {len(digest.classes):,} classes: {sum(query.count for query in fitting):,} statements, "
        f"{time_us / 1e6:,.1f} s in queries over {digest.seconds:,.0f} s of the log",
        width,
    )
    yield ""
    if not fitting:
        yield "No class fits. Without --verb, --table and --min-time all are shown."
    else:
        yield from table(digest, fitting[:limit], order, width)
    if (more := len(fitting) - limit) > 0:
        yield f"… and {more:,} more: --limit {len(fitting)}"
    yield ""
    yield from told(digest, made, width)


def _one(digest: Digest, start: str) -> QueryClass | TransactionClass:
    found = beginning(digest, start)
    if len(found) == 1:
        return found[0]
    if not found:
        raise Fault(
            "digest.no-such-class",
            f"no class of the digest has an id that begins with {start}",
            remedy="ids stand in the first column of: seatrial digest show",
            exit=Exit.USAGE,
        )
    raise Fault(
        "digest.several-classes",
        f"{len(found):,} classes have an id that begins with {start}: {', '.join(each.id for each in found[:4])} …",
        remedy="give more digits of it",
        exit=Exit.USAGE,
    )


def samples_of(dossier: Dossier, instance: str, digest: Digest) -> Samples | None:
    """The samples that were kept when this digest was made; None if there are none, or they have expired."""
    address = Address("samples", instance)
    if not dossier.has(address):
        return None
    samples: Samples = dossier.read(address).body
    today = datetime.now(UTC).date().isoformat()
    fits = samples.of == tuple(file.sha256 for file in digest.files)
    return samples if fits and today <= samples.expires else None


def _show_one(
    digest: Digest,
    found: QueryClass | TransactionClass,
    made: Sequence[Forecast],
    samples: Samples | None,
    as_json: bool,
) -> None:
    if as_json:
        print_json(_as_json(digest, found, made))
    elif isinstance(found, QueryClass):
        click.echo("\n".join((*query_page(digest, found, made), *_sampled(found, samples))))
    else:
        click.echo("\n".join(transaction_page(digest, found, made)))


def _sampled(query: QueryClass, samples: Samples | None) -> Iterator[str]:
    """The kept statements of a class, and whose labels its accounts and hosts have."""
    if samples is None:
        return
    named = {**samples.accounts, **samples.hosts}
    for share in (*query.accounts, *query.hosts):
        if share.label in named:
            yield f"  {share.label} is {words.safe(named[share.label])}"
    for title, kept in (("the slowest", samples.worst), ("a usual one", samples.typical)):
        if (sample := kept.get(query.id)) is not None:
            yield ""
            yield f"{title}: {words.millis(sample.took_us)} ms, {words.moment(sample.at)}"
            yield from (f"  {line}" for line in words.safe(sample.sql).splitlines())
            if sample.cut:
                yield "  … (only its beginning was kept)"


def _as_json(digest: Digest, found: QueryClass | TransactionClass, made: Sequence[Forecast]) -> ShownClass:
    known = {query.id: query for query in digest.classes}
    query = found if isinstance(found, QueryClass) else None
    transaction = found if isinstance(found, TransactionClass) else None
    return ShownClass(
        query=exported_class(query) if query else None,
        transaction=exported_transaction(transaction) if transaction else None,
        transactions=[exported_transaction(each) for each in transactions_with(digest, found.id)],
        queries=[exported_class(known[each]) for each in transaction.queries if each in known] if transaction else [],
        limits=[_only(each, found.id) for each in made],
    )


def _only(forecast: Forecast, id: str) -> Forecast:
    return Forecast(
        profile=forecast.profile,
        title=forecast.title,
        source=forecast.source,
        checked_on=forecast.checked_on,
        breaches=tuple(each for each in forecast.breaches if each.id == id),
    )


def query_page(digest: Digest, query: QueryClass, made: Sequence[Forecast]) -> Iterator[str]:
    """All figures of a query class, its times as a histogram, and the transactions it is part of."""
    share = query.times.total_us / digest.query_time_us if digest.query_time_us else 0.0
    rate = f", {query.count / digest.seconds:,.1f} a second" if digest.seconds else ""
    yield f"query class {query.id}"
    yield from wrapped(text_of(query), 100)
    yield ""
    yield from pairs(
        [
            ("executions", f"{query.count:,}{rate}; {query.errors:,} with an error"),
            ("time", f"{words.duration(query.times.total_us / 1e6)}, {words.percent(share)} of the log's"),
            *_times(query.times, query.count),
            ("lock time", words.duration(query.lock_us / 1e6)),
            ("rows sent", f"{query.rows_sent:,}, at most {query.rows_sent_max:,} at once"),
            ("rows examined", f"{query.rows_examined:,}"),
            ("rows affected", f"{query.rows_affected:,}"),
            ("bytes sent", words.size(query.bytes_sent)),
            *([("queries to shards", f"{query.shard_queries:,}")] if query.shard_queries else []),
            ("first, last", f"{_second(query.first)}, {_second(query.last)} UTC"),
            *_seldom(query),
            ("databases", words.safe(", ".join(query.databases)) or "–"),
            ("verb", query.verb),
            ("tables", words.safe(", ".join(query.tables)) or "–"),
            ("held to values", _columns(query.bound)),
            ("joined", words.safe(", ".join(f"{one} = {other}" for one, other in query.joined)) or "–"),
            ("updated", _columns(query.updated)),
            ("as the planner is asked", words.safe(" ".join(query.shape.split())) or "–"),
            ("checksum of pt-query-digest", query.pt_checksum or "–"),
            *([("not parsed", words.safe(query.not_parsed))] if query.not_parsed else []),
        ]
    )
    yield from _histogram(query.times)
    yield from _course(query)
    if within := transactions_with(digest, query.id):
        yield ""
        yield "in transactions:"
        for each in within[:_MOST_TRANSACTIONS]:
            yield f"  {each.id[: id_length(digest)]}  {each.count:>9,} ×  {_said(each)}"
        if (more := len(within) - _MOST_TRANSACTIONS) > 0:
            yield f"  and {more:,} more kinds"
    yield from _broken(query.id, made)


def transaction_page(digest: Digest, transaction: TransactionClass, made: Sequence[Forecast]) -> Iterator[str]:
    """All figures of a transaction class, and its statements in their order."""
    known = {query.id: query for query in digest.classes}
    yield f"transaction class {transaction.id}"
    yield from pairs(
        [
            ("transactions", f"{transaction.count:,}, {transaction.rolled_back:,} of them rolled back"),
            ("time", words.duration(transaction.times.total_us / 1e6)),
            *_times(transaction.times, transaction.count),
            ("statements", _said(transaction)),
            ("patterns of equal values", f"{len(transaction.patterns):,}"),
        ]
    )
    yield from _histogram(transaction.times)
    yield ""
    digits = id_length(digest)
    for each in transaction.queries:
        text = text_of(known[each]) if each in known else "–"
        yield fitted(f"  {each[:digits]}  {text}", terminal_width())
    yield from _broken(transaction.id, made)


def _times(times: Times, count: int) -> Iterator[tuple[str, str]]:
    mean = times.total_us / count if count else 0.0
    figures = (("least", times.min_us), ("mean", mean), ("p50", times.p50_us), ("p95", times.p95_us))
    more = (("p99", times.p99_us), ("p99.9", min(times.sketch.quantile(0.999), times.max_us)), ("most", times.max_us))
    yield "each, in ms", ", ".join(f"{name} {words.millis(us)}" for name, us in (*figures, *more))


def _second(moment: str) -> str:
    return words.safe(moment[:19].replace("T", " "))


def _seldom(query: QueryClass) -> Iterator[tuple[str, str]]:
    """What most logs or classes have nothing of."""
    if query.tmp_tables:
        yield "temporary tables", f"{query.tmp_tables:,}, {query.tmp_disk_tables:,} of them on disk"
    if query.full_scans:
        yield "full scans", f"{query.full_scans:,} statements"
    for title, shares in (("accounts", query.accounts), ("hosts", query.hosts), ("tags", query.tags)):
        if shares:
            yield title, ", ".join(f"{words.safe(share.label)} ({share.count:,})" for share in shares)


def _course(query: QueryClass) -> Iterator[str]:
    """The class over time, in a line."""
    course = query.course
    if course is None or len(course.queries) < 2:
        return
    drawn = sparkline(course.queries)
    most = max(course.queries) / course.seconds
    busy = max(course.busy_us) / 1e6 / course.seconds
    yield ""
    yield f"  {drawn}"
    yield (
        f"  from {words.moment(course.first)}, {words.duration(course.seconds)} each: at most {most:,.1f} a second, "
        f"{busy:,.2f} at once"
    )


def _histogram(times: Times) -> Iterator[str]:
    drawn = decades(times.sketch)
    most = max((each.count for each in drawn), default=0)
    if drawn:
        yield ""
    for each in drawn:
        yield f"  {_decade(each.power):>8}  {each.count:>11,}  {bar(each.count / most, _BAR)}".rstrip()


def _decade(power: int) -> str:
    number, unit = (power, "µs") if power < 3 else (power - 3, "ms") if power < 6 else (power - 6, "s")
    return f"{10**number:,} {unit}+"


def _columns(columns: Sequence[object]) -> str:
    return words.safe(", ".join(map(str, columns))) or "–"


def _said(transaction: TransactionClass) -> str:
    if not transaction.explicit:
        return "on its own"
    statements = len(transaction.queries)
    return f"BEGIN … {statements:,} kind{'' if statements == 1 else 's'} of statement … COMMIT"


def _broken(id: str, made: Sequence[Forecast]) -> Iterator[str]:
    broken = [(each, breach) for each in made for breach in each.breaches if breach.id == id]
    if broken:
        yield ""
        yield "breaks limits:"
    for each, breach in broken:
        yield f"  {_limit(each, breach)}"


def _limit(forecast: Forecast, breach: Breach) -> str:
    about = "about " if breach.estimated else ""
    return (
        f"{forecast.profile}: {breach.limit} above {amount(breach.limit, breach.bound)}, {how_often(breach)}, "
        f"the most {about}{amount(breach.limit, breach.most)}"
    )
