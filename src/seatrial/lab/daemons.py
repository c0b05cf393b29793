"""The command lines of a lab's daemons. Each holds one argument that is its alone, by which it is known again."""

from collections.abc import Collection, Sequence
from pathlib import Path

from msgspec import Struct

from seatrial.domain.address import Tls
from seatrial.facts.limits import Limits
from seatrial.lab.engine import Engine
from seatrial.lab.ports import HOST
from seatrial.lab.state import Attached, State, Tablet

GLOBAL_ROOT = "/vitess/global"
CELL_ROOT = "/vitess/zone1"

_SSL_MODE = {
    Tls.DISABLED: "disabled",
    Tls.REQUIRED: "required",
    Tls.VERIFY_CA: "verify_ca",
    Tls.VERIFY_IDENTITY: "verify_identity",
}


class Daemon(Struct, frozen=True, kw_only=True):
    """How to start one process. `marker` is the argument no other process on the machine has."""

    name: str
    argv: tuple[str, ...]
    ports: tuple[int, ...]
    marker: str


CONFINED = "vtgate-confined"
"""A replay's own vtgate: there only while one runs, or when one was killed."""


def markers(folder: Path, tablets: Sequence[Tablet]) -> dict[str, str]:
    """The marker of every process a lab may have, to the process's name."""
    found = {_etcd_marker(folder): "etcd"}
    found |= {pid_file(folder, name): name for name in ("vtctld", "vtgate", CONFINED)}
    for tablet in tablets:
        found[_mysqld_marker(folder, tablet)] = tablet.mysqld
        found[pid_file(folder, tablet.vttablet)] = tablet.vttablet
    return found


def _etcd_marker(folder: Path) -> str:
    return f"--data-dir={folder / 'etcd'}"


def _mysqld_marker(folder: Path, tablet: Tablet) -> str:
    return f"--defaults-file={folder / tablet.folder_name / 'my.cnf'}"


def etcd(engine: Engine, folder: Path, client: int, peer: int) -> Daemon:
    marker = _etcd_marker(folder)
    argv = (
        str(engine.etcd),
        "--name=lab",
        marker,
        f"--listen-client-urls=http://{HOST}:{client}",
        f"--advertise-client-urls=http://{HOST}:{client}",
        f"--listen-peer-urls=http://{HOST}:{peer}",
        f"--initial-advertise-peer-urls=http://{HOST}:{peer}",
        f"--initial-cluster=lab=http://{HOST}:{peer}",
        "--auto-compaction-retention=1",
        "--log-level=warn",
    )
    return Daemon(name="etcd", argv=argv, ports=(client, peer), marker=marker)


def topology_flags(etcd_client: int) -> tuple[str, ...]:
    return (
        "--topo-implementation=etcd2",
        f"--topo-global-server-address={HOST}:{etcd_client}",
        f"--topo-global-root={GLOBAL_ROOT}",
    )


def _serving(http: int, grpc: int) -> tuple[str, ...]:
    return (f"--bind-address={HOST}", f"--port={http}", f"--grpc-bind-address={HOST}", f"--grpc-port={grpc}")


def pid_file(folder: Path, name: str) -> str:
    return f"--pid-file={folder / 'run' / name}.pid"


def vtctld(engine: Engine, folder: Path, state: State) -> Daemon:
    ports = state.ports
    marker = pid_file(folder, "vtctld")
    argv = (
        str(engine.vtctld),
        *topology_flags(ports.etcd),
        "--cell=zone1",
        "--service-map=grpc-vtctl,grpc-vtctld",
        *_serving(ports.vtctld, ports.vtctld_grpc),
        "--vtctld-sanitize-log-messages",
        marker,
    )
    return Daemon(name="vtctld", argv=argv, ports=(ports.vtctld, ports.vtctld_grpc), marker=marker)


def vtgate(engine: Engine, folder: Path, state: State) -> Daemon:
    ports = state.ports
    marker = pid_file(folder, "vtgate")
    argv = (
        str(engine.vtgate),
        *topology_flags(ports.etcd),
        "--cell=zone1",
        "--cells-to-watch=zone1",
        "--tablet-types-to-wait=PRIMARY",
        "--tablet-refresh-interval=1s",
        "--gateway-initial-tablet-timeout=10s",
        *_serving(ports.vtgate, ports.vtgate_grpc),
        "--service-map=grpc-vtgateservice",
        f"--mysql-server-bind-address={HOST}",
        f"--mysql-server-port={ports.vtgate_mysql}",
        "--mysql-auth-server-impl=none",
        "--enable-buffer",
        f"--buffer-size={state.buffer_requests}",
        f"--buffer-window={state.buffer_window_s}s",
        f"--buffer-max-failover-duration={max(20, state.buffer_window_s)}s",
        "--buffer-min-time-between-failovers=5s",
        "--schema-change-signal",
        "--vtgate-config-terse-errors",
        "--redact-debug-ui-queries",
        # Bind values are redacted by the flag above, in this log too. But a statement that cannot be parsed or planned
        # is logged as it came, literals and all: so nothing of it goes to a file unless asked for.
        "--querylog-format=json",
        "--querylog-buffer-size=10000",
        *((f"--log-queries-to-file={query_log(folder)}",) if state.query_log else ()),
        marker,
    )
    return Daemon(name="vtgate", argv=argv, ports=(ports.vtgate, ports.vtgate_grpc, ports.vtgate_mysql), marker=marker)


