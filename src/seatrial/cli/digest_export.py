"""`seatrial digest export`."""

import sys

import click

from seatrial.cli.desk import Desk, over_dossier
from seatrial.cli.output import print_json
from seatrial.domain.address import Address
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.workload import Digest
from seatrial.stages.digest.export import as_csv, exported, schema
from seatrial.stages.digest.export_parquet import as_parquet
from seatrial.stages.digest.export_pt import as_pt


def _print_schema(context: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked:
        print_json(schema())
        context.exit()


@click.command()
@over_dossier
@click.option(
    "--format",
    "layout",
    type=click.Choice(["json", "csv", "parquet", "pt"]),
    default="json",
    show_default=True,
    help="The whole digest as JSON; a line a query class as CSV or Parquet; or pt-query-digest's JSON.",
)
@click.option(
    "--schema",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_schema,
    help="Print the schema of --format json instead; needs no dossier.",
)
def export(desk: Desk, layout: str) -> None:
    """Print a digest for other programs, on stdout. It holds no literal.

    \b
      seatrial digest export -d acme > workload.json
      seatrial digest export -d acme --format csv --instance target > target.csv
      seatrial digest export -d acme --format parquet > classes.parquet
      seatrial digest export -d acme --format pt | jq '.classes[0]'
      seatrial digest export --schema

    Parquet needs pyarrow: pip install 'seatrial[parquet]'.
    """
    digest: Digest = desk.dossier.read(Address("digest", desk.instance)).body
    layout = "json" if desk.as_json else layout
    if layout == "pt":
        print_json(as_pt(digest))
        return
    made = exported(digest)
    if layout == "csv":
        click.echo(as_csv(made.classes), nl=False)
    elif layout == "parquet":
        _print_bytes(as_parquet(made.classes))
    else:
        print_json(made)


def _print_bytes(content: bytes) -> None:
    if sys.stdout.isatty():
        raise Fault(
            "digest.parquet-on-a-terminal",
            "Parquet is not for a terminal",
            remedy="send it to a file: seatrial digest export --format parquet > classes.parquet",
            exit=Exit.USAGE,
        )
    click.echo(content, nl=False)
