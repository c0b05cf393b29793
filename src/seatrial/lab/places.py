"""Where the engine and the labs are kept on this machine (see adapters.home for the folders above them)."""

import os
from pathlib import Path

from seatrial.adapters.home import cache_folder, data_folder

ENGINE_KEY = "vitess-24.0.3"
"""The engine's version, as pinned in engine/go.mod; a new pin gets a new folder."""


def engine_folder(engine_dir: Path | None = None) -> Path:
    """The folder of the engine: the one given, `SEATRIAL_ENGINE_DIR`, else the cache folder of this version."""
    if engine_dir is not None:
        return engine_dir.expanduser().absolute()
    if given := os.environ.get("SEATRIAL_ENGINE_DIR"):
        return Path(given).expanduser().absolute()
    return cache_folder() / "engine" / ENGINE_KEY


def labs_folder() -> Path:
    """The folder that holds a folder for each lab."""
    return data_folder() / "labs"


def pins() -> Path:
    """The folder with the go.mod and go.sum that pin the engine: in the installed package, or in the checkout."""
    installed = Path(__file__).parent / "pins"
    return installed if installed.is_dir() else Path(__file__).parents[3] / "engine"
