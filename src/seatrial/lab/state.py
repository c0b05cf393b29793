"""What a lab is made of: written whole at every change, read by anybody, changed by one."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from seatrial.adapters.process import Identity
from seatrial.domain.address import Tls
from seatrial.domain.fault import Exit, Fault
from seatrial.lab.places import labs_folder

STATE_FILE = "lab.json"
STATE_VERSION = 1
CELL = "zone1"
FIRST_UID = 100


class Ports(Struct, frozen=True, kw_only=True):
    """The ports of the daemons that exist once."""

    etcd: int
    etcd_peer: int
    vtctld: int  # HTTP
    vtctld_grpc: int
    vtgate: int  # HTTP
    vtgate_grpc: int
    vtgate_mysql: int


class Attached(Struct, frozen=True, kw_only=True):
    """A MySQL that is not ours, under a tablet of ours. Its password is in a file of its own, never here."""

    user: str
    host: str
    port: int
    socket: str | None
    database: str
    tls: Tls
    has_ca: bool
    sidecar: str


class Tablet(Struct, frozen=True, kw_only=True):
    """One tablet. `made` says that its MySQL's data folder is complete (always so for an attached one)."""

    uid: int
    keyspace: str
    shard: str
    http_port: int
    grpc_port: int
    mysql_port: int = 0
    made: bool = False
    attached: Attached | None = None

    @property
    def alias(self) -> str:
        return f"{CELL}-{self.uid:010d}"

    @property
    def folder_name(self) -> str:
        return f"vt_{self.uid:010d}"

    @property
    def mysqld(self) -> str:
        """The name of its MySQL's process."""
        return f"mysqld-{self.uid}"

    @property
    def vttablet(self) -> str:
        return f"vttablet-{self.uid}"


class State(Struct, frozen=True, kw_only=True):
    """A lab as it should be, and the processes that were last started for it, by name."""

    version: int = STATE_VERSION
    name: str
    prefix: str
    limits: str
    ports: Ports
    buffer_requests: int
    buffer_window_s: int
    query_log: bool
    engine_dir: str | None = None
    tablets: tuple[Tablet, ...] = ()
    processes: dict[str, Identity] = {}

    def tablets_of(self, keyspace: str) -> tuple[Tablet, ...]:
        return tuple(tablet for tablet in self.tablets if tablet.keyspace == keyspace)

    @property
    def keyspaces(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(tablet.keyspace for tablet in self.tablets))

    @property
    def next_uid(self) -> int:
        return max((tablet.uid for tablet in self.tablets), default=FIRST_UID - 1) + 1

    @property
    def all_ports(self) -> set[int]:
        own = set(msgspec.structs.astuple(self.ports))
        for tablet in self.tablets:
            own |= {tablet.http_port, tablet.grpc_port, tablet.mysql_port}
        return own - {0}


def load(folder: Path) -> State:
    """The lab's state; a Fault that lists the labs there are when there is no such lab."""
    try:
        raw = (folder / STATE_FILE).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        known = ", ".join(names()) or "none"
        raise Fault(
            "lab.unknown",
            f"there is no lab {folder.name!r}; existing labs: {known}",
            remedy=f"run: seatrial lab up --name {folder.name}",
            exit=Exit.USAGE,
        ) from None
    try:
        return msgspec.json.decode(raw, type=State)
    except msgspec.MsgspecError as error:
        raise Fault(
            "lab.state",
            f"{folder / STATE_FILE} is not a lab's state of this version of seatrial: {error}",
            remedy=f"run: seatrial lab destroy --name {folder.name}, then: seatrial lab up --name {folder.name}",
        ) from None


def save(folder: Path, state: State) -> None:
    """Replace the state in one step, so that a reader sees the old or the new one."""
    beside = folder / (STATE_FILE + ".new")
    with beside.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(state), indent=2))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(folder / STATE_FILE)


def names() -> list[str]:
    """The labs on this machine."""
    return sorted(file.parent.name for file in labs_folder().glob(f"*/{STATE_FILE}"))


def reserved_ports() -> set[int]:
    """The ports of all labs, running or not."""
    found: set[int] = set()
    for name in names():
        try:
            found |= load(labs_folder() / name).all_ports
        except Fault:
            continue  # an unreadable lab is said when it is asked for
    return found


@contextmanager
def choosing_ports() -> Iterator[None]:
    """Be the one who chooses ports until they stand in a state; others wait, which takes milliseconds."""
    folder = labs_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".ports.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def changing(folder: Path) -> Iterator[None]:
    """Be the one who changes the lab; a Fault at once when somebody else is. The kernel frees the lock of the dead."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{folder.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Fault(
                "lab.busy",
                f"another command is changing lab {folder.name!r} right now",
                remedy="wait for it to end, then run the same command again",
                retry=True,
            ) from None
        yield
