"""Logs become classes and transactions; what a log is not, or cannot show, is said."""

import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.domain.event import Event, Progress, silent
from seatrial.domain.executed import Executed
from seatrial.domain.fault import Cancelled, Fault
from seatrial.domain.workload import Digest, QueryClass, Recorded, Verb
from seatrial.parsing.logs.any_slow_log import AnySlowLog
from seatrial.parsing.logs.recognise import Form
from seatrial.parsing.slow_log import SlowLog
from seatrial.stages.digest import Digester, Log, classes, digest, texts
from seatrial.stages.digest.opening import looks_like
from tests.unit.slow_logs import BANNER, BEGAN, closed, event, log

NOW = BEGAN + timedelta(hours=1)


def digested(
    *contents: bytes, keep: list[Recorded] | None = None, now: datetime = NOW, database: str = "shop"
) -> Digest:
    return digest(
        [
            Log(name=f"slow.{n}.log", stream=io.BytesIO(content), bytes=len(content))
            for n, content in enumerate(contents)
        ],
        database=database,
        schema=None,
        keep=keep.append if keep is not None else None,
        now=now,
        tell=silent,
    )


def the(found: Digest, fingerprint: str) -> QueryClass:
    (query,) = [query for query in found.classes if query.fingerprint.startswith(fingerprint)]
    return query


def sequences(found: Digest) -> dict[tuple[str, ...], int]:
    return {tuple(found.query(query).fingerprint for query in each.queries): each.count for each in found.transactions}


def test_a_value_is_counted_once_an_execution_however_often_it_is_in_it() -> None:
    content = BANNER + event("INSERT INTO t (shop_id, n) VALUES (7, 1), (7, 2), (7, 3)", use="shop") * 2
    (shares,) = [each for each in digested(content).values if str(each.column) == "t.shop_id"]
    assert (shares.executions, shares.distinct, shares.top_shares) == (2, 1, (1.0,))


@pytest.mark.parametrize(
    ("sql", "ours"),
    [
        ("SELECT a FROM shop.orders WHERE id = 1", True),
        ("SELECT a FROM contacts WHERE mail = 'info@shop.com'", False),
        ("SELECT shop.id FROM contacts shop", False),
        ("SELECT o.a FROM shop.orders o JOIN contacts c ON c.id = o.id", False),
        ("SELECT a FROM shop.orders WHERE b = 'it's", False),
    ],
)
def test_a_statement_of_another_database_s_session_is_ours_if_all_its_tables_are(sql: str, ours: bool) -> None:
    recorded: list[Recorded] = []
    found = digested(BANNER + event("SELECT 1 FROM t", use="shop") + event(sql, id=9, use="crm"), keep=recorded)
    assert (found.events, len(recorded), found.other_databases) == ((2, 2, 0) if ours else (1, 1, 1))


def test_a_log_in_which_our_database_only_says_hello_is_of_another() -> None:
    content = BANNER + event("SET NAMES utf8mb4", use="shop") + event("SELECT a FROM contacts", id=9, use="crm")
    with pytest.raises(Fault, match="of another database: it has crm"):
        digested(content)


def test_half_a_statement_is_shown_to_no_planner() -> None:
    found = digested(BANNER + event("UPDATE t SET a = 1, b = 'it' WHERE c = O'Brien", use="shop"))
    assert [query.shape for query in found.classes] == [""]


def test_what_our_own_accounts_did_is_no_workload_and_is_said() -> None:
    ours = event("SHOW GLOBAL STATUS", id=9, use="shop").replace(b"app[app]", b"seatrial_reader[seatrial_reader]")
    content = BANNER + event("SELECT 1 FROM t", use="shop") + ours
    recorded: list[Recorded] = []
    found = digest(
        [Log(name="slow.log", stream=io.BytesIO(content), bytes=len(content))],
        database="shop",
        schema=None,
        keep=recorded.append,
        now=NOW,
        tell=silent,
        ours=frozenset({"seatrial_reader"}),
    )
    assert [query.verb for query in found.classes] == [Verb.SELECT]
    assert len(recorded) == found.events == 1
    assert "What seatrial's own accounts did is left out: 1 statements." in found.caveats


