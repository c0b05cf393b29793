"""A lab's life: up (which also mends), down, destroy; and its keyspaces."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec

from seatrial.adapters.mysql.client import Connection, Login
from seatrial.adapters.process import GRACE_S, own_folder, run, stop, unprivileged, wait_ready
from seatrial.domain.event import Note, Progress, Tell, silent
from seatrial.domain.fault import Cancelled, Exit, Fault
from seatrial.domain.identifier import slug
from seatrial.domain.naming import SHARDED, UNSHARDED, Naming
from seatrial.domain.topology import UNSHARDED_RANGE, shard_names
from seatrial.facts.limits import limits as limits_profile
from seatrial.lab import daemons, ports
from seatrial.lab import state as stored
from seatrial.lab.engine import Engine, find
from seatrial.lab.lab import Lab, http_ok
from seatrial.lab.places import labs_folder
from seatrial.lab.state import CELL, Ports, State, Tablet, changing, choosing_ports, reserved_ports
from seatrial.lab.tablets import add_tablets, note_restart, serve_tablets

DAEMON_TIMEOUT_S = 60
DEFAULT_LIMITS = "vitess-default"


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a new lab should be. For a lab that exists, None means: as it is.

    `query_log` has vtgate write one JSON object a query, bind values redacted; but a statement that cannot be parsed
    or planned stands there as it came, with its literals. Off unless asked for.
    """

    name: str
    shards: int | None = None
    prefix: str | None = None
    limits: str | None = None
    buffer_requests: int | None = None
    buffer_window_s: int | None = None
    query_log: bool | None = None


def folder_of(name: str) -> Path:
    """The lab's folder; a name that is no plain word is a Fault."""
    if not name or not name.isascii() or not name.replace("-", "").replace("_", "").isalnum():
        raise Fault(
            "lab.name",
            f"{name!r} is no name for a lab",
            remedy="use letters, digits, - and _",
            exit=Exit.USAGE,
        )
    return labs_folder() / name


def open_lab(name: str, engine_dir: Path | None = None) -> Lab:
    """An existing lab, running or not; a Fault that lists the labs there are when there is none of the name."""
    folder = folder_of(name)
    return Lab(folder, stored.load(folder), find(engine_dir) if engine_dir else None)


def up(wish: Wish, tell: Tell, engine_dir: Path | None = None) -> Lab:
    """The lab, running: made if there was none, mended if something of it had died, left alone if all is well.

    What was started is stopped again when the user cancels; the same command then carries on.
    """
    folder = folder_of(wish.name)
    with changing(folder):
        lab = _opened(folder, engine_dir, wish)
        lab.adopt()
        note_restart(lab, tell)
        before = {name for name in lab.all_names if lab.process(name)}
        try:
            start_control(lab, tell)
            for keyspace, shards in _keyspaces(lab, wish).items():
                add_tablets(lab, keyspace, shards)
            create_keyspaces(lab, lab.state.keyspaces, tell)
            own = [tablet for tablet in lab.state.tablets if tablet.attached is None]
            serve_tablets(lab, own, tell)
            start_vtgate(lab, own, tell)
            # Last, because it depends on a server that is not ours.
            serve_tablets(lab, [tablet for tablet in lab.state.tablets if tablet.attached], tell)
        except (Cancelled, KeyboardInterrupt):
            lab.adopt()
            lab.stop([name for name in reversed(lab.all_names) if name not in before], silent)
            raise
    return lab


def _opened(folder: Path, engine_dir: Path | None, wish: Wish) -> Lab:
    if (folder / stored.STATE_FILE).exists():
        lab = Lab(folder, stored.load(folder), find(engine_dir) if engine_dir else None)
        _change_wishes(lab, wish)
    else:
        lab = _made(folder, engine_dir, wish)
    lab.make_folders()
    return lab


def _made(folder: Path, engine_dir: Path | None, wish: Wish) -> Lab:
    engine = find(engine_dir)
    limits = wish.limits or DEFAULT_LIMITS
    shard_names(wish.shards or 2)  # refuses what cannot be had, before anything is on disk
    limits_profile(limits)
    _make_parents(folder)
    with choosing_ports():
        free = ports.choose(len(Ports.__struct_fields__), reserved_ports())
        state = State(
            name=wish.name,
            prefix=slug(wish.prefix or wish.name),
            limits=limits,
            ports=Ports(**dict(zip(Ports.__struct_fields__, free, strict=True))),
            buffer_requests=wish.buffer_requests or 1000,
            buffer_window_s=wish.buffer_window_s or 10,
            query_log=bool(wish.query_log),
            engine_dir=str(engine_dir.expanduser().absolute()) if engine_dir else None,
        )
        lab = Lab(folder, state, engine)
        lab.make_folders()
        stored.save(folder, state)
    return lab


