"""The workload, its plan and its replay as rows for the terminal: what the page shows, in short."""

from collections.abc import Iterator

from msgspec import Struct

from seatrial.domain.evidence import Evidence
from seatrial.domain.exhibits import Exhibits
from seatrial.domain.plan import Answer
from seatrial.report import words
from seatrial.report.workload import asked, classes_by_id, compared, differences, label
from seatrial.report.workload_limits import amount, breach_of, held, how_often

MOST_CLASSES = 10
MOST_TABLES = 20
MOST_BREACHES = 5

_MARKS = {Answer.UNSUPPORTED: "✗", Answer.SCATTER: "!", Answer.UNPLANNED: "?"}


class Line(Struct, frozen=True, kw_only=True):
    """A number with its name and place; without a value it is a sentence, begun with a mark."""

    name: str
    value: str = ""
    at: Evidence
    mark: str = ""


def workload(exhibits: Exhibits) -> Iterator[Line]:
    digest = exhibits.digest
    if digest is None:
        return
    body = digest.body

    def line(name: str, value: str, *steps: str | int) -> Line:
        return Line(name=name, value=value, at=digest.evidence(*steps))

    yield line("statements", words.whole(body.events), "events")
    yield line("from", words.moment(body.first), "first")
    yield line("over", words.duration(body.seconds), "seconds")
    yield line("transactions", words.whole(body.transaction_count), "transactions")
    yield line("query classes", words.whole(len(body.classes)), "classes")
    for at, query in enumerate(body.classes[:MOST_CLASSES]):
        share = words.percent(query.times.total_us / body.query_time_us if body.query_time_us else 0)
        yield line(label(query), f"{words.whole(query.count)} ×, {share} of the time", "classes", at)
    names = {query.id: label(query) for query in body.classes}
    for target in held(body):
        for breach in target.breaches[:MOST_BREACHES]:
            of = breach_of(digest, breach, names)
            said = (
                f"{breach.limit} above {amount(breach.limit, breach.bound)}, the limit of {target.name}: "
                f"{how_often(breach)}, {of.text}"
            )
            yield Line(name=said, at=of.evidence, mark="!")
        if (more := len(target.breaches) - MOST_BREACHES) > 0:
            yield Line(name=f"and {more:,} more breaches of {target.name}", at=digest.evidence("classes"), mark=" ")
    for at, caveat in enumerate(body.caveats):
        yield Line(name=caveat, at=digest.evidence("caveats", at), mark="?")


def plan(exhibits: Exhibits) -> Iterator[Line]:
    plan = exhibits.plan
    if plan is None:
        return
    body = plan.body

    def line(name: str, value: str, *steps: str | int) -> Line:
        return Line(name=name, value=value, at=plan.evidence(*steps))

    if body.alternatives:
        yield line("sharded by", body.alternatives[0].key, "alternatives", 0, "key")
    if exhibits.digest is None or exhibits.digest.body.transactions:
        yield line("transactions on one value", words.percent(body.transactions_single), "transactions_single")
    for answer in Answer:
        yield line(f"queries: {answer}", words.percent(getattr(body.by_executions, answer)), "by_executions", answer)
    for at, table in enumerate(body.tables[:MOST_TABLES]):
        place = table.placement + (f" by {table.key}" if table.key else "")
        yield line(table.table, place, "tables", at, "placement")
    concerned = [row for row in asked(exhibits) if row.planned.answer in _MARKS]
    for row in concerned[:MOST_CLASSES]:
        what = label(row.query) if row.query else row.planned.query
        said = f": {row.planned.said}" if row.planned.said else ""
        yield Line(
            name=f"{row.planned.answer} {what}{said}",
            at=plan.evidence("queries", row.at),
            mark=_MARKS[row.planned.answer],
        )
    if (more := len(concerned) - MOST_CLASSES) > 0:
        yield Line(name=f"and {more:,} more query classes", at=plan.evidence("queries"), mark=" ")


def replay(exhibits: Exhibits) -> Iterator[Line]:
    replay = exhibits.replay
    if replay is None:
        return
    body = replay.body

    def line(name: str, value: str, *steps: str | int) -> Line:
        return Line(name=name, value=value, at=replay.evidence(*steps))

    yield line("transactions", words.whole(body.transactions), "transactions")
    yield line("transactions that failed", words.whole(body.transactions_failed), "transactions_failed")
    yield line("reads", words.whole(body.reads), "reads")
    yield line("reads with other rows", words.whole(body.reads_differ), "reads_differ")
    yield line("starting states apart", words.whole(body.state.apart), "state", "apart")
    yield line("99 of 100 sent within", f"{words.millis(body.lateness.p99_us)} ms", "lateness", "p99_us")
    yield line("times may be believed", words.yes(body.honest), "honest")
    for row in compared(exhibits)[:MOST_CLASSES]:
        then = f"{words.millis(row.query.times.p99_us)} → " if row.query else ""
        now = words.millis(row.replayed.response.p99_us)
        yield line(f"p99 of {row.label}", f"{then}{now} ms", "classes", row.at)
    known = classes_by_id(exhibits.recorded or exhibits.digest)
    for at, each in differences(exhibits)[:MOST_CLASSES]:
        query = known.get(each.query)
        what = label(query[1]) if query else each.query
        said = f"{each.count:,} × {each.kind}, {what}: {each.message}".rstrip(" :")
        yield Line(name=said, at=replay.evidence("differences", at), mark="✗")
    if exhibits.tried is not None:
        tried = exhibits.tried
        yield Line(name=f"exit of {tried.body.program}", value=str(tried.body.exit), at=tried.evidence("exit"))
