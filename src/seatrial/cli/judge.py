"""`seatrial judge`."""

import sys
from pathlib import Path

import click
import msgspec

from seatrial.cli.desk import Desk, over_dossier
from seatrial.cli.output import print_json
from seatrial.domain.fault import Exit
from seatrial.domain.verdict import Judgement
from seatrial.trial.journey import step

CODES = {Judgement.PASS: Exit.OK, Judgement.FAIL: Exit.NEGATIVE, Judgement.INCONCLUSIVE: Exit.INCONCLUSIVE}


@click.command()
@over_dossier
@click.option(
    "--criteria",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A TOML file that overrides or adds to the documented defaults (docs/criteria.md).",
)
def judge(desk: Desk, criteria: Path | None) -> None:
    """Hold the evidence against the criteria: pass, fail or inconclusive. Exit 0, 1 or 3.

    \b
      seatrial judge -d acme
      seatrial judge -d acme --criteria ours.toml
    """
    if criteria is not None:
        settings = msgspec.structs.replace(desk.settings, criteria=str(criteria.absolute()))
        desk = msgspec.structs.replace(desk, settings=settings)
    verdict = desk.do(step("judge")).body
    if desk.as_json:
        print_json(verdict)
    else:
        for judged in verdict.criteria:
            click.echo(f"{judged.judgement:<14}{judged.criterion.title}: {judged.because}")
        click.echo(f"\nVERDICT: {verdict.judgement.upper()}")
    sys.exit(CODES[verdict.judgement])
