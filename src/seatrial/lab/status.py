"""How the processes of a lab are."""

from collections.abc import Callable
from functools import partial

from msgspec import Struct

from seatrial.adapters.mysql.client import Login
from seatrial.lab import ports
from seatrial.lab.lab import Lab, http_ok, mysql_answers
from seatrial.lab.tablets import is_serving, mysqld_answers


class Health(Struct, frozen=True, kw_only=True):
    """One process. `alive`: it runs; `serving`: it does its work; `of` is the shard it is for."""

    name: str
    kind: str
    of: str = ""
    pid: int | None
    ports: tuple[int, ...]
    alive: bool
    serving: bool


class Status(Struct, frozen=True, kw_only=True):
    """A lab as it is now. `whole` says that everything serves."""

    name: str
    whole: bool
    running: int
    vtgate: str
    vtctld: str
    folder: str
    limits: str
    keyspaces: dict[str, tuple[str, ...]]
    processes: tuple[Health, ...]


def look(lab: Lab) -> Status:
    """Look at every process of the lab; changes nothing."""
    state = lab.state
    own = state.ports
    host, port = lab.vtgate
    healths = [
        _health(lab, "etcd", (own.etcd, own.etcd_peer), lambda: http_ok(own.etcd, "/health")),
        _health(lab, "vtctld", (own.vtctld, own.vtctld_grpc), lambda: ports.answers(own.vtctld_grpc)),
    ]
    for tablet in state.tablets:
        shard = f"{tablet.keyspace}/{tablet.shard}"
        if tablet.attached is None:
            healths.append(
                _health(lab, tablet.mysqld, (tablet.mysql_port,), partial(mysqld_answers, lab, tablet), shard)
            )
        tablet_ports = (tablet.http_port, tablet.grpc_port)
        healths.append(_health(lab, tablet.vttablet, tablet_ports, partial(is_serving, tablet), shard))
    login = Login(user="lab", host=host, port=port)
    gate_ports = (own.vtgate, own.vtgate_grpc, own.vtgate_mysql)
    healths.append(_health(lab, "vtgate", gate_ports, lambda: mysql_answers(login)))
    return Status(
        name=state.name,
        whole=all(health.serving for health in healths),
        running=sum(health.alive for health in healths),
        vtgate=f"{host}:{port}",
        vtctld=lab.vtctld_address,
        folder=str(lab.folder),
        limits=state.limits,
        keyspaces={name: tuple(tablet.shard for tablet in state.tablets_of(name)) for name in state.keyspaces},
        processes=tuple(healths),
    )


def _health(lab: Lab, name: str, own: tuple[int, ...], serving: Callable[[], bool], of: str = "") -> Health:
    process = lab.process(name)
    return Health(
        name=name,
        kind=name.partition("-")[0],
        of=of,
        pid=process.pid if process else None,
        ports=own,
        alive=process is not None,
        serving=process is not None and serving(),
    )
