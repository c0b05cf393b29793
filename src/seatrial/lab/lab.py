"""One lab as others use it: its state, its engine, and the starting and stopping of its processes."""

import http.client
import shutil
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import psutil

from seatrial.adapters.mysql.client import Connection, Login
from seatrial.adapters.process import (
    GRACE_S,
    Account,
    Identity,
    identify,
    own_folder,
    start_daemon,
    stop,
    unprivileged,
    wait_gone,
)
from seatrial.adapters.vitess.vtctldclient import Vtctldclient
from seatrial.domain.event import Tell
from seatrial.domain.fault import Fault
from seatrial.lab import daemons, ports
from seatrial.lab import state as stored
from seatrial.lab.daemons import Daemon
from seatrial.lab.engine import Engine, find
from seatrial.lab.state import State, Tablet


class Lab:
    """A lab on this machine. Reading needs nothing more; what changes it belongs under `state.changing`."""

    def __init__(self, folder: Path, state: State, engine: Engine | None = None) -> None:
        self.folder = folder
        self.account: Account | None = unprivileged()
        self._engine = engine
        self._state = state
        self._writing = threading.RLock()

    @property
    def engine(self) -> Engine:
        """The engine it runs on, looked for when it is first needed: stopping a lab needs none."""
        if self._engine is None:
            self._engine = find(Path(self._state.engine_dir) if self._state.engine_dir else None)
        return self._engine

    @property
    def state(self) -> State:
        return self._state

    @property
    def name(self) -> str:
        return self._state.name

    @property
    def vtctld_address(self) -> str:
        """host:port of vtctld's gRPC, as vtctldclient wants it."""
        return f"{ports.HOST}:{self._state.ports.vtctld_grpc}"

    @property
    def vtgate(self) -> tuple[str, int]:
        """Host and port of vtgate's MySQL protocol; any user, no password."""
        return ports.HOST, self._state.ports.vtgate_mysql

    @property
    def vtgate_query_log(self) -> Path:
        """One JSON object a query; does not exist unless the lab was told to keep it (see `Wish.query_log`).

        The same lines, unstored, stream from `/debug/querylog` of `vtgate_http`."""
        return daemons.query_log(self.folder)

    @property
    def vtgate_http(self) -> str:
        """host:port of vtgate's own pages, such as /debug/vars."""
        return f"{ports.HOST}:{self._state.ports.vtgate}"

    @property
    def vtctl(self) -> Vtctldclient:
        return Vtctldclient(self.engine.vtctldclient, self.vtctld_address)

    def socket(self, tablet: Tablet) -> Path:
        """The socket of the tablet's own MySQL; not for attached ones."""
        return self.folder / tablet.folder_name / "mysql.sock"

    def tablet_login(self, alias: str) -> Login:
        """The administrator's login to a tablet's own MySQL, in the keyspace's database; not for attached ones."""
        for tablet in self._state.tablets:
            if tablet.alias == alias and tablet.attached is None:
                return Login(user="vt_dba", socket=str(self.socket(tablet)), database=f"vt_{tablet.keyspace}")
        raise Fault(
            "lab.no-tablet",
            f"lab {self.name!r} runs no MySQL under a tablet {alias}",
            remedy=f"see: seatrial lab status --name {self.name}",
        )

    # Changing the state

    def reload(self) -> None:
        """Read the state again, as another command may have left it."""
        with self._writing:
            self._state = stored.load(self.folder)

    def change(self, **fields: Any) -> None:
        """Change fields of the state and store it."""
        with self._writing:
            self._state = msgspec.structs.replace(self._state, **fields)
            stored.save(self.folder, self._state)

    def change_tablet(self, uid: int, **fields: Any) -> Tablet:
        with self._writing:
            changed = [
                msgspec.structs.replace(tablet, **fields) if tablet.uid == uid else tablet
                for tablet in self._state.tablets
            ]
            self.change(tablets=tuple(changed))
            return next(tablet for tablet in changed if tablet.uid == uid)

    def record(self, name: str, process: Identity | None) -> None:
        """Keep (or with None forget) which process was started under the name."""
        with self._writing:
            others = {key: value for key, value in self._state.processes.items() if key != name}
            self.change(processes=others | ({name: process} if process else {}))

    # Processes

    def process(self, name: str) -> Identity | None:
        """The running process of that name; None if it does not run."""
        known = self._state.processes.get(name)
        return known if known is not None and known.alive else None

    def log(self, name: str) -> Path:
        return self.folder / "log" / f"{name}.log"

    def start(self, daemon: Daemon, tell: Tell) -> Identity:
        """Start the daemon, unless it runs; whether it serves is for the caller to await."""
        if (running := self.process(daemon.name)) is not None:
            return running
        self.clear_way(daemon.name, daemon.ports, tell)
        (self.folder / "run" / f"{daemon.name}.pid").unlink(missing_ok=True)  # left by one that was killed
        process = start_daemon(
            daemon.argv,
            log=self.log(daemon.name),
            cwd=self.folder,
            env=self.environment,
            account=self.account,
        )
        self.record(daemon.name, process)
        return process

    @property
    def environment(self) -> dict[str, str]:
        """What Vitess's programs read from their environment."""
        return {
            "HOME": str(self.folder),
            "VTDATAROOT": str(self.folder),
            "VT_MYSQL_ROOT": str(self.engine.mysql_root),
            "EXTRA_MY_CNF": str(self.folder / "extra.cnf"),
            "TMPDIR": str(self.folder / "tmp"),
        }

    def clear_way(self, name: str, wanted: Iterable[int], tell: Tell) -> None:
        """Wait until nothing is left of the process that had the name; a Fault names a port taken by another."""
        if (former := self._state.processes.get(name)) is not None:
            wait_gone([former], tell)
        for port in wanted:
            if not ports.is_free(port):
                raise Fault(
                    "lab.port-taken",
                    f"{name} of lab {self.name!r} needs port {port}, which {ports.holder(port)} holds now",
                    remedy="stop that program; or destroy the lab and make it again, which chooses other ports",
                )

    def stop(self, names: Iterable[str], tell: Tell, grace_s: float = GRACE_S) -> None:
        """Stop the processes of those names, all at once, and forget them; no grace for those whose data goes too."""
        stopping = list(names)
        known = [self._state.processes[name] for name in stopping if name in self._state.processes]
        stop(known, tell, grace_s)
        for name in stopping:
            self.record(name, None)

    def adopt(self) -> None:
        """Record processes of this lab that an interrupted command started but could not record any more."""
        markers = daemons.markers(self.folder, self._state.tablets)
        prefix = f"{self.folder}/"
        for process in psutil.process_iter():
            try:
                words = process.cmdline()
            except psutil.Error:
                continue
            for word in words[1:]:
                if prefix in word and (name := markers.get(word)) is not None and self.process(name) is None:
                    self.record(name, identify(process.pid))

    @property
    def all_names(self) -> list[str]:
        """The processes this lab should have, in the order in which they are started."""
        names = ["etcd", "vtctld"]
        for tablet in self._state.tablets:
            names += [tablet.vttablet] if tablet.attached else [tablet.mysqld, tablet.vttablet]
        return [*names, "vtgate"]

    # Folders

    def make_folders(self) -> None:
        """The lab's folders, for nobody's eyes but the account's that runs it."""
        own_folder(self.folder, self.account, 0o700)
        for name in ("log", "run", "tmp", "etcd"):
            own_folder(self.folder / name, self.account, 0o700)
        for ours, there in (("my.cnf", "extra.cnf"), ("accounts.sql", "accounts.sql")):
            shutil.copyfile(Path(__file__).parent / ours, self.folder / there)
            (self.folder / there).chmod(0o644)


def http_ok(port: int, path: str) -> bool:
    """Whether a daemon's page answers with 200."""
    connection = http.client.HTTPConnection(ports.HOST, port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def mysql_answers(login: Login) -> bool:
    """Whether a server lets us in and answers."""
    try:
        with Connection(login, read_timeout_s=2) as connection:
            return connection.query("select 1") == [(1,)]
    except Fault:
        return False
