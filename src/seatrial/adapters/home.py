"""Where seatrial keeps its own files on this machine.

An ordinary user has them in the user's own data and cache folders. Root has them under /var, because MySQL then runs
as `nobody`, who may not look into root's home. `SEATRIAL_HOME` moves both.
"""

import os
from pathlib import Path

import platformdirs


def data_folder() -> Path:
    """The folder of what is kept: labs, samples."""
    return _given() or (Path("/var/lib/seatrial") if os.geteuid() == 0 else platformdirs.user_data_path("seatrial"))


def cache_folder() -> Path:
    """The folder of what can be made again: the engine."""
    return _given() or (Path("/var/cache/seatrial") if os.geteuid() == 0 else platformdirs.user_cache_path("seatrial"))


def _given() -> Path | None:
    home = os.environ.get("SEATRIAL_HOME")
    return Path(home).expanduser().absolute() if home else None
