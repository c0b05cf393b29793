"""Events in a wrapping become the text that their server wrote, however they are wrapped and wherever it is cut."""

import io
import json
import tracemalloc
from collections.abc import Iterator
from typing import BinaryIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.parsing.logs import json_events, wrapped
from seatrial.parsing.logs.compressed import Unpacked
from seatrial.parsing.logs.recognise import wrapping
from seatrial.parsing.logs.wrapped import Unwrapped, Wrapping
from tests.unit import wrapped_logs
from tests.unit.parsing.test_other_logs import VTGATE
from tests.unit.slow_logs import event, log

EVENTS = [event(f"SELECT {number}").decode() for number in range(7)]


@pytest.fixture(params=[1, 7, 1 << 20])
def _chunks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_events, "CHUNK_BYTES", request.param)
    monkeypatch.setattr(wrapped, "CHUNK_BYTES", request.param)


def unwrapped(text: str | bytes, how: Wrapping = Wrapping.JSON) -> tuple[str, Unwrapped]:
    content = text if isinstance(text, bytes) else text.encode(errors="surrogatepass")
    made = Unwrapped(Unpacked(io.BytesIO(content)), how)
    return b"".join(iter(lambda: made.read(100), b"")).decode(), made


@pytest.mark.usefixtures("_chunks")
@pytest.mark.parametrize("indent", [None, 4])
@pytest.mark.parametrize("form", wrapped_logs.JSON)
def test_messages_are_taken_out_of_any_json(form: str, indent: int | None) -> None:
    text = wrapped_logs.JSON[form](EVENTS, indent=indent)
    assert wrapping(text.encode()[: 1 << 18]) is Wrapping.JSON
    found, made = unwrapped(text)
    assert (found, made.caveats("x")) == ("".join(EVENTS), [])


@given(
    st.lists(st.text(min_size=1).filter(lambda text: not text.endswith("\n"))),
    st.sampled_from(sorted(wrapped_logs.JSON)),
    st.booleans(),
    st.integers(1, 40),
)
def test_whatever_a_message_holds_it_comes_out(messages: list[str], form: str, ascii: bool, chunk: int) -> None:
    messages = [message.encode(errors="replace").decode() for message in messages]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_events, "CHUNK_BYTES", chunk)
        assert unwrapped(wrapped_logs.JSON[form](messages, ensure_ascii=ascii))[0] == "".join(
            f"{message}\n" for message in messages
        )


@given(st.sampled_from(sorted(wrapped_logs.JSON)), st.data())
def test_what_is_cut_is_read_as_far_as_it_goes(form: str, data: st.DataObject) -> None:
    text = wrapped_logs.JSON[form](EVENTS)
    found, made = unwrapped(text[: data.draw(st.integers(0, len(text)))])
    assert found in ["".join(EVENTS[:number]) for number in range(len(EVENTS) + 1)]
    assert made.damaged or not made.caveats("x")


@given(st.sampled_from(sorted(wrapped_logs.JSON.keys() - {"sorted keys"})), st.data(), st.binary(max_size=5))
def test_what_stands_before_damage_is_read(form: str, data: st.DataObject, damage: bytes) -> None:
    text = wrapped_logs.JSON[form](EVENTS).encode()
    at = data.draw(st.integers(0, len(text)))
    whole = sum(json.dumps(message).encode() in text[:at] for message in EVENTS)
    found, _ = unwrapped(text[:at] + damage + text[at + len(damage) :])
    assert found.startswith("".join(EVENTS[: max(0, whole - 1)]))


@given(
    st.text(alphabet='{}[]",:1\\ \nae', max_size=40) | st.binary(max_size=40).map(lambda some: some.decode("latin-1"))
)
def test_no_text_makes_it_fail(text: str) -> None:
    unwrapped(text)
    unwrapped(text, Wrapping.MOMENTS)
    wrapping(text.encode())


@pytest.mark.parametrize("again", ["[", '{"events":', '{"events":[', '{"message":"x","timestamp":9', "9"])
def test_nor_does_one_without_end(again: str) -> None:
    text = again * 20_000
    _, made = unwrapped(text)
    assert made.damaged
    wrapping(text.encode())


