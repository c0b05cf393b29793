"""The generator against a real MySQL: what it sends, when, and what is left when it is stopped."""

import os
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import psutil
import pytest

from seatrial.adapters.generator import Workers
from seatrial.adapters.mysql.client import Connection, Login
from seatrial.domain.event import Event, Progress, silent
from seatrial.domain.fault import Cancelled, Fault
from seatrial.domain.generator import GeneratorRun
from seatrial.domain.secret import Secret
from seatrial.domain.sketch import merged
from seatrial.domain.workload import Recorded
from seatrial.sample.server import Sample

pytestmark = pytest.mark.engine

DATABASE = "replay_try"


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that what is left behind is ours."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.fixture(scope="module")
def target(shop: Sample) -> Iterator[Login]:
    """A database of its own on the session's MySQL, which stands for a scratch keyspace."""
    root = shop.login("root", None)
    with Connection(root) as connection:
        connection.execute(f"CREATE DATABASE {DATABASE}")
        connection.execute(f"CREATE TABLE {DATABASE}.t (id INT PRIMARY KEY, v INT NOT NULL DEFAULT 0)")
        connection.execute("CREATE USER IF NOT EXISTS replayer@'%' IDENTIFIED BY 'planted-password'")
        connection.execute(f"GRANT ALL ON {DATABASE}.* TO replayer@'%'")
    app = shop.login("app", None)
    yield Login(user="replayer", password=Secret("planted-password"), host=app.host, port=app.port, tls=app.tls)
    with Connection(root) as connection:
        connection.execute("DROP USER replayer@'%'")
        connection.execute(f"DROP DATABASE {DATABASE}")


def recorded(*events: tuple[int, int, str], rows: int = 1) -> Iterator[Recorded]:
    for connection, ms, sql in events:
        yield Recorded(connection, ms * 1000, 100, "0123456789abcdef", "shop", rows, 0, sql.encode())


def run(
    target: Login, events: Iterator[Recorded], tell: Callable[[Event], None] = silent, **given: object
) -> GeneratorRun:
    options = {"speed": 1.0, "workers": 1, "slice_s": 1.0} | given
    return Workers(target).run(events, DATABASE, tell=tell, **options)  # type: ignore[arg-type]


def workers_running() -> list[psutil.Process]:
    own = psutil.Process().children(recursive=True)
    return [
        each
        for each in own
        if each.is_running() and each.status() != "zombie" and "generator.worker" in " ".join(each.cmdline())
    ]


def folders_left() -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob("seatrial-replay-*"))


@contextmanager
def general_log(shop: Sample) -> Iterator[Callable[[], list[str]]]:
    """What the server itself was asked meanwhile."""
    with Connection(shop.login("root", None)) as connection:
        connection.execute("SET GLOBAL log_output = 'TABLE'")
        connection.execute("TRUNCATE mysql.general_log")
        connection.execute("SET GLOBAL general_log = ON")

        def told() -> list[str]:
            rows = connection.query(
                "SELECT CONVERT(argument USING utf8mb4) FROM mysql.general_log "
                "WHERE command_type = 'Query' AND user_host LIKE 'replayer%' ORDER BY event_time, thread_id"
            )
            return [str(row[0]) for row in rows]

        try:
            yield told
        finally:
            connection.execute("SET GLOBAL general_log = OFF")


def test_transactions_arrive_whole_by_several_workers(target: Login) -> None:
    events = []
    for connection in range(6):
        for number in range(20):
            at, key = number * 50 + connection * 7, connection * 1000 + number
            events += [
                (connection, at, "BEGIN"),
                (connection, at + 1, f"INSERT INTO shop.t (id) VALUES ({key})"),
                (connection, at + 2, f"SELECT * FROM t WHERE id = {key}"),
                (connection, at + 3, "COMMIT"),
            ]
    done = run(target, recorded(*events), workers=2, speed=2.0)
    assert len(done.reports) == 2 and sum(report.connections for report in done.reports) == 6
    assert sum(report.transactions for report in done.reports) == 120
    assert sum(report.statements for report in done.reports) == 480
    assert [report.errors for report in done.reports] == [(), ()]
    assert (sum(r.reads for r in done.reports), sum(r.reads_differ for r in done.reports)) == (120, 0)
    assert 0.45 < done.seconds < 1.5  # a second was recorded
    assert sum(each.finished for report in done.reports for each in report.slices) == 120
    with Connection(msgspec.structs.replace(target, database=DATABASE)) as asked:
        assert asked.query("SELECT COUNT(*) FROM t") == [(120,)]
    assert merged(report.lateness for report in done.reports).count == 480
    assert workers_running() == folders_left() == []


