"""`seatrial run`."""

import sys

import click

from seatrial.cli.desk import Desk, over_dossier
from seatrial.cli.judge import CODES
from seatrial.cli.live import live
from seatrial.cli.output import print_json
from seatrial.cli.report import write_report
from seatrial.domain.event import silent
from seatrial.trial.journey import drop_scratch
from seatrial.trial.walk import STEPS


@click.command()
@over_dossier
@click.option("--keep-scratch", is_flag=True, help="Leave the scratch copy standing after the report.")
@click.option("--until", type=click.Choice(STEPS), default=STEPS[-1], show_default=True, help="The last step to run.")
def run(desk: Desk, until: str, keep_scratch: bool) -> None:
    """Everything in order: collect, assess, digest, plan, provision, load, verify, a scratch copy, replay, rehearse,
    judge, report.

    Without a slow log (trial.toml, [workload]) there is no digest and no plan; without a recording no replay.

    Steps whose artifacts are fresh are not run again, so that a run that was stopped goes on where it stopped; a
    step that acts on the world is never run again merely because something before it is newer. It stops where a
    finding blocks that trial.toml does not accept with a reason.

    \b
      seatrial run -d acme
      seatrial run -d acme --until verify
    """
    verdict = None
    with live(quiet=desk.as_json) as tell:
        desk.walk(until, tell)
    if until == STEPS[-1]:
        verdict = desk.dossier.read(desk.bench(silent).read("judge").address).body
    path, text = write_report(desk)
    if until == STEPS[-1] and not keep_scratch:
        with live(quiet=desk.as_json) as tell:
            drop_scratch(desk.bench(tell))
    if desk.as_json:
        print_json({"report": str(path), "verdict": verdict})
    else:
        click.echo(f"{text}\nReport: {path}")
    if verdict is not None:
        sys.exit(CODES[verdict.judgement])
