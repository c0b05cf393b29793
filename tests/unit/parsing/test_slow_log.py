"""A slow log is read event by event; what is no event is counted and located."""

import hashlib
import io
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.domain.executed import Executed
from seatrial.parsing import slow_log
from seatrial.parsing.slow_log import CUT, NEGATIVE_TIME, NO_EVENT, SERVER_STARTED, SlowLog
from tests.unit.slow_logs import BANNER, BEGAN, closed, event, heading, log

BEGAN_US = int(BEGAN.timestamp()) * 1_000_000


def read(content: bytes) -> tuple[SlowLog, list[Executed]]:
    found = SlowLog(io.BytesIO(content), "slow.log")
    return found, [executed for executed in found if executed.command != SERVER_STARTED]


def statements(content: bytes) -> list[bytes]:
    return [executed.sql for executed in read(content)[1]]


def test_an_event_with_all_its_figures() -> None:
    content = BANNER + event("SELECT 1", id=12, second=1.5, took_us=2_000_123, use="shop", errno=1062, rows=3)
    found, (executed,) = read(content)
    assert executed == Executed(
        ended_us=BEGAN_US + 1_500_000,
        took_us=2_000_123,
        lock_us=3,
        rows_sent=3,
        bytes_sent=11,
        errno=1062,
        connection=12,
        user="app",
        host="localhost",
        database="shop",
        sql=b"SELECT 1",
    )
    assert (found.server, found.extra, found.cut, found.not_understood) == ("8.4.3", True, False, ())
    assert (found.sha256, found.read_bytes) == (hashlib.sha256(content).hexdigest(), len(content))


def test_without_log_slow_extra() -> None:
    found, (executed,) = read(BANNER + event("SELECT 1", extra=False))
    assert (executed.connection, executed.errno, executed.bytes_sent) == (7, 0, 0)
    assert not found.extra


def test_a_database_stays_until_the_next_use_and_a_banner_forgets_it() -> None:
    content = event("A", use="one") + event("B") + event("C", use="two words; 库") + BANNER + event("D")
    assert [executed.database for executed in read(content)[1]] == ["one", "one", "two words; 库", ""]


def test_administrator_commands_are_no_statements() -> None:
    (executed,) = read(closed(id=3))[1]
    assert (executed.command, executed.sql, executed.connection) == ("Quit", b"", 3)


def test_banners_in_the_middle_are_told() -> None:
    found = SlowLog(io.BytesIO(event("A") + BANNER + event("B") + BANNER), "slow.log")
    assert [executed.command or executed.sql.decode() for executed in found] == [
        "A",
        SERVER_STARTED,
        "B",
        SERVER_STARTED,
    ]
    assert found.not_understood == ()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1,\n  2\nFROM t",
        "SELECT '\n# Time: 2026-11-20T08:50:00.000000Z\n'",
        "SELECT '\n# User@Host: a[b] @ c [d]\n# Query_time: 1\n'",
        "SELECT '\n" + heading().decode() + "'",
        "SELECT ';\n# Time: 2026-11-20T08:50:00.000000Z\n# User@Host: '",
        "SELECT 1 /* '\n# Time: x */",
        "SET timestamp=5",
        "use shop",
        "",
        ";",
        "SELECT '" + "x" * 100_000 + "'",
    ],
)
def test_statements_of_any_form_are_read_whole(sql: str) -> None:
    found, executed = read(event("BEGIN") + event(sql) + event("COMMIT"))
    assert [each.sql for each in executed] == [b"BEGIN", sql.encode(), b"COMMIT"]
    assert found.not_understood == ()


def test_lines_may_end_as_on_windows() -> None:
    content = log("SELECT 1", "SELECT 'a\nb'").replace(b"\n", b"\r\n")
    assert statements(content) == [b"SELECT 1", b"SELECT 'a\r\nb'"]


def test_bytes_that_are_no_utf_8_are_read() -> None:
    assert statements(event(b"SELECT '\xff\xfe'") + event("B")) == [b"SELECT '\xff\xfe'", b"B"]


@pytest.mark.parametrize("left", [2, 9, 60, 400, 560, 580])
def test_a_last_event_that_is_cut_is_left_out(left: int) -> None:
    last = event("SELECT 'secret'")
    assert len(last) == 590
    found, executed = read(event("BEGIN") + last[:-left])
    assert [each.sql for each in executed] == [b"BEGIN"]
    assert found.cut
    assert [missed.what for missed in found.not_understood] == [CUT]


def test_a_cut_in_the_middle_is_counted_where_it_is() -> None:
    first, second = event("A"), event("SELECT 'b")
    found, executed = read(first + second[:-2] + b"\n" + event("C 'c'") + event("D"))
    assert [each.sql for each in executed] == [b"A", b"C 'c'", b"D"]
    (missed,) = found.not_understood
    assert (missed.what, missed.offset, missed.count, missed.file) == (CUT, len(first), 1, "slow.log")
    assert not found.cut


def test_a_statement_that_is_cut_swallows_nothing_wherever_the_chunks_end(monkeypatch: pytest.MonkeyPatch) -> None:
    following = "SELECT " + "1 + " * 10_000 + "1"
    content = event("A") + event("SELECT 'b")[:-2] + b"\n" + event(following) + event("C")
    for chunk in (1_300, 9_000, 20_000):
        monkeypatch.setattr(slow_log, "CHUNK_BYTES", chunk)
        found, executed = read(content)
        assert [each.sql for each in executed] == [b"A", following.encode(), b"C"]
        assert [(missed.what, missed.offset) for missed in found.not_understood] == [(CUT, len(event("A")))]


