"""Vitess's own planner without any tablet: etcd and a vtgate, about 100 MB, ready in a second or two.

It plans, it cannot execute. Because there is no server to ask for columns, VSchemas must carry them
(`column_list_authoritative`).
"""

import json
import os
import shutil
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from seatrial.adapters.home import cache_folder
from seatrial.adapters.mysql.client import Login
from seatrial.adapters.process import (
    Identity,
    identify,
    own_folder,
    run,
    start_daemon,
    stop,
    unprivileged,
    wait_ready,
)
from seatrial.adapters.vitess.vtctldclient import said_by
from seatrial.domain.event import Progress, Tell, rest, silent
from seatrial.domain.fault import Fault
from seatrial.domain.topology import UNSHARDED_RANGE, shard_names
from seatrial.domain.vschema import VSchema, plain
from seatrial.lab import daemons, ports
from seatrial.lab.cluster import add_cell
from seatrial.lab.daemons import Daemon
from seatrial.lab.engine import Engine
from seatrial.lab.lab import http_ok, mysql_answers
from seatrial.lab.state import reserved_ports

READY_TIMEOUT_S = 60
LEARN_TIMEOUT_S = 20
FIRST_PORT = 28000  # away from the labs', which count upwards from the range's start


class _Kept(Struct, frozen=True, kw_only=True):
    """Who made the planner and what runs for it, so that the next one can clear up after a killed one."""

    owner: Identity
    processes: tuple[Identity, ...] = ()


class Planner:
    """A running planner. Ask it with `vexplain plan <statement>` on a connection to `login(keyspace)`."""

    def __init__(self, engine: Engine, folder: Path, etcd: int, http: int, mysql: int) -> None:
        self.folder = folder
        self._internal: list[str | Path] = [engine.vtctldclient, "--server=internal", *daemons.topology_flags(etcd)]
        self._http = http
        self._mysql = mysql
        self._known: set[str] = set()

    def login(self, keyspace: str | None = None) -> Login:
        """The planner's MySQL address; statements name tables of the keyspace without it."""
        return Login(user="planner", host=ports.HOST, port=self._mysql, database=keyspace)

    def put(self, keyspace: str, shards: int, vschema: VSchema, tell: Tell) -> None:
        """Make the keyspace what is given, new or changed; returns when the planner goes by it.

        The number of shards (1, 2, 4, …; an unsharded keyspace has one) is fixed with the first call; a VSchema that
        Vitess refuses, or only warns of, is a Fault.
        """
        if keyspace not in self._known:
            self._do("CreateKeyspace", "--durability-policy", "none", keyspace, tell=tell)
            for shard in shard_names(shards) if vschema.sharded else (UNSHARDED_RANGE,):
                self._do("CreateShard", f"{keyspace}/{shard}", tell=tell)
            self._do("RebuildKeyspaceGraph", "--allow-partial", keyspace, tell=tell)
            self._known.add(keyspace)
        # A table nobody asks for, new each time: when it is seen, so is all that came with it.
        seen = f"seatrial_put_{time.monotonic_ns()}"
        content = plain(vschema)
        content.setdefault("tables", {})[seen] = {"pinned": "00"} if vschema.sharded else {}
        self._do("ApplyVSchema", "--strict", "--vschema", json.dumps(content), keyspace, tell=tell)
        until = time.monotonic() + LEARN_TIMEOUT_S
        while seen not in self._tables(keyspace):
            if time.monotonic() > until:
                raise Fault(
                    "lab.planner-deaf",
                    f"the planner did not take up the VSchema of {keyspace}: {self._error(keyspace)}",
                    remedy="correct the VSchema and try again",
                )
            rest(tell, 0.02)

    def _do(self, *words: str, tell: Tell) -> None:
        done = run([*self._internal, *words], tell=tell, timeout_s=30)
        if not done.ok:
            raise Fault(
                "lab.planner-refused",
                f"Vitess refused {words[0]} for {words[-1]}: {said_by(done.stderr)}",
                remedy="correct the VSchema and try again",
            )

    def _keyspace(self, keyspace: str) -> dict[str, Any]:
        with urllib.request.urlopen(f"http://{ports.HOST}:{self._http}/debug/vschema", timeout=5) as answer:
            entry: dict[str, Any] = (json.load(answer).get("keyspaces") or {}).get(keyspace) or {}
        return entry

    def _tables(self, keyspace: str) -> dict[str, Any]:
        return self._keyspace(keyspace).get("tables") or {}

    def _error(self, keyspace: str) -> str:
        return str(self._keyspace(keyspace).get("error") or "no reason given")


@contextmanager
def planner(engine: Engine, folder: Path | None, tell: Tell) -> Iterator[Planner]:
    """A planner for as long as the block lasts; afterwards nothing of it is left.

    Its files go into a new folder under `folder` (which `nobody` must be able to enter when we are root), else under
    the cache folder.
    """
    parent = own_folder(folder or cache_folder() / "planners", None)
    _clear_up(parent)
    account = unprivileged()
    home = own_folder(Path(tempfile.mkdtemp(prefix="planner-", dir=parent)), account, 0o700)
    for name in ("etcd", "run", "log", "tmp"):
        own_folder(home / name, account, 0o700)
    owner = identify(os.getpid())
    assert owner is not None  # noqa: S101 – it is ourselves
    started: list[Identity] = []
    try:
        first = FIRST_PORT + os.getpid() * 5 % 3000  # two that start at once look at different ports
        etcd, peer, http, grpc, mysql = ports.choose(5, reserved_ports(), first)

        def start(daemon: Daemon) -> Identity:
            log = home / "log" / f"{daemon.name}.log"
            started.append(start_daemon(daemon.argv, log=log, cwd=home, env={"TMPDIR": str(home)}, account=account))
            _keep(home, _Kept(owner=owner, processes=tuple(started)))
            return started[-1]

        tell(Progress(phase="starting the planner"))
        process = start(daemons.etcd(engine, home, etcd, peer))
        _await("etcd", lambda: http_ok(etcd, "/health"), process, home, tell)
        add_cell(engine, etcd, tell)
        running = Planner(engine, home, etcd, http, mysql)
        process = start(daemons.planning_vtgate(engine, home, etcd, (http, grpc, mysql)))
        _await("vtgate", lambda: mysql_answers(running.login()), process, home, tell)
        yield running
    finally:
        stop(started, silent, grace_s=1)
        shutil.rmtree(home, ignore_errors=True)


def _await(name: str, ready: Callable[[], bool], process: Identity, home: Path, tell: Tell) -> None:
    log = home / "log" / f"{name}.log"
    wait_ready(f"the planner's {name}", ready, process=process, log=log, timeout_s=READY_TIMEOUT_S, tell=tell)


def _keep(home: Path, kept: _Kept) -> None:
    (home / "planner.json").write_bytes(msgspec.json.encode(kept))


def _clear_up(parent: Path) -> None:
    """Stop and remove planners whose maker was killed."""
    for file in parent.glob("planner-*/planner.json"):
        try:
            kept = msgspec.json.decode(file.read_bytes(), type=_Kept)
        except (OSError, msgspec.MsgspecError):
            continue  # it is being written, or removed, right now
        if not kept.owner.alive:
            stop(kept.processes, silent, grace_s=1)
            shutil.rmtree(file.parent, ignore_errors=True)
