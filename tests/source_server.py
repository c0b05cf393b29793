"""A MySQL of the tests' own, with things planted in it that must never come out."""

import shutil
import socket as sockets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec import Struct

from seatrial.adapters.mysql.client import Connection, Login
from seatrial.adapters.process import own_folder, run, start_daemon, stop, unprivileged, wait_ready
from seatrial.domain.event import silent
from seatrial.domain.fault import Fault
from seatrial.domain.secret import Secret
from seatrial.lab.engine import find_mysql
from seatrial.lab.places import engine_folder

READER = "planted_reader"
PASSWORD = Secret("planted_password")
DATABASE = "shöp `q"
GRANTS = (
    "GRANT PROCESS, REPLICATION CLIENT, SHOW DATABASES, SHOW_ROUTINE ON *.* TO {account}",
    "GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON `shöp ``q`.* TO {account}",
    "GRANT SELECT ON `performance_schema`.* TO {account}",
)

SCHEMA = Path(__file__).with_name("source_schema.sql")


class SourceServer(Struct, frozen=True, kw_only=True):
    """A running mysqld; `general_log` holds every statement it was sent."""

    port: int
    socket: str
    general_log: Path

    def admin(self) -> Connection:
        return Connection(Login(user="root", socket=self.socket))

    def login(self, user: str = READER, database: str | None = DATABASE) -> Login:
        return Login(user=user, password=PASSWORD, port=self.port, database=database)

    def account(self, user: str, grants: Sequence[str] = GRANTS) -> None:
        """Make the account afresh with exactly those grants."""
        with self.admin() as admin:
            admin.execute(f"DROP USER IF EXISTS {user}@'%'")
            admin.execute(f"CREATE USER {user}@'%' IDENTIFIED BY '{PASSWORD.reveal()}'")
            for grant in grants:
                admin.execute(grant.format(account=f"{user}@'%'"))


@contextmanager
def source_server() -> Iterator[SourceServer]:
    """Start a mysqld on 127.0.0.1 with the schema loaded and the reader's account made; stop and forget it after."""
    part = find_mysql(engine_folder(None))
    if part is None:
        pytest.fail("there is no MySQL to test with: run `seatrial lab install` first")
    account = unprivileged()
    folder = own_folder(Path(tempfile.mkdtemp(prefix="seatrial-source-")), account)
    port = _free_port()
    data, socket, log = folder / "data", folder / "s", folder / "mysqld.log"
    options = [
        "--no-defaults", f"--basedir={part.root}", f"--datadir={data}", f"--log-error={log}", "--mysqlx=OFF",
        "--secure-file-priv=", "--innodb-buffer-pool-size=64M", "--innodb-redo-log-capacity=32M",
    ]  # fmt: skip
    made = run([part.mysqld, *options, "--initialize-insecure"], tell=silent, timeout_s=120, account=account)
    assert made.ok, made.stderr
    process = start_daemon(
        [
            part.mysqld, *options, f"--port={port}", "--bind-address=127.0.0.1", f"--socket={socket}",
            "--pid-file=" + str(folder / "pid"), "--server-id=7", "--gtid-mode=ON", "--enforce-gtid-consistency=ON",
            "--log-bin=planted-report-host-bin", "--report-host=planted-report-host", "--general-log=1",
            f"--general-log-file={folder / 'general.log'}", "--init-connect=SET @planted_literal = 1",
        ],
        log=folder / "output.log",
        account=account,
        env={"TZ": "JST-9"},  # not UTC: InnoDB tells the start of a transaction in this zone, whatever the session's
    )  # fmt: skip
    try:
        wait_ready("mysqld", lambda: _answers(socket), process=process, log=log, timeout_s=60, tell=silent)
        with Connection(Login(user="root", socket=str(socket))) as admin:
            load_schema(admin)
        server = SourceServer(port=port, socket=str(socket), general_log=folder / "general.log")
        server.account(READER)
        yield server
    finally:
        stop([process], silent)
        shutil.rmtree(folder, ignore_errors=True)


def load_schema(admin: Connection) -> None:
    """Make the database of `source_schema.sql`."""
    for statement in SCHEMA.read_text(encoding="utf-8").split(";\n"):
        if statement.strip():
            admin.execute(statement)


def _free_port() -> int:
    with sockets.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(socket: Path) -> bool:
    try:
        Connection(Login(user="root", socket=str(socket))).close()
    except Fault:
        return False
    return True
