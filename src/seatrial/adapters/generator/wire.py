"""The client's half of MySQL's protocol after the login, as far as a replay needs it: send a statement, learn how
many rows came or which error. No value is decoded: what costs time here would be taken for the server's."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

_COM_QUIT = b"\x01\x00\x00\x00\x01"
_COM_QUERY = b"\x03"
_LONGEST_PACKET = 0xFFFFFF
_MORE_RESULTS = 0x0008

_HEAD, _COLUMNS, _ROWS = range(3)

LOST = 2013
_GONE = "the connection was lost"


class Answer(NamedTuple):
    """What came back: the number of rows, or an error's number (0 for none) and message."""

    rows: int
    number: int
    message: str


class Wire(asyncio.Protocol):
    """A connection that has logged in; one statement at a time. `answered` is called once for each."""

    def __init__(
        self, transport: asyncio.Transport, *, deprecate_eof: bool, answered: Callable[[Answer], None]
    ) -> None:
        self._transport = transport
        self._end_packets = 0 if deprecate_eof else 1
        self._answered = answered
        self._waiting = False
        self._pending = b""
        self._pass_over = 0  # bytes of a row that are still to come
        self._state = _HEAD
        self._columns = 0
        self._rows = 0
        self._goes_on = False  # the next packet continues a row of 16 MB and more
        transport.set_protocol(self)

    @property
    def closed(self) -> bool:
        """Whether either side has ended the connection."""
        return self._transport.is_closing()

    def send(self, sql: bytes) -> None:
        """Send a statement; the one before must have been answered."""
        if self.closed:
            asyncio.get_running_loop().call_soon(self._answered, Answer(0, LOST, _GONE))
            return
        self._waiting = True
        self._state, self._rows = _HEAD, 0
        payload = _COM_QUERY + sql
        number = 0
        while len(payload) >= _LONGEST_PACKET:
            part, payload = payload[:_LONGEST_PACKET], payload[_LONGEST_PACKET:]
            self._transport.write(b"\xff\xff\xff" + bytes((number & 0xFF,)) + part)
            number += 1
        self._transport.write(len(payload).to_bytes(3, "little") + bytes((number & 0xFF,)) + payload)

    def close(self) -> None:
        """Take leave of the server; an answer still on its way is not waited for."""
        self._waiting = False
        if not self._transport.is_closing():
            self._transport.write(_COM_QUIT)
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiting:
            self._done(Answer(0, LOST, _GONE))

    def data_received(self, data: bytes) -> None:
        if self._pass_over:
            if len(data) <= self._pass_over:
                self._pass_over -= len(data)
                return
            data, self._pass_over = data[self._pass_over :], 0
        if self._pending:
            data, self._pending = self._pending + data, b""
        at, end = 0, len(data)
        while end - at >= 4:
            size = data[at] | data[at + 1] << 8 | data[at + 2] << 16
            after = at + 4 + size
            if self._state == _ROWS and (
                self._goes_on or (end - at > 4 and (data[at + 4] < 0xFE or size == _LONGEST_PACKET))
            ):
                if not self._goes_on:
                    self._rows += 1
                self._goes_on = size == _LONGEST_PACKET
                if after > end:
                    self._pass_over = after - end
                    return
            elif after > end:
                break
            else:
                self._packet(data[at + 4 : after])
            at = after
        self._pending = data[at:]

    def _packet(self, packet: bytes) -> None:
        """A whole packet that is no row."""
        first = packet[0] if packet else 0
        if first == 0xFF and self._state != _COLUMNS:
            text = packet[9:] if packet[3:4] == b"#" else packet[3:]
            self._done(Answer(self._rows, int.from_bytes(packet[1:3], "little"), text.decode(errors="replace")))
        elif self._state == _HEAD:
            if first == 0:
                self._end(_status_of_ok(packet))
            elif first == 0xFB:  # the server asks for a file of ours: it gets an empty one
                self._transport.write(b"\x00\x00\x00\x02")
            else:
                self._columns = _length(packet, 0)[0] + self._end_packets
                self._state = _COLUMNS
        elif self._state == _COLUMNS:
            self._columns -= 1
            if not self._columns:
                self._state = _ROWS
        else:  # the end of the rows
            self._end(int.from_bytes(packet[3:5], "little") if self._end_packets else _status_of_ok(packet))

    def _end(self, status: int) -> None:
        if status & _MORE_RESULTS:
            self._state = _HEAD
        else:
            self._done(Answer(self._rows, 0, ""))

    def _done(self, answer: Answer) -> None:
        self._waiting = False
        self._answered(answer)


def _status_of_ok(packet: bytes) -> int:
    at = _length(packet, 1)[1]
    at = _length(packet, at)[1]
    return int.from_bytes(packet[at : at + 2], "little")


def _length(packet: bytes, at: int) -> tuple[int, int]:
    """A length-encoded integer, and where the rest begins."""
    first = packet[at]
    if first < 0xFB:
        return first, at + 1
    size = {0xFC: 2, 0xFD: 3, 0xFE: 8}.get(first, 0)
    return int.from_bytes(packet[at + 1 : at + 1 + size], "little"), at + 1 + size
