from pathlib import Path

import pytest

from seatrial.domain.address import Tls
from seatrial.facts.limits import limits, profiles
from seatrial.lab import daemons
from seatrial.lab.daemons import Daemon
from seatrial.lab.engine import Engine, MysqlPart, VitessPart
from seatrial.lab.state import Attached, Ports, State, Tablet

ENGINE = Engine(
    vitess=VitessPart(
        version="24.0.3",
        etcd_version="3.6.10",
        **{name: Path("/e") / name for name in ("vtctldclient", "vtctld", "vtgate", "vttablet", "mysqlctl", "etcd")},
    ),
    server=MysqlPart(version="9.7.4", root=Path("/m"), mysqld=Path("/m/bin/mysqld")),
)
FOLDER = Path("/labs/one")
SOURCE = Attached(
    user="mover",
    host="db.invalid",
    port=3307,
    socket=None,
    database="shop",
    tls=Tls.VERIFY_IDENTITY,
    has_ca=True,
    sidecar="_vt_one",
)
OWN = Tablet(uid=100, keyspace="one_sharded", shard="-80", http_port=20, grpc_port=21, mysql_port=22)
OTHER = Tablet(uid=101, keyspace="one_source", shard="0", http_port=23, grpc_port=24, attached=SOURCE)
STATE = State(
    name="one",
    prefix="one",
    limits="planetscale",
    ports=Ports(**{name: 10 + number for number, name in enumerate(Ports.__struct_fields__)}),
    buffer_requests=77,
    buffer_window_s=9,
    query_log=False,
    tablets=(OWN, OTHER),
)
LIMITS = limits("planetscale")
ALL = [
    daemons.etcd(ENGINE, FOLDER, 10, 11),
    daemons.vtctld(ENGINE, FOLDER, STATE),
    daemons.mysqld(ENGINE, FOLDER, OWN),
    daemons.vttablet(ENGINE, FOLDER, STATE, OWN, LIMITS),
    daemons.vttablet(ENGINE, FOLDER, STATE, OTHER, LIMITS),
    daemons.vtgate(ENGINE, FOLDER, STATE),
    daemons.confined_vtgate(ENGINE, FOLDER, STATE, (90, 91, 92), ("one__scratch_sharded", "one__scratch_unsharded")),
]


@pytest.mark.parametrize("daemon", ALL, ids=lambda daemon: daemon.name)
def test_every_daemon_is_known_again_by_one_argument_of_its_own(daemon: Daemon) -> None:
    assert daemons.markers(FOLDER, STATE.tablets)[daemon.marker] == daemon.name
    assert [other.name for other in ALL if daemon.marker in other.argv] == [daemon.name]


@pytest.mark.parametrize("daemon", [d for d in ALL if d.name[:2] == "vt"], ids=lambda daemon: daemon.name)
def test_vitess_listens_on_loopback_only(daemon: Daemon) -> None:
    assert "--bind-address=127.0.0.1" in daemon.argv
    assert "--grpc-bind-address=127.0.0.1" in daemon.argv
    if "--mysql-server-port" in " ".join(daemon.argv):
        assert "--mysql-server-bind-address=127.0.0.1" in daemon.argv


def test_the_added_my_cnf_listens_on_loopback_and_logs_no_statement() -> None:
    text = (Path(daemons.__file__).parent / "my.cnf").read_text()
    for line in ("bind-address = 127.0.0.1", "slow_query_log = 0", "general_log = 0", "mysqlx = 0"):
        assert line in text.splitlines()


def test_an_attached_tablet_is_unmanaged_verifies_tls_and_has_no_password_on_its_command_line() -> None:
    argv = daemons.vttablet(ENGINE, FOLDER, STATE, OTHER, LIMITS).argv
    assert "--unmanaged" in argv
    assert "--db-ssl-mode=verify_identity" in argv
    assert "--db-ssl-ca=/labs/one/run/vttablet-101.ca.pem" in argv
    assert "--db-credentials-file=/labs/one/run/vttablet-101.credentials.json" in argv
    assert not [word for word in argv if "password" in word]


def test_the_tablets_run_with_the_figures_of_the_limits_profile() -> None:
    argv = daemons.vttablet(ENGINE, FOLDER, STATE, OWN, LIMITS).argv
    assert "--queryserver-config-max-result-size=100000" in argv
    assert "--queryserver-config-transaction-timeout=20s" in argv


def test_a_query_log_is_kept_only_when_asked_for_and_then_redacted() -> None:
    argv = daemons.vtgate(ENGINE, FOLDER, STATE).argv
    assert not [word for word in argv if "log-queries-to-file" in word]
    assert "--redact-debug-ui-queries" in argv


def test_every_limits_profile_says_where_its_figures_are_from() -> None:
    for profile in profiles().values():
        assert profile.source and profile.checked_on.year >= 2026
