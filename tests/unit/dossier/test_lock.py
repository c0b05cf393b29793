"""One writer at a time; the lock goes with the process that held it."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from seatrial.domain.fault import Exit, Fault
from seatrial.dossier.lock import held
from seatrial.dossier.store import Dossier

HOLDER = """
import sys, time
from pathlib import Path
from seatrial.dossier.lock import held
from seatrial.dossier.store import Dossier
with held(Dossier(Path(sys.argv[1])), "load"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_process_learns_who_holds_it_and_a_killed_one_holds_it_no_more(tmp_path: Path) -> None:
    dossier = Dossier(tmp_path)
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            with pytest.raises(Fault) as fault, held(dossier, "verify"):
                pass
        finally:
            os.kill(holder.pid, signal.SIGKILL)
    assert (fault.value.code, fault.value.exit) == ("dossier.locked", Exit.RETRY)
    assert f"seatrial load (pid {holder.pid})" in fault.value.what
    with held(dossier, "verify"):
        assert (tmp_path / ".lock").read_text() == f"seatrial verify (pid {os.getpid()})"


def test_the_lock_is_free_again_after_a_fault(tmp_path: Path) -> None:
    dossier = Dossier(tmp_path)
    with pytest.raises(ZeroDivisionError), held(dossier, "load"):
        _ = 1 / 0
    with held(dossier, "load"):
        pass


def test_a_full_disk_is_said_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(Fault) as caught, held(Dossier(tmp_path), "judge"):
        pass
    assert caught.value.code == "dossier.disk-full"
