"""`seatrial verify`."""

import sys

import click

from seatrial.cli.desk import Desk, over_dossier
from seatrial.cli.output import print_json
from seatrial.domain.comparison import Equality
from seatrial.domain.fault import Exit
from seatrial.trial.journey import step


@click.command()
@over_dossier
def verify(desk: Desk) -> None:
    """Compare every row on both sides: VDiff on each shard, rows accounted for, drawn rows read by ourselves.

    Rows that differ are kept by key with both sides in the dossier's private part. Exit 1 when any table differs, 3
    when one could not be looked at.

    \b
      seatrial verify -d acme
    """
    verification = desk.do(step("verify")).body
    if desk.as_json:
        print_json(verification)
    else:
        for table in verification.tables:
            click.echo(
                f"{table.equality:<15}{table.keyspace}.{table.table}: {table.rows_compared:,} rows compared, "
                f"{table.mismatches:,} differ{'; ' + table.reason if table.reason else ''}"
            )
        click.echo(
            f"{verification.equality}: {verification.rows_compared:,} rows in {verification.seconds:.1f} s"
            + (f"; rows that differ: {desk.dossier.private / 'mismatches'}" if verification.mismatches else "")
        )
    if verification.equality is Equality.DIFFERENT:
        sys.exit(Exit.NEGATIVE)
    if verification.equality is Equality.COULD_NOT_LOOK:
        sys.exit(Exit.INCONCLUSIVE)