def test_nothing_is_sent_that_could_leave_the_copy(target: Login, shop: Sample) -> None:
    kept = [
        "SELECT * FROM other.t",
        "LOAD DATA INFILE 'x' INTO TABLE t",
        "SET GLOBAL max_connections = 7",
        "DROP TABLE t",
    ]
    with general_log(shop) as told:
        done = run(
            target, recorded(*((0, n, sql) for n, sql in enumerate([*kept, "SELECT v FROM shop.t WHERE id = 7"])))
        )
        said = told()
    assert sum(each.count for each in done.left_out) == 4
    assert [sql for sql in said if "/*seatrial:" in sql] == [
        "/*seatrial:0123456789abcdef*/ SELECT v FROM t WHERE id = 7"
    ]
    assert not any(word in sql for sql in said for word in ("other", "shop", "LOAD", "GLOBAL", "DROP"))


def test_a_failed_transaction_leaves_nothing_behind(target: Login) -> None:
    with Connection(msgspec.structs.replace(target, database=DATABASE)) as connection:
        connection.execute("REPLACE INTO t VALUES (90001, 1)")
    done = run(
        target,
        recorded(
            (0, 0, "BEGIN"), (0, 1, "UPDATE t SET v = 5 WHERE id = 90001"), (0, 2, "INSERT INTO t VALUES (90001, 2)"),
            (0, 3, "UPDATE t SET v = 6 WHERE id = 90001"), (0, 4, "COMMIT"), (0, 5, "SELECT * FROM t WHERE id = 90001"),
        ),
    )  # fmt: skip
    (report,) = done.reports
    (error,) = report.errors
    assert (error.number, error.message) == (1062, "Duplicate entry '…' for key '…'")
    assert (report.transactions, report.transactions_failed, report.skipped) == (2, 1, 2)
    with Connection(msgspec.structs.replace(target, database=DATABASE)) as connection:
        assert connection.query("SELECT v FROM t WHERE id = 90001") == [(1,)]


def long_recording() -> Iterator[Recorded]:
    return recorded(*((n % 4, n * 10, "SELECT * FROM t WHERE id = 1") for n in range(6_000)), rows=0)


def when_sending(act: Callable[[], None]) -> Callable[[Event], None]:
    def tell(event: Event) -> None:
        if isinstance(event, Progress) and event.phase == "replaying" and event.done:
            act()

    return tell


def test_stopped_it_is_gone_within_a_second(target: Login) -> None:
    began: list[float] = []

    def stop() -> None:
        began.append(time.monotonic())
        raise Cancelled

    with pytest.raises(Cancelled):
        run(target, long_recording(), when_sending(stop), workers=2)
    assert time.monotonic() - began[0] < 1
    assert workers_running() == folders_left() == []


def test_no_literal_lies_on_the_disk_and_no_password_in_a_command_line_while_it_runs(target: Login) -> None:
    seen: list[bool] = []

    def look() -> None:
        for folder in folders_left():
            assert folder.stat().st_mode & 0o777 == 0o700
            assert not any(b"SELECT" in file.read_bytes() for file in folder.iterdir())
            seen.append(True)
        for worker in workers_running():
            assert "planted-password" not in " ".join(worker.cmdline())
            seen.append(True)
        raise Cancelled

    with pytest.raises(Cancelled):
        run(target, long_recording(), when_sending(look))
    assert len(seen) == 2


def test_a_worker_that_dies_is_one_fault(target: Login) -> None:
    def kill() -> None:
        for worker in workers_running()[:1]:
            os.kill(worker.pid, 9)

    with pytest.raises(Fault) as fault:
        run(target, long_recording(), when_sending(kill), workers=2)
    assert fault.value.code == "replay.worker-died"
    assert workers_running() == folders_left() == []


def test_a_target_that_goes_away_is_one_fault(target: Login) -> None:
    with gateway(target) as (login, cut), pytest.raises(Fault) as fault:
        run(login, long_recording(), when_sending(cut))
    assert fault.value.code == "replay.target-gone"
    assert workers_running() == folders_left() == []


def test_a_target_that_is_not_there_is_one_fault() -> None:
    with pytest.raises(Fault) as fault:
        run(Login(user="x", host="127.0.0.1", port=1), long_recording())
    assert fault.value.code == "replay.target-gone"


@contextmanager
def gateway(target: Login) -> Iterator[tuple[Login, Callable[[], None]]]:
    """A way to the target that can be cut, as a killed vtgate cuts it."""
    listener = socket.create_server(("127.0.0.1", 0))
    open_: list[socket.socket] = [listener]

    def pump(one: socket.socket, other: socket.socket) -> None:
        try:
            while said := one.recv(65536):
                other.sendall(said)
        except OSError:
            pass

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
                server = socket.create_connection((target.host, target.port))
            except OSError:
                return
            open_.extend((client, server))
            for pair in ((client, server), (server, client)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    def cut() -> None:
        for each in open_:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            each.close()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield msgspec.structs.replace(target, port=listener.getsockname()[1]), cut
    finally:
        cut()
