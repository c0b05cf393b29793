"""`trial.toml`, the one file of a dossier that people write."""

import tomllib
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Struct, field

from seatrial.domain.address import SourceAddress, TargetAddress, parse_target
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.movement import BrakeLimits
from seatrial.domain.naming import Naming
from seatrial.domain.rehearsal import GateLimits
from seatrial.dossier.store import write_whole
from seatrial.parsing.logs.recognise import Form
from seatrial.stages.digest.choosing import Filters

FILE = "trial.toml"


class RehearsalSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`clone` is the customer's declaration that the source is a copy nobody depends on (rule R4)."""

    clone: str = ""
    rate_per_s: float = 60
    settle_s: float = 8  # steady traffic before, between and after the switches


class WorkloadSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The logs to digest, relative to the dossier, also as patterns such as `slow.log*`. `format` None: each log's
    content tells what it is. `record` keeps their statements, literals and all, in the private part of the dossier for
    `keep_days`: replay needs them. `samples` keeps two of each class there, and the names of accounts and hosts.
    Without `values` nobody looks at one.
    The rest are filters (stages.digest.choosing): only what passes them is digested; `database` "" is the source's."""

    logs: tuple[str, ...] = ()
    format: Form | None = None
    record: bool = False
    samples: bool = False
    values: bool = True
    database: str = ""
    since: str = ""
    until: str = ""
    users: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    merge_numbered_tables: bool = False
    keep_days: Annotated[int, msgspec.Meta(ge=0)] = 14

    @property
    def filters(self) -> Filters:
        return Filters(since=self.since, until=self.until, users=self.users, hosts=self.hosts, tags=self.tags)

    @property
    def chosen(self) -> dict[str, str]:
        """What makes a digest of the same logs another one."""
        some = {
            "database": self.database,
            "filters": self.filters.told,
            "merge_numbered_tables": "yes" if self.merge_numbered_tables else "",
        }
        return {name: value for name, value in some.items() if value}


class ReplaySettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the recording is sent. `workers` 0: one process a core but one."""

    speed: float = 1.0
    workers: int = 0


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A trial. `accept` maps the code of a finding to the reason why it is accepted."""

    name: str
    source: str
    target: str = ""
    shards: int = 2
    vschema: str = ""  # folder, relative to the dossier; "" for everything unsharded
    mover: str = "seatrial_mover"  # the account of the attached tablet
    criteria: str = ""  # file, relative to the dossier
    accept: dict[str, str] = field(default_factory=dict)
    brake: BrakeLimits = BrakeLimits()
    rehearsal: RehearsalSettings = RehearsalSettings()
    gates: GateLimits = GateLimits()
    workload: WorkloadSettings = WorkloadSettings()
    replay: ReplaySettings = ReplaySettings()

    @property
    def source_address(self) -> SourceAddress:
        return SourceAddress.parse(self.source)

    @property
    def target_address(self) -> TargetAddress:
        if not self.target:
            raise Fault(
                "trial.no-target",
                f"{FILE} names no target",
                remedy='add a line such as: target = "lab:demo"',
                exit=Exit.CONFIG,
            )
        return parse_target(self.target)

    @property
    def ours(self) -> frozenset[str]:
        """The accounts on the source that are seatrial's own."""
        return frozenset({self.source_address.user, self.mover})

    def naming(self, instance: str) -> Naming:
        return Naming(self.name, instance)


def read(root: Path) -> Settings:
    """The dossier's settings; a broken file is one Fault with its place."""
    path = root / FILE
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), type=Settings)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise Fault(
            "trial.malformed",
            f"{path} is not usable: {error}",
            remedy="correct the line; docs/trial.md lists every setting",
            exit=Exit.CONFIG,
        ) from None


def create(root: Path, settings: Settings) -> None:
    """Write a new `trial.toml`; an existing one is never overwritten."""
    path = root / FILE
    if path.exists():
        raise Fault(
            "trial.exists",
            f"{path} exists already",
            remedy="edit it, or choose another folder with -d",
            exit=Exit.CONFIG,
        )
    settings.source_address  # noqa: B018 – a broken address is refused before it is written
    lines = [
        "# One trial of seatrial. Written by people; every other file of this folder is written by steps.",
        f"name = {_toml(settings.name)}",
        f"source = {_toml(settings.source)}  # never with a password",
        f"target = {_toml(settings.target)}  # lab:NAME, or vitess://HOST:PORT?vtctld=HOST:PORT",
        f"shards = {settings.shards}",
        f"vschema = {_toml(settings.vschema)}  # a folder with one VSchema a role; empty: as planned",
        f"mover = {_toml(settings.mover)}  # the account of the tablet that reads the source",
        f"criteria = {_toml(settings.criteria)}  # a TOML file; empty: the documented defaults",
        "",
        "[workload]",
        f"logs = [{', '.join(_toml(log) for log in settings.workload.logs)}]  # slow logs, relative to this folder",
        f"record = {str(settings.workload.record).lower()}  # keep their statements in private/: replay needs them",
        "",
        "[rehearsal]",
        f"clone = {_toml(settings.rehearsal.clone)}  # words that declare the source a copy nobody depends on",
        f"rate_per_s = {settings.rehearsal.rate_per_s}",
        "",
        "[accept]",
        '# FINDING-CODE = "the reason why it is accepted"',
        *(f"{_toml(code)} = {_toml(reason)}" for code, reason in settings.accept.items()),
    ]
    write_whole(path, ("\n".join(lines) + "\n").encode())


def _toml(text: str) -> str:
    # a JSON string is a TOML basic string, but for the one control character that JSON leaves as it is
    return msgspec.json.encode(text).decode().replace("\x7f", "\\u007f")
