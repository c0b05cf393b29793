import os
import socket
from collections.abc import Iterator

import pytest

from seatrial.lab import ports


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.bind((ports.HOST, ports.choose(1, set(), 27000)[0]))
        server.listen()
        yield server.getsockname()[1]


def test_a_taken_port_is_not_free_and_its_holder_is_named(taken: int) -> None:
    assert not ports.is_free(taken)
    assert ports.answers(taken)
    assert f"pid {os.getpid()}" in ports.holder(taken)


def test_neither_taken_nor_reserved_ports_are_chosen(taken: int) -> None:
    chosen = ports.choose(3, {taken + 1}, taken)
    assert len(set(chosen)) == 3
    assert not {taken, taken + 1} & set(chosen)
    assert all(ports.is_free(port) for port in chosen)


def test_the_search_goes_round(taken: int) -> None:
    assert ports.choose(1, set(range(31990, 32000)), 31990)[0] < 31990