def test_a_class_has_its_figures() -> None:
    content = BANNER + b"".join(
        event(f"SELECT a FROM t WHERE id = {n}", second=n, took_us=n * 1000, rows=n, errno=int(n == 7), use="shop")
        for n in range(1, 11)
    )
    found = digested(content)
    (query,) = found.classes
    assert (query.fingerprint, query.verb, query.tables) == ("select a from t where id = ?", Verb.SELECT, ("t",))
    assert [str(column) for column in query.bound] == ["t.id"]
    assert (query.count, query.errors, query.rows_sent, query.rows_sent_max) == (10, 1, 55, 10)
    assert (query.times.total_us, query.times.min_us, query.times.max_us) == (55_000, 1000, 10_000)
    assert query.times.p50_us == pytest.approx(5000, rel=0.011)
    assert query.times.p99_us == pytest.approx(9000, rel=0.011)
    assert (query.first, query.last) == ("2026-11-20T08:50:01.000000Z", "2026-11-20T08:50:10.000000Z")
    assert query.databases == ("shop",)
    assert (found.events, found.errors, found.query_time_us, found.connections) == (10, 1, 55_000, 1)
    assert (found.first, found.seconds) == ("2026-11-20T08:50:00.999000Z", 9.001)
    assert [file.server for file in found.files] == ["8.4.3"]
    assert sum(each.queries for each in found.series) == 10
    assert sum(each.busy_us for each in found.series) == 55_000
    assert found.caveats == (
        "No statement is faster than 1.0 ms: long_query_time was above 0, so most statements, "
        "and parts of transactions, are missing.",
    )


def test_the_same_statement_has_the_same_id_everywhere() -> None:
    (one,) = digested(log("SELECT a FROM t WHERE id = 1")).classes
    (other,) = digested(BANNER + event("select a from t where id='x' -- why", use="shop", id=99)).classes
    assert one.id == other.id == "d22d757d374974e9"


def test_the_shape_is_that_of_the_longest_lists() -> None:
    found = digested(log("SELECT a FROM t WHERE id IN (1)", "SELECT a FROM t WHERE id IN (1,2,3)"))
    assert found.classes[0].shape == "SELECT a FROM t WHERE id IN (:v1, :v2)"


def test_several_logs_are_one_workload() -> None:
    found = digested(log("SELECT 1"), BANNER + event("SELECT 2", use="shop", second=5))
    assert (found.events, len(found.classes), len(found.files)) == (2, 1, 2)
    assert not [caveat for caveat in found.caveats if "of one server" in caveat]
    backwards = digested(BANNER + event("SELECT 2", use="shop", second=5), log("SELECT 1"))
    assert [file.name for file in backwards.files] == ["slow.1.log", "slow.0.log"]
    assert (backwards.first, backwards.classes, backwards.caveats) == (found.first, found.classes, found.caveats)
    at_once = digested(log("SELECT 1"), log("SELECT 2", "SELECT 3"))
    assert not [caveat for caveat in at_once.caveats if "of one server" in caveat]
    overlapping = digested(
        log("SELECT 1", "SELECT 1", "SELECT 1"), BANNER + event("SELECT 2", use="shop", second=0.001)
    )
    assert [caveat for caveat in overlapping.caveats if "of one server" in caveat]


def test_other_databases_are_left_out() -> None:
    found = digested(
        BANNER
        + event("SELECT 1")  # no database known yet
        + event("SELECT a FROM t", use="shop")
        + event("SELECT a FROM information_schema.tables WHERE x = 1")
        + event("SELECT a FROM t", use="blog")
        + event("SELECT a FROM shop.t", id=8)
        + event("SELECT a FROM `shop`.t", id=8)
    )
    assert (found.events, found.other_databases) == (4, 2)


