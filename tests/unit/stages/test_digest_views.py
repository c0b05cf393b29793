"""A digest looked at, held against another, and handed to other programs."""

import csv
import io
import math
import random
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from seatrial.domain.sketch import Sketch, bucket
from seatrial.domain.workload import Digest, QueryClass, Times, Verb
from seatrial.stages.digest.compare import Kind, compare
from seatrial.stages.digest.export import Export, as_csv, exported, exported_class, schema
from seatrial.stages.digest.views import (
    SHORTEST_ID,
    Order,
    beginning,
    chosen,
    decades,
    figure,
    id_length,
    transactions_with,
)
from tests.unit import factories
from tests.unit.factories_workload import KNOWN

DIGEST = factories.digest()
SCHEMA = Path(__file__).parents[3] / "docs" / "digest.schema.json"


def times(values: list[int]) -> Times:
    sketch = Sketch.of(Counter(bucket(value) for value in values))
    p50, p95, p99 = (round(sketch.quantile(share)) for share in (0.5, 0.95, 0.99))
    return Times(
        total_us=sum(values),
        min_us=min(values),
        max_us=max(values),
        p50_us=p50,
        p95_us=p95,
        p99_us=p99,
        sketch=sketch,
    )


def drawn(count: int, median_us: float, seed: int) -> Times:
    """Log-normal times, as queries have them."""
    source = random.Random(seed)
    return times([max(1, round(median_us * math.exp(source.gauss(0, 0.8)))) for _ in range(count)])


def one(taken: Times, *, id: str = "a" * 16) -> Digest:
    query = replace(DIGEST.classes[0], id=id, times=taken, count=taken.sketch.count)
    return replace(DIGEST, classes=(query,), query_time_us=taken.total_us)


@pytest.mark.parametrize("order", list(Order))
def test_classes_come_in_the_order_asked_for(order: Order) -> None:
    found = chosen(DIGEST, order=order)
    figures = [figure(query, order) for query in found]
    assert len(found) == len(DIGEST.classes) and figures == sorted(figures, reverse=True)


def test_filters_keep_what_fits_all_of_them() -> None:
    assert {query.verb for query in chosen(DIGEST, verbs=[Verb.INSERT, Verb.UPDATE])} == {Verb.INSERT, Verb.UPDATE}
    assert all("orders" in query.tables for query in chosen(DIGEST, tables=["ORDERS"])) and chosen(
        DIGEST, tables=["ORDERS"]
    )
    assert all(query.times.total_us >= 1e6 for query in chosen(DIGEST, min_time_s=1))
    assert chosen(DIGEST, tables=["nowhere"]) == []


def test_a_class_is_found_by_as_many_digits_as_tell_it_apart() -> None:
    digits = id_length(DIGEST)
    assert digits >= SHORTEST_ID
    for query in DIGEST.classes:
        assert beginning(DIGEST, query.id[:digits].upper()) == [query]
    for transaction in DIGEST.transactions:
        assert beginning(DIGEST, transaction.id[:digits]) == [transaction]
    alike = (replace(DIGEST.classes[0], id="0123456789abcdef"), replace(DIGEST.classes[1], id="0123456789abcdee"))
    assert id_length(replace(DIGEST, classes=alike)) == 16


def test_the_transactions_of_a_class_are_found() -> None:
    counts = [each.count for each in transactions_with(DIGEST, KNOWN["customer"].id)]
    assert counts == [7_102, 2_310]


def test_decades_hold_every_execution_and_leave_no_gap() -> None:
    found = decades(times([3, 40, 45, 70_000]).sketch)
    assert [(each.power, each.count) for each in found] == [(0, 1), (1, 2), (2, 0), (3, 0), (4, 1)]
    assert decades(Sketch()) == []


def test_a_digest_is_the_same_as_itself() -> None:
    made = compare(DIGEST, DIGEST)
    assert {change.kind for change in made.changes} == {Kind.SAME}
    assert all(change.weight_s == 0 for change in made.changes)


