"""A log in a wrapping is the log; what the wrapping hides or cuts off is said."""

import bz2
import gzip
import io
import json
import re
from collections.abc import Callable
from datetime import timedelta

import msgspec
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrial.domain.event import silent
from seatrial.domain.fault import Fault
from seatrial.domain.workload import Digest
from seatrial.stages.digest import Log, digest
from tests.unit import old_slow_logs, wrapped_logs
from tests.unit.parsing.test_other_logs import GENERAL, OLD_GENERAL, VTGATE
from tests.unit.slow_logs import BANNER, BEGAN, event
from tests.unit.wrapped_logs import JSON

EVENTS = [BANNER.decode(), *(event(f"SELECT a FROM t WHERE id = {n}", use="shop").decode() for n in range(9))]


def digested(*contents: bytes | str) -> Digest:
    raw = [content if isinstance(content, bytes) else content.encode() for content in contents]
    logs = [Log(name=f"{n}.log", stream=io.BytesIO(content), bytes=len(content)) for n, content in enumerate(raw)]
    return digest(logs, database="shop", schema=None, keep=None, now=BEGAN + timedelta(hours=1), tell=silent)


def same(one: Digest, other: Digest) -> bool:
    return msgspec.json.encode(one) == msgspec.json.encode(other)


@settings(deadline=None)
@given(
    st.lists(st.text(), min_size=1, max_size=6),
    st.sampled_from(sorted(wrapped_logs.ALL)),
    st.sampled_from([bytes, gzip.compress, bz2.compress, zstandard.compress]),
    st.booleans(),
)
def test_whatever_the_statements_are_the_digest_is_that_of_the_log(
    statements: list[str], form: str, pack: Callable[[bytes], bytes], with_newlines: bool
) -> None:
    texts = [sql.encode(errors="replace") for sql in statements]
    events = [BANNER, *(event(sql, id=n % 2, second=n / 1000, use="shop") for n, sql in enumerate(texts))]
    messages = [each.decode() if with_newlines else each.decode()[:-1] for each in events]
    assert same(digested(pack(wrapped_logs.ALL[form](messages).encode())), digested(b"".join(events)))


@pytest.mark.parametrize("form", wrapped_logs.ALL)
@pytest.mark.parametrize(
    ("log", "begins"),
    [
        *((log, rb"(?m)^(?=# Time|# User@Host)") for log in old_slow_logs.ALL.values()),
        (GENERAL, rb"(?m)^(?=\d{4}-)"),
        (OLD_GENERAL, rb"(?m)^(?=\d{6} |\t\t)"),
        (VTGATE * 3, rb"(?m)^(?=\{)"),
    ],
    ids=[*old_slow_logs.ALL, "general", "old general", "vtgate"],
)
def test_the_log_inside_may_be_of_any_form(form: str, log: bytes, begins: bytes) -> None:
    if form == "export" and log.startswith(VTGATE):
        return  # an export is told by what a server's log begins with
    messages = [each.decode() for each in re.split(begins, log) if each]
    assert len(messages) > 1
    assert same(digested(wrapped_logs.ALL[form](messages)), digested(log))


def fault(content: bytes | str) -> Fault:
    with pytest.raises(Fault) as caught:
        digested(content)
    return caught.value


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        ('{"password": "secret"}', "digest.not-a-log", "it begins as JSON does"),
        ('{"events": [{"id": "secret"}]}', "digest.not-a-log", "it begins as JSON does"),
        ('{"message": "secret word"}', "digest.not-a-log", "what is in it begins like `xxxxxx xxxx`"),
        ('{"message": "secret', "digest.not-a-log", "is JSON that is cut or damaged"),
        ('{"events": [', "digest.not-a-log", "is JSON that is cut or damaged"),
        ('{"events": [], "nextForwardToken": "f/secret"}', "digest.empty", "has none"),
        (wrapped_logs.CONTROL, "digest.empty", "has none"),
        (gzip.compress(b'{"message": "secret"}'), "digest.not-a-log", "is packed with gzip, and has the wrapping"),
        ("2026-11-20T08:50:00.000Z secret\n", "digest.not-a-log", "begins like `9999-"),
    ],
)
def test_json_that_is_no_log_is_refused_and_not_shown(content: bytes | str, code: str, said: str) -> None:
    found = fault(content)
    assert (found.code, "secret" in str(found)) == (code, False)
    assert said in found.what and "\n" not in found.what


@pytest.mark.parametrize("form", JSON)
def test_a_cut_one_is_read_as_far_as_it_goes(form: str) -> None:
    text = JSON[form](EVENTS)
    found = digested(text[: len(text) * 2 // 3])
    assert 0 < found.events < 9
    assert "0.log is in JSON that is cut or damaged: the rest of it is missing." in found.caveats
    packed = gzip.compress(text.encode(), 0)
    found = digested(packed[: len(packed) * 2 // 3])
    assert 0 < found.events < 9
    assert any("0.log is packed with gzip" in caveat for caveat in found.caveats)


def test_empty_pages_among_others_change_nothing() -> None:
    empty = json.dumps({"events": [], "nextForwardToken": "f/1"})
    text = JSON["get-log-events"](EVENTS)
    assert same(digested(f"{empty}\n{text}\n{empty}"), digested("".join(EVENTS)))


def test_several_streams_and_a_false_order_are_said() -> None:
    text = JSON["subscription"](EVENTS) + JSON["subscription"](EVENTS[1:]).replace('"db1"', '"db2"')
    said = " ".join(digested(text).caveats)
    assert "0.log has events of 2 log streams" in said
    turned = json.dumps([{"timestamp": 9000 * n, "message": each} for n, each in enumerate(EVENTS[1:])][::-1])
    said = " ".join(digested(turned).caveats)
    assert "0.log is not in the order of time: 8 of its events" in said


def test_what_is_no_event_is_told_with_its_place_in_the_text() -> None:
    found = digested(JSON["lines"](["what is this?", *EVENTS[1:]]))
    (missed,) = found.not_understood
    assert (missed.what, missed.offset, missed.count) == ("text that is no event", 0, 1)


def test_a_message_that_was_cut_costs_no_other() -> None:
    cut = event("SELECT a FROM t WHERE b = 'a long one").decode()[:-2]
    found = digested(JSON["lines"]([*EVENTS[:3], cut, *EVENTS[3:]]))
    assert (found.events, [missed.what for missed in found.not_understood]) == (9, ["an event that is cut off"])


def test_the_same_log_wrapped_and_not_is_seen_to_count_twice() -> None:
    found = digested("".join(EVENTS), JSON["lines"](EVENTS))
    assert any("has the very content of" in caveat for caveat in found.caveats)
