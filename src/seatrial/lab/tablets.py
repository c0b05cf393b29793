"""A lab's tablets: their MySQL, their vttablet, and a primary for every shard."""

import shutil
import time
from collections.abc import Sequence

from seatrial.adapters.mysql.client import Login
from seatrial.adapters.process import last_words, run, wait_ready
from seatrial.domain.event import Note, Progress, Tell, rest
from seatrial.domain.fault import Fault
from seatrial.facts.limits import limits
from seatrial.lab import daemons, ports
from seatrial.lab.lab import Lab, http_ok, mysql_answers
from seatrial.lab.progress import side_by_side
from seatrial.lab.state import Tablet, choosing_ports, reserved_ports

MYSQL_TIMEOUT_S = 120
TABLET_TIMEOUT_S = 60
SOCKET_LONGEST = 100  # Linux takes 107 bytes, and MySQL appends to the name for its lock file
AT_ONCE = 4


def add_tablets(lab: Lab, keyspace: str, shards: Sequence[str]) -> list[Tablet]:
    """The keyspace's tablets, one a shard; those that are missing are put into the state, with ports of their own."""
    known = {tablet.shard: tablet for tablet in lab.state.tablets_of(keyspace)}
    if known and set(known) != set(shards):
        raise Fault(
            "lab.other-shards",
            f"keyspace {keyspace} of lab {lab.name!r} has the shards {', '.join(known)}, not {', '.join(shards)}",
            remedy="ask for as many as it has, or destroy the lab and make it again",
        )
    missing = [shard for shard in shards if shard not in known]
    with choosing_ports():
        free = iter(ports.choose(3 * len(missing), reserved_ports() | lab.state.all_ports))
        first = lab.state.next_uid
        added = [
            Tablet(
                uid=uid,
                keyspace=keyspace,
                shard=shard,
                http_port=next(free),
                grpc_port=next(free),
                mysql_port=next(free),
            )
            for uid, shard in enumerate(missing, first)
        ]
        if added:
            lab.change(tablets=(*lab.state.tablets, *added))
    return list(lab.state.tablets_of(keyspace))


def serve_tablets(lab: Lab, tablets: Sequence[Tablet], tell: Tell) -> None:
    """Make every one of the tablets run and be a serving primary; what runs and serves already is left alone."""
    ready = 0

    def one(tablet: Tablet, beat: Tell) -> None:
        nonlocal ready
        _serve(lab, tablet, beat)
        ready += 1

    def show(_: object) -> None:
        tell(Progress(phase="starting tablets", done=ready, total=len(tablets), unit="tablets"))

    side_by_side([lambda beat, tablet=tablet: one(tablet, beat) for tablet in tablets], show, AT_ONCE)  # type: ignore[misc]


def _serve(lab: Lab, tablet: Tablet, tell: Tell) -> None:
    restarted = False
    if tablet.attached is None and lab.process(tablet.mysqld) is None:
        start_mysqld(lab, tablet, tell)
        restarted = True
    if lab.process(tablet.vttablet) is None:
        start_vttablet(lab, tablet, tell)
        restarted = True
    if restarted or not is_serving(tablet):
        make_primary(lab, tablet, tell)


def start_mysqld(lab: Lab, tablet: Tablet, tell: Tell) -> None:
    """Start the tablet's MySQL, making its data folder first where there is none that is whole."""
    folder = lab.folder / tablet.folder_name
    if len(str(lab.socket(tablet))) > SOCKET_LONGEST:
        raise Fault(
            "lab.path-too-long",
            f"the socket {lab.socket(tablet)} has a longer name than the system takes",
            remedy="set SEATRIAL_HOME to a folder with a shorter name",
        )
    lab.clear_way(tablet.mysqld, [tablet.mysql_port], tell)
    if not tablet.made:
        shutil.rmtree(folder, ignore_errors=True)
        _make_data(lab, tablet, tell)
        tablet = lab.change_tablet(tablet.uid, made=True)
    # It is known to be dead; but a zombie, or another program that has its old pid, would look alive to MySQL.
    for left in ("mysql.pid", "mysql.sock", "mysql.sock.lock"):
        (folder / left).unlink(missing_ok=True)
    process = lab.start(daemons.mysqld(lab.engine, lab.folder, tablet), tell)
    wait_ready(
        f"the MySQL of tablet {tablet.alias} ({tablet.keyspace}/{tablet.shard})",
        lambda: mysqld_answers(lab, tablet),
        process=process,
        log=folder / "error.log",
        timeout_s=MYSQL_TIMEOUT_S,
        tell=tell,
    )


