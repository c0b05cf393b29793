"""The lab on the real engine: it serves, it is mended, it leaves nothing."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from seatrial.adapters.mysql.client import Connection, Login
from seatrial.adapters.process import own_folder, run, start_daemon, stop, unprivileged, wait_ready
from seatrial.domain.event import Event, Progress, silent
from seatrial.domain.fault import Cancelled, Fault
from seatrial.domain.secret import Secret
from seatrial.domain.vschema import AuthoritativeColumn, ColumnVindex, Vindex, VSchema, VTable, plain
from seatrial.lab import ports
from seatrial.lab.attach import attach_source, detach_source
from seatrial.lab.cluster import Wish, destroy, down, ensure_keyspace, folder_of, open_lab, remove_keyspace, up
from seatrial.lab.engine import Engine
from seatrial.lab.lab import Lab, mysql_answers
from seatrial.lab.planner import planner
from seatrial.lab.state import names
from seatrial.lab.status import look

from .conftest import LabFactory

pytestmark = pytest.mark.engine

PLANTED = "pl4nted-value"
PASSWORD = "pl4nted-password"
SHARDED = VSchema(
    sharded=True,
    vindexes={"hash": Vindex(type="xxhash")},
    tables={
        "orders": VTable(
            column_vindexes=(ColumnVindex(name="hash", column="customer"),),
            columns=(
                AuthoritativeColumn(name="id", type="INT64"),
                AuthoritativeColumn(name="customer", type="INT64"),
            ),
            column_list_authoritative=True,
        )
    },
)


def gate(lab: Lab, keyspace: str) -> Connection:
    host, port = lab.vtgate
    return Connection(Login(user="anybody", host=host, port=port, database=keyspace))


def make_notes(lab: Lab) -> str:
    """A sharded table `notes` in the lab's sharded keyspace; returns the keyspace."""
    keyspace = lab.state.keyspaces[0]
    lab.vtctl.text(
        "ApplySchema", "--sql", "create table if not exists notes (id bigint primary key, text varchar(64))", keyspace
    )
    vschema = VSchema(
        sharded=True,
        vindexes={"hash": Vindex(type="xxhash")},
        tables={"notes": VTable(column_vindexes=(ColumnVindex(name="hash", column="id"),))},
    )
    lab.vtctl.text("ApplyVSchema", "--vschema", json.dumps(plain(vschema)), keyspace)
    with gate(lab, keyspace) as connection:
        until = time.monotonic() + 10
        while True:
            try:
                connection.query("select id, text from notes where id = 0")
                return keyspace
            except Fault:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)


def pids_of(folder: Path) -> list[int]:
    return pids_saying(f"{folder}/")


def pids_saying(text: str) -> list[int]:
    """Processes with the text on their command line, where everybody can read it."""
    found = []
    for process in psutil.process_iter():
        try:
            if any(text in word for word in process.cmdline()) and process.pid != os.getpid():
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def test_rows_written_through_vtgate_are_spread_over_the_shards(lab: Lab) -> None:
    keyspace = make_notes(lab)
    with gate(lab, keyspace) as connection:
        for number in range(40):
            connection.execute("insert into notes (id, text) values (%s, 'x')", [number])
        assert connection.query("select count(*) from notes") == [(40,)]
    counts = []
    for tablet in lab.state.tablets_of(keyspace):
        with Connection(lab.tablet_login(tablet.alias)) as server:
            counts.append(server.query("select count(*) from notes")[0][0])
    assert sum(counts) == 40 and min(counts) > 0


def test_everything_listens_on_loopback_only(lab: Lab) -> None:
    listening = set()
    for process in lab.state.processes.values():
        for connection in psutil.Process(process.pid).net_connections("inet"):
            if connection.status == psutil.CONN_LISTEN:
                listening.add((connection.laddr.ip, connection.laddr.port))
    assert {address for address, _ in listening} == {"127.0.0.1"}
    assert {port for _, port in listening} == lab.state.all_ports


def test_status_says_that_all_serve(lab: Lab) -> None:
    seen = look(lab)
    assert seen.whole
    assert [health.kind for health in seen.processes].count("mysqld") == 3


def test_values_of_statements_are_in_no_log(lab: Lab) -> None:
    keyspace = make_notes(lab)
    with gate(lab, keyspace) as connection:
        connection.execute(f"insert into notes (id, text) values (1000, '{PLANTED}')")
        for wrong in (
            f"insert into notes (id, text) values (1000, '{PLANTED}')",
            f"insert into notes (id, text) values ('{PLANTED}', '')",
            f"insert into notes (id, text) values (1001, repeat('{PLANTED}', 100))",
            f"select {PLANTED} from notes where text = '{PLANTED}' +",
            f"select 1 from nowhere where a = '{PLANTED}'",
        ):
            with pytest.raises(Fault):
                connection.execute(wrong)
    time.sleep(0.5)
    logs = [*(lab.folder / "log").iterdir(), *lab.folder.glob("vt_*/*.log")]
    assert logs
    assert [file.name for file in logs if PLANTED.encode() in file.read_bytes()] == []


