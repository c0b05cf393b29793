"""A vtgate of its own that knows some keyspaces and no others: what is sent to it cannot leave them (rule R1).

The lab's own vtgate routes the names of an import to the source, also for clients that named another database.
"""

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from seatrial.adapters.mysql.client import Login
from seatrial.adapters.process import Identity, start_daemon, stop, wait_ready
from seatrial.domain.event import Progress, Tell, silent
from seatrial.lab import daemons, ports
from seatrial.lab.lab import Lab, mysql_answers
from seatrial.lab.state import reserved_ports

READY_TIMEOUT_S = 60
FIRST_PORT = 31000  # away from the labs', which count upwards from the range's start, and from the planners'


class Gate(Struct, frozen=True, kw_only=True):
    """Where it listens; `http` is host:port of its own pages."""

    login: Login
    http: str


@contextmanager
def confined_gate(lab: Lab, keyspaces: Collection[str], tell: Tell) -> Iterator[Gate]:
    """Such a vtgate for as long as the block lasts. One that a killed command left behind is stopped first."""
    kept = lab.folder / "run" / "confined.json"
    _clear_up(kept)
    tell(Progress(phase=f"starting a vtgate that knows {', '.join(sorted(keyspaces))} alone"))
    taken = reserved_ports() | lab.state.all_ports
    http, grpc, mysql = ports.choose(3, taken, FIRST_PORT + os.getpid() * 3 % 900)
    daemon = daemons.confined_vtgate(lab.engine, lab.folder, lab.state, (http, grpc, mysql), keyspaces)
    log = lab.log(daemon.name)
    process = start_daemon(daemon.argv, log=log, cwd=lab.folder, env=lab.environment, account=lab.account)
    try:
        kept.write_bytes(msgspec.json.encode(process))
        login = Login(user="seatrial", host=ports.HOST, port=mysql)
        wait_ready(
            "the replay's vtgate",
            lambda: mysql_answers(login),
            process=process,
            log=log,
            timeout_s=READY_TIMEOUT_S,
            tell=tell,
        )
        yield Gate(login=login, http=f"{ports.HOST}:{http}")
    finally:
        stop([process], silent, grace_s=1)
        kept.unlink(missing_ok=True)


def _clear_up(kept: Path) -> None:
    try:
        left = msgspec.json.decode(kept.read_bytes(), type=Identity)
    except (OSError, msgspec.MsgspecError):
        return
    stop([left], silent, grace_s=1)
    kept.unlink(missing_ok=True)
