"""The sample on a real MySQL: up, filled, traded with, and gone without a trace."""

import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pymysql
import pytest

from seatrial.adapters.mysql.client import Connection
from seatrial.adapters.process import Identity
from seatrial.domain.event import Event, silent
from seatrial.domain.fault import Cancelled, Fault
from seatrial.lab import engine
from seatrial.lab.places import engine_folder
from seatrial.sample import slow_log, truth
from seatrial.sample.kinds import KINDS
from seatrial.sample.load import load
from seatrial.sample.server import Sample
from seatrial.sample.traffic import Order, Traffic, run
from seatrial.sample.truth import Outcome

pytestmark = pytest.mark.engine

SCALE = 0.05


@pytest.fixture(scope="module")
def mysql_root() -> Path:
    found = engine.find_mysql(engine_folder())
    if found is None:
        pytest.skip("no MySQL: run seatrial lab install")
    return found.root


@pytest.fixture(scope="module")
def sample(mysql_root: Path) -> Iterator[Sample]:
    # Not in pytest's own folder: that is for us alone, and MySQL runs as `nobody` when we are root.
    with tempfile.TemporaryDirectory(prefix="seatrial-e2e-") as home, pytest.MonkeyPatch.context() as patch:
        Path(home).chmod(0o755)
        patch.setenv("SEATRIAL_HOME", home)
        made = Sample("e2e")
        try:
            made.up(mysql_root, silent)
            load(made.login("root"), scale=SCALE, tell=silent)
            yield made
        finally:
            made.down(silent)
        assert list(Path(home).rglob("*")) == [Path(home, "samples")]


def tokens(sample: Sample, told: truth.Truth) -> list[str]:
    assert told.began is not None
    with Connection(sample.login("app")) as connection:
        return list(truth.tokens(connection, told.began.run))


def test_the_server_is_fit_to_be_moved_and_listens_here_only(sample: Sample) -> None:
    with Connection(sample.login("root")) as connection:
        found = connection.dicts(
            "SELECT @@version AS version, @@gtid_mode AS gtid, @@binlog_format AS format, @@log_bin AS log_bin,"
            " @@binlog_row_image AS image, @@bind_address AS address, @@enforce_gtid_consistency AS consistent,"
            " @@binlog_expire_logs_seconds AS kept_s, @@server_id AS number, @@local_infile AS local_load"
        )[0]
        accounts = {
            user for (user,) in connection.query("SELECT user FROM mysql.user WHERE authentication_string = ''")
        }
    assert found.pop("version").startswith("9.")
    assert found.pop("number") > 0
    assert found == {
        "gtid": "ON",
        "format": "ROW",
        "log_bin": 1,
        "image": "FULL",
        "address": "127.0.0.1",
        "consistent": "ON",
        "kept_s": 604_800,
        "local_load": 0,
    }
    assert accounts == set()


def test_passwords_are_for_the_owner_only(sample: Sample) -> None:
    for user in ("root", "app"):
        assert (sample.folder / f"{user}.cnf").stat().st_mode & 0o077 == 0
    password = sample.login("root").password
    assert password is not None
    shown = str(sample.status()) + "".join(Path(f"/proc/{sample.status().pid}/cmdline").read_text())
    assert password.reveal() not in shown
    assert not list((sample.folder / "data").glob("first-words*"))


def test_the_application_may_do_nothing_but_trade(sample: Sample) -> None:
    with Connection(sample.login("app")) as connection:
        grants = [grant for (grant,) in connection.query("SHOW GRANTS")]
        assert len(grants) == 2
        assert "GRANT SELECT, INSERT, UPDATE, DELETE ON `shop`.*" in grants[1]


def test_up_again_changes_nothing_and_mends_a_killed_server(sample: Sample, mysql_root: Path) -> None:
    before = sample.status()
    assert sample.up(mysql_root, silent) == before
    state = sample.state()
    assert state is not None
    assert state.process is not None
    state.process.send(signal.SIGKILL)
    after = sample.up(mysql_root, silent)
    assert after.port == before.port
    assert after.pid != before.pid
    with Connection(sample.login("app")) as connection:
        assert connection.query("SELECT COUNT(*) > 0 FROM orders") == [(1,)]


