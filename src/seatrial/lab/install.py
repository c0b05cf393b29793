"""Installs the engine: what is there already is kept, the rest is built beside it and renamed into place at the end."""

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seatrial.domain.event import Note, Tell, rest
from seatrial.domain.fault import Fault
from seatrial.lab.engine import Engine, find_mysql, find_vitess
from seatrial.lab.install_mysql import install_mysql
from seatrial.lab.install_vitess import install_vitess
from seatrial.lab.places import engine_folder

ROOM_NEEDED_BYTES = 4_000_000_000  # Go's module and build caches 2.7 GB, the programs 0.4, MySQL 0.4, some rest


def install(engine_dir: Path | None, tell: Tell) -> Engine:
    """The engine, installed if it was not; at once when it was. An interrupted install carries on where it stopped."""
    folder = engine_folder(engine_dir)
    vitess, server = find_vitess(folder), find_mysql(folder)
    if vitess is not None and server is not None:
        return Engine(vitess=vitess, server=server)
    with _for_everybody(), _disk_full(folder):
        _make(folder)
        return _install(folder, tell)


def _install(folder: Path, tell: Tell) -> Engine:
    with _only_one(folder, tell):
        work = folder / "work"
        vitess, server = find_vitess(folder), find_mysql(folder)  # another install may have made them meanwhile
        if vitess is None:
            _check_room(folder)
        work.mkdir(exist_ok=True)
        if server is None:
            server = install_mysql(folder, work, tell)
            tell(Note(text=f"MySQL {server.version} is installed in {server.root}"))
        if vitess is None:
            vitess = install_vitess(folder, work, tell)
            tell(Note(text=f"Vitess {vitess.version} and etcd {vitess.etcd_version} are installed in {folder}"))
        shutil.rmtree(work)
    return Engine(vitess=vitess, server=server)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Fault(
            "lab.engine-folder",
            f"the engine's folder {folder} cannot be made: {error.strerror}",
            remedy="name one you may write to with --engine-dir or SEATRIAL_ENGINE_DIR",
        ) from None


@contextmanager
def _for_everybody() -> Iterator[None]:
    """What root installs is run by `nobody`, whatever root's umask."""
    before = os.umask(0o022)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def _only_one(folder: Path, tell: Tell) -> Iterator[None]:
    with (folder / ".lock").open("w") as lock:
        waiting = False
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not waiting:
                    tell(Note(text=f"another install is at work in {folder}; waiting for it"))
                    waiting = True
                rest(tell, 0.25)
        yield


def _check_room(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < ROOM_NEEDED_BYTES:
        raise _no_room(folder, f"only {free / 1e9:.1f} GB are free")


@contextmanager
def _disk_full(folder: Path) -> Iterator[None]:
    """Turns a full disk, ours or a child's, into one clear fault."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise _no_room(folder, "the disk ran full") from None
    except Fault as fault:
        if "no space left on device" not in fault.what.lower():
            raise
        raise _no_room(folder, "the disk ran full") from None


def _no_room(folder: Path, what: str) -> Fault:
    return Fault(
        "lab.disk-full",
        f"the engine does not fit: {what} at {folder}, and it takes {ROOM_NEEDED_BYTES / 1e9:.0f} GB to build",
        remedy="make room, or name another disk with --engine-dir, and run the same command again: it carries on",
    )