def test_a_heading_that_is_not_whole_does_not_spoil_the_event_before_it() -> None:
    first = event("A")
    found, executed = read(first + heading()[:60] + b"\n" + event("C"))
    assert [each.sql for each in executed] == [b"A", b"C"]
    assert [(missed.what, missed.offset) for missed in found.not_understood] == [(CUT, len(first))]


def test_lines_like_headings_in_a_long_literal_take_no_time() -> None:
    note = "INSERT INTO t VALUES ('" + ";\n# Time: x\n" * 30_000 + "')"
    began = time.process_time()
    assert statements(event(note) + event("B")) == [note.encode(), b"B"]
    assert time.process_time() - began < 10


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        (b"0.000100", b"."),
        (b"0.000100", b"1.2.345678"),
        (b"0.000100", b"9" * 5_000),
        (b"Rows_sent: 0", b"Rows_sent: " + b"9" * 5_000),
        (b"Rows_examined: 0", b"Rows_examined: " + b"9" * 5_000),
    ],
)
def test_a_figure_that_no_server_writes_is_located(written: bytes, instead: bytes) -> None:
    found, executed = read(event("A") + event("SELECT 'b'").replace(written, instead, 1) + event("C"))
    assert [each.sql for each in executed] == [b"A", b"C"]
    assert [(missed.what, missed.offset) for missed in found.not_understood] == [(CUT, len(event("A")))]


@pytest.mark.parametrize("written", [b"# Query_time: 0.000100", b"Lock_time: 0.000003"])
def test_a_time_that_ran_below_zero_is_zero_and_counted(written: bytes) -> None:
    odd = event("B").replace(written, written.rpartition(b" ")[0] + b" 18446744073709.550000")
    found = SlowLog(io.BytesIO(event("A") + odd + event("C")), "slow.log")
    took = [us for batch in found.batches() for us in (*batch.took_us, *(batch.lock_us or ()))]
    assert (len(took), max(took)) == (6, 100)
    assert [(missed.what, missed.offset) for missed in found.not_understood] == [(NEGATIVE_TIME, len(event("A")))]


def test_text_before_the_first_event_is_counted() -> None:
    found, executed = read(b"ERT INTO t VALUES ('secret');\n" + event("A"))
    assert len(executed) == 1
    assert [(missed.what, missed.offset) for missed in found.not_understood] == [(NO_EVENT, 0)]


def test_nothing_of_another_file_is_an_event() -> None:
    found, executed = read(b"root:x:0:0:root:/root:/bin/bash\n")
    assert (executed, found.events, found.server) == ([], 0, "")


texts = st.text(alphabet=st.characters(exclude_characters="'\\", exclude_categories=["Cs"]), max_size=40)


@given(st.lists(texts, max_size=12), st.integers(1, 4000))
def test_events_do_not_depend_on_where_the_chunks_end(some: list[str], chunk: int) -> None:
    wanted = [f"SELECT '{text}' -- {number}" for number, text in enumerate(some)]
    content = log(*wanted)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slow_log, "CHUNK_BYTES", chunk)
        found, executed = read(content)
        batches = list(SlowLog(io.BytesIO(content), "slow.log").batches())
    assert [each.sql for each in executed] == [sql.encode() for sql in wanted]
    assert [each for batch in batches for each in batch.each() if not each.command] == executed
    assert found.not_understood == ()


ODD = [
    event("SELECT 'a;\n# User@Host: none'", id=9),
    event("SELECT 1", extra=False),
    event("SELECT 1", id=9).replace(b"\n", b"\r\n"),
    event("SELECT 1", id=9).replace(b"# Time: 2026", b"# Time: 6202-"),
    event("SELECT 1", id=9).replace(b"0.000100", b"0.0001"),
    event("SELECT 1", id=9)[:-1],
    event("SET timestamp=5", id=9),
    heading(id=9),
    closed(id=9),
    BANNER,
    b"no event\n",
    event("SELECT 1", id=9, use="other"),
]


@given(
    st.lists(st.sampled_from(ODD), min_size=1, max_size=3), st.integers(0, 9), st.integers(500, 20_000), st.booleans()
)
def test_what_is_not_ordinary_is_read_as_if_there_were_nothing_else(
    odd: list[bytes], between: int, chunk: int, in_halves: bool
) -> None:
    content = BANNER + event("A", use="shop") * 9 + (event("B") * between).join(odd) + event("C", second=2) * 9
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slow_log, "CHUNK_BYTES", chunk)
        patch.setattr(slow_log, "STRETCH_BYTES", 1 if in_halves else 1 << 20)
        at_once = SlowLog(io.BytesIO(content), "slow.log")
        batches = list(at_once.batches())
        patch.setattr(slow_log, "columns", lambda *_: None)
        patch.setattr(slow_log, "last_border", lambda *_: None)
        one_by_one, executed = read(content)
    told = [each for batch in batches for each in batch.each() if each.command != SERVER_STARTED]
    assert told == executed
    assert (at_once.events, at_once.first_us, at_once.cut, at_once.not_understood) == (
        one_by_one.events,
        one_by_one.first_us,
        one_by_one.cut,
        one_by_one.not_understood,
    )


@given(st.binary(max_size=300))
def test_any_bytes_can_be_read(data: bytes) -> None:
    read(data)
    read(event("A") + data)
    read(event("A")[:-40] + data)