@pytest.mark.parametrize(
    ("contents", "code", "said"),
    [
        ([], "digest.no-logs", "no slow log"),
        ([b""], "digest.empty", "slow.0.log is empty"),
        ([b"root:x:0:0:root:/root:/bin/bash\n"], "digest.not-a-log", "begins like `xxxx:x:9:9:xxxx:/xxxx:/xxx/xxxx`"),
        ([b"\x1f\x8b\x08\x00rest"], "digest.not-a-log", "packed with gzip"),
        ([b'{"password": "secret"}'], "digest.not-a-log", "it begins as JSON does"),
        ([b"\x00\x01\x02\x03"], "digest.not-a-log", "binary data"),
        (
            [log("SELECT 1", "SELECT 2", database="blog") + event("SELECT 1", use="wiki")],
            "digest.other-database",
            "it has blog (2 statements), wiki (1 statements), and none of shop",
        ),
    ],
)
def test_what_is_no_log_of_ours_is_a_fault(contents: Sequence[bytes], code: str, said: str) -> None:
    with pytest.raises(Fault) as caught:
        digested(*contents)
    assert caught.value.code == code
    assert said in caught.value.what
    assert "secret" not in caught.value.what


def test_a_file_that_cannot_be_read_is_a_fault() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise IsADirectoryError(21, "Is a directory")

    with pytest.raises(Fault) as caught:
        digest([Log(name="slow", stream=Broken())], database="shop", schema=None, keep=None, now=NOW, tell=silent)
    assert caught.value.code == "digest.unreadable"


def test_what_a_text_looks_like_tells_none_of_it() -> None:
    assert looks_like("\n  Geheim 42: 'ключ'\n".encode()) == "begins like `  xxxxxx 99: 'xxxx'`"
    assert looks_like(b"") == "begins like ``"


def test_what_the_log_cannot_show_is_said() -> None:
    def caveats(content: bytes, now: datetime = NOW) -> str:
        return " ".join(digested(content, now=now).caveats)

    assert caveats(log("SELECT 1")) == ""
    assert "0.log has no banner" in caveats(event("SELECT 1"))
    assert "without log_slow_extra" in caveats(BANNER + event("SELECT 1", extra=False))
    assert "cut at its end" in caveats(log("SELECT 1", "SELECT 2")[:-9])
    assert "clock is ahead of ours: its last statement is 7,200 s" in caveats(
        log("SELECT 1"), BEGAN - timedelta(hours=2)
    )
    without_ids = event("BEGIN", extra=False).replace(b"  Id:     7", b"") + event("SELECT 1", extra=False).replace(
        b"  Id:     7", b""
    )
    found = digested(BANNER + without_ids)
    assert "no connection ids" in " ".join(found.caveats)
    assert sequences(found) == {("select ?",): 1}


def test_only_a_banner_is_a_log_without_statements() -> None:
    found = digested(BANNER)
    assert (found.events, found.first, found.seconds, found.classes) == (0, "", 0, ())


def test_progress_is_told_and_can_be_cancelled() -> None:
    told: list[Event] = []
    content = log(*["SELECT 1"] * 300)

    def tell(event: Event) -> None:
        told.append(event)
        if isinstance(event, Progress):
            raise Cancelled

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Cancelled):
        patch.setattr("seatrial.stages.digest.reading._TELL_EVERY_S", 0)
        digest(
            [Log(name="slow", stream=io.BytesIO(content), bytes=len(content))],
            database="shop",
            schema=None,
            keep=None,
            now=NOW,
            tell=tell,
        )
    progress = told[-1]
    assert isinstance(progress, Progress)
    assert (progress.unit, progress.total, progress.left_s) == ("bytes", len(content), 0)


