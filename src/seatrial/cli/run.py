"""`seatrial run`."""

import sys

import click

from seatrial.cli.desk import Desk, over_dossier
from seatrial.cli.judge import CODES
from seatrial.cli.live import live
from seatrial.cli.output import print_json
from seatrial.cli.report import write_report
from seatrial.domain.address import Address
from seatrial.domain.event import Note, silent
from seatrial.trial.bench import Step
from seatrial.trial.journey import JOURNEY
from seatrial.trial.status import Freshness, StepStatus, look

STEPS = tuple(step.kind for step in JOURNEY)


@click.command()
@over_dossier
@click.option("--until", type=click.Choice(STEPS), default=STEPS[-1], show_default=True, help="The last step to run.")
def run(desk: Desk, until: str) -> None:
    """Everything in order: collect, assess, provision, load, verify, rehearse, judge, report.

    Steps whose artifacts are fresh are not run again, so that a run that was stopped goes on where it stopped; a
    step that acts on the world is never run again merely because something before it is newer. It stops where a
    finding blocks that trial.toml does not accept with a reason.

    \b
      seatrial run -d acme
      seatrial run -d acme --until verify
    """
    verdict = None
    with live(quiet=desk.as_json) as tell:
        for step in JOURNEY[: STEPS.index(until) + 1]:
            state = next(
                s
                for s in look(JOURNEY, desk.dossier, desk.settings, desk.instance)
                if s.address.startswith(f"{step.kind}/")
            )
            if state.freshness is Freshness.FRESH:
                tell(Note(text=f"{state.address} is fresh"))
                continue
            if step.acting and state.freshness is Freshness.STALE:
                tell(
                    Note(
                        text=f"{state.address} is stale ({state.because}); it acts, so only its own command repeats it",
                        warning=True,
                    )
                )
                continue
            desk.run(step, tell)
    if until == STEPS[-1]:
        verdict = desk.dossier.read(desk.bench(silent).read("judge").address).body
    path, text = write_report(desk)
    if desk.as_json:
        print_json({"report": str(path), "verdict": verdict})
    else:
        click.echo(f"{text}\nReport: {path}")
    if verdict is not None:
        sys.exit(CODES[verdict.judgement])


def _state(step: Step, desk: Desk) -> StepStatus:
    looked = look(JOURNEY, desk.dossier, desk.settings, desk.instance)
    return next(state for state in looked if Address.parse(state.address).kind == step.kind)
