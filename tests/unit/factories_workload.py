"""The shop's workload: a log of ten minutes, and what vtgate saw of its replay.

`tests.unit.factories` hands all of it on; tests ask that module alone.
"""

import hashlib
import math
from statistics import NormalDist

from msgspec import Struct

from seatrial.domain.plan import Answer
from seatrial.domain.sketch import Sketch, bucket
from seatrial.domain.workload import (
    Column,
    ColumnValues,
    Digest,
    LogFile,
    NotUnderstood,
    Pattern,
    QueryClass,
    Slice,
    Times,
    Touch,
    TransactionClass,
    Verb,
)

LOG_FIRST, LOG_LAST = "2026-11-20T08:50:00Z", "2026-11-20T09:00:00Z"
LOG_SECONDS = 600.0
GTID = "4c1f2a7e-0000-11f1-9d3c-0242ac110002:1-188211"


class Known(Struct, frozen=True, kw_only=True):
    """A query class in short: what the log says of it, what the planner does, how much slower the target is."""

    sql: str
    count: int
    p50_us: int
    tables: str = ""
    bound: str = ""
    verb: Verb = Verb.SELECT
    rows: int = 1
    answer: Answer = Answer.SINGLE
    variants: str = "EqualUnique"
    slower: float = 1.6
    said: str = ""
    updated: str = ""

    @property
    def id(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()[:16]


KNOWN = {
    "customer": Known(
        sql="SELECT `id`, `name`, `points` FROM `customers` WHERE `id` = ?",
        count=9_412, p50_us=180, tables="customers", bound="customers.id",
    ),
    "product": Known(
        sql="SELECT `title`, `price` FROM `products` WHERE `id` = ?",
        count=8_120, p50_us=150, tables="products", bound="products.id", variants="Unsharded",
    ),
    "history": Known(
        sql="SELECT `o`.`id`, `o`.`status`, `o`.`placed_at`, `o`.`total`, `c`.`name` FROM `orders` `o` JOIN"
        " `countries` `c` ON `c`.`code` = `o`.`country` WHERE `o`.`customer_id` = ? ORDER BY `o`.`id` DESC LIMIT ?",
        count=4_906, p50_us=640, tables="orders countries", bound="orders.customer_id", rows=10,
    ),
    "lines": Known(
        sql="SELECT `product_id`, `quantity`, `amount` FROM `order_items` WHERE `customer_id` = ? AND `order_id` = ?",
        count=4_902, p50_us=310, tables="order_items", bound="order_items.customer_id order_items.order_id", rows=3,
    ),
    "order": Known(
        sql="INSERT INTO `orders` (`customer_id`, `country`, `total`, `placed_at`) VALUES (…)",
        count=2_310, p50_us=420, tables="orders", bound="orders.customer_id", verb=Verb.INSERT, rows=0,
        variants="Insert Sharded", slower=2.1,
    ),
    "items": Known(
        sql="INSERT INTO `order_items` (`customer_id`, `order_id`, `product_id`, `quantity`, `amount`) VALUES (…)",
        count=2_310, p50_us=520, tables="order_items", bound="order_items.customer_id order_items.order_id",
        verb=Verb.INSERT, rows=0, variants="Insert Sharded", slower=2.2,
    ),
    "points": Known(
        sql="UPDATE `customers` SET `points` = `points` + ? WHERE `id` = ?",
        count=2_298, p50_us=350, tables="customers", bound="customers.id", verb=Verb.UPDATE, rows=0,
        variants="Update EqualUnique", updated="customers.points",
    ),
    "invoice": Known(
        sql="INSERT INTO `invoices` (`customer_id`, `order_id`, `number`, `amount`) VALUES (…)",
        count=1_140, p50_us=480, tables="invoices", bound="invoices.customer_id invoices.number",
        verb=Verb.INSERT, rows=0, answer=Answer.SEVERAL, variants="Insert Sharded", slower=2.7,
    ),
    "transfer": Known(
        sql="UPDATE `customers` SET `points` = `points` + CASE `id` WHEN ? THEN ? ELSE ? END WHERE `id` IN (…)",
        count=212, p50_us=510, tables="customers", bound="customers.id", verb=Verb.UPDATE, rows=0,
        answer=Answer.SEVERAL, variants="Update MultiShard", slower=2.4, updated="customers.points",
    ),
    "note": Known(
        sql="SELECT `正文` FROM `订单备注` WHERE `订单` = ?",
        count=640, p50_us=170, tables="订单备注", bound="订单备注.订单", variants="Unsharded",
    ),
    "status": Known(
        sql="UPDATE `orders` SET `status` = ? WHERE `id` = ?",
        count=286, p50_us=390, tables="orders", bound="orders.id", verb=Verb.UPDATE, rows=0,
        answer=Answer.SCATTER, variants="Update Scatter", slower=1.9, updated="orders.status",
    ),
    "report": Known(
        sql="SELECT `country`, DATE(`placed_at`), COUNT(*), SUM(`total`) FROM `orders` WHERE `placed_at` >= ? GROUP BY"
        " `country`, DATE(`placed_at`) WITH ROLLUP",
        count=64, p50_us=182_000, tables="orders", rows=940, answer=Answer.SCATTER, variants="Scatter", slower=0.8,
    ),
    "lock": Known(
        sql="SELECT GET_LOCK(?, ?)", count=40, p50_us=90, answer=Answer.SINGLE, variants="Lock", slower=1.4,
    ),
    "set": Known(
        sql="SET SESSION `sql_mode` = ?", count=96, p50_us=40, verb=Verb.SET, rows=0,
        answer=Answer.UNPLANNED, variants="", slower=1.1, said="vexplain takes no such statement",
    ),
    "close": Known(
        sql="CALL `close_day`(?)", count=12, p50_us=2_100, verb=Verb.OTHER, rows=0,
        answer=Answer.UNPLANNED, variants="", slower=1.3, said="vexplain takes no such statement",
    ),
    "merge": Known(
        sql="UPDATE `customers` SET `id` = ? WHERE `id` = ?",
        count=8, p50_us=610, tables="customers", bound="customers.id", verb=Verb.UPDATE, rows=0,
        answer=Answer.UNSUPPORTED, variants="", updated="customers.id",
        said="VT12001: unsupported: you cannot UPDATE primary vindex columns; invalid update on vindex: hash",
    ),
}  # fmt: skip
"""Every query class by a name of its own; `merge` is the one that Vitess refuses."""

MERGE = KNOWN["merge"].id
ACCEPTED_QUERY = {f"QUERY-{MERGE}": "accounts are merged by a copy and a deletion from the next release on"}


def column(name: str) -> Column:
    return Column(*name.split("."))


def times(count: int, p50_us: float, spread: float = 0.55) -> Times:
    """Durations as they are met: log-normal, the 99th percentile at about 3.6 times the median."""
    points = min(count, 200)
    if not points:
        return Times(total_us=0, min_us=0, max_us=0, p50_us=0, p95_us=0, p99_us=0, sketch=Sketch())
    normal = NormalDist()
    values = [p50_us * math.exp(spread * normal.inv_cdf((at + 0.5) / points)) for at in range(points)]
    counts: dict[int, int] = {}
    for at, value in enumerate(values):
        share = count * (at + 1) // points - count * at // points
        counts[bucket(value)] = counts.get(bucket(value), 0) + share
    sketch = Sketch.of({each: number for each, number in counts.items() if number})
    return Times(
        total_us=round(sum(values) * count / points),
        min_us=round(values[0]),
        max_us=round(values[-1]),
        p50_us=round(sketch.quantile(0.5)),
        p95_us=round(sketch.quantile(0.95)),
        p99_us=round(sketch.quantile(0.99)),
        sketch=sketch,
    )


def query_class(known: Known, *, slower: float = 1.0, shard_queries: int = 0) -> QueryClass:
    number = iter(range(1, 99))
    shape = "".join(f":v{next(number)}" if letter == "?" else letter for letter in known.sql)
    return QueryClass(
        id=known.id,
        fingerprint=known.sql,
        shape=shape.replace("(…)", "(:v8, :v9)"),
        verb=known.verb,
        tables=tuple(known.tables.split()),
        bound=tuple(column(name) for name in known.bound.split()),
        joined=(),
        updated=tuple(column(name) for name in known.updated.split()),
        not_parsed="",
        count=known.count,
        errors=0,
        times=times(known.count, known.p50_us * slower),
        lock_us=known.count * 3,
        rows_sent=known.count * known.rows,
        rows_sent_max=known.rows * 2,
        rows_examined=known.count * known.rows * (4 if known.tables == "orders" else 1),
        rows_affected=0,
        bytes_sent=known.count * (60 + 80 * known.rows),
        first=LOG_FIRST,
        last=LOG_LAST,
        databases=("shop",),
        shard_queries=shard_queries,
    )


def transaction(count: int, *names: str, rolled_back: int = 0) -> TransactionClass:
    queries = tuple(KNOWN[name].id for name in names)
    touches = tuple(
        Touch(KNOWN[name].id, tuple((column(bound), 0) for bound in KNOWN[name].bound.split()[:1])) for name in names
    )
    return TransactionClass(
        id=hashlib.sha256(" ".join(queries).encode()).hexdigest()[:16],
        queries=queries,
        count=count,
        rolled_back=rolled_back,
        explicit=len(names) > 1,
        times=times(count, sum(KNOWN[name].p50_us for name in names) * 1.3),
        patterns=(Pattern(touches=touches, count=count),),
        patterns_left_out=0,
    )


def _series() -> tuple[Slice, ...]:
    def one(at: int) -> Slice:
        swing = 1 + 0.25 * math.sin(at / 9) + 0.08 * math.sin(at * 2.3)
        busy = 5.0 if at in (44, 45, 90) else 1.0  # the report runs
        return Slice(
            second=at * 5.0,
            seconds=5.0,
            queries=round(306 * swing),
            errors=0,
            busy_us=round(170_000 * swing * busy),
            max_us=round(3_000 * swing if busy == 1.0 else 410_000),
        )

    return tuple(one(at) for at in range(120))


def digest() -> Digest:
    classes = sorted((query_class(known) for known in KNOWN.values()), key=lambda each: -each.times.total_us)
    return Digest(
        dialect="mysql slow log",
        files=(
            LogFile(name="slow.log", sha256="5e" * 32, bytes=14_802_113, server="9.7.4"),
            LogFile(name="slow.log.1.gz", sha256="c7" * 32, bytes=1_204_455, server="9.7.4"),
        ),
        first=LOG_FIRST,
        last=LOG_LAST,
        seconds=LOG_SECONDS,
        events=sum(each.count for each in classes) + 2 * 4_021,
        errors=0,
        connections=48,
        query_time_us=sum(each.times.total_us for each in classes),
        classes=tuple(classes),
        transactions=(
            transaction(7_102, "customer"),
            transaction(6_204, "product"),
            transaction(4_902, "history", "lines"),
            transaction(2_310, "customer", "product", "order", "items", "points", rolled_back=41),
            transaction(1_140, "invoice"),
            transaction(640, "note"),
            transaction(286, "status"),
            transaction(212, "transfer"),
            transaction(64, "report"),
            transaction(8, "merge"),
        ),
        incomplete_transactions=3,
        values=(
            ColumnValues(
                column=column("orders.customer_id"),
                executions=7_216,
                distinct=3_802,
                capped=False,
                top_shares=(0.021, 0.012, 0.009, 0.007, 0.006),
            ),
        ),
        series=_series(),
        not_understood=(NotUnderstood(file="slow.log", offset=0, what="a header that is no event", count=2),),
        other_databases=118,
        caveats=("The log has no SET of session variables that were made before it began.",),
    )


def observed() -> Digest:
    """The same workload as vtgate's query log tells it, with the queries it sent to shards."""
    fan_out = {Answer.SINGLE: 1.0, Answer.SEVERAL: 1.7, Answer.SCATTER: 2.0, Answer.UNSUPPORTED: 0.0}
    classes = sorted(
        (
            query_class(each, slower=each.slower, shard_queries=round(each.count * fan_out.get(each.answer, 0.0)))
            for each in KNOWN.values()
        ),
        key=lambda each: -each.times.total_us,
    )
    return Digest(
        dialect="vtgate query log",
        files=(),
        first=LOG_FIRST,
        last=LOG_LAST,
        seconds=LOG_SECONDS + 0.4,
        events=sum(each.count for each in classes),
        errors=8,
        connections=48,
        query_time_us=sum(each.times.total_us for each in classes),
        classes=tuple(classes),
        transactions=(),
        incomplete_transactions=0,
        values=(),
        series=(),
        not_understood=(),
        other_databases=0,
        caveats=(),
    )
