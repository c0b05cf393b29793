"""The engine: the programs a lab is made of, and where they are."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from seatrial.domain.fault import Fault
from seatrial.lab.places import engine_folder

VITESS_PROGRAMS = ("vtctldclient", "vtctld", "vtgate", "vttablet", "mysqlctl")
VITESS_MAJOR = 24
MYSQL_OLDEST = (8, 4)
VERSION_TIMEOUT_S = 20
PART_FILE = "part.json"


class VitessPart(Struct, frozen=True, kw_only=True):
    """Vitess's programs and etcd; `version` is three numbers with dots."""

    version: str
    etcd_version: str
    vtctldclient: Path
    vtctld: Path
    vtgate: Path
    vttablet: Path
    mysqlctl: Path
    etcd: Path


class MysqlPart(Struct, frozen=True, kw_only=True):
    """A MySQL server; `root` is what mysqlctl calls VT_MYSQL_ROOT, `mysql` the client (not every package has it)."""

    version: str
    root: Path
    mysqld: Path
    mysql: Path | None = None


class Engine(Struct, frozen=True, kw_only=True):
    """Everything a lab runs. Paths are absolute."""

    vitess: VitessPart
    server: MysqlPart

    @property
    def versions(self) -> dict[str, str]:
        return {"vitess": self.vitess.version, "etcd": self.vitess.etcd_version, "mysql": self.server.version}

    @property
    def mysql_root(self) -> Path:
        return self.server.root

    @property
    def vtctldclient(self) -> Path:
        return self.vitess.vtctldclient

    @property
    def vtctld(self) -> Path:
        return self.vitess.vtctld

    @property
    def vtgate(self) -> Path:
        return self.vitess.vtgate

    @property
    def vttablet(self) -> Path:
        return self.vitess.vttablet

    @property
    def mysqlctl(self) -> Path:
        return self.vitess.mysqlctl

    @property
    def etcd(self) -> Path:
        return self.vitess.etcd

    @property
    def mysqld(self) -> Path:
        return self.server.mysqld


def find(engine_dir: Path | None = None) -> Engine:
    """The installed engine: in its folder (see `lab.places`), else what fits on PATH; a Fault if a part is missing."""
    folder = engine_folder(engine_dir)
    vitess, server = find_vitess(folder), find_mysql(folder)
    if vitess is None or server is None:
        lacking = " and ".join(
            name for name, part in (("Vitess 24 with etcd", vitess), ("MySQL 8.4 or newer", server)) if part is None
        )
        raise Fault(
            "lab.no-engine",
            f"there is no {lacking}, neither in {folder} nor on PATH",
            remedy="run: seatrial lab install",
        )
    return Engine(vitess=vitess, server=server)


def find_vitess(folder: Path) -> VitessPart | None:
    """Vitess in the engine's folder, else on PATH if it is of the right version and complete."""
    if (part := _stored(folder / "vitess", VitessPart)) is not None:
        return part
    found = {name: shutil.which(name) for name in (*VITESS_PROGRAMS, "etcd")}
    paths = {name: Path(path).absolute() for name, path in found.items() if path is not None}
    if len(paths) < len(found):
        return None
    version, etcd_version = vitess_version(paths["vtgate"]), etcd_version_of(paths["etcd"])
    if version is None or etcd_version is None or not version.startswith(f"{VITESS_MAJOR}."):
        return None
    return VitessPart(version=version, etcd_version=etcd_version, **paths)


def find_mysql(folder: Path) -> MysqlPart | None:
    """MySQL in the engine's folder, else on PATH if it is not MariaDB and new enough for this Vitess."""
    if (part := _stored(folder / "mysql", MysqlPart)) is not None:
        return part
    found = shutil.which("mysqld")
    if found is None:
        return None
    mysqld = Path(found).resolve()
    version = mysql_version(mysqld)
    if version is None or tuple(int(number) for number in version.split(".")[:2]) < MYSQL_OLDEST:
        return None
    client = shutil.which("mysql")
    return MysqlPart(version=version, root=mysqld.parents[1], mysqld=mysqld, mysql=Path(client) if client else None)


def vitess_version(program: Path) -> str | None:
    """Three numbers, from a Vitess program's --version; None if it says nothing of the kind."""
    return _asked(program, r"Version: (\d+\.\d+\.\d+)")


def etcd_version_of(program: Path) -> str | None:
    return _asked(program, r"etcd Version: (\d+\.\d+\.\d+)")


def mysql_version(program: Path) -> str | None:
    """Three numbers, from mysqld's --version; None for MariaDB."""
    return _asked(program, r"Ver (\d+\.\d+\.\d+)(?!.*MariaDB)")


def _asked(program: Path, pattern: str) -> str | None:
    try:
        said = subprocess.run(
            [program, "--no-defaults", "--version"] if program.name == "mysqld" else [program, "--version"],
            capture_output=True,
            text=True,
            timeout=VERSION_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(pattern, said.stdout + said.stderr)
    return match[1] if match else None


def store(folder: Path, part: VitessPart | MysqlPart) -> None:
    """Write a part's own description into its folder, with paths relative to the folder."""
    encoded = msgspec.json.encode(part, enc_hook=lambda path: str(path.relative_to(folder)))
    (folder / PART_FILE).write_bytes(msgspec.json.format(encoded, indent=2))


Part = TypeVar("Part", VitessPart, MysqlPart)


def _stored(folder: Path, kind: type[Part]) -> Part | None:
    try:
        raw = (folder / PART_FILE).read_bytes()
        part = msgspec.json.decode(raw, type=kind, dec_hook=lambda _, relative: folder / relative)
    except (OSError, msgspec.MsgspecError):
        return None
    paths = [value for value in msgspec.structs.asdict(part).values() if isinstance(value, Path)]
    return part if all(path.exists() for path in paths) else None