def test_rows_came_in_whole(sample: Sample) -> None:
    with Connection(sample.login("app")) as connection:
        ((orders, lines, tokens_),) = connection.query(
            "SELECT (SELECT COUNT(*) FROM orders), (SELECT COUNT(DISTINCT order_id) FROM order_lines),"
            " (SELECT COUNT(*) FROM request_log)"
        )
        scripts = connection.query(
            "SELECT SUM(family_name LIKE '示例%'), SUM(family_name LIKE 'مثال%'), SUM(given_name = 'Jürgen')"
            " FROM customers"
        )
        differing = connection.query(
            "SELECT COUNT(*) FROM orders o WHERE total <>"
            " (SELECT SUM(amount) FROM order_lines l WHERE l.shop_id = o.shop_id AND l.order_id = o.id)"
        )
    assert orders == lines == tokens_ > 1000
    assert all(count > 0 for count in scripts[0])
    assert differing == [(0,)]


def test_load_refuses_what_is_not_empty_and_replaces_what_was_interrupted(sample: Sample) -> None:
    root = sample.login("root")
    with pytest.raises(Fault) as caught:
        load(root, scale=SCALE, tell=silent)
    assert caught.value.code == "sample.not-empty"

    def interrupt(event: Event) -> None:
        if getattr(event, "done", 0):
            raise Cancelled

    with pytest.raises(Cancelled):
        load(root, scale=SCALE, tell=interrupt, replace=True)
    loaded = load(root, scale=SCALE, tell=silent)
    assert loaded.rows > 10_000


def test_every_transaction_is_in_the_database_as_the_application_was_told(sample: Sample, tmp_path: Path) -> None:
    order = Order(login=sample.login("app"), rate_per_s=50, seed=3)
    traffic = Traffic.start(order, tmp_path / "truth.jsonl")
    time.sleep(5)
    assert traffic.running
    began = time.monotonic()
    summary = traffic.stop()
    assert time.monotonic() - began < 4
    assert not traffic.running

    told = traffic.truth()
    check = truth.check(tokens(sample, told), told.transactions)
    assert check.clean
    assert check.unrecorded == ()
    assert check.committed > 50
    assert summary.total.failed == summary.total.unknown == 0
    assert summary.total.count == pytest.approx(50 * summary.seconds, rel=0.3)
    assert {Outcome.COMMITTED, Outcome.ROLLED_BACK} >= {t.outcome for t in told.transactions}
    assert len(summary.kinds) > 8
    times = [t for t in told.transactions if t.ended_us - t.started_us < t.latency_us - 50_000]
    assert times == []  # both clocks agree


def logged(log: Path) -> dict[int, list[tuple[int, str]]]:
    """A slow log's transactions by connection, read without any of our parsers: how many statements, how it ended."""
    found: dict[int, list[tuple[int, str]]] = defaultdict(list)
    under_way: dict[int, int] = {}
    for event in log.read_text().split("\n# Time: ")[1:]:
        number = re.search(r"Thread_id: (\d+)", event)
        assert number, event
        connection, said = int(number[1]), re.split(r"(?m)^SET timestamp=\d+;\n", event)[1]
        verb = said.split()[0].rstrip(";")
        if verb in ("#", "SET"):
            continue
        if verb == "BEGIN" or connection in under_way:
            under_way[connection] = under_way.get(connection, 0) + 1
            if verb in ("COMMIT", "ROLLBACK"):
                found[connection].append((under_way.pop(connection), verb))
        else:
            found[connection].append((1, "alone"))
    return found


