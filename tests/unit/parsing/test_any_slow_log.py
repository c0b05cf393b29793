"""Slow logs of other servers than MySQL 8 and 9 tell the same of a statement, and nothing is lost between them."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.domain.executed import Executed
from seatrial.parsing.logs.any_slow_log import NO_STATEMENT, AnySlowLog
from seatrial.parsing.logs.recognise import Form, recognise
from seatrial.parsing.slow_log import CUT, NEGATIVE_TIME, NO_EVENT, SERVER_STARTED, SlowLog
from tests.unit import old_slow_logs, slow_logs
from tests.unit.old_slow_logs import ALL, MARIADB, MARIADB_11_8, MYSQL_50, MYSQL_56, PERCONA

AT_US = 1_795_164_600_000_000  # 2026-11-20 08:50


def read(content: bytes) -> tuple[list[Executed], AnySlowLog]:
    log = AnySlowLog(io.BytesIO(content), "slow.log")
    return [each for each in log if each.command != SERVER_STARTED], log


def missed(log: AnySlowLog) -> list[tuple[str, int, int]]:
    return [(each.what, each.offset, each.count) for each in log.not_understood]


def test_mysql_5_0() -> None:
    (first, second, gone), log = read(MYSQL_50)
    assert (first.user, first.host, first.database, first.connection) == ("app", "web1", "shop", 0)
    assert (first.took_us, first.lock_us, first.rows_sent, first.rows_examined) == (2_000_000, 1_000_000, 1, 30)
    assert (first.ended_us, first.sql) == (AT_US, b"SELECT a FROM t WHERE id = 7")
    assert (second.ended_us, second.database, second.sql) == (AT_US, "shop", b"UPDATE t SET a = 'x;\ny'\nWHERE id = 7")
    assert (gone.ended_us, gone.user, gone.command) == (AT_US + 9_000_000, "[SQL_SLAVE]", "Quit")
    assert (log.server, log.events, missed(log)) == ("5.0.96-log", 3, [])
    assert "times without a zone" in " ".join(log.caveats)


def test_mysql_5_6_has_the_moment_in_set_timestamp() -> None:
    (select, commit), log = read(MYSQL_56)
    assert (select.connection, select.ended_us, select.took_us, select.lock_us) == (42, AT_US, 250, 40)
    assert (commit.connection, commit.ended_us, commit.sql) == (43, AT_US + 1_000_000, b"COMMIT")
    assert "zone" not in " ".join(log.caveats)


def test_percona_server_has_more_fields_and_a_rate_limit() -> None:
    (fine, wrong), log = read(PERCONA)
    assert (fine.errno, wrong.errno) == (0, 1062)
    assert (fine.connection, fine.database, fine.rows_affected, fine.bytes_sent) == (42, "shop", 3, 71)
    assert (fine.tmp_tables, fine.tmp_disk_tables, fine.full_scan, fine.weight) == (2, 1, True, 10)
    assert (fine.ended_us, wrong.ended_us) == (AT_US + 100, AT_US + 1_000_100)
    assert (log.server, missed(log)) == ("8.0.36-28", [])
    assert "one query in 10 (log_slow_rate_limit)" in " ".join(log.caveats)


def test_mariadb_warns_with_the_values_that_it_warns_of() -> None:
    (insert, commit), log = read(MARIADB_11_8)
    assert insert.sql == b"insert ignore into order_lines values (1, 1, 'A', 2, 3.50)"
    assert (insert.took_us, insert.ended_us, insert.database, insert.connection) == (295, AT_US, "shop", 17)
    assert (commit.sql, commit.ended_us) == (b"COMMIT", AT_US + 1_000_000)
    assert (log.server, missed(log)) == ("11.8.9-MariaDB-4", [])
    cut = MARIADB_11_8[: MARIADB_11_8.index(b"b'\n")]
    events, log = read(cut + MARIADB_11_8[MARIADB_11_8.rindex(b"# User@Host") :])
    assert [event.sql for event in events] == [b"COMMIT"]
    assert [each.what for each in log.not_understood] == [NO_STATEMENT]


def test_mariadb_explains() -> None:
    (select, names), log = read(MARIADB)
    assert (select.connection, select.database, select.rows_affected, select.bytes_sent) == (8, "", 4, 57)
    assert (select.sql, select.full_scan) == (b"SELECT a FROM shop.t WHERE b = 1", True)
    assert (names.database, names.ended_us, names.sql) == ("shop", AT_US + 3_000_000, b"SET NAMES utf8mb4")
    assert (log.server, missed(log)) == ("10.11.6-MariaDB-log", [])


@pytest.mark.parametrize("name", ALL)
def test_lines_may_end_as_on_windows(name: str) -> None:
    plain, _ = read(ALL[name])
    windows, log = read(ALL[name].replace(b"\n", b"\r\n"))
    assert [(each.took_us, each.ended_us, each.database, each.sql.replace(b"\r\n", b"\n")) for each in windows] == [
        (each.took_us, each.ended_us, each.database, each.sql) for each in plain
    ]
    assert missed(log) == []


def test_one_log_may_hold_several_servers() -> None:
    events, log = read(b"".join(ALL.values()) + slow_logs.log("SELECT 1", "SELECT 2"))
    assert len(events) == 11
    assert (log.server, missed(log)) == ("8.4.3", [])


def test_it_reads_what_mysql_8_writes_as_the_fast_reader_does() -> None:
    content = slow_logs.log("SELECT 1", "INSERT INTO t VALUES ('a;\nb')", "COMMIT") + slow_logs.closed(second=1)
    fast = list(SlowLog(io.BytesIO(content), "slow.log"))
    slow = list(AnySlowLog(io.BytesIO(content), "slow.log"))
    same = ("ended_us", "took_us", "lock_us", "rows_sent", "connection", "user", "database", "command", "sql")
    assert [[getattr(each, name) for name in same] for each in slow] == [
        [getattr(each, name) for name in same] for each in fast
    ]


def test_a_heading_inside_a_literal_is_part_of_the_statement() -> None:
    planted = b"INSERT INTO t VALUES ('see:\n" + MYSQL_56[: MYSQL_56.index(b"SELECT")] + b"end');\n"
    head = MYSQL_56[: MYSQL_56.index(b"SELECT")]
    events, log = read(head + planted + MYSQL_56)
    assert [each.sql[:6] for each in events] == [b"INSERT", b"SELECT", b"COMMIT"]
    assert b"# Query_time: 0.000250" in events[0].sql
    assert missed(log) == []


def test_a_statement_cut_inside_a_literal_takes_no_other_along() -> None:
    head = MYSQL_56[: MYSQL_56.index(b"SELECT")]
    events, log = read(head + b"INSERT INTO t VALUES ('cut he\n" + MYSQL_56)
    assert [each.sql for each in events] == [b"SELECT a FROM t WHERE id IN (1, 2)", b"COMMIT"]
    assert missed(log) == [(CUT, 0, 1)]


def test_what_is_cut_or_no_event_is_counted_with_its_place() -> None:
    events, log = read(b"nonsense\nmore of it\n" + MYSQL_56 + b"# Time: 261120  8:50:10\n# User@Host: a[a] @ b []\n")
    assert len(events) == 2
    assert missed(log) == [(NO_EVENT, 0, 1), (CUT, 20 + len(MYSQL_56), 1)]
    assert log.cut
    events, log = read(MYSQL_56[:-2])
    assert (len(events), log.cut, missed(log)) == (1, True, [(CUT, MYSQL_56.index(b"# User@Host: app", 60), 1)])


def test_zeros_that_a_truncated_file_leaves_are_passed_over() -> None:
    events, log = read(b"\0" * 5000 + MYSQL_56)
    assert (len(events), missed(log)) == (2, [])
    assert recognise(b"\0" * 5000) is Form.SLOW_ANY
    assert recognise(b"\0" * 50 + MYSQL_56) is Form.SLOW_ANY


def test_a_clock_that_was_set_back_makes_no_age_of_the_universe() -> None:
    content = MYSQL_56.replace(b"Query_time: 0.000250", b"Query_time: 18446744073708.796870")
    (select, _), log = read(content)
    assert (select.took_us, missed(log)) == (0, [(NEGATIVE_TIME, 0, 1)])


def test_empty_lines_at_the_end_cut_nothing() -> None:
    events, log = read(MYSQL_56 + b"\n\n")
    assert (len(events), missed(log)) == (2, [])


def test_a_heading_without_statement_is_counted() -> None:
    heading = MYSQL_56[: MYSQL_56.index(b"SELECT")]
    events, log = read(heading + MYSQL_56)
    assert (len(events), missed(log)) == (2, [(NO_STATEMENT, 0, 1)])


def test_a_statement_may_be_of_any_length() -> None:
    sql = b"INSERT INTO t VALUES ('" + b"# Time: x\n" * 40_000 + b"')"
    events, _ = read(MYSQL_56[: MYSQL_56.index(b"SELECT")] + sql + b";\n" + MYSQL_56)
    assert [each.sql == sql for each in events] == [True, False, False]


@pytest.mark.parametrize("content", [*ALL.values(), slow_logs.log("SELECT 1")], ids=[*ALL, "mysql-8"])
def test_each_is_known_by_its_content(content: bytes) -> None:
    form = recognise(content)
    assert form is (Form.SLOW if content.startswith(slow_logs.BANNER) else Form.SLOW_ANY)


@pytest.mark.parametrize(
    "text", [b"", b"root:x:0:0:root\n", b"-- MySQL dump 10.13\n", b"\x1f\x8b\x08\x00", b"SELECT 1;\n"]
)
def test_what_is_none_is_not_taken_for_one(text: bytes) -> None:
    assert recognise(text) is None


@given(st.data())
def test_no_text_makes_it_fail(data: st.DataObject) -> None:
    pieces = [piece + b"\n" for content in ALL.values() for piece in content.split(b"\n")]
    content = b"".join(data.draw(st.lists(st.sampled_from(pieces) | st.binary(max_size=20), max_size=40)))
    events, log = read(content)
    assert log.read_bytes == len(content)
    assert all(each.took_us >= 0 for each in events)
    assert log.events == len(events)


@given(st.integers(0, len(MARIADB)))
def test_cut_anywhere_it_has_what_is_whole(at: int) -> None:
    whole, _ = read(MARIADB)
    events, _ = read(MARIADB[:at])
    assert events == whole[: len(events)]


def test_the_samples_are_logs_of_their_banners() -> None:
    assert {old_slow_logs.BANNER_50, old_slow_logs.BANNER_PERCONA, old_slow_logs.BANNER_MARIADB} == {
        content[: content.index(b"# Time")] for name, content in ALL.items() if name != "mysql-5.6"
    }