def test_what_a_value_lacks_and_where_it_comes_from_is_told() -> None:
    text = "".join(
        json.dumps(each)
        for each in (
            {"logStream": "a", "logEvents": [{"timestamp": 9000, "message": "1"}, {"timestamp": 8500, "message": "2"}]},
            {"logStream": "b", "logEvents": [{"timestamp": 7000, "message": "3"}, {"timestamp": 0}]},
            {"message": {"not": "a text"}},
            {"message": ""},
        )
    )
    found, made = unwrapped(text)
    assert found == "1\n2\n3\n"
    said = " ".join(made.caveats("x.json"))
    assert "JSON values without a message: 2 are" in said
    assert "of 2 log streams" in said
    assert "1 of its events stand behind later ones" in said


def test_a_lone_surrogate_and_a_broken_letter_are_no_error() -> None:
    assert unwrapped(b'{"message": "a\\ud800b"}{"message": "a\xffb"}')[0] == "a?b\na\ufffdb\n"


def test_a_byte_order_mark_is_no_part_of_it() -> None:
    text = ("\ufeff" + wrapped_logs.JSON["lines"](EVENTS)).encode()
    assert wrapping(text) is Wrapping.JSON
    assert unwrapped(text)[0] == "".join(EVENTS)


class _Long(io.RawIOBase):
    """One object with so many events that it must not be held."""

    def __init__(self, many: int) -> None:
        event = json.dumps({"timestamp": 1, "message": "x" * 1000}).encode()
        self._pieces: Iterator[bytes] = (b'{"events":[' if not number else event + b"," for number in range(many))
        self._left = b""

    def read(self, size: int = -1) -> bytes:
        while len(self._left) < size and (piece := next(self._pieces, b"")):
            self._left += piece
        piece, self._left = self._left[:size], self._left[size:]
        return piece


def test_a_long_file_is_never_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_events, "CHUNK_BYTES", 1 << 16)
    content = Unwrapped(Unpacked(cast(BinaryIO, _Long(20_000))), Wrapping.JSON)
    tracemalloc.start()
    try:
        total = 0
        while piece := content.read(1 << 16):
            total += len(piece)
        assert total == 19_999 * 1001
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_a_value_that_does_not_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_events, "CHUNK_BYTES", 100)
    monkeypatch.setattr(json_events, "LONGEST", 1000)
    stream = io.BytesIO(b'{"message":"whole"}{"message":"' + b"x" * 100_000)
    made = Unwrapped(Unpacked(stream), Wrapping.JSON)
    assert (made.read(1000), made.damaged) == (b"whole\n", True)
    assert stream.tell() < 10_000


@pytest.mark.usefixtures("_chunks")
def test_the_moments_of_an_export_are_taken_off() -> None:
    text = wrapped_logs.exported(EVENTS)
    assert wrapping(text.encode()) is Wrapping.MOMENTS
    assert unwrapped(text, Wrapping.MOMENTS)[0] == "".join(EVENTS)


@pytest.mark.usefixtures("_chunks")
def test_a_line_of_a_statement_keeps_its_moment() -> None:
    inner = event("INSERT INTO t VALUES ('\n2026-11-20T08:50:00.000Z it began\n')").decode()
    assert unwrapped(wrapped_logs.exported([inner]), Wrapping.MOMENTS)[0] == inner


def test_where_each_line_is_an_event_each_loses_its_moment() -> None:
    inner = event("INSERT INTO t VALUES ('\n2026-11-20T08:50:00.000Z it began\n')").decode()
    assert unwrapped(wrapped_logs.exported(inner.splitlines(keepends=True)), Wrapping.MOMENTS)[0] == inner


def test_an_export_that_goes_back_in_time_is_told() -> None:
    text = wrapped_logs.exported(EVENTS) + "2025-02-30T00:00:00.000Z " + "2025-02-20T00:00:00.000Z ".join(["", *EVENTS])
    found, made = unwrapped(
        text.replace("02-30T00:00:00.000Z 2025", "02-30T00:00:00.000Z # Time: \n2025"), Wrapping.MOMENTS
    )
    assert found == "".join(EVENTS) + "# Time: \n" + "".join(EVENTS)
    assert "7 of its events stand behind later ones" in " ".join(made.caveats("x"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"password": "secret"}',
        b"[1, 2]",
        VTGATE,
        VTGATE.replace(b"select a from t", b'select \\"message\\": \\"a\\" from t'),
        VTGATE.replace(b'"Error":""', b'"Error":"","BindVars":{"message":{"type":"VARCHAR","value":"x"}}'),
        log("SELECT 1"),
        log('SELECT \'{"message": "x"}\''),
        b"2026-11-20T08:50:00.000Z it began\n",
    ],
)
def test_what_stands_by_itself_is_in_no_wrapping(content: bytes) -> None:
    assert wrapping(content) is None
