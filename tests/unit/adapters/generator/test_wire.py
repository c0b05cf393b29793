"""The answers are those that vtgate 24.0.3 and MySQL 9.7 sent."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.adapters.generator.wire import LOST, Answer, Wire

OK = b"\x07\x00\x00\x01\x00\x01\x00\x02\x00\x00\x00"
ONE_ROW = (
    b"\x01\x00\x00\x01\x01'\x00\x00\x02\x03def\x00\x00\x00\x11:vtg1 /* INT64 */\x00\x0c?\x00\x00\x00\x00\x00\x08\x00"
    b"\x80\x00\x00\x00\x02\x00\x00\x03\x011\x07\x00\x00\x04\xfe\x00\x00\x02\x00\x00\x00"
)
ERROR = b"\x0d\x00\x00\x01\xff\x1e\x04#42S22nope"
COLUMN = b"\x04\x00\x00\x02\x03def"
OLD_EOF = b"\x05\x00\x00\x03\xfe\x00\x00\x02\x00"


class FakeTransport:
    def __init__(self) -> None:
        self.written = b""
        self.closing = False

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None: ...

    def is_closing(self) -> bool:
        return self.closing

    def write(self, data: bytes) -> None:
        self.written += data

    def close(self) -> None:
        self.closing = True


def answers(parts: Sequence[bytes], *, deprecate_eof: bool = True) -> list[Answer]:
    got: list[Answer] = []
    wire = Wire(FakeTransport(), deprecate_eof=deprecate_eof, answered=got.append)  # type: ignore[arg-type]
    wire.send(b"select 1")
    for part in parts:
        wire.data_received(part)
    return got


def row(*values: bytes) -> bytes:
    payload = b"".join(bytes((len(value),)) + value for value in values)
    return len(payload).to_bytes(3, "little") + b"\x07" + payload


def test_the_three_kinds_of_answer() -> None:
    assert answers([OK]) == [Answer(0, 0, "")]
    assert answers([ONE_ROW]) == [Answer(1, 0, "")]
    assert answers([ERROR]) == [Answer(0, 1054, "nope")]


def test_a_server_that_still_sends_eof_after_the_columns() -> None:
    assert answers([b"\x01\x00\x00\x01\x01", COLUMN, OLD_EOF, row(b"a"), row(b"b"), OLD_EOF], deprecate_eof=False) == [
        Answer(2, 0, "")
    ]


def test_rows_of_several_results_add_up() -> None:
    more = b"\x07\x00\x00\x04\xfe\x00\x00\x0a\x00\x00\x00"
    assert answers([ONE_ROW.replace(b"\x07\x00\x00\x04\xfe\x00\x00\x02\x00\x00\x00", more), ONE_ROW]) == [
        Answer(2, 0, "")
    ]


def test_an_error_after_some_rows() -> None:
    assert answers([ONE_ROW[:-11] + ERROR]) == [Answer(1, 1054, "nope")]


def test_a_row_over_sixteen_megabytes_is_one_row() -> None:
    long = b"\xff\xff\xff\x03\xfe" + b"x" * (0xFFFFFF - 1) + b"\x05\x00\x00\x04" + b"y" * 5
    assert answers([ONE_ROW[:-11], long, ONE_ROW[-11:]]) == [Answer(2, 0, "")]


@given(st.data())
def test_it_does_not_matter_how_the_bytes_are_parted(data: st.DataObject) -> None:
    rows = [row(b"abc", b"\x00" * n) for n in data.draw(st.lists(st.integers(0, 200), max_size=20))]
    whole = ONE_ROW[:-11] + b"".join(rows) + ONE_ROW[-11:]
    cuts = sorted({0, len(whole), *data.draw(st.lists(st.integers(0, len(whole)), max_size=10))})
    parts = [whole[a:b] for a, b in pairwise(cuts)]
    assert answers(parts) == [Answer(1 + len(rows), 0, "")]


def test_a_lost_connection_answers_what_is_outstanding_and_nothing_else() -> None:
    got: list[Answer] = []
    wire = Wire(FakeTransport(), deprecate_eof=True, answered=got.append)  # type: ignore[arg-type]
    wire.connection_lost(None)
    assert got == []
    wire.send(b"select 1")
    wire.connection_lost(None)
    assert [answer.number for answer in got] == [LOST]


@pytest.mark.parametrize("size", [10, 0xFFFFFF - 1, 0xFFFFFF, 0xFFFFFF + 7])
def test_a_long_statement_is_sent_in_packets(size: int) -> None:
    transport = FakeTransport()
    Wire(transport, deprecate_eof=True, answered=lambda _: None).send(b"x" * (size - 1))  # type: ignore[arg-type]
    sent, payload, number = transport.written, b"", 0
    while sent:
        length = int.from_bytes(sent[:3], "little")
        assert sent[3] == number
        payload, sent, number = payload + sent[4 : 4 + length], sent[4 + length :], number + 1
        assert bool(sent) == (length == 0xFFFFFF)
    assert payload == b"\x03" + b"x" * (size - 1)
