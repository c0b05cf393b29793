"""Puts a tablet of ours over a MySQL that is not ours, so that Vitess can read its change stream (and write it back).

The tablet is unmanaged: it never restarts, re-points or reconfigures the server. It does make its sidecar database
there. The password is handed over in a file that only the tablet's account can read (rule S6), and that goes with it.
"""

import os
import shutil
from pathlib import Path

import msgspec

from seatrial.adapters.mysql.client import Login
from seatrial.domain.event import Progress, Tell
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.topology import UNSHARDED_RANGE
from seatrial.lab import daemons, ports
from seatrial.lab.cluster import create_keyspaces, drop_tablets, start_control
from seatrial.lab.lab import Lab
from seatrial.lab.state import Attached, Tablet, changing, choosing_ports, reserved_ports
from seatrial.lab.tablets import insist, serve_tablets


def attach_source(lab: Lab, keyspace: str, sidecar: str, login: Login, tell: Tell) -> Tablet:
    """Make the server behind `login` the primary of the (unsharded) keyspace; returns its tablet.

    Returns when streams can start. A tablet that runs is kept, a dead one started again; another server under the
    same keyspace is a Fault. The sidecar database is made on the server, under the given name.
    """
    if login.database is None:
        raise ValueError("a source is attached with its database")
    wanted = Attached(
        user=login.user,
        host=login.host,
        port=login.port,
        socket=login.socket,
        database=login.database,
        tls=login.tls,
        has_ca=login.ca is not None,
        sidecar=sidecar,
    )
    with changing(lab.folder):
        lab.reload()
        start_control(lab, tell)
        tablet = _tablet(lab, keyspace, wanted)
        tell(Progress(phase="attaching the source", detail=str(login)))
        if _hand_over(lab, tablet, login):
            lab.stop([tablet.vttablet], tell)  # it read another password, or none
        create_keyspaces(lab, [keyspace], tell)
        serve_tablets(lab, [tablet], tell)
        # Answered by the tablet's stream engine; refused until that is open, and a MoveTables before that would
        # fail half-way.
        insist(lab, ["Workflow", "--keyspace", keyspace, "list"], tell)
    return tablet


def detach_source(lab: Lab, keyspace: str, tell: Tell) -> None:
    """Stop the tablet, take the keyspace out of the topology, delete the credentials. Done before is no fault.

    The sidecar database stays on the server: removing it is for the one who may write there.
    """
    with changing(lab.folder):
        lab.reload()
        if any(tablet.attached is None for tablet in lab.state.tablets_of(keyspace)):
            raise Fault(
                "lab.not-attached",
                f"keyspace {keyspace} of lab {lab.name!r} has the lab's own MySQL, there is no source to detach",
                remedy="name the source's keyspace",
                exit=Exit.USAGE,
            )
        start_control(lab, tell)
        drop_tablets(lab, keyspace, tell)


def _tablet(lab: Lab, keyspace: str, wanted: Attached) -> Tablet:
    known = lab.state.tablets_of(keyspace)
    if not known:
        with choosing_ports():
            http_port, grpc_port = ports.choose(2, reserved_ports() | lab.state.all_ports)
            tablet = Tablet(
                uid=lab.state.next_uid,
                keyspace=keyspace,
                shard=UNSHARDED_RANGE,
                http_port=http_port,
                grpc_port=grpc_port,
                made=True,
                attached=wanted,
            )
            lab.change(tablets=(*lab.state.tablets, tablet))
        return tablet
    if known[0].attached != wanted:
        there = known[0].attached
        what = f"{there.user}@{there.host}:{there.port}/{there.database}" if there else "the lab's own MySQL"
        raise Fault(
            "lab.other-source",
            f"keyspace {keyspace} of lab {lab.name!r} is already attached, to {what} with other settings",
            remedy="detach that one first",
        )
    return known[0]


def _hand_over(lab: Lab, tablet: Tablet, login: Login) -> bool:
    """Write the password and the CA where the tablet reads them; whether they differ from what it had."""
    password = login.password.reveal() if login.password else ""
    changed = _write_private(
        lab,
        daemons.credentials_file(lab.folder, tablet),
        msgspec.json.encode({login.user: [password]}),
    )
    if login.ca is not None:
        try:
            authority = Path(login.ca).expanduser().read_bytes()
        except OSError as error:
            raise Fault(
                "lab.ca",
                f"the CA file {login.ca} cannot be read: {error.strerror}",
                remedy="name the server's CA with ?ssl-ca=FILE in the source's address",
                exit=Exit.CONFIG,
            ) from None
        changed |= _write_private(lab, daemons.ca_file(lab.folder, tablet), authority)
    return changed


def _write_private(lab: Lab, path: Path, content: bytes) -> bool:
    if path.exists() and path.read_bytes() == content:
        return False
    beside = path.with_suffix(".new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(content)
    if lab.account is not None:
        shutil.chown(beside, lab.account.uid, lab.account.gid)
    beside.replace(path)
    return True
