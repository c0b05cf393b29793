"""`seatrial explain`."""

import click

from seatrial.cli.desk import Desk, over_dossier
from seatrial.cli.output import print_json
from seatrial.domain.evidence import Evidence
from seatrial.report.explain import explain as rendered
from seatrial.trial.explain import explain as walk


@click.command()
@over_dossier
@click.argument("evidence")
def explain(desk: Desk, evidence: str) -> None:
    """Walk from a reference in the report back to the number, its surroundings and its origin.

    \b
      seatrial explain -d acme verify/main#/tables/0/rows/target
    """
    reference = Evidence.parse(evidence)
    if desk.as_json:
        print_json(walk(reference, desk.dossier))
        return
    head = desk.dossier.head(reference.address)
    walk(reference, desk.dossier)
    click.echo(
        rendered(
            reference,
            head.body,
            sha256=head.sha256,
            created=head.created,
            producer=head.producer,
            inputs=head.inputs,
            options=head.options,
        )
    )
