import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from seatrial.adapters.vitess.query_log import VtgateQueryLog
from seatrial.domain.executed import Executed
from seatrial.domain.fault import Fault


def read(line: bytes) -> Executed:
    told = json.loads(line)
    return Executed(ended_us=1, took_us=1, sql=told["SQL"].encode())


@contextmanager
def vtgate(*lines: bytes, dropped: int = 0, stays: bool = True) -> Iterator[str]:
    """A page that streams these lines and then says nothing more; `dropped` appear once somebody listens."""
    over, listened = threading.Event(), threading.Event()

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            if self.path == "/debug/vars":
                counts = {"VTGate": dropped} if listened.is_set() else {}
                self.wfile.write(json.dumps({"StreamlogDeliveryDroppedMessages": counts}).encode())
                return
            listened.set()
            for line in lines:
                self.wfile.write(line)
            self.wfile.flush()
            if stays:
                over.wait(10)

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        over.set()
        server.shutdown()
        server.server_close()


def until(is_so: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < 5
        time.sleep(0.01)


def said(*statements: str) -> tuple[bytes, ...]:
    return tuple(json.dumps({"SQL": statement}).encode() + b"\n" for statement in statements)


def test_statements_come_in_order_and_once() -> None:
    with vtgate(*said("a", "b"), b"\n") as address:
        log = VtgateQueryLog(address, read)
        taken: list[Executed] = []

        def all_there() -> bool:
            taken.extend(log.take())
            return len(taken) == 2

        until(all_there)
        assert [each.sql for each in taken] == [b"a", b"b"]
        assert (log.take(), log.lost, log.ended) == ([], 0, False)
        log.close()


def test_closing_ends_the_listening_at_once() -> None:
    with vtgate() as address:
        log = VtgateQueryLog(address, read)
        began = time.monotonic()
        log.close()
        assert time.monotonic() - began < 1


def test_what_is_too_much_to_keep_what_is_no_json_and_what_vtgate_dropped_is_counted() -> None:
    with vtgate(*said("a", "b", "c"), b"text format\n", dropped=7) as address:
        log = VtgateQueryLog(address, read, keep=2)
        until(lambda: log.lost == 7 + 1 + 1)
        assert len(log.take()) == 2
        log.close()


def test_a_vtgate_that_ends_its_log_is_noticed() -> None:
    with vtgate(*said("a"), stays=False) as address:
        log = VtgateQueryLog(address, read)
        until(lambda: log.ended)
        assert len(log.take()) == 1
        log.close()


def test_no_vtgate_is_a_fault() -> None:
    with pytest.raises(Fault) as fault:
        VtgateQueryLog("127.0.0.1:1", read)
    assert fault.value.code == "query-log.unreachable"