def _change_wishes(lab: Lab, wish: Wish) -> None:
    """What an existing lab is asked to be: some of it can be had by a restart, some of it not."""
    state = lab.state
    if wish.prefix is not None and slug(wish.prefix) != state.prefix:
        raise Fault(
            "lab.other-prefix",
            f"lab {lab.name!r} has keyspaces with the prefix {state.prefix!r}, not {wish.prefix!r}",
            remedy="leave --prefix out, or take another name for the lab",
            exit=Exit.USAGE,
        )
    asked = {
        key: value
        for key in ("limits", "buffer_requests", "buffer_window_s", "query_log")
        if (value := getattr(wish, key)) is not None and value != getattr(state, key)
    }
    if not asked:
        return
    if "limits" in asked:
        limits_profile(asked["limits"])
        lab.stop([tablet.vttablet for tablet in state.tablets], silent)
    if asked.keys() - {"limits"}:
        lab.stop(["vtgate"], silent)
    lab.change(**asked)


def _keyspaces(lab: Lab, wish: Wish) -> dict[str, Sequence[str]]:
    """The two keyspaces of every lab, with their shards."""
    naming = Naming(lab.state.prefix)
    known = len(lab.state.tablets_of(naming.keyspace(SHARDED)))
    return {
        naming.keyspace(SHARDED): shard_names(wish.shards or known or 2),
        naming.keyspace(UNSHARDED): (UNSHARDED_RANGE,),
    }


def _make_parents(folder: Path) -> None:
    # Root's labs are entered by `nobody`, so the folders above must let everybody through.
    for parent in (folder.parent.parent, folder.parent):
        if not parent.exists():
            own_folder(parent, None, 0o755)
    if (account := unprivileged()) is None:
        return
    probe = run(["test", "-x", folder.parent], tell=silent, timeout_s=10, account=account)
    if not probe.ok:
        raise Fault(
            "lab.folder-closed",
            f"we run as root and MySQL as {account.name}, who may not enter {folder.parent}",
            remedy="set SEATRIAL_HOME to a folder everybody may enter, such as /var/lib/seatrial",
        )


def start_control(lab: Lab, tell: Tell) -> None:
    """etcd, the cell, vtctld."""
    state = lab.state
    tell(Progress(phase="starting etcd and vtctld"))
    etcd = lab.start(daemons.etcd(lab.engine, lab.folder, state.ports.etcd, state.ports.etcd_peer), tell)
    wait_ready(
        "etcd",
        lambda: http_ok(state.ports.etcd, "/health"),
        process=etcd,
        log=lab.log("etcd"),
        timeout_s=DAEMON_TIMEOUT_S,
        tell=tell,
    )
    add_cell(lab.engine, state.ports.etcd, tell)
    vtctld = lab.start(daemons.vtctld(lab.engine, lab.folder, state), tell)
    wait_ready(
        "vtctld",
        lambda: ports.answers(state.ports.vtctld_grpc),
        process=vtctld,
        log=lab.log("vtctld"),
        timeout_s=DAEMON_TIMEOUT_S,
        tell=tell,
    )


def add_cell(engine: Engine, etcd_port: int, tell: Tell) -> None:
    """Make the one cell known to the topology, unless it is."""
    internal: list[str | Path] = [engine.vtctldclient, "--server=internal", *daemons.topology_flags(etcd_port)]
    if CELL in run([*internal, "GetCellInfoNames"], tell=tell, timeout_s=30).stdout.split():
        return
    address = f"{ports.HOST}:{etcd_port}"
    words = ["AddCellInfo", "--root", daemons.CELL_ROOT, "--server-address", address, CELL]
    done = run([*internal, *words], tell=tell, timeout_s=30)
    if not done.ok:
        raise Fault("lab.cell", f"the cell could not be added: {done.stderr.strip()[-300:]}", remedy="run it again")


def create_keyspaces(lab: Lab, keyspaces: Sequence[str], tell: Tell) -> None:
    known = {entry["name"] for entry in lab.vtctl.json("GetKeyspaces", tell=tell) or []}
    for keyspace in keyspaces:
        if keyspace not in known:
            sidecar = next((t.attached.sidecar for t in lab.state.tablets_of(keyspace) if t.attached), None)
            words = ["--sidecar-db-name", sidecar] if sidecar else []
            lab.vtctl.text("CreateKeyspace", "--durability-policy", "none", *words, keyspace, tell=tell)


