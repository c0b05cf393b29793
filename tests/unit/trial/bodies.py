"""A dossier with two steps in a row, made of nothing but findings."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from seatrial.domain.evidence import Exhibit
from seatrial.domain.finding import Assessment, Finding, Outcome
from seatrial.domain.secret import Secret
from seatrial.dossier.store import Dossier
from seatrial.trial import run as runner
from seatrial.trial.bench import Bench, Step
from seatrial.trial.settings import Settings
from seatrial.trial.wiring import Wiring
from tests.unit import factories
from tests.unit.fakes import Told

SETTINGS = Settings(name="acme", source="mysql://reader@db.example:3306/shop", target="lab:acme")


class NoPasswords:
    def of(self, user: str) -> Secret | None:
        return None


def dossier(root: Path) -> Dossier:
    (root / "trial.toml").write_text(f'name = "acme"\nsource = "{SETTINGS.source}"\n')
    return Dossier.open(root)


def assessed(*codes: str) -> Assessment:
    return Assessment(findings=tuple(Finding(code=c, outcome=Outcome.WARN, title=c, detail="d") for c in codes))


def step(kind: str, does: Callable[[Bench], Mapping[str, Any]], reads: tuple[str, ...] = ()) -> Step:
    return Step(kind=kind, title=kind, reads=reads, run=does, settings=lambda s: {"target": s.target})


def collect(_: Bench) -> Mapping[str, Any]:
    return {"collect": factories.collection()}


def assess(bench: Bench) -> Mapping[str, Any]:
    return {"assess": assessed(bench.read("collect").body.server.version_text)}


COLLECT = step("collect", collect)
ASSESS = step("assess", assess, ("collect",))
JUDGE = step("judge", assess, ("assess",))
JOURNEY = (COLLECT, ASSESS, JUDGE)


def run(
    wanted: Step, where: Dossier, settings: Settings = SETTINGS, instance: str = "main", tell: Told | None = None
) -> Exhibit[Any]:
    return runner.run(wanted, where, settings, instance, Wiring(settings, NoPasswords()), tell or Told())