def test_the_recording_has_every_statement_of_ours_in_order() -> None:
    kept: list[Recorded] = []
    found = digested(
        BANNER
        + event("SET NAMES utf8mb4", id=5, use="shop", second=1, took_us=1000)
        + event("BEGIN", id=5, second=2)
        + event("INSERT INTO t VALUES ('sécret')", id=9, second=3, errno=1062)
        + event("SELECT 1", id=9, use="blog", second=3)
        + event("COMMIT", id=5, use="shop", second=4)
        + closed(id=5, second=5)
        + event("SELECT 'again'", id=5, second=6, rows=1)
        + BANNER
        + event("SELECT 'after'", id=5, use="shop", second=7),
        keep=kept,
    )
    assert [(each.connection, each.at_us, each.sql.decode()) for each in kept] == [
        (0, 0, "SET NAMES utf8mb4"),
        (0, 1_000_900, "BEGIN"),
        (1, 2_000_900, "INSERT INTO t VALUES ('sécret')"),
        (0, 3_000_900, "COMMIT"),
        (2, 5_000_900, "SELECT 'again'"),
        (3, 6_000_900, "SELECT 'after'"),
    ]
    assert (kept[2].errno, kept[4].rows, kept[4].database, kept[0].took_us) == (1062, 1, "shop", 1000)
    assert found.connections == 4
    assert found.first == "2026-11-20T08:50:00.999000Z"
    assert {each.query for each in kept} <= {query.id for query in found.classes}
    encoded = msgspec.json.encode(kept[2])
    assert msgspec.json.decode(encoded, type=Recorded) == kept[2]


def test_memory_does_not_grow_with_statements_that_differ_in_their_literals() -> None:
    digester = Digester(dialect="test", database="shop", schema=None)
    executed = list(_executed(log(*[f"SELECT a FROM t WHERE b = {n} AND c IN ({n}, 'x{n}')" for n in range(500)])))
    for each in executed:
        digester.add(each)
    found = digester.done(NOW)
    assert len(found.classes) == 1
    assert len(digester._classes._texts) == 1
    (b, c) = sorted(found.values, key=lambda each: each.column.name)
    assert (b.executions, b.distinct, c.distinct, c.capped) == (500, 500, 1000, False)


def _executed(content: bytes) -> Iterator[Executed]:
    return iter(SlowLog(io.BytesIO(content), "slow.log"))


def test_a_statement_may_carry_the_id_of_a_known_class() -> None:
    known = digested(log("SELECT a FROM t WHERE b <> 5")).classes
    digester = Digester(dialect="vtgate query log", database="shop", schema=None, known=known)
    for each in _executed(
        log(
            f"/*seatrial:{known[0].id}*/ select a from t where b != :b /* INT64 */",
            "/*seatrial:0000000000000000*/ select 1",
            "select 2",
        )
        + event(f"/*seatrial:{known[0].id}*/ select what vtgate cannot parse", errno=1064)
    ):
        digester.add(each)
    found = digester.done(datetime.now(UTC))
    assert {(query.id == known[0].id, query.fingerprint, query.count) for query in found.classes} == {
        (True, "select a from t where b <> ?", 2),
        (False, "select ?", 2),
    }
    assert found.query(known[0].id).pt_checksum == known[0].pt_checksum != ""


def test_a_number_that_orders_is_part_of_the_class_however_often_the_text_is_met() -> None:
    found = digested(log(*(f"SELECT a, b FROM t WHERE c = {n} ORDER BY {1 + n % 2}" for n in range(6))))
    assert {(query.fingerprint[-1], query.count) for query in found.classes} == {("1", 3), ("2", 3)}


def test_a_log_under_two_names_is_told() -> None:
    content = log("SELECT 1")
    assert "slow.1.log has the very content of slow.0.log" in " ".join(digested(content, content).caveats)
    assert "very content" not in " ".join(digested(content, log("SELECT 2", id=8)).caveats)