def start_vtgate(lab: Lab, tablets: Sequence[Tablet], tell: Tell) -> None:
    tell(Progress(phase="starting vtgate"))
    process = lab.start(daemons.vtgate(lab.engine, lab.folder, lab.state), tell)
    wait_ready(
        "vtgate",
        lambda: _routes(lab, tablets),
        process=process,
        log=lab.log("vtgate"),
        timeout_s=DAEMON_TIMEOUT_S,
        tell=tell,
    )


def _routes(lab: Lab, tablets: Sequence[Tablet]) -> bool:
    """Whether vtgate knows a serving primary for the shard of every one of the tablets."""
    host, port = lab.vtgate
    try:
        with Connection(Login(user="lab", host=host, port=port), read_timeout_s=5) as connection:
            rows = connection.dicts("show vitess_tablets")
    except Fault:
        return False
    serving = {
        (row["keyspace"], row["shard"]) for row in rows if row["tablettype"] == "PRIMARY" and row["state"] == "SERVING"
    }
    return serving >= {(tablet.keyspace, tablet.shard) for tablet in tablets}


def ensure_keyspace(lab: Lab, keyspace: str, shards: int | Sequence[str], tell: Tell) -> None:
    """Make the keyspace exist with a serving primary in every shard, known to vtgate; what is there is kept.

    `shards` are their names, or how many: 1 is the one shard `0`, more (a power of two) are equal key ranges.
    """
    if isinstance(shards, int):
        shards = (UNSHARDED_RANGE,) if shards == 1 else shard_names(shards)
    with changing(lab.folder):
        lab.reload()
        start_control(lab, tell)
        tablets = add_tablets(lab, keyspace, shards)
        create_keyspaces(lab, [keyspace], tell)
        serve_tablets(lab, tablets, tell)
        start_vtgate(lab, tablets, tell)


def remove_keyspace(lab: Lab, keyspace: str, tell: Tell) -> None:
    """Stop the keyspace's tablets, take it out of the topology, delete its data. Removing nothing is no fault."""
    with changing(lab.folder):
        lab.reload()
        start_control(lab, tell)
        drop_tablets(lab, keyspace, tell)


def drop_tablets(lab: Lab, keyspace: str, tell: Tell) -> None:
    """The same, for callers that hold the lab's lock already; vtctld must run."""
    tablets = lab.state.tablets_of(keyspace)
    lab.stop([tablet.vttablet for tablet in tablets], tell)
    lab.stop([tablet.mysqld for tablet in tablets], tell, grace_s=0)
    known = {entry["name"] for entry in lab.vtctl.json("GetKeyspaces", tell=tell) or []}
    if keyspace in known:
        lab.vtctl.text("DeleteKeyspace", "--recursive", "--force", keyspace, tell=tell)
        lab.vtctl.text("RebuildVSchemaGraph", tell=tell)
    for tablet in tablets:
        shutil.rmtree(lab.folder / tablet.folder_name, ignore_errors=True)
        for left in (lab.folder / "run").glob(f"{tablet.vttablet}.*"):  # the credentials, the CA, the pid
            left.unlink()
    lab.change(tablets=tuple(tablet for tablet in lab.state.tablets if tablet.keyspace != keyspace))


def down(name: str, tell: Tell) -> None:
    """Stop every process of the lab; its data stays. No engine is needed for it."""
    folder = folder_of(name)
    stored.load(folder)
    with changing(folder):
        _stop_all(folder, tell)


def _stop_all(folder: Path, tell: Tell, grace_s: float = GRACE_S) -> None:
    lab = Lab(folder, stored.load(folder))
    lab.adopt()
    names = lab.all_names
    tablets = [name for name in names if name.startswith("vttablet")]
    servers = [name for name in names if name.startswith("mysqld")]
    # Users of a server go before it, so that none of them waits for one that is gone.
    tell(Progress(phase="stopping vtgate and tablets"))
    lab.stop(["vtgate", *tablets], tell)
    tell(Progress(phase="stopping MySQL"))
    lab.stop(servers, tell, grace_s)
    lab.stop(["vtctld", "etcd"], tell, grace_s)
    stop(list(lab.state.processes.values()), tell)
    lab.change(processes={})


def destroy(name: str, tell: Tell) -> int:
    """Stop the lab and delete all its files; returns how many bytes that was."""
    folder = folder_of(name)
    stored.load(folder)
    with changing(folder):
        _stop_all(folder, tell, grace_s=0)
        size = sum(file.stat().st_blocks * 512 for file in folder.rglob("*") if file.is_file())
        for entry in folder.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)
            elif entry.name != stored.STATE_FILE:
                entry.unlink()
        (folder / stored.STATE_FILE).unlink()  # last, so that an interrupted destroy can be run again
        folder.rmdir()
        (folder.parent / f".{folder.name}.lock").unlink(missing_ok=True)
    tell(Note(text=f"removed {folder}"))
    return size