def test_what_is_slower_new_and_gone_is_told_with_its_weight() -> None:
    before, after = one(drawn(400, 1_000, 1)), one(drawn(500, 2_000, 2))
    (slower,) = compare(before, after).changes
    assert (slower.kind, slower.by) == (Kind.SLOWER, ("p50",))  # of 400, no 99th percentile is known well enough
    assert 0.3 < slower.weight_s < 1.2
    (faster,) = compare(after, before).changes
    assert faster.kind is Kind.FASTER and faster.weight_s < 0
    changes = compare(before, one(drawn(10, 500, 3), id="b" * 16)).changes
    assert [change.kind for change in changes] == [Kind.NEW, Kind.GONE]
    assert changes[0].before is None and changes[0].weight_s > 0 > changes[1].weight_s


def test_a_tail_that_grew_is_told_though_the_median_stayed() -> None:
    calm = [1_000 + at % 50 for at in range(4_000)]
    heavy = [*calm[:3_900], *[90_000] * 100]
    (change,) = compare(one(times(calm)), one(times(heavy))).changes
    assert (change.kind, change.by) == (Kind.SLOWER, ("p99",))


def test_chance_is_not_taken_for_a_change() -> None:
    """Two samples of the same distribution differ; of 300 pairs hardly one may be called slower or faster."""
    called = 0
    for seed in range(300):
        count = random.Random(seed).choice((5, 40, 200))
        (change,) = compare(one(drawn(count, 1_000, seed)), one(drawn(count, 1_000, seed + 10**6))).changes
        called += change.kind is not Kind.SAME
    assert called <= 1


def test_a_difference_within_the_sketchs_error_is_none() -> None:
    before, after = one(times([100_000] * 5_000)), one(times([101_500] * 5_000))
    assert compare(before, after).changes[0].kind is Kind.SAME


def test_the_export_adds_up_to_the_microsecond_and_is_what_the_schema_says() -> None:
    made = exported(DIGEST)
    assert made.query_time_s * 1e6 == pytest.approx(DIGEST.query_time_us, abs=0.5)
    assert round(sum(each.query_time_s for each in made.classes) * 1e6) == DIGEST.query_time_us
    assert made.rows_sent == sum(query.rows_sent for query in DIGEST.classes)
    assert made.transactions.count == DIGEST.transaction_count == sum(each.count for each in made.transactions.classes)
    assert msgspec.json.decode(msgspec.json.encode(made), type=Export) == made
    for each in made.classes:
        assert each.min_s <= each.p50_s <= each.p95_s <= each.p99_s <= each.p999_s <= each.max_s


def test_the_promised_names_are_there() -> None:
    plain = msgspec.to_builtins(exported(DIGEST))
    names = "events query_time_s lock_time_s rows_sent rows_examined first last classes transactions not_understood"
    assert set(names.split()) <= plain.keys()
    assert {"id", "fingerprint", "count", "query_time_s"} <= plain["classes"][0].keys()


def test_the_schema_in_the_docs_is_the_one_of_the_code() -> None:
    """Renewed by: seatrial digest export --schema > docs/digest.schema.json"""
    assert msgspec.json.decode(SCHEMA.read_bytes()) == msgspec.json.decode(msgspec.json.encode(schema()))


def test_csv_has_a_line_a_class_that_reads_back_whatever_a_name_holds() -> None:
    odd = replace(DIGEST.classes[0], fingerprint='select "a", b\nfrom `t;`', tables=("x,y", "z"))
    rows = list(csv.DictReader(io.StringIO(as_csv([exported_class(odd), *exported(DIGEST).classes]))))
    assert len(rows) == len(DIGEST.classes) + 1
    assert rows[0]["fingerprint"] == odd.fingerprint
    assert rows[0]["tables"] == "x,y z"
    assert [row["id"] for row in rows[1:]] == [query.id for query in DIGEST.classes]
    assert round(float(rows[1]["query_time_s"]) * 1e6) == DIGEST.classes[0].times.total_us


def test_a_class_without_executions_can_be_looked_at() -> None:
    empty: QueryClass = replace(DIGEST.classes[0], count=0, times=factories.digest().classes[0].times)
    assert exported_class(empty).mean_s == 0
    assert compare(replace(DIGEST, classes=(empty,)), replace(DIGEST, classes=())).changes[0].kind is Kind.GONE
