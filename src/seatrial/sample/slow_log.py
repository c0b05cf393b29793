"""The sample's slow log: every statement of new sessions, by the commands its owner would paste (rule S8)."""

import re
import shutil
from pathlib import Path

import msgspec
from msgspec import Struct

from seatrial.adapters.mysql.client import Connection
from seatrial.domain import slow_logging
from seatrial.domain.event import Acted, Acting, Tell, rest
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.slow_logging import SlowLogging
from seatrial.sample.server import Sample
from seatrial.sample.setup import ROOT

DEFAULT_FILE = "slow.log"

_BEFORE = "slow-log-before.json"
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*\.log", re.ASCII)
_OPEN_S = 5.0


class LogStatus(Struct, frozen=True, kw_only=True):
    """What the sample logs now. `every_statement`: of sessions that are opened now, each with its particulars."""

    name: str
    on: bool
    every_statement: bool
    path: str
    bytes: int
    settings: dict[str, str]


def plan(sample: Sample, file: str, tell: Tell) -> SlowLogging:
    """The page for this sample: commands, undo, disk. It takes a second, and sets nothing."""
    if not _NAME.fullmatch(file) or file == "error.log":
        raise Fault(
            "sample.log-name",
            f"{file!r} is no name for the sample's slow log",
            remedy="give a plain name that ends in .log, such as slow.log; it lies in the sample's data folder",
            exit=Exit.USAGE,
        )
    with Connection(sample.login(ROOT, None)) as root:
        before = slow_logging.present(root)
        page = slow_logging.page(
            before,
            file,
            slow_logging.rate(root, tell),
            open_sessions=slow_logging.open_sessions(root),
            free_bytes=shutil.disk_usage(sample.folder / "data").free,
        )
    return msgspec.structs.replace(page, undo=slow_logging.undo(_first(sample) or before))


def begin(sample: Sample, page: SlowLogging, tell: Tell) -> Path:
    """Run the page's commands; the log, which is there then. `stop` knows the way back, also after a rotation."""
    if _first(sample) is None:
        _write(sample, page.before)
    path = Path(page.path)
    act = f"log every statement of sample {sample.name} in {path}"
    tell(Acting(act=act, undo=f"seatrial sample log off --name {sample.name}"))
    _execute(sample, page.commands)
    waited_s = 0.0
    while not path.exists():
        if waited_s >= _OPEN_S:
            raise Fault(
                "sample.no-log",
                f"the sample's server did not open {path}; it says why in {sample.log}",
                remedy="see that its data folder can be written and its disk is not full",
            )
        rest(tell, 0.1)
        waited_s += 0.1
    tell(Acted(act=act))
    return path


def start(sample: Sample, file: str, tell: Tell) -> Path:
    """Log every statement of sessions opened from now on; the log. While it is on, another name rotates it."""
    return begin(sample, plan(sample, file, tell), tell)


def stop(sample: Sample, tell: Tell) -> LogStatus:
    """Set everything to what it was before `start`, and say so. The log stays; nothing to do is no fault."""
    if (before := _first(sample)) is not None:
        _execute(sample, slow_logging.undo(before))
        (sample.folder / _BEFORE).unlink(missing_ok=True)
        tell(Acted(act=f"the slow log of sample {sample.name} is as it was before"))
    return status(sample)


def status(sample: Sample) -> LogStatus:
    """What is logged now, and how large the log is."""
    with Connection(sample.login(ROOT, None)) as root:
        settings = slow_logging.present(root)
    path = Path(slow_logging.path(settings, settings["slow_query_log_file"]))
    on = settings["slow_query_log"] == "ON"
    return LogStatus(
        name=sample.name,
        on=on,
        every_statement=on and not slow_logging.lacking(settings),
        path=str(path),
        bytes=path.stat().st_size if path.exists() else 0,
        settings=settings,
    )


def _execute(sample: Sample, commands: tuple[str, ...]) -> None:
    with Connection(sample.login(ROOT, None)) as root:
        for command in commands:
            root.execute(command.removesuffix(";"))


def _first(sample: Sample) -> dict[str, str] | None:
    """The settings before the first `start`; None while nothing was started."""
    try:
        return msgspec.json.decode((sample.folder / _BEFORE).read_bytes(), type=dict[str, str])
    except FileNotFoundError:
        return None


def _write(sample: Sample, before: dict[str, str]) -> None:
    part = sample.folder / f"{_BEFORE}.part"
    part.write_bytes(msgspec.json.encode(before))
    part.rename(sample.folder / _BEFORE)