@given(st.permutations(["1", "2", "1000", "'x'", "12"]))
def test_a_number_that_orders_is_part_of_the_class_whatever_was_met_before(numbers: list[str]) -> None:
    found = digested(log(*(f"SELECT a, b FROM t WHERE c = 5 ORDER BY {number}" for number in numbers * 2)))
    assert {(query.fingerprint.rpartition(" ")[2], query.count) for query in found.classes} == {
        ("1", 2),
        ("2", 2),
        ("12", 2),
        ("?", 4),
    }


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        (b"# Time: 2026", b"# Time: 0001"),
        (b"# Time: 2026", b"# Time: 9999"),
        (b"# Time: 2026", b"# Time: "),
        (b"timestamp=1", b"timestamp=" + b"9" * 5_000),
        (b"Id:     7", b"Id: " + b"9" * 5_000),
    ],
)
@pytest.mark.parametrize("form", [SlowLog, AnySlowLog])
def test_moments_and_ids_that_no_server_writes_do_no_harm(
    written: bytes, instead: bytes, form: type[SlowLog] | type[AnySlowLog]
) -> None:
    odd = event("SELECT 1", took_us=9_000_000, use="shop").replace(written, instead)
    if b"timestamp" in written:
        odd = odd.replace(b"# Time: 2026", b"# Time: ")
    digester = Digester(dialect="mysql slow log", database="shop", schema=None)
    for each in form(io.BytesIO(odd + event("SELECT 2")), "slow.log"):
        digester.add(each)
    assert digester.done(datetime.now(UTC)).events == 2


_SHAPES = (
    "SELECT a FROM t1 WHERE id = {0} AND name = {1}",
    "SELECT a FROM t2 WHERE id = {0} AND name = {1} ORDER BY {2}",
    "INSERT INTO t1 (id, name) VALUES ({0}, {1})",
    "UPDATE t1 SET name = {1} WHERE id IN ({0}, {2})",
    "DELETE /* {2} */ FROM `t 1` WHERE id = {0}",
    "BEGIN",
    "COMMIT",
)
_NAMES = (
    "'Ann'",
    "'O''Neil'",
    r"'O\'Neil'",
    "'a\0b'",
    "'a b'",
    r"'C:\\dir'",
    '"Ann"',
    "x'416e6e'",
    "'7'",
    "''",
    "NULL",
)


@given(
    st.lists(
        st.tuples(st.sampled_from(_SHAPES), st.integers(0, 12), st.sampled_from(_NAMES), st.integers(1, 2)),
        min_size=1,
        max_size=40,
    )
)
def test_statements_known_by_their_outline_are_digested_as_if_each_were_lexed(
    some: list[tuple[str, int, str, int]],
) -> None:
    content = log(*(shape.format(*values) for shape, *values in some))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(texts, "OUTLINES_OF_A_TEXT", 0)
        lexed = digested(content)
    assert digested(content) == lexed


def test_beyond_the_classes_that_are_kept_only_spellings_met_before_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classes, "CLASSES_KEPT", 2)
    statements = ["SELECT a FROM t WHERE b IN (1, 2)", "SELECT b FROM t"]
    beyond = ["SELECT c FROM t", "SELECT d FROM t", "SELECT c FROM t"]
    again = ["select  a from t where b in (1,2,3,4)", "SELECT b\nFROM t"]
    found = digested(log(*statements, *beyond, *again))
    assert {query.fingerprint: query.count for query in found.classes} == {
        "select a from t where b in (?)": 2,
        "select b from t": 2,
        classes.TOO_MANY: 3,
    }
    assert "3 statements are of classes beyond the first 2." in found.caveats


@pytest.mark.parametrize("form", [Form.GENERAL, Form.VTGATE, Form.SLOW_TABLE])
@pytest.mark.parametrize("content", [log("SELECT 1"), bytes(range(256)) * 50], ids=["a slow log", "no log"])
def test_a_log_that_is_not_what_it_was_said_to_be_is_refused_if_nothing_can_be_read(content: bytes, form: Form) -> None:
    with pytest.raises(Fault) as fault:
        digest(
            [Log(name="slow.log", stream=io.BytesIO(content), bytes=len(content))],
            database="shop",
            schema=None,
            keep=None,
            now=NOW,
            tell=silent,
            form=form,
        )
    assert fault.value.code == "digest.not-a-log"
