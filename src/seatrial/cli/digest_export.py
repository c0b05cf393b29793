"""`seatrial digest export`."""

import click

from seatrial.cli.desk import Desk, over_dossier
from seatrial.cli.output import print_json
from seatrial.domain.address import Address
from seatrial.domain.workload import Digest
from seatrial.stages.digest.export import as_csv, exported, schema


def _print_schema(context: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked:
        print_json(schema())
        context.exit()


@click.command()
@over_dossier
@click.option(
    "--format",
    "layout",
    type=click.Choice(["json", "csv"]),
    default="json",
    show_default=True,
    help="The whole digest as JSON, or a line a query class as CSV.",
)
@click.option(
    "--schema",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_schema,
    help="Print the JSON's schema instead; needs no dossier.",
)
def export(desk: Desk, layout: str) -> None:
    """Print a digest for other programs, on stdout. It holds no literal.

    \b
      seatrial digest export -d acme > workload.json
      seatrial digest export -d acme --format csv --instance target > target.csv
      seatrial digest export --schema
    """
    digest: Digest = desk.dossier.read(Address("digest", desk.instance)).body
    made = exported(digest)
    if layout == "csv" and not desk.as_json:
        click.echo(as_csv(made.classes), nl=False)
    else:
        print_json(made)