def _make_data(lab: Lab, tablet: Tablet, tell: Tell) -> None:
    """my.cnf as mysqlctl writes it for this MySQL, and a data folder with the accounts Vitess uses."""
    log = lab.log(f"{tablet.mysqld}-init")
    server = daemons.mysqld(lab.engine, lab.folder, tablet)
    config = (lab.engine.mysqlctl, f"--tablet-uid={tablet.uid}", f"--mysql-port={tablet.mysql_port}", "init_config")
    data = (*server.argv, "--initialize-insecure", f"--init-file={lab.folder / 'accounts.sql'}")
    for argv in (config, data):
        done = run(
            argv,
            tell=tell,
            timeout_s=MYSQL_TIMEOUT_S,
            env=lab.environment,
            cwd=lab.folder,
            account=lab.account,
            log=log,
        )
        if not done.ok:
            error_log = lab.folder / tablet.folder_name / "error.log"
            words = last_words(error_log if error_log.exists() else log)
            raise Fault(
                "lab.mysqld",
                f"no MySQL data could be made for tablet {tablet.alias} ({tablet.keyspace}/{tablet.shard}): {words}",
                remedy=f"read {log} and {error_log}",
            )


def start_vttablet(lab: Lab, tablet: Tablet, tell: Tell) -> None:
    """Start the tablet's vttablet and wait until its manager answers."""
    daemon = daemons.vttablet(lab.engine, lab.folder, lab.state, tablet, limits(lab.state.limits))
    process = lab.start(daemon, tell)
    wait_ready(
        f"vttablet {tablet.alias}",
        lambda: ports.answers(tablet.grpc_port) and ports.answers(tablet.http_port),
        process=process,
        log=lab.log(tablet.vttablet),
        timeout_s=TABLET_TIMEOUT_S,
        tell=tell,
    )


def make_primary(lab: Lab, tablet: Tablet, tell: Tell) -> None:
    """Make the tablet its shard's primary, writable, and wait until it serves."""
    shard = f"{tablet.keyspace}/{tablet.shard}"
    if tablet.attached is not None:
        insist(lab, ["TabletExternallyReparented", tablet.alias], tell)
    elif (lab.vtctl.json("GetShard", shard, tell=tell)["shard"]).get("primary_alias") is None:
        insist(lab, ["PlannedReparentShard", "--new-primary", tablet.alias, shard], tell)
    else:
        # MySQL comes back read-only after a restart, and only a change of primary would have lifted that.
        insist(lab, ["SetWritable", tablet.alias, "true"], tell)
    wait_ready(
        f"tablet {tablet.alias} ({shard})",
        lambda: is_serving(tablet),
        process=lab.process(tablet.vttablet),
        log=lab.log(tablet.vttablet),
        timeout_s=TABLET_TIMEOUT_S,
        tell=tell,
    )


def insist(lab: Lab, command: list[str], tell: Tell) -> None:
    """Repeat a command for a while: a tablet that has just started refuses until it has found its MySQL."""
    until = time.monotonic() + TABLET_TIMEOUT_S
    while True:
        try:
            lab.vtctl.text(*command, tell=tell, timeout_s=30)
        except Fault:
            if time.monotonic() > until:
                raise
            rest(tell, 0.3)
        else:
            return


def is_serving(tablet: Tablet) -> bool:
    """Whether the tablet says it is healthy and serves."""
    return http_ok(tablet.http_port, "/healthz")


def mysqld_answers(lab: Lab, tablet: Tablet) -> bool:
    return mysql_answers(Login(user="vt_dba", socket=str(lab.socket(tablet))))


def note_restart(lab: Lab, tell: Tell) -> None:
    """Say which processes of the lab have died since they were started."""
    for name, process in lab.state.processes.items():
        if not process.alive:
            tell(Note(text=f"{name} (pid {process.pid}) is gone; starting it again", warning=True))
