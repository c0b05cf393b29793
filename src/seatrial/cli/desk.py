"""What every command over a dossier shares: its options, and opening the dossier."""

from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click
import msgspec
from click.core import ParameterSource
from msgspec import Struct

from seatrial.cli.live import live
from seatrial.cli.passwords import Passwords
from seatrial.domain.event import Tell
from seatrial.domain.evidence import Exhibit
from seatrial.domain.naming import MAIN
from seatrial.dossier.store import Dossier
from seatrial.trial import settings as trial_settings
from seatrial.trial.bench import Bench, Step
from seatrial.trial.run import run, utc_now
from seatrial.trial.settings import Settings
from seatrial.trial.walk import walk
from seatrial.trial.wiring import Wiring
from seatrial.trial.workload import STANDARD_INPUT

P = ParamSpec("P")
R = TypeVar("R")


class Desk(Struct, frozen=True, kw_only=True):
    """A dossier opened for one command."""

    dossier: Dossier
    settings: Settings
    wiring: Wiring
    instance: str
    as_json: bool
    bare: bool = False  # there is no dossier: nothing of one may be read

    def run(self, step: Step, tell: Tell) -> Exhibit[Any]:
        return run(step, self.dossier, self.settings, self.instance, self.wiring, tell)

    def walk(self, until: str, tell: Tell) -> None:
        """Run every step up to and with this one, as far as it is not done."""
        walk(self.dossier, self.settings, self.instance, self.wiring, until, tell)

    def over_logs(self, logs: Sequence[Path], **changes: Any) -> "Desk":
        """The same desk with other logs to digest, if any are named, and other settings of the workload; what is None
        is as trial.toml says."""
        named = tuple(str(log if log == STANDARD_INPUT else log.absolute()) for log in logs)
        workload = msgspec.structs.replace(
            self.settings.workload,
            logs=named or self.settings.workload.logs,
            **{name: value for name, value in changes.items() if value is not None},
        )
        return msgspec.structs.replace(self, settings=msgspec.structs.replace(self.settings, workload=workload))

    def bench(self, tell: Tell) -> Bench:
        """For commands that look or act outside a step."""
        return Bench(self.dossier, self.settings, self.instance, self.wiring, tell, utc_now)

    def do(self, step: Step) -> Exhibit[Any]:
        """Run a step with its events drawn."""
        with live(quiet=self.as_json) as tell:
            return self.run(step, tell)


def over_dossier(command: Callable[..., R], *, needless_with: str = "") -> Callable[..., R | None]:
    """Give a command `-d`, `--instance`, `--option-file`, `--json`; it takes a `Desk` first. With the option
    `needless_with` it needs no dossier: where none is named nor here, the desk is a bare one."""

    @click.option(
        "-d",
        "--dossier",
        "root",
        default=".",
        show_default=True,
        type=click.Path(path_type=Path),
        help="The trial's folder.",
    )
    @click.option("--instance", default=MAIN, show_default=True, help="Which instance of the artifacts.")
    @click.option(
        "--option-file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="A MySQL option file with the accounts' passwords; else the environment, else a prompt.",
    )
    @click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on stdout.")
    @wraps(command)
    def opened(root: Path, instance: str, option_file: Path | None, as_json: bool, **rest: Any) -> R | None:
        context = click.get_current_context()
        if context.invoked_subcommand is not None:
            return None  # a group on the way to a subcommand, which has these options of its own
        named = context.get_parameter_source("root") is ParameterSource.COMMANDLINE
        if rest.get(needless_with) and not named and not (root / trial_settings.FILE).is_file():
            return command(_bare_desk(root, instance, as_json), **rest)
        return command(open_desk(root, instance, option_file, as_json), **rest)

    return opened


def _bare_desk(root: Path, instance: str, as_json: bool) -> Desk:
    settings = Settings(name="", source="")
    wiring = Wiring(settings, Passwords(None, "", ""))
    return Desk(dossier=Dossier(root), settings=settings, wiring=wiring, instance=instance, as_json=as_json, bare=True)


def open_desk(root: Path, instance: str, option_file: Path | None, as_json: bool) -> Desk:
    """Open the dossier in that folder, its settings read."""
    dossier = Dossier.open(root)
    settings = trial_settings.read(root)
    passwords = Passwords(option_file, settings.source_address.user, settings.mover)
    return Desk(
        dossier=dossier,
        settings=settings,
        wiring=Wiring(settings, passwords),
        instance=instance,
        as_json=as_json,
    )
