"""No literal of a log is in its digest; all of them are in its recording."""

import io
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.domain.event import Event, silent
from seatrial.domain.fault import Fault
from seatrial.domain.workload import Recorded
from seatrial.stages.digest import Log, digest
from tests.unit.slow_logs import BANNER, BEGAN, event

SECRET = "Tr0ub4dor"
NUMBER = "4111111111111111"
HEX = "5472307562"

PLANTED = [
    f"SELECT a FROM t WHERE b = '{SECRET}'",
    f'SELECT a FROM t WHERE b = "{SECRET}"',
    f"SELECT a FROM t WHERE b = 'it''s {SECRET}' AND c = 'it\\'s {SECRET}'",
    f"SELECT a FROM t WHERE b = {NUMBER} OR b = -{NUMBER} OR b = 0.{NUMBER} OR b = {NUMBER}e5",
    f"SELECT a FROM t WHERE b = x'{HEX}' OR b = 0x{HEX}",
    f"SELECT a FROM t WHERE b LIKE '%{SECRET}%' ESCAPE '{SECRET}'",
    f"SELECT a FROM t WHERE b = _utf8mb4'{SECRET}' AND c = N'{SECRET}' AND d = _latin1 x'{HEX}'",
    f"SELECT a AS '{SECRET}', GROUP_CONCAT(b SEPARATOR '{SECRET}') FROM t ORDER BY '{SECRET}', {NUMBER}",
    f"SELECT CAST('{SECRET}' AS CHAR({NUMBER})), NOW({NUMBER}) FROM t LIMIT {NUMBER}",
    f"SELECT a->'$.{SECRET}' FROM t WHERE JSON_CONTAINS(a, '{{\"k\": \"{SECRET}\"}}')",
    f"INSERT INTO t (a, b) VALUES ({NUMBER}, '{SECRET}'), (2, '{{\"card\": {NUMBER}}}')",
    f"SELECT /* {SECRET} */ a FROM t -- {SECRET}",
    f"SELECT a FROM t # {SECRET}",
    f"SELECT a FROM t /* {SECRET}",
    f"SELECT a FROM t WHERE b = '{SECRET}",
    f'SELECT a FROM t WHERE b = "{SECRET}',
    f"SELECT a FROM t WHERE b = `{SECRET}",
    f"SELECT a FROM t WHERE b = '{SECRET}\\",
    f"SELECT a FROM t WHERE b = 'it's {SECRET}'",
    f"SELECT a FROM t WHERE b = 'O'Hara {SECRET} 'x'",
    f"SELECT a FROM t WHERE b = O'{SECRET}'s",
    f"SET @a = '{SECRET}'",
    f"SET PASSWORD FOR 'app'@'%' = '{SECRET}'",
    f"CREATE USER 'u'@'%' IDENTIFIED BY '{SECRET}'",
    f"CALL pay('{SECRET}', {NUMBER})",
    f"LOAD DATA INFILE '/tmp/{SECRET}' INTO TABLE t",
    f"SELECT a FROM t WHERE b IN ('{SECRET}', {NUMBER}) GROUP BY ALL OVER AGAIN '{SECRET}'",
    f"SELECT 'a' '{SECRET}' 'b'",
    f"SELECT DATE '{SECRET}', {{d '{SECRET}'}}, b'{SECRET}', x'{SECRET}'",
    f"SELECT '\0{SECRET}\0', '\1{SECRET}'",
    f"SELECT a FROM t WHERE b = '\n# Time: 2026-11-20T08:50:00.000000Z\n# User@Host: {SECRET}'",
]
REFUSED = [  # by the server, so that even their words are anybody's
    f"SELEKT {SECRET} FROM t",
    f"SELECT {SECRET} FRM 'x",
    f"{SECRET}",
    f"SELECT a FROM t WHERE b = it's {SECRET}",
]


def found_and_kept(content: bytes) -> tuple[bytes, list[Recorded]]:
    """Everything the digest leaves besides the recording, and the recording."""
    kept: list[Recorded] = []
    told: list[Event] = []
    made = digest(
        [Log(name="slow.log", stream=io.BytesIO(content), bytes=len(content))],
        database="shop",
        schema=None,
        keep=kept.append,
        now=BEGAN + timedelta(hours=1),
        tell=told.append,
    )
    return msgspec.json.encode(made) + repr(told).encode(), kept


def no_secret_in(text: bytes) -> bool:
    return not any(secret.lower() in text.lower() for secret in (SECRET.encode(), NUMBER.encode(), HEX.encode()))


@pytest.mark.parametrize("sql", PLANTED)
def test_a_planted_secret_is_in_the_recording_only(sql: str) -> None:
    digest, kept = found_and_kept(BANNER + event("BEGIN", use="shop") + event(sql) + event("COMMIT"))
    assert no_secret_in(digest)
    assert [each.sql for each in kept] == [b"BEGIN", sql.encode(), b"COMMIT"]


@pytest.mark.parametrize("sql", REFUSED)
def test_of_what_the_server_could_not_parse_nothing_is_told(sql: str) -> None:
    digest, kept = found_and_kept(BANNER + event(sql, use="shop", errno=1064))
    assert no_secret_in(digest)
    assert kept[0].sql == sql.encode()


def test_all_of_them_in_one_log() -> None:
    content = BANNER + b"".join(event(sql, use="shop", id=n) for n, sql in enumerate(PLANTED, 1))
    digest, kept = found_and_kept(content)
    assert no_secret_in(digest)
    assert len(kept) == len(PLANTED)


@pytest.mark.parametrize("sql", PLANTED)
def test_nor_is_one_told_of_a_log_that_is_cut_anywhere(sql: str) -> None:
    whole = BANNER + event("SELECT 1", use="shop") + event(sql)
    for left in range(1, len(sql) + 4):
        digest, _ = found_and_kept(whole[:-left])
        assert no_secret_in(digest)
        beheaded, _ = found_and_kept(whole[-len(sql) - 2 - left :] + event("SELECT 1", use="shop"))
        assert no_secret_in(beheaded)


def test_a_fault_tells_none_either() -> None:
    with pytest.raises(Fault) as caught:
        digest(
            [Log(name="slow.log", stream=io.BytesIO(f"INSERT INTO t VALUES ('{SECRET}', {NUMBER});".encode()))],
            database="shop",
            schema=None,
            keep=None,
            now=BEGAN,
            tell=silent,
        )
    assert no_secret_in(str(caught.value).encode())


@given(st.text(alphabet="'\"`\\#-/* \n();,=ab1", max_size=40), st.text(alphabet="'\"\\#-/* \n();,=ab1", max_size=40))
def test_no_text_around_a_quoted_secret_brings_it_out(before: str, after: str) -> None:
    """Behind any beginning that MySQL would read as ended, a quoted secret stays hidden, whatever follows."""
    sql = f"SELECT a FROM t WHERE b = 5 AND c = '{SECRET}{after}"
    digest, _ = found_and_kept(BANNER + event(sql, use="shop"))
    assert no_secret_in(digest)
    text = before.replace("\\", "").replace("'", "''")
    sql = f"SELECT a FROM t WHERE b = '{text}' AND c = '{SECRET}{after}"
    digest, _ = found_and_kept(BANNER + event(sql, use="shop"))
    assert no_secret_in(digest)
