"""Free ports on 127.0.0.1, and who holds one that is not."""

import socket
from collections.abc import Collection

import psutil

from seatrial.domain.fault import Fault

HOST = "127.0.0.1"
RANGE = range(15000, 32000)  # below the range from which Linux takes ports for outgoing connections


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Whether somebody accepts connections there."""
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False


def choose(count: int, reserved: Collection[int], first: int = RANGE.start) -> list[int]:
    """So many free ports that nobody has reserved, searched upwards from `first`, then from the range's start."""
    found: list[int] = []
    for port in (*range(first, RANGE.stop), *range(RANGE.start, first)):
        if len(found) == count:
            return found
        if port not in reserved and is_free(port):
            found.append(port)
    raise Fault(
        "lab.no-ports",
        f"no {count} free ports from {RANGE.start} to {RANGE.stop - 1}",
        remedy="stop labs that are not needed: seatrial lab down --name NAME",
    )


def holder(port: int) -> str:
    """Who listens on the port, as well as we may know."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.laddr and connection.laddr.port == port and connection.status == psutil.CONN_LISTEN:
                if connection.pid is None:
                    break
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except psutil.Error:
        pass
    return "another program"
