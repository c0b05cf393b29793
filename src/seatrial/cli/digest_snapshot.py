"""`seatrial digest snapshot`: performance_schema's statement digests as they are now, as JSON."""

import click

from seatrial.adapters.mysql.source import planned
from seatrial.cli.desk import Desk, over_dossier
from seatrial.cli.live import live
from seatrial.domain.event import Note
from seatrial.domain.question import SNAPSHOT
from seatrial.parsing.logs.snapshot_file import written
from seatrial.stages.digest.snapshot import snapshot as taken


@click.command()
@over_dossier
@click.option("--dry-run", is_flag=True, help="Print every statement that would be sent, and send none.")
def snapshot(desk: Desk, dry_run: bool) -> None:
    """Print what performance_schema has counted of the source's statements, for servers without a slow log.

    Two of them, some time apart, are digested like a log. It reads in a read-only session under a time cap: texts
    without literals and numbers, no row of a table, and no sample of a statement.

    \b
      seatrial digest snapshot -d acme > before.json
      seatrial digest snapshot -d acme > after.json      an hour later
      seatrial digest before.json after.json -d acme
      seatrial digest snapshot -d acme --dry-run
    """
    if dry_run:
        for sent in planned(desk.settings.source_address.database, questions=SNAPSHOT):
            click.echo(f"-- {sent.name}: {sent.why}\n{sent.sql};\n")
        return
    with live(quiet=desk.as_json) as tell, desk.wiring.counts() as source:
        made = taken(source, tell)
        executed = sum(row.count for row in made.statements)
        tell(
            Note(
                text=f"{executed:,} statements of {len(made.statements):,} texts so far; take another snapshot later, "
                "then: seatrial digest BEFORE AFTER"
            )
        )
    click.echo(written(made))
