"""`seatrial status`."""

import click

from seatrial.cli.desk import Desk, over_dossier
from seatrial.cli.output import print_json
from seatrial.trial.journey import JOURNEY
from seatrial.trial.status import Freshness, look


@click.command()
@over_dossier
def status(desk: Desk) -> None:
    """Say of each step whether its artifact is fresh, stale or missing, and what to run next.

    \b
      seatrial status -d acme
    """
    found = list(look(JOURNEY, desk.dossier, desk.settings, desk.instance))
    if desk.as_json:
        print_json(found)
        return
    colours = {Freshness.FRESH: "green", Freshness.STALE: "yellow", Freshness.BROKEN: "red"}
    for one in found:
        said = click.style(f"{one.freshness:<8}", fg=colours.get(one.freshness))
        click.echo(f"{said} {one.address:<16} {one.title}{'  ' + one.created if one.created else ''}")
        if one.because:
            click.echo(f"{'':<26}{one.because}")
    waiting = next((one for one in found if one.freshness is not Freshness.FRESH), None)
    click.echo("Everything is fresh." if waiting is None else f"Next: seatrial run -d {desk.dossier.root}")
