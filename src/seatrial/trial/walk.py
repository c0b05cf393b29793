"""Walks the journey: what is fresh is passed over, what acts is never repeated in passing."""

from seatrial.domain.event import Note, Tell
from seatrial.domain.fault import Fault
from seatrial.dossier.store import Dossier
from seatrial.trial.bench import Step
from seatrial.trial.journey import JOURNEY
from seatrial.trial.run import run
from seatrial.trial.settings import Settings
from seatrial.trial.status import Freshness, StepStatus, look
from seatrial.trial.wiring import Wiring

STEPS = tuple(step.name for step in JOURNEY)
NOT_HERE = frozenset({"rehearse.production", "rehearse.no-traffic"})
"""A rehearsal that may not be had on this source does not end the walk: the verdict says that it is missing."""


def walk(dossier: Dossier, settings: Settings, instance: str, wiring: Wiring, until: str, tell: Tell) -> None:
    """Run the steps of the journey in order, up to and with `until`, as far as their artifacts are not fresh."""
    for step in JOURNEY[: STEPS.index(until) + 1]:
        state = _state(step, dossier, settings, instance)
        if state.freshness is Freshness.FRESH:
            tell(Note(text=f"{state.address} is fresh"))
            continue
        if step.skip is not None and (reason := step.skip(settings, dossier)):
            tell(Note(text=f"{step.name} is passed over: {reason}"))
            continue
        if step.acting and state.freshness is Freshness.STALE:
            tell(
                Note(
                    text=f"{state.address} is stale: {state.because}. It acts; only its own command repeats it",
                    warning=True,
                )
            )
            continue
        try:
            run(step, dossier, settings, instance, wiring, tell)
        except Fault as fault:
            if fault.code not in NOT_HERE:
                raise
            tell(Note(text=f"passed over: {fault.what}. {fault.remedy}", warning=True))


def _state(step: Step, dossier: Dossier, settings: Settings, instance: str) -> StepStatus:
    states = look(JOURNEY, dossier, settings, instance)
    return next(state for state in states if state.address == str(step.address(instance)))
