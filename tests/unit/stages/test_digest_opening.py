"""Logs of any packing and form become the same digest; which they are is told by their content."""

import bz2
import gzip
import io
from collections.abc import Callable
from datetime import timedelta

import pytest
import zstandard

from seatrial.domain.event import silent
from seatrial.domain.fault import Fault
from seatrial.domain.workload import Digest
from seatrial.parsing.logs.recognise import Form
from seatrial.stages.digest import Log, digest
from tests.unit.old_slow_logs import MYSQL_50, MYSQL_56, PERCONA
from tests.unit.slow_logs import BEGAN, log


def digested(*contents: bytes, form: Form | None = None) -> Digest:
    logs = [
        Log(name=f"{number}.log", stream=io.BytesIO(content), bytes=len(content))
        for number, content in enumerate(contents)
    ]
    return digest(logs, database="shop", schema=None, keep=None, now=BEGAN + timedelta(hours=1), tell=silent, form=form)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, zstandard.compress])
def test_a_packed_log_is_the_log(pack: Callable[[bytes], bytes]) -> None:
    plain = log("BEGIN", "SELECT a FROM t WHERE id = 1", "COMMIT")
    assert digested(pack(plain)) == digested(plain)


def test_a_damaged_one_is_read_as_far_as_it_goes() -> None:
    packed = gzip.compress(log(*(f"SELECT a FROM t WHERE id = {number * 7919}" for number in range(2000))))
    found = digested(packed[: len(packed) // 2])
    assert 0 < found.events < 2000
    assert "0.log is packed with gzip; it ends before what is packed in it does: the rest of it is missing." in (
        found.caveats
    )


def test_packed_text_that_is_no_log_is_refused_and_not_shown() -> None:
    with pytest.raises(Fault) as caught:
        digested(gzip.compress(b"secret word\n"))
    assert caught.value.code == "digest.not-a-log"
    assert "packed with gzip, and what is in it begins like `xxxxxx xxxx`" in caught.value.what


def test_logs_of_several_forms_are_read_in_the_order_of_time() -> None:
    found = digested(log("SELECT 1").replace(b"T08:50:", b"T08:51:"), MYSQL_50, MYSQL_56)
    assert [file.name for file in found.files] == ["1.log", "2.log", "0.log"]
    assert found.events == 1 + 2 + 2
    assert found.dialect == "mysql slow log"


def test_a_form_can_be_forced() -> None:
    assert digested(MYSQL_56, form=Form.SLOW_ANY) == digested(MYSQL_56)
    with pytest.raises(Fault) as caught:
        digested(PERCONA.partition(b"# Time")[2], form=Form.SLOW)
    assert caught.value.code == "digest.not-a-log"


def test_a_log_with_a_rate_limit_counts_for_what_it_left_out() -> None:
    found = digested(PERCONA)
    (query,) = found.classes
    assert (found.events, found.errors, found.query_time_us) == (20, 10, 5000)
    assert (query.count, query.errors, query.rows_sent, query.rows_examined, query.lock_us) == (20, 10, 40, 180, 800)
    assert (query.rows_affected, query.bytes_sent, query.rows_sent_max) == (60, 1420, 2)
    assert (query.times.total_us, query.times.p50_us) == (5000, 250)
    assert (sum(each.queries for each in found.series), sum(each.busy_us for each in found.series)) == (20, 5000)
    assert found.transaction_count == 2  # those seen
    assert any("one query in 10" in caveat for caveat in found.caveats)
