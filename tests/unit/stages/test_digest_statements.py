"""Two snapshots of statement digests made into one digest, on values."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.domain.event import silent
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.schema import Schema
from seatrial.domain.statements import Bucket, Snapshot, StatementCount
from seatrial.domain.workload import Digest, QueryClass, Recorded
from seatrial.parsing.logs.snapshot_file import written
from seatrial.stages.digest import Log, digest
from seatrial.stages.digest.compare import Kind, compare
from seatrial.stages.digest.difference import SUMS_BEGIN_ANEW_AT, Interval, difference
from seatrial.stages.digest.statements import ERROR, made_of
from tests.unit.stages.digests import schema, table

START = datetime(2026, 11, 20, 9, tzinfo=UTC)
NOW = START + timedelta(days=1)
US = 1_000_000
"""In picoseconds."""
BUCKETS = tuple(
    Bucket(
        number, 0 if not number else round(10 * US * 10 ** ((number - 1) / 50)), round(10 * US * 10 ** (number / 50))
    )
    for number in range(450)
)
SELECT = "SELECT `id` FROM `orders` WHERE `id` IN (...)"


def moment(seconds: float) -> str:
    return (START + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def row(text: str = SELECT, count: int = 1, *, each_us: int = 100, **given: object) -> StatementCount:
    number = next(each.number for each in BUCKETS if each.high_ps > each_us * US)
    row = StatementCount(
        schema="shop",
        digest=f"digest of {text}",
        text=text,
        count=count,
        time_ps=count * each_us * US,
        min_ps=each_us * US,
        max_ps=each_us * US,
        lock_ps=count * US,
        errors=0,
        warnings=0,
        rows_affected=0,
        rows_sent=2 * count,
        rows_examined=3 * count,
        tmp_tables=0,
        tmp_disk_tables=0,
        select_full_join=0,
        select_full_range_join=0,
        select_range=0,
        select_range_check=0,
        select_scan=0,
        sort_merge_passes=0,
        sort_range=0,
        sort_rows=0,
        sort_scan=0,
        no_index_used=0,
        no_good_index_used=0,
        first_seen=moment(-500),
        last_seen=moment(0),
        histogram=((number, count),),
    )
    return msgspec.structs.replace(row, **given)


def taken(at_s: float, rows: Sequence[StatementCount], **given: object) -> Snapshot:
    snapshot = Snapshot(
        server="9.7.4",
        server_uuid="4c1f2a7e-0000-11f1-9d3c-0242ac110002",
        moment=moment(at_s),
        uptime_s=round(1000 + at_s),
        database="shop",
        digests_size=10_000,
        others=0,
        beyond=0,
        no_histogram="",
        instruments_off=0,
        instruments_untimed=0,
        buckets=BUCKETS,
        statements=tuple(rows),
    )
    return msgspec.structs.replace(snapshot, **given)


def log(snapshot: Snapshot, name: str = "snapshot.json") -> Log:
    return Log(name=name, stream=io.BytesIO(written(snapshot).encode()))


def digested(
    before: Snapshot, after: Snapshot, *, known: Schema | None = None, keep: list[Recorded] | None = None
) -> Digest:
    return digest(
        [log(before, "before.json"), log(after, "after.json")],
        database="shop",
        schema=known,
        keep=keep.append if keep is not None else None,
        now=NOW,
        tell=silent,
    )


def fault_of(*logs: Log, keep: list[Recorded] | None = None) -> Fault:
    with pytest.raises(Fault) as caught:
        digest(
            list(logs),
            database="shop",
            schema=None,
            keep=keep.append if keep is not None else None,
            now=NOW,
            tell=silent,
        )
    return caught.value


def only(digest: Digest) -> QueryClass:
    (query,) = digest.classes
    return query


# --- the difference


def test_counts_and_sums_are_those_between_the_two() -> None:
    made = digested(taken(0, [row(count=10)]), taken(60, [row(count=25, errors=4, rows_affected=7)]))
    query = only(made)
    assert (query.count, query.errors, query.rows_sent, query.rows_examined, query.rows_affected) == (15, 4, 30, 45, 7)
    assert (query.times.total_us, query.lock_us, query.rows_sent_max) == (1500, 15, 2)
    assert (made.events, made.errors, made.query_time_us, made.seconds) == (15, 4, 1500, 60)
    assert (made.first, made.last, made.connections) == (moment(0), moment(60), 0)
    assert (query.fingerprint, query.tables) == ("select id from orders where id in (?)", ("orders",))
    assert made.dialect == "performance_schema statements"
    assert [(file.name, file.server) for file in made.files] == [("before.json", "9.7.4"), ("after.json", "9.7.4")]


def test_no_transaction_and_no_value_is_made_up_and_that_is_said() -> None:
    made = digested(taken(0, []), taken(60, [row(), row("BEGIN"), row("COMMIT")]))
    assert (made.transactions, made.incomplete_transactions, made.values) == ((), 0, ())
    assert any("no transactions" in caveat for caveat in made.caveats)


def test_what_was_not_executed_in_between_is_no_class() -> None:
    made = digested(taken(0, [row(), row("BEGIN")]), taken(60, [row(), row("BEGIN", 3)]))
    assert [query.fingerprint for query in made.classes] == ["begin"]


def test_given_in_reverse_they_are_put_right() -> None:
    before, after = taken(0, [row(count=10)]), taken(60, [row(count=25)])
    assert digested(after, before).classes == digested(before, after).classes
    assert difference(after, before) == difference(before, after)


def test_texts_of_one_class_are_added_up() -> None:
    rows = [
        row("INSERT INTO `t` ( `a` , `b` ) VALUES (...)", 3),
        row("INSERT INTO `t` ( `a` , `b` ) VALUES (...) /* , ... */", 4),
    ]
    query = only(digested(taken(0, []), taken(60, rows)))
    assert (query.count, query.times.total_us) == (7, 700)
    assert query.shape.endswith("VALUES (:v1, :v2), (:v3, :v4)")


def test_sums_of_picoseconds_that_began_anew_are_subtracted_all_the_same() -> None:
    full = SUMS_BEGIN_ANEW_AT - 50 * US
    before, after = row(count=10, time_ps=full), row(count=11, time_ps=50 * US)
    assert only(digested(taken(0, [before]), taken(60, [after]))).times.total_us == 100


@given(st.lists(st.tuples(*[st.integers(0, 1000)] * 3), min_size=1, max_size=4))
def test_two_intervals_add_up_to_the_one_around_them(counts: list[tuple[int, int, int]]) -> None:
    """Counts, sums and the spread of times: of neighbours together, those of the whole."""

    def at(number: int) -> Snapshot:
        rows = [row(f"SELECT {'?' * (which + 1)}", sum(each[: number + 1])) for which, each in enumerate(counts)]
        return taken(60 * number, [each for each in rows if each.count])

    first, second, third = at(0), at(1), at(2)
    whole, parts = difference(first, third), (difference(first, second), difference(second, third))
    for field in ("count", "time_ps", "lock_ps", "rows_sent", "rows_examined"):
        assert _sums(field, whole) == sum(_sums(field, part) for part in parts)
    assert whole.seconds == sum(part.seconds for part in parts)
    assert _executions(whole) == sum(_executions(part) for part in parts) == _sums("count", whole)


def _sums(field: str, interval: Interval) -> int:
    return sum(getattr(each, field) for each in interval.spent)


def _executions(interval: Interval) -> int:
    return sum(sum(each.times.values()) for each in interval.spent if each.times is not None)


# --- times


@pytest.mark.parametrize("each_us", [11, 100, 4_700, 120_000, 1_900_000])
def test_quantiles_are_within_the_error_that_is_said(each_us: int) -> None:
    before = row(count=50, each_us=10, min_ps=1 * US, max_ps=10**7 * US)
    after = row(count=150, each_us=each_us, min_ps=1 * US, max_ps=10**7 * US)
    after = msgspec.structs.replace(after, histogram=(*before.histogram, (after.histogram[0][0], 100)))
    times = only(digested(taken(0, [before]), taken(60, [after]))).times
    assert abs(times.p50_us - each_us) <= ERROR * each_us + 1
    assert abs(times.p99_us - each_us) <= ERROR * each_us + 1
    assert times.min_us <= each_us <= times.max_us + 1
    assert times.max_us <= 1.05 * each_us
    assert f"{ERROR:.1%}" == "3.4%"


def test_least_and_most_are_exact_where_the_row_is_new_or_they_moved() -> None:
    new = row(count=2, min_ps=50 * US, max_ps=300 * US)
    times = only(digested(taken(0, []), taken(60, [new]))).times
    assert (times.min_us, times.max_us) == (50, 300)
    before = row(count=2, min_ps=90 * US, max_ps=200 * US)
    after = row(count=4, min_ps=50 * US, max_ps=300 * US)
    made = digested(taken(0, [before]), taken(60, [after]))
    assert (only(made).times.min_us, only(made).times.max_us) == (50, 300)
    assert not any("are bounds" in caveat for caveat in made.caveats)
    made = digested(taken(0, [row()]), taken(60, [row(count=2)]))
    assert any("Least and most of 1 of 1 texts are bounds" in caveat for caveat in made.caveats)


def test_without_histograms_quantiles_are_the_means_and_that_is_said() -> None:
    before = taken(0, [row(count=1, histogram=())], no_histogram="the server keeps none", buckets=())
    after = taken(60, [row(count=5, histogram=())], no_histogram="the server keeps none", buckets=())
    made = digested(before, after)
    assert only(made).times.sketch.count == 4
    assert abs(only(made).times.p99_us - 100) <= 2
    assert any("no histograms" in caveat and "the server keeps none" in caveat for caveat in made.caveats)


def test_a_histogram_that_was_emptied_by_itself_is_not_believed() -> None:
    before, after = row(count=10), row(count=20, histogram=((50, 3),))
    made = digested(taken(0, [before]), taken(60, [after]))
    assert only(made).times.sketch.count == 10
    assert any("no histogram" in caveat for caveat in made.caveats)


def test_a_step_between_two_buckets_of_the_server_is_no_difference() -> None:
    """Two pairs, whose times are all in one bucket each: next to each other they say nothing, far apart they do."""

    def pair(each_us: int) -> Digest:
        return digested(taken(0, []), taken(60, [row(count=100_000, each_us=each_us, min_ps=1, max_ps=10**12)]))

    assert compare(pair(100), pair(103)).changes[0].kind is Kind.SAME
    assert compare(pair(100), pair(120)).changes[0].kind is Kind.SLOWER


# --- what happened in between


def test_a_restart_in_between_counts_from_nothing_and_is_said() -> None:
    again = row(count=3, first_seen=moment(50))
    made = digested(taken(0, [row(count=10)]), taken(60, [again], uptime_s=20))
    assert (only(made).count, made.first, made.seconds) == (3, moment(50), 10)
    assert any("the server was started again" in caveat for caveat in made.caveats)


@pytest.mark.parametrize(
    "after",
    [
        [row(count=3, first_seen=moment(50))],  # fewer
        [row(count=30, first_seen=moment(50))],  # more than before, but counted from another moment on
        [row("BEGIN", 3, first_seen=moment(50))],  # gone
    ],
)
def test_emptied_counts_are_noticed_and_said(after: list[StatementCount]) -> None:
    made = digested(taken(0, [row(count=10)]), taken(60, after))
    assert only(made).count == after[0].count
    assert made.first == moment(50)
    assert any("TRUNCATE" in caveat for caveat in made.caveats)


def test_a_server_that_just_went_on_is_not_taken_for_restarted() -> None:
    made = digested(taken(0, [row()], uptime_s=10), taken(3600, [row(count=2)], uptime_s=3609))
    assert not any("Between the snapshots" in caveat for caveat in made.caveats)


def test_a_full_table_says_which_share_of_the_statements_is_not_in_it() -> None:
    before = taken(0, [row(count=10)], beyond=5, others=100)
    after = taken(60, [row(count=20)], beyond=45, others=150)
    made = digested(before, after)
    assert made.other_databases == 50
    assert any("40 statements (40.0% of the server's)" in caveat for caveat in made.caveats)


def test_a_text_that_was_cut_is_a_class_nobody_is_asked_of() -> None:
    rows = [row("SELECT `id` FROM `orders` WHERE `a` = ? AND ..."), row("SELECT `id` FROM `orders` WHERE `a` = ?")]
    made = digested(taken(0, []), taken(60, rows))
    cut = next(query for query in made.classes if "…" in query.fingerprint)
    assert (cut.shape, cut.bound) == ("", ())
    assert "beginning of its text" in cut.not_parsed
    assert any("Of 1 texts MySQL kept the beginning" in caveat for caveat in made.caveats)


def test_kinds_of_statements_that_are_not_counted_are_said() -> None:
    made = digested(taken(0, []), taken(60, [row()], instruments_off=2, instruments_untimed=3))
    assert sum("setup_instruments" in caveat for caveat in made.caveats) == 2


@pytest.mark.parametrize("server", ["5.6.24-log", "8.0.36", "10.11.18-MariaDB"])
def test_prepared_statements_that_a_server_keeps_no_text_of_are_said(server: str) -> None:
    before, after = taken(0, [row()], server=server, executes=5), taken(60, [row(count=2)], server=server, executes=47)
    said = digested(before, after).caveats
    assert sum("executed 42 statements that were prepared" in caveat for caveat in said) == 1
    fault = fault_of(log(before), log(msgspec.structs.replace(after, statements=(row(),))))
    assert (fault.code, "42 prepared statements" in fault.what) == ("digest.nothing-between", True)
    told = msgspec.structs.replace(after, statements=(row(count=2), row("EXECUTE SELECT `id` FROM `orders`", 42)))
    assert not any("prepared" in caveat for caveat in digested(before, told).caveats)


def test_a_server_that_keeps_the_texts_of_prepared_statements_is_not_said_to_lack_them() -> None:
    made = digested(taken(0, [row()]), taken(60, [row(count=2)], executes=42))
    assert not any("prepared" in caveat for caveat in made.caveats)


# --- whose statements


def test_a_statement_goes_by_the_database_it_names() -> None:
    rows = [
        row("SELECT `id` FROM `shop` . `orders`", schema="blog"),
        row("SELECT `id` FROM `shop` . `orders` WHERE `id` = ?", schema=None),
        row("SELECT `id` FROM `shop` . `orders` JOIN `posts`", 5, schema="blog"),
        row("SELECT `id` FROM `blog` . `shop`", 7),
    ]
    made = digested(taken(0, []), taken(60, rows, others=100))
    assert (len(made.classes), made.events, made.other_databases) == (2, 2, 112)
    assert {query.databases for query in made.classes} == {("blog",), ()}


def test_a_preparation_and_its_end_are_no_execution() -> None:
    rows = [row(f"PREPARE {SELECT}", 3), row(f"EXECUTE {SELECT}", 40), row(f"DEALLOCATE {SELECT}", 3), row(SELECT, 2)]
    assert only(digested(taken(0, []), taken(60, rows))).count == 42


def test_the_schema_tells_names_and_columns() -> None:
    known = schema(table("things", "id Name/varchar code"))
    rows = [row("INSERT INTO `things` VALUES (...)"), row("SELECT `id` FROM `things` WHERE NAME = ?")]
    made = digested(taken(0, []), taken(60, rows), known=known)
    assert {query.fingerprint for query in made.classes} == {
        "insert into things values (?, ?, ?)",
        "select id from things where Name = ?",
    }
    assert made_of(difference(taken(0, []), taken(60, rows)), database="shop", schema=None, now=NOW).events == 2


def test_planted_literals_in_an_edited_file_do_not_come_through() -> None:
    rows = [row("SELECT `id` FROM `orders` WHERE `email` = 'planted' AND `a` = 4711"), row("SELECT 'planted")]
    made = msgspec.json.encode(digested(taken(0, []), taken(60, rows)))
    assert b"planted" not in made
    assert b"4711" not in made


# --- what is refused


def test_one_snapshot_says_how_to_get_the_other() -> None:
    fault = fault_of(log(taken(0, [row()])))
    assert (fault.code, fault.exit) == ("digest.snapshots", Exit.USAGE)
    assert "seatrial digest snapshot" in fault.remedy


def test_three_are_too_many() -> None:
    fault = fault_of(*(log(taken(at, [row(count=at + 1)])) for at in (0, 60, 120)))
    assert (fault.code, "the first and the last" in fault.remedy) == ("digest.snapshots", True)


def test_a_log_beside_them_is_refused() -> None:
    slow = Log(name="slow.log", stream=io.BytesIO(b"/usr/sbin/mysqld, Version: 9.7.4 (x). started with:\n"))
    fault = fault_of(log(taken(0, [])), slow)
    assert (fault.code, fault.what.startswith("slow.log")) == ("digest.snapshots", True)


def test_they_cannot_be_recorded() -> None:
    fault = fault_of(log(taken(0, [])), log(taken(60, [row()])), keep=[])
    assert (fault.code, "a replay needs a log" in fault.remedy) == ("digest.no-recording", True)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"server_uuid": "another"}, "digest.two-servers"),
        ({"database": "blog"}, "digest.other-database"),
        ({"moment": moment(0)}, "digest.same-moment"),
        ({"statements": ()}, "digest.nothing-between"),
    ],
)
def test_what_makes_no_pair_is_refused(given: dict[str, object], code: str) -> None:
    after = msgspec.structs.replace(taken(60, [row(count=2)]), **given)
    assert fault_of(log(taken(0, [])), log(after)).code == code


def test_a_damaged_file_is_refused_by_its_name() -> None:
    whole = written(taken(0, [row()])).encode()
    fault = fault_of(log(taken(60, [row(count=2)])), Log(name="before.json", stream=io.BytesIO(whole[:-30])))
    assert (fault.code, fault.what.startswith("before.json")) == ("digest.bad-snapshot", True)
