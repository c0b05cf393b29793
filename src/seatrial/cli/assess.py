"""`seatrial assess`."""

import sys

import click

from seatrial.cli.desk import Desk, over_dossier
from seatrial.cli.output import print_json
from seatrial.domain.fault import Exit
from seatrial.domain.finding import Outcome
from seatrial.trial.journey import step


@click.command()
@over_dossier
def assess(desk: Desk) -> None:
    """Decide from what was collected whether this import can work: pass, warn, block, could-not-look.

    Exit 1 when a finding blocks that trial.toml does not accept.

    \b
      seatrial assess -d acme
    """
    assessment = desk.do(step("assess")).body
    blocking = [f for f in assessment.blocking if f.code not in desk.settings.accept]
    if desk.as_json:
        print_json(assessment)
    else:
        for finding in assessment.findings:
            if finding.outcome is Outcome.PASS:
                continue
            about = f" ({', '.join(finding.subjects[:6])})" if finding.subjects else ""
            click.echo(f"{finding.outcome:<15}{finding.code:<14}{finding.title}{about}\n{'':<29}{finding.detail}")
            if finding.remedy:
                click.echo(f"{'':<29}→ {finding.remedy}")
        passed = sum(f.outcome is Outcome.PASS for f in assessment.findings)
        click.echo(f"{passed} of {len(assessment.findings)} checks pass, {len(blocking)} block.")
    if blocking:
        sys.exit(Exit.NEGATIVE)
