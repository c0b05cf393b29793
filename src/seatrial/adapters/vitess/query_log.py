"""vtgate's query log as it streams from its page /debug/querylog: the port `QueryLog`."""

import http.client
import json
import socket
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from seatrial.domain.executed import Executed
from seatrial.domain.fault import Fault
from seatrial.parsing.vtgate_log import executed

KEEP = 200_000
"""Statements kept until they are taken; what comes on top is lost, and counted."""

_CONNECT_TIMEOUT_S = 5.0
_LONGEST_LINE = 1 << 20
_DROPPED = "StreamlogDeliveryDroppedMessages"


class VtgateQueryLog:
    """Listens from the moment it is made until `close`. Statements live in memory only (rule T7).

    vtgate must write its log as JSON (`--querylog-format=json`), or every line counts as lost. Fault
    `query-log.unreachable` when the page does not answer.
    """

    def __init__(self, address: str, read: Callable[[bytes], Executed | None] = executed, *, keep: int = KEEP) -> None:
        self._address = address
        self._read = read
        self._kept: deque[Executed] = deque()
        self._most = keep
        self._lost = 0
        self._dropped_before = self._dropped()
        self._ended = threading.Event()
        self._connection = http.client.HTTPConnection(address, timeout=_CONNECT_TIMEOUT_S)
        try:
            self._connection.request("GET", "/debug/querylog")
        except OSError as error:
            raise _unreachable(address, error) from None
        # vtgate answers with its first line only, which may be hours away
        self._socket = self._connection.sock
        self._socket.settimeout(None)
        self._thread = threading.Thread(target=self._listen, name="query log", daemon=True)
        self._thread.start()

    @property
    def ended(self) -> bool:
        """Whether vtgate has ended the stream: it restarts, or is gone."""
        return self._ended.is_set()

    @property
    def lost(self) -> int:
        """Statements that were executed and could not be listened to: by vtgate's own count, and by ours."""
        with suppress(Fault):
            return self._lost + max(0, self._dropped() - self._dropped_before)
        return self._lost

    def take(self) -> list[Executed]:
        taken: list[Executed] = []
        with suppress(IndexError):
            while len(taken) < self._most:
                taken.append(self._kept.popleft())
        return taken

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread
        self._thread.join(_CONNECT_TIMEOUT_S)
        self._connection.close()

    def _listen(self) -> None:
        with suppress(OSError, http.client.HTTPException, ValueError):
            answer = self._connection.getresponse()
            while line := answer.readline(_LONGEST_LINE):
                if line.strip():
                    self._keep(line)
        self._ended.set()

    def _keep(self, line: bytes) -> None:
        try:
            found = self._read(line)
        except ValueError:
            found = None
        if found is None or len(self._kept) >= self._most:  # not JSON, or not as we know it; or too much
            self._lost += 1
        else:
            self._kept.append(found)

    def _dropped(self) -> int:
        """What vtgate has dropped so far because its listeners were too slow."""
        page = http.client.HTTPConnection(self._address, timeout=_CONNECT_TIMEOUT_S)
        try:
            page.request("GET", "/debug/vars")
            dropped = json.loads(page.getresponse().read()).get(_DROPPED, {})
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _unreachable(self._address, error) from None
        finally:
            page.close()
        return sum(dropped.values())


def _unreachable(address: str, error: Exception) -> Fault:
    return Fault(
        "query-log.unreachable",
        f"vtgate's page at {address} does not answer: {error}",
        remedy="see that vtgate is up: seatrial lab status",
        retry=True,
    )