def test_the_slow_log_holds_every_statement_of_the_truth_and_is_taken_back(sample: Sample, tmp_path: Path) -> None:
    before = slow_log.status(sample).settings
    first = slow_log.start(sample, "first.log", silent)
    order = Order(login=sample.login("app"), rate_per_s=80, seconds=4, seed=92, awkward=True)
    told = tmp_path / "truth.jsonl"
    run(order, silent, told)
    second = slow_log.start(sample, "second.log", silent)
    size = first.stat().st_size
    with Connection(sample.login("app")) as connection:
        connection.query("SELECT COUNT(*) FROM gift_cards")
    found = slow_log.status(sample)
    assert (found.on, found.every_statement, found.path) == (True, True, str(second))
    off = slow_log.stop(sample, silent)
    assert not off.on
    assert off.settings == before
    assert first.stat().st_size == size  # the log went on in the second file
    assert "FROM gift_cards" in second.read_text()

    transactions = truth.read(told).transactions
    assert {"transfer", "move-customer", "stocktaking"} <= {t.kind for t in transactions}
    wanted: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for t in transactions:
        ended = "COMMIT" if t.outcome is Outcome.COMMITTED else "ROLLBACK"
        wanted[t.connection] += [(1, "alone")] * t.reads_before
        wanted[t.connection] += [(t.statements, ended)] if t.statements else []
        wanted[t.connection] += [(1, "alone")] * t.reads_after
    seen = logged(first)
    assert {connection: seen[connection] for connection in wanted} == wanted


@pytest.mark.parametrize("name", ["ibdata1", "error.log", "../other.log", "binlog.000001"])
def test_no_other_file_of_the_server_is_taken_for_a_log(sample: Sample, name: str) -> None:
    with pytest.raises(Fault) as caught:
        slow_log.start(sample, name, silent)
    assert caught.value.code == "sample.log-name"
    assert not slow_log.status(sample).on


def test_what_sharded_servers_mind_runs_on_one_server(sample: Sample, tmp_path: Path) -> None:
    told = tmp_path / "truth.jsonl"
    run(Order(login=sample.login("app"), rate_per_s=200, seconds=2, seed=92, awkward=True), silent, told)  # all in 166
    found = truth.read(told)
    assert {t.kind for t in found.transactions} == {kind.name for kind in KINDS}
    assert {t.outcome for t in found.transactions} <= {Outcome.COMMITTED, Outcome.ROLLED_BACK}
    assert truth.check(tokens(sample, found), found.transactions).clean


def test_errors_do_not_end_the_traffic_and_are_told(sample: Sample, mysql_root: Path, tmp_path: Path) -> None:
    order = Order(login=sample.login("app"), rate_per_s=60, seed=4)
    traffic = Traffic.start(order, tmp_path / "truth.jsonl")
    state = sample.state()
    assert state is not None
    assert state.process is not None
    time.sleep(1)
    state.process.send(signal.SIGKILL)
    time.sleep(0.5)
    sample.up(mysql_root, silent)
    time.sleep(1.5)
    summary = traffic.stop()
    told = traffic.truth()
    check = truth.check(tokens(sample, told), told.transactions)
    assert check.clean
    assert summary.total.failed > 0
    assert summary.longest_gap_ms > 300
    assert any(error.number == 2003 and error.statement == "connect" for error in summary.errors)
    assert told.transactions[-1].outcome in (Outcome.COMMITTED, Outcome.ROLLED_BACK)


def test_the_command_prints_its_summary_as_json_when_it_is_stopped(sample: Sample) -> None:
    command = [sys.executable, "-m", "seatrial.cli.main", "sample", "traffic", "--via", "sample:e2e", "--json"]
    child = subprocess.Popen([*command, "--rate", "40"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(3)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=10)
    assert child.returncode == 0, err
    assert msgspec.json.decode(out, type=truth.Summary).total.committed > 10


def test_down_leaves_nothing(mysql_root: Path, sample: Sample) -> None:
    gone = Sample("gone")
    status = gone.up(mysql_root, silent)
    state = gone.state()
    assert state is not None
    server = state.process
    assert isinstance(server, Identity)
    gone.down(silent, keep_data=True)
    assert not server.alive
    with pytest.raises(Fault) as caught:
        gone.login("app")
    assert caught.value.code == "sample.down"
    assert gone.up(mysql_root, silent).port == status.port
    gone.down(silent)
    assert not gone.folder.exists()
    with pytest.raises(pymysql.OperationalError):
        pymysql.connect(host="127.0.0.1", port=status.port, user="app")
    gone.down(silent)  # nothing to do is no fault