def test_vtgate_streams_its_queries_with_bind_values_redacted(lab: Lab) -> None:
    keyspace = make_notes(lab)
    with urllib.request.urlopen(f"http://{lab.vtgate_http}/debug/querylog", timeout=5) as stream:
        with gate(lab, keyspace) as connection:
            connection.query(f"select text from notes where text = '{PLANTED}'")
        line = next(line for line in stream if b"notes" in line)
    assert PLANTED.encode() not in line
    assert b"ShardQueries" in line


def test_another_keyspace_comes_and_goes(lab: Lab) -> None:
    ensure_keyspace(lab, "shared_scratch", 1, silent)
    ensure_keyspace(lab, "shared_scratch", 1, silent)
    tablet = lab.state.tablets_of("shared_scratch")[0]
    lab.vtctl.text("ApplySchema", "--sql", "create table t (id int primary key)", "shared_scratch")
    with gate(lab, "shared_scratch") as connection:
        assert connection.execute("insert into t values (1)") == 1
    remove_keyspace(lab, "shared_scratch", silent)
    assert "shared_scratch" not in lab.vtctl.text("GetKeyspaces")
    assert not (lab.folder / tablet.folder_name).exists()
    assert look(lab).whole
    remove_keyspace(lab, "shared_scratch", silent)


@pytest.fixture(scope="module")
def source(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Login]:
    """A MySQL that is not the lab's, with a password and GTIDs."""
    account = unprivileged()
    folder = own_folder(Path("/tmp") / f"pytest-{os.getpid()}-source", account)  # noqa: S108 – entered by `nobody`
    base: list[str | Path] = [
        engine.mysqld,
        "--no-defaults",
        f"--basedir={engine.mysql_root}",
        f"--datadir={folder}/data",
        "--mysqlx=0",
    ]
    assert run([*base, "--initialize-insecure"], tell=silent, timeout_s=60, account=account).ok
    port = ports.choose(1, set(), 30500)[0]
    server = start_daemon(
        [
            *base,
            *(f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder}/s", "--secure-file-priv="),
            *("--log-bin=b", "--server-id=77", "--gtid-mode=ON", "--enforce-gtid-consistency"),
            *("--innodb-buffer-pool-size=32M", "--performance-schema=OFF"),
        ],
        log=folder / "log",
        account=account,
    )
    try:
        root = Login(user="root", socket=f"{folder}/s")
        wait_ready(
            "the source", lambda: mysql_answers(root), process=server, log=folder / "log", timeout_s=60, tell=silent
        )
        with Connection(root) as connection:
            connection.execute("create database shop")
            connection.execute(f"create user mover@'%' identified by '{PASSWORD}'")
            connection.execute("grant all on *.* to mover@'%'")
        yield Login(user="mover", password=Secret(PASSWORD), port=port, database="shop")
    finally:
        stop([server], silent)
        run(["rm", "-rf", folder], tell=silent, timeout_s=30)


def test_a_source_is_attached_with_its_password_out_of_sight(lab: Lab, source: Login) -> None:
    tablet = attach_source(lab, "shared_source", "_vt_shared", source, silent)
    lab.vtctl.text("Workflow", "--keyspace", "shared_source", "list")
    assert pids_saying(PASSWORD) == []
    credentials = lab.folder / "run" / f"{tablet.vttablet}.credentials.json"
    assert credentials.stat().st_mode & 0o777 == 0o600
    holding = [file for file in lab.folder.rglob("*") if file.is_file() and PASSWORD.encode() in file.read_bytes()]
    assert holding == [credentials]
    with Connection(source) as connection:
        assert ("_vt_shared",) in connection.query("show databases")
        assert connection.query("select @@read_only, @@super_read_only") == [(0, 0)]

    first = lab.state.processes[tablet.vttablet]
    assert attach_source(lab, "shared_source", "_vt_shared", source, silent) == tablet
    assert lab.state.processes[tablet.vttablet] == first
    first.send(signal.SIGKILL)
    assert attach_source(lab, "shared_source", "_vt_shared", source, silent).alias == tablet.alias
    assert lab.state.processes[tablet.vttablet] != first

    detach_source(lab, "shared_source", silent)
    assert "shared_source" not in lab.vtctl.text("GetKeyspaces")
    assert not credentials.exists()
    detach_source(lab, "shared_source", silent)


def test_an_own_keyspace_is_never_detached_by_mistake(lab: Lab) -> None:
    with pytest.raises(Fault) as fault:
        detach_source(lab, lab.state.keyspaces[0], silent)
    assert fault.value.code == "lab.not-attached"
    assert look(lab).whole


