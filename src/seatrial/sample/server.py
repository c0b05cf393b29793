"""The sample's MySQL: one server of its own, on this machine only, with a binary log fit to be moved."""

import fcntl
import os
import random
import re
import secrets
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from seatrial.adapters import process
from seatrial.adapters.home import data_folder
from seatrial.adapters.mysql.client import Connection, Login
from seatrial.adapters.process import Identity
from seatrial.domain.event import Acted, Acting, Note, Tell
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.secret import Secret
from seatrial.parsing import option_file
from seatrial.sample.setup import APP, DATABASE, HOST, ROOT, first_words, option_text

DEFAULT_NAME = "main"

_STATE = "sample.json"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_PORTS = range(13_306, 15_000)
_START_TIMEOUT_S = 90
_STOP_GRACE_S = 60


class State(Struct, frozen=True, kw_only=True):
    """What is recorded of a sample. `process` is None while it is down; `made` once its data folder is complete."""

    name: str
    mysql_root: str
    port: int
    server_id: int
    made: bool = False
    process: Identity | None = None


class Status(Struct, frozen=True, kw_only=True):
    """A sample as it is now. The option files hold the passwords and are readable by their owner only."""

    name: str
    running: bool
    address: str
    host: str
    port: int
    database: str
    pid: int | None
    version: str | None
    folder: str
    root_options: str
    app_options: str