def planning_vtgate(engine: Engine, folder: Path, etcd_client: int, own: tuple[int, int, int]) -> Daemon:
    """A vtgate that only plans: it waits for no tablet and tracks no schema. `own` is its HTTP, gRPC, MySQL port."""
    http, grpc, mysql = own
    marker = pid_file(folder, "vtgate")
    argv = (
        str(engine.vtgate),
        *topology_flags(etcd_client),
        "--cell=zone1",
        "--cells-to-watch=zone1",
        "--tablet-types-to-wait=PRIMARY",
        "--gateway-initial-tablet-timeout=1ms",
        *_serving(http, grpc),
        f"--mysql-server-bind-address={HOST}",
        f"--mysql-server-port={mysql}",
        "--mysql-auth-server-impl=none",
        "--schema-change-signal=false",
        "--vtgate-config-terse-errors",
        "--redact-debug-ui-queries",
        "--log-level=error",
        marker,
    )
    return Daemon(name="vtgate", argv=argv, ports=own, marker=marker)


def confined_vtgate(
    engine: Engine, folder: Path, state: State, own: tuple[int, int, int], keyspaces: Collection[str]
) -> Daemon:
    """A vtgate beside the lab's own that knows these keyspaces alone. `own` is its HTTP, gRPC, MySQL port."""
    http, grpc, mysql = own
    marker = pid_file(folder, CONFINED)
    argv = (
        str(engine.vtgate),
        *topology_flags(state.ports.etcd),
        "--cell=zone1",
        "--cells-to-watch=zone1",
        f"--keyspaces-to-watch={','.join(sorted(keyspaces))}",
        "--tablet-types-to-wait=PRIMARY",
        "--gateway-initial-tablet-timeout=10s",
        *_serving(http, grpc),
        f"--mysql-server-bind-address={HOST}",
        f"--mysql-server-port={mysql}",
        "--mysql-auth-server-impl=none",
        "--schema-change-signal",
        "--vtgate-config-terse-errors",
        "--redact-debug-ui-queries",
        "--querylog-format=json",
        "--querylog-buffer-size=10000",
        marker,
    )
    return Daemon(name=CONFINED, argv=argv, ports=own, marker=marker)


def query_log(folder: Path) -> Path:
    return folder / "log" / "vtgate-queries.jsonl"


def mysqld(engine: Engine, folder: Path, tablet: Tablet) -> Daemon:
    marker = _mysqld_marker(folder, tablet)
    argv = (str(engine.mysqld), marker, f"--basedir={engine.mysql_root}")
    return Daemon(name=tablet.mysqld, argv=argv, ports=(tablet.mysql_port,), marker=marker)


def vttablet(engine: Engine, folder: Path, state: State, tablet: Tablet, limits: Limits) -> Daemon:
    marker = pid_file(folder, tablet.vttablet)
    argv = (
        str(engine.vttablet),
        *topology_flags(state.ports.etcd),
        f"--tablet-path={tablet.alias}",
        f"--tablet-hostname={HOST}",
        f"--init-keyspace={tablet.keyspace}",
        f"--init-shard={tablet.shard}",
        "--init-tablet-type=replica",
        "--service-map=grpc-queryservice,grpc-tabletmanager,grpc-updatestream",
        *_serving(tablet.http_port, tablet.grpc_port),
        "--health-check-interval=5s",
        "--sanitize-log-messages",
        "--redact-debug-ui-queries",
        "--log-level=warn",  # at info it logs the server's error messages, which quote values of rows
        "--shutdown-grace-period=1s",
        "--onterm-timeout=2s",
        *limit_flags(limits),
        *(_attached_flags(folder, tablet, tablet.attached) if tablet.attached else ("--restore-from-backup=false",)),
        marker,
    )
    return Daemon(name=tablet.vttablet, argv=argv, ports=(tablet.http_port, tablet.grpc_port), marker=marker)


def limit_flags(limits: Limits) -> tuple[str, ...]:
    """A limits profile as vttablet understands it (it knows no limit on a result's bytes)."""
    flags = [
        f"--queryserver-config-max-result-size={limits.max_rows}",
        f"--queryserver-config-query-timeout={limits.query_timeout_s}s",
        f"--queryserver-config-transaction-timeout={limits.transaction_timeout_s}s",
    ]
    if limits.transaction_pool is not None:
        flags.append(f"--queryserver-config-transaction-cap={limits.transaction_pool}")
    return tuple(flags)


def credentials_file(folder: Path, tablet: Tablet) -> Path:
    return folder / "run" / f"{tablet.vttablet}.credentials.json"


def ca_file(folder: Path, tablet: Tablet) -> Path:
    return folder / "run" / f"{tablet.vttablet}.ca.pem"


def _attached_flags(folder: Path, tablet: Tablet, source: Attached) -> tuple[str, ...]:
    roles = ("app", "appdebug", "allprivs", "dba", "filtered", "repl")
    where = (
        (f"--db-socket={source.socket}",) if source.socket else (f"--db-host={source.host}", f"--db-port={source.port}")
    )
    authority = (f"--db-ssl-ca={ca_file(folder, tablet)}",) if source.has_ca else ()
    return (
        "--unmanaged",
        *where,
        f"--db-ssl-mode={_SSL_MODE[source.tls]}",
        *authority,
        *(f"--db-{role}-user={source.user}" for role in roles),
        f"--init-db-name-override={source.database}",
        f"--db-credentials-file={credentials_file(folder, tablet)}",
    )
