"""What a digest says of a class besides its times: accounts, temporary tables, its course; and samples, if asked."""

import io
from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from seatrial.domain.event import silent
from seatrial.domain.workload import Digest, Samples
from seatrial.stages.digest import Log, digest
from seatrial.stages.digest.counted import NAMES_KEPT, OTHERS
from seatrial.stages.digest.course import SLICES, CourseTally
from tests.unit.slow_logs import BANNER, BEGAN, event, log


def digested(content: bytes, samples: list[Samples] | None = None) -> Digest:
    return digest(
        [Log(name="slow.log", stream=io.BytesIO(content), bytes=len(content))],
        database="shop",
        schema=None,
        keep=None,
        now=datetime.now(UTC),
        tell=silent,
        samples=samples.append if samples is not None else None,
    )


def by(user: str, sql: str = "SELECT 1") -> bytes:
    return event(sql, use="shop").replace(b"User@Host: app[app]", f"User@Host: {user}[{user}]".encode())


def test_accounts_are_told_by_labels_the_busiest_first() -> None:
    content = BANNER + by("alice") + by("bob", "SELECT a FROM t") * 3 + by("bob")
    found = digested(content)
    told = {query.fingerprint: [(share.label, share.count) for share in query.accounts] for query in found.classes}
    assert told == {"select ?": [("account-1", 1), ("account-2", 1)], "select a from t": [("account-1", 3)]}
    assert b"alice" not in msgspec.json.encode(found) and b"bob" not in msgspec.json.encode(found)


def test_more_accounts_than_are_told_apart_are_counted_together() -> None:
    (query,) = digested(BANNER + b"".join(by(f"user{n:03}") for n in range(NAMES_KEPT + 5))).classes
    assert len(query.accounts) == NAMES_KEPT + 1
    assert {share.label: share.count for share in query.accounts}[OTHERS] == 5


def test_temporary_tables_are_counted_where_the_log_tells_them() -> None:
    content = BANNER + event("SELECT 1", use="shop").replace(
        b"Created_tmp_disk_tables: 0 Created_tmp_tables: 0", b"Created_tmp_disk_tables: 1 Created_tmp_tables: 3"
    )
    (query,) = digested(content + event("SELECT 2")).classes
    assert (query.tmp_tables, query.tmp_disk_tables, query.full_scans) == (3, 1, 0)


def test_the_course_of_a_class_is_told_a_minute_at_a_time() -> None:
    seconds = (0, 1, 59, 60, 185)
    (query,) = digested(BANNER + b"".join(event("SELECT 1", second=at, use="shop") for at in seconds)).classes
    assert query.course is not None
    assert (query.course.seconds, query.course.queries, query.course.busy_us) == (60, (3, 1, 0, 1), (300, 100, 0, 100))
    assert query.course.first == "2026-11-20T08:50:00.000000Z"


@given(st.lists(st.tuples(st.integers(0, 10**11), st.integers(0, 10**6)), min_size=1, max_size=60), st.integers(0, 60))
def test_the_course_is_the_same_in_parts_and_never_too_long(some: list[tuple[int, int]], border: int) -> None:
    whole, first, second = CourseTally(), CourseTally(), CourseTally()
    for tally, part in ((whole, some), (first, some[:border]), (second, some[border:])):
        if part:
            tally.add_all([at for at, _ in sorted(part)], [took for _, took in sorted(part)])
    first.take(second)
    told = whole.told()
    assert told is not None and first.told() == told
    assert len(told.queries) <= SLICES
    assert (sum(told.queries), sum(told.busy_us)) == (len(some), sum(took for _, took in some))


def test_samples_are_the_slowest_and_a_usual_one_and_only_if_asked_for() -> None:
    took = (100, 110, 90, 7_000, 105)
    content = BANNER + b"".join(
        event(f"SELECT a FROM t WHERE b = 'planted{n}'", took_us=us, use="shop") for n, us in enumerate(took)
    )
    kept: list[Samples] = []
    found = digested(content, kept)
    (query,) = found.classes
    assert kept[0].worst[query.id].sql == "SELECT a FROM t WHERE b = 'planted3'"
    assert kept[0].worst[query.id].took_us == 7_000
    assert kept[0].typical[query.id].took_us in (100, 105, 110)
    assert kept[0].accounts == {"account-1": "app"}
    assert b"planted" not in msgspec.json.encode(found)
    assert digested(content) == found


def test_of_a_long_statement_its_beginning_is_kept() -> None:
    kept: list[Samples] = []
    digested(log("SELECT '" + "x" * 20_000 + "'"), kept)
    (sample,) = kept[0].worst.values()
    assert (len(sample.sql), sample.cut) == (10_000, True)
    assert datetime.fromisoformat(sample.at) <= BEGAN + timedelta(seconds=1)


def test_tags_of_comments_are_counted_and_only_those_of_the_code_are_told() -> None:
    comments = [
        "/*action='show',user='planted'*/",
        "/* action=show */",
        "/*traceparent='00-planted'*/",
        "/* planted */",
    ]
    content = BANNER + b"".join(event(f"SELECT a FROM t {comment}", use="shop") for comment in comments)
    found = digested(content)
    (query,) = found.classes
    assert [(share.label, share.count) for share in query.tags] == [("action=show", 2), ("user=…", 1)]
    assert b"planted" not in msgspec.json.encode(found)
