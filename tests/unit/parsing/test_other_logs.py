"""The general log, vtgate's log in a file, and the table mysql.slow_log as CSV."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.domain.executed import Executed
from seatrial.parsing.logs.general_log import GeneralLog
from seatrial.parsing.logs.reader import Reader
from seatrial.parsing.logs.recognise import Form, recognise
from seatrial.parsing.logs.slow_table import SlowTable
from seatrial.parsing.logs.vtgate_file import VtgateFile
from seatrial.parsing.slow_log import CUT, NO_EVENT, SERVER_STARTED
from tests.unit import slow_logs

AT_US = 1_795_164_600_000_000  # 2026-11-20 08:50
GENERAL = slow_logs.BANNER + (
    b"2026-11-20T08:50:00.000001Z\t    8 Connect\tapp@web1 on shop using TCP/IP\n"
    b"2026-11-20T08:50:00.000002Z\t    8 Query\tSELECT a\nFROM t\n\nWHERE id = 7\n"
    b"2026-11-20T08:50:00.000003Z\t    9 Query\tBEGIN\n"
    b"2026-11-20T08:50:00.000004Z\t    8 Prepare\tINSERT INTO t VALUES (?)\n"
    b"2026-11-20T08:50:00.000005Z\t    8 Execute\tINSERT INTO t VALUES (7)\n"
    b"2026-11-20T08:50:00.000006Z\t    8 Init DB\tblog\n"
    b"2026-11-20T08:50:00.000007Z\t    8 Query\tSELECT 1\n"
    b"2026-11-20T08:50:00.000008Z\t    8 Quit\t\n"
)
OLD_GENERAL = (
    b"261120  8:50:00\t    8 Connect     app@web1 on shop\n".replace(b"Connect     ", b"Connect\t")
    + b"\t\t    8 Query\tSELECT 1\n"
    + b"261120  8:50:03\t   12 Query\tCOMMIT\n"
)
VTGATE = (
    b'{"Start":"2026-11-20 08:50:00.000000","End":"2026-11-20 08:50:00.001000","TotalTime":0.001,'
    b'"SQL":"select a from t","ShardQueries":2,"RowsAffected":0,"Error":"","SessionUUID":"u","ActiveKeyspace":"shop"}\n'
)
SERVERS = (
    b'"2026-11-20 08:50:00.000250","app[app] @ web1 [10.0.0.7]","00:01:02.000250","00:00:00.000040",2,9,"shop",0,0,1,'
    b'"SELECT \\"a\\",\\n b\\\\ FROM t",42\n'
    b'"2026-11-20 08:50:01.000000","app[app] @ web1 [10.0.0.7]","00:00:00","00:00:00",0,0,"shop",0,0,1,"Quit",42\n'
)
BATCH = (
    b"start_time\tuser_host\tquery_time\tlock_time\trows_sent\trows_examined\tdb\tsql_text\tthread_id\n"
    b"2026-11-20 08:50:00.000250\tapp[app] @ web1 [10.0.0.7]\t00:01:02.000250\t00:00:00.000040\t2\t9\tshop\t"
    b'SELECT "a",\\n b\\\\ FROM t\t42\n'
)
EXPORTED = (
    b"thread_id,start_time,user_host,query_time,lock_time,rows_sent,rows_examined,db,sql_text\r\n"
    b"42,2026-11-20 08:50:00.000250,app[app] @ web1 [10.0.0.7],00:01:02.000250,00:00:00.000040,2,9,shop,"
    b'"SELECT ""a"",\n b\\ FROM t"\r\n'
)


def read(kind: type[Reader], content: bytes) -> tuple[list[Executed], Reader]:
    log = kind(io.BytesIO(content), "some.log")
    return [each for each in log if each.command != SERVER_STARTED], log


def missed(log: Reader) -> list[tuple[str, int, int]]:
    return [(each.what, each.offset, each.count) for each in log.not_understood]


def test_the_general_log_has_statements_and_no_times() -> None:
    (select, begin, insert, other, gone), log = read(GeneralLog, GENERAL)
    assert (select.sql, select.connection, select.user, select.host) == (
        b"SELECT a\nFROM t\n\nWHERE id = 7",
        8,
        "app",
        "web1",
    )
    assert (select.ended_us, select.took_us, select.database) == (AT_US + 2, 0, "shop")
    assert (begin.sql, begin.connection, begin.database) == (b"BEGIN", 9, "")
    assert insert.sql == b"INSERT INTO t VALUES (7)"
    assert (other.database, gone.command) == ("blog", "Quit")
    assert (log.server, missed(log)) == ("8.4.3", [])
    assert "no durations" in " ".join(log.caveats)


def test_the_general_log_of_old() -> None:
    (select, commit), log = read(GeneralLog, OLD_GENERAL)
    assert (select.sql, select.database, select.ended_us) == (b"SELECT 1", "shop", AT_US)
    assert (commit.connection, commit.ended_us) == (12, AT_US + 3_000_000)
    assert missed(log) == []


def test_the_general_log_of_mariadb_has_tabs_in_its_banner() -> None:
    banner = (
        b"/usr/sbin/mariadbd, Version: 10.11.18-MariaDB-0+deb12u1-log (Debian 12). started with:\n"
        b"Tcp port: 3306  Unix socket: /run/mysqld/mysqld.sock\n"
        b"Time\t\t    Id Command\tArgument\n"
    )
    (select, commit), log = read(GeneralLog, banner + OLD_GENERAL)
    assert (select.sql, commit.sql, missed(log)) == (b"SELECT 1", b"COMMIT", [])


def test_vtgates_log_in_a_file() -> None:
    events, log = read(VtgateFile, VTGATE + b"broken\n" + VTGATE + VTGATE[:50])
    assert [(each.sql, each.took_us) for each in events] == [
        (b"select a from t", 1000),
        (b"select a from t", 1000),
    ]
    assert missed(log) == [(NO_EVENT, len(VTGATE), 1), (CUT, 2 * len(VTGATE) + 7, 1)]


@pytest.mark.parametrize("content", [SERVERS, BATCH, EXPORTED], ids=["server", "batch", "exported"])
def test_the_table_however_it_was_written(content: bytes) -> None:
    (select, *rest), log = read(SlowTable, content)
    assert select.sql == b'SELECT "a",\n b\\ FROM t'
    assert (select.user, select.host, select.database, select.connection) == ("app", "web1", "shop", 42)
    assert (select.took_us, select.lock_us, select.rows_sent, select.rows_examined) == (62_000_250, 40, 2, 9)
    assert select.ended_us - select.took_us == AT_US + 250
    assert [each.command for each in rest] in ([], ["Quit"])
    assert missed(log) == []


def test_a_table_cut_or_damaged_is_counted() -> None:
    events, log = read(SlowTable, SERVERS + b"nothing of the kind\n" + SERVERS[:40])
    assert len(events) == 2
    assert [count for _, _, count in missed(log)] in ([2], [1, 1])
    assert missed(log)[0][:2] == (NO_EVENT, len(SERVERS))


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (GENERAL, Form.GENERAL),
        (OLD_GENERAL, Form.GENERAL),
        (VTGATE, Form.VTGATE),
        (SERVERS, Form.SLOW_TABLE),
        (BATCH, Form.SLOW_TABLE),
        (EXPORTED, Form.SLOW_TABLE),
        (slow_logs.BANNER, Form.SLOW),
        (b'{"password": "secret"}', None),
        (b"a,b,c\n1,2,3\n", None),
    ],
)
def test_each_is_known_by_its_content(content: bytes, form: Form | None) -> None:
    assert recognise(content) is form


def test_a_carriage_return_between_fields_is_no_row() -> None:
    events, log = read(SlowTable, EXPORTED.partition(b"\n")[0] + b"\n\rx\n")
    assert events == []
    assert sum(missed.count for missed in log.not_understood) == 1


@given(st.data(), st.sampled_from([GeneralLog, VtgateFile, SlowTable]))
def test_no_text_makes_them_fail(data: st.DataObject, kind: type[Reader]) -> None:
    pieces = [line + b"\n" for content in (GENERAL, VTGATE, SERVERS, EXPORTED) for line in content.split(b"\n")]
    content = b"".join(data.draw(st.lists(st.sampled_from(pieces) | st.binary(max_size=20), max_size=30)))
    recognise(content)
    events, log = read(kind, content)
    assert (log.events, log.read_bytes) == (len(events), len(content))
