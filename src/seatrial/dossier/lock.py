"""One writer at a time: a kernel lock, gone with the process that held it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from seatrial.domain.fault import Fault
from seatrial.dossier.store import Dossier, said_if_full


@contextmanager
def held(dossier: Dossier, command: str) -> Iterator[None]:
    """Hold the dossier for writing; a Fault that names the holder if another process has it."""
    path = dossier.root / ".lock"
    with said_if_full(path):
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 200, 0).decode(errors="replace").strip() or "another process"
            raise Fault(
                "dossier.locked",
                f"the dossier {dossier.root} is in use by {holder}",
                remedy="wait for it to end, or stop it; then run the same command again",
                retry=True,
            ) from None
        with said_if_full(path):
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"seatrial {command} (pid {os.getpid()})".encode(), 0)
        yield
    finally:
        os.close(handle)