class Sample:
    """One sample by name: its folder, and what may be asked of it. Making the object touches nothing."""

    def __init__(self, name: str = DEFAULT_NAME) -> None:
        if not _NAME.fullmatch(name):
            raise Fault(
                "sample.name",
                f"{name!r} is no name for a sample",
                remedy="use small letters, digits, - and _, at most 40",
                exit=Exit.USAGE,
            )
        self.name = name
        self.folder = samples_folder() / name

    @property
    def log(self) -> Path:
        return self.folder / "data" / "error.log"

    def state(self) -> State | None:
        """What was recorded; None if there is no such sample."""
        try:
            return msgspec.json.decode((self.folder / _STATE).read_bytes(), type=State)
        except FileNotFoundError:
            return None
        except msgspec.DecodeError as error:
            raise Fault(
                "sample.state",
                f"{self.folder / _STATE} is damaged: {error}",
                remedy=f"run: seatrial sample down --name {self.name}, then up again",
            ) from None

    def login(self, user: str, database: str | None = DATABASE) -> Login:
        """How to connect as `root` or `app`; a Fault if the sample is not up."""
        state = self._existing()
        if state.process is None or not state.process.alive:
            raise Fault(
                "sample.down",
                f"the sample {self.name!r} is not up",
                remedy=f"run: seatrial sample up --name {self.name}",
                exit=Exit.CONFIG,
            )
        return self._login(state, user, database)

    def status(self) -> Status:
        """The sample as it is; a Fault if there is none of that name."""
        state = self._existing()
        running = state.process is not None and state.process.alive
        return Status(
            name=self.name,
            running=running,
            address=f"mysql://{APP}@{HOST}:{state.port}/{DATABASE}",
            host=HOST,
            port=state.port,
            database=DATABASE,
            pid=state.process.pid if running and state.process else None,
            version=self._version(state) if running else None,
            folder=str(self.folder),
            root_options=str(self._options(ROOT)),
            app_options=str(self._options(APP)),
        )

    def _existing(self) -> State:
        state = self.state()
        if state is None:
            raise Fault(
                "sample.none",
                f"there is no sample {self.name!r} in {samples_folder()}",
                remedy=f"run: seatrial sample up --name {self.name}",
                exit=Exit.CONFIG,
            )
        return state

    def up(self, mysql_root: Path, tell: Tell) -> Status:
        """Make the server if there is none, start it if it is down, and wait until it answers. May be repeated."""
        process.own_folder(self.folder.parent, None)
        process.own_folder(self.folder, None)
        with self._locked():
            state = self.state() or State(
                name=self.name, mysql_root=str(mysql_root), port=_free_port(), server_id=secrets.randbelow(2**31) + 1
            )
            if state.process is not None and self._still_serves(state, state.process, tell):
                tell(Note(text=f"sample {self.name} is up at {HOST}:{state.port}"))
                return self.status()
            if state.process is not None:
                self._bury(state.process, tell)
            state = msgspec.structs.replace(state, process=None, mysql_root=str(mysql_root))
            if not state.made:
                state = self._make(state, tell)
            self._start(state, tell)
        return self.status()

    def down(self, tell: Tell, *, keep_data: bool = False) -> None:
        """Stop the server, and remove its folder unless the data shall be kept. Nothing to do is no fault."""
        if not self.folder.exists():
            return
        with self._locked():
            state = self._stoppable_state()
            if state is not None and state.process is not None:
                tell(Acting(act=f"stop sample {self.name}", undo=f"seatrial sample up --name {self.name}"))
                process.stop([state.process], tell, grace_s=_STOP_GRACE_S)
                self._record(msgspec.structs.replace(state, process=None))
                tell(Acted(act=f"stop sample {self.name}"))
            if not keep_data:
                shutil.rmtree(self.folder)

    def _stoppable_state(self) -> State | None:
        """The state; a damaged one is told apart from none only while a server may still run on it."""
        try:
            return self.state()
        except Fault:
            pid_file = self.folder / "data" / "mysqld.pid"
            if not pid_file.exists():
                return None
            raise

    def _make(self, state: State, tell: Tell) -> State:
        """A new data folder; an earlier one that was not completed is thrown away."""
        account = process.unprivileged()
        shutil.rmtree(self.folder / "data", ignore_errors=True)
        tell(Acting(act=f"make sample {self.name} in {self.folder}", undo=f"seatrial sample down --name {self.name}"))
        self._record(state)
        for user in (ROOT, APP):
            self._write_options(state, user)
        data = process.own_folder(self.folder / "data", account, 0o750)
        self._write_config(state)
        done = process.run(
            [Path(state.mysql_root) / "bin" / "mysqld", f"--defaults-file={self.folder / 'my.cnf'}", *_INITIALISE],
            tell=tell,
            timeout_s=_START_TIMEOUT_S,
            cwd=data,
            account=account,
        )
        if not done.ok:
            raise Fault(
                "sample.initialise",
                f"mysqld could not make a data folder: {process.last_words(self.log)} {done.stderr.strip()[-200:]}",
                remedy=f"see that every folder above {self.folder} may be searched by the account MySQL runs as",
            )
        state = msgspec.structs.replace(state, made=True)
        self._record(state)
        return state

    def _start(self, state: State, tell: Tell) -> None:
        account = process.unprivileged()
        if not _is_free(state.port):
            state = msgspec.structs.replace(state, port=_free_port())
            tell(Note(text=f"its port was taken meanwhile; the sample is now at {HOST}:{state.port}", warning=True))
        for user in (ROOT, APP):
            self._write_options(state, user)
        self._write_config(state)
        # The accounts are made by the server itself before it listens, so there is no moment with an open root.
        first_words = self._write_first_words(account)
        try:
            started = process.start_daemon(
                [
                    Path(state.mysql_root) / "bin" / "mysqld",
                    f"--defaults-file={self.folder / 'my.cnf'}",
                    f"--init-file={first_words}",
                ],
                log=self.folder / "mysqld.out",
                cwd=self.folder / "data",
                account=account,
            )
            self._record(msgspec.structs.replace(state, process=started))
            self._wait(state, started, tell)
        finally:
            first_words.unlink(missing_ok=True)
        tell(Acted(act=f"sample {self.name} answers at {HOST}:{state.port}"))

    def _still_serves(self, state: State, server: Identity, tell: Tell) -> bool:
        try:
            if server.alive:
                self._wait(state, server, tell)
                return True
        except Fault as fault:
            if fault.code != "process.ended":
                raise
        return False

    def _bury(self, server: Identity, tell: Tell) -> None:
        """Wait for what a killed server holds a moment longer than it lives, and take its lock away."""
        process.wait_gone([server], tell)
        (self.folder / "data" / "mysqld.sock.lock").unlink(missing_ok=True)

    def _wait(self, state: State, server: Identity, tell: Tell) -> None:
        process.wait_ready(
            f"the sample's MySQL on {HOST}:{state.port}",
            lambda: self._version(state) is not None,
            process=server,
            log=self.log,
            timeout_s=_START_TIMEOUT_S,
            tell=tell,
        )

    def _version(self, state: State) -> str | None:
        try:
            with Connection(self._login(state, ROOT, None), read_timeout_s=5) as connection:
                return str(connection.query("SELECT VERSION()")[0][0])
        except Fault as fault:
            if fault.retry:
                return None
            raise

    def _login(self, state: State, user: str, database: str | None) -> Login:
        return Login(user=user, password=self._password(user), host=HOST, port=state.port, database=database)

    def _password(self, user: str) -> Secret:
        path = self._options(user)
        try:
            return Secret(option_file.parse(path.read_text(), str(path))["client"]["password"])
        except (OSError, KeyError):
            raise Fault(
                "sample.options",
                f"{path} is missing, unreadable or without a password",
                remedy="run as the user who made the sample, or make it anew: seatrial sample down, then up",
                exit=Exit.CONFIG,
            ) from None

    def _options(self, user: str) -> Path:
        return self.folder / f"{user}.cnf"

    def _write_options(self, state: State, user: str) -> None:
        try:
            password = self._password(user).reveal()
        except Fault:
            password = secrets.token_urlsafe(24)
        text = f"[client]\nuser={user}\npassword={password}\nhost={HOST}\nport={state.port}\n"
        write_private(self._options(user), text)

    def _write_first_words(self, account: process.Account | None) -> Path:
        """SQL the server runs before it listens: the accounts. Kept out of the binary log."""
        path = self.folder / "data" / "first-words.sql"
        write_private(path, first_words(self._password(ROOT), self._password(APP)))
        if account is not None:
            os.chown(path, account.uid, account.gid)
        return path

    def _write_config(self, state: State) -> None:
        text = option_text(Path(state.mysql_root), self.folder / "data", state.port, state.server_id)
        (self.folder / "my.cnf").write_text(text)
        (self.folder / "my.cnf").chmod(0o644)

    def _record(self, state: State) -> None:
        part = self.folder / f"{_STATE}.part"
        part.write_bytes(msgspec.json.format(msgspec.json.encode(state), indent=2))
        part.rename(self.folder / _STATE)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One `up` or `down` at a time; the kernel lets go of the lock with the process."""
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise Fault(
                "sample.busy",
                f"another command is starting or stopping the sample {self.name!r}",
                remedy="wait for it, then run the same command again",
                retry=True,
            ) from None
        finally:
            os.close(handle)


_INITIALISE = ("--initialize-insecure", "--log-error=error.log")


def samples_folder() -> Path:
    """The folder that holds a folder for each sample."""
    return data_folder() / "samples"


def write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def _free_port() -> int:
    """A port below those that the system gives to outgoing connections, so that a stopped sample finds it free."""
    for port in random.sample(_PORTS, 50):
        if _is_free(port):
            return port
    raise Fault("sample.no-port", f"no free port on {HOST} was found", remedy="run the same command again", retry=True)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