def test_what_was_killed_is_mended_then_down_and_destroy_leave_nothing(lab: Lab, lab_factory: LabFactory) -> None:
    ours = lab_factory("killed", shards=1)
    folder = ours.folder
    keyspace = make_notes(ours)
    with gate(ours, keyspace) as connection:
        connection.execute("insert into notes (id, text) values (1, 'kept')")

    names_before = [tablet.mysqld for tablet in ours.state.tablets] + ["vttablet-100", "vtgate", "etcd"]
    for killed in ([ours.state.tablets[0].mysqld], ["vttablet-100"], names_before):
        for name in killed:
            ours.state.processes[name].send(signal.SIGKILL)
        mended = up(Wish(name=ours.name), silent)
        assert mended.state.ports == ours.state.ports
        with gate(mended, keyspace) as connection:
            assert connection.execute("update notes set text = concat(text, '.') where id = 1") == 1
        ours = mended
    untouched = dict(ours.state.processes)
    assert up(Wish(name=ours.name), silent).state.processes == untouched

    down(ours.name, silent)
    assert pids_of(folder) == []
    with gate(up(Wish(name=ours.name), silent), keyspace) as connection:
        assert connection.query("select text from notes") == [("kept...",)]

    assert destroy(ours.name, silent) > 0
    assert pids_of(folder) == []
    assert not folder.exists() and ours.name not in names()
    assert look(lab).whole  # the lab beside it was left alone


def test_a_cancelled_up_leaves_no_process_and_is_carried_on(lab_factory: LabFactory) -> None:
    name = f"pytest-{os.getpid()}-cancelled"

    def impatient(event: Event) -> None:
        if isinstance(event, Progress) and event.phase == "starting tablets":
            raise Cancelled

    with pytest.raises(Cancelled):
        up(Wish(name=name, shards=1, prefix="cancelled"), impatient)
    assert pids_of(folder_of(name)) == []
    assert look(lab_factory("cancelled", shards=1)).whole
    destroy(name, silent)


def test_processes_of_a_killed_up_are_found_and_stopped(engine: Engine) -> None:
    name = f"pytest-{os.getpid()}-orphaned"
    script = (
        "from seatrial.lab.cluster import up, Wish; from seatrial.domain.event import silent;"
        f"up(Wish(name={name!r}, shards=1), silent)"
    )
    child = subprocess.Popen([sys.executable, "-c", script])
    try:
        until = time.monotonic() + 30
        while len(pids_of(folder_of(name))) < 3 and time.monotonic() < until:
            time.sleep(0.05)
    finally:
        child.kill()
        child.wait()
    assert pids_of(folder_of(name))
    destroy(name, silent)
    assert pids_of(folder_of(name)) == []
    assert not folder_of(name).exists()


def test_a_taken_port_is_named_with_its_holder(lab: Lab, lab_factory: LabFactory) -> None:
    with pytest.raises(Fault) as fault:
        lab.clear_way("etcd-of-another", [lab.state.ports.vtgate_mysql], silent)
    assert fault.value.code == "lab.port-taken"
    assert "vtgate (pid" in fault.value.what and str(lab.state.ports.vtgate_mysql) in fault.value.what


def test_the_number_of_shards_cannot_be_changed_quietly(lab: Lab) -> None:
    with pytest.raises(Fault) as fault:
        up(Wish(name=lab.name, shards=4), silent)
    assert fault.value.code == "lab.other-shards"
    assert look(open_lab(lab.name)).whole


def test_the_planner_without_tablets_plans_as_vitess_does(engine: Engine) -> None:
    with planner(engine, None, silent) as running:
        running.put("shop_sharded", 4, SHARDED, silent)
        with Connection(running.login("shop_sharded")) as connection:

            def plan(statement: str) -> dict[str, object]:
                found: dict[str, object] = json.loads(connection.query(f"vexplain plan {statement}")[0][0])
                return found

            point = plan("select id from orders where customer = :v1")
            assert (point["OperatorType"], point["Variant"]) == ("Route", "EqualUnique")
            assert plan("select id from orders")["Variant"] == "Scatter"
            with pytest.raises(Fault, match="VT12001"):
                plan("replace into orders values (1, 2)")
            # A changed VSchema is gone by as soon as `put` returns.
            by_id = VTable(
                column_vindexes=(ColumnVindex(name="hash", column="id"),),
                columns=SHARDED.tables["orders"].columns,
                column_list_authoritative=True,
            )
            running.put(
                "shop_sharded", 4, VSchema(sharded=True, vindexes=SHARDED.vindexes, tables={"orders": by_id}), silent
            )
            assert plan("select id from orders where customer = :v1")["Variant"] == "Scatter"
        with pytest.raises(Fault, match="nosuch"):
            running.put("shop_sharded", 4, VSchema(sharded=True, vindexes={"x": Vindex(type="nosuch")}), silent)
        folder = running.folder
        assert pids_of(folder)
    assert pids_of(folder) == []
    assert not folder.exists()
