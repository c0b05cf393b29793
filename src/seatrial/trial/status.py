"""Fresh, stale or missing: whether an artifact still follows from what it was made of."""

import hashlib
from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct

from seatrial.domain.address import Address
from seatrial.domain.fault import Fault
from seatrial.domain.naming import MAIN
from seatrial.dossier.store import Dossier
from seatrial.trial.bench import Step
from seatrial.trial.settings import Settings


class Freshness(StrEnum):
    FRESH = "fresh"
    STALE = "stale"
    MISSING = "missing"
    BROKEN = "broken"


class StepStatus(Struct, frozen=True, kw_only=True):
    """One step's artifact. `because` says why it is stale or broken."""

    address: str
    title: str
    freshness: Freshness
    because: str = ""
    created: str = ""
    sha256: str = ""


def look(journey: tuple[Step, ...], dossier: Dossier, settings: Settings, instance: str = MAIN) -> Iterator[StepStatus]:
    """The state of every step of the journey, in its order; what follows from something stale is stale too."""
    moved: set[str] = set()
    for step in journey:
        status = _one(step, dossier, settings, instance, moved)
        if status.freshness in (Freshness.STALE, Freshness.BROKEN):
            moved.add(status.address)
        yield status


def _one(step: Step, dossier: Dossier, settings: Settings, instance: str, moved: set[str]) -> StepStatus:
    address = step.address(instance)
    if not dossier.has(address):
        return StepStatus(address=str(address), title=step.title, freshness=Freshness.MISSING)
    try:
        head = dossier.head(address)
    except Fault as fault:
        return StepStatus(
            address=str(address), title=step.title, freshness=Freshness.BROKEN, because=f"{fault.what} [{fault.code}]"
        )
    because = _why_stale(head.inputs, dossier, moved)
    now = dict(step.settings(settings))
    if not because and now != head.options:
        changed = sorted(key for key in {**now, **head.options} if head.options.get(key) != now.get(key))
        because = f"trial.toml changed: {', '.join(changed)}"
    return StepStatus(
        address=str(address),
        title=step.title,
        freshness=Freshness.STALE if because else Freshness.FRESH,
        because=because,
        created=head.created,
        sha256=head.sha256,
    )


def _why_stale(inputs: dict[str, str], dossier: Dossier, moved: set[str]) -> str:
    for name, sha256 in inputs.items():
        if name.startswith("file:"):
            path = dossier.root / name.removeprefix("file:")
            now = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        else:
            if name in moved:
                return f"{name} is stale itself"
            try:
                now = dossier.head(Address.parse(name)).sha256
            except Fault:
                now = ""
        if now != sha256:
            return f"{name} is {'another now' if now else 'gone'}"
    return ""
