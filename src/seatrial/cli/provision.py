"""`seatrial provision`."""

import click

from seatrial.cli.desk import Desk, over_dossier
from seatrial.cli.output import print_json
from seatrial.domain.event import silent
from seatrial.stages.provision import planned
from seatrial.trial.journey import step, vschemas


@click.command()
@over_dossier
@click.option("--dry-run", is_flag=True, help="Print the statements and VSchemas, and do nothing.")
def provision(desk: Desk, dry_run: bool) -> None:
    """Make keyspaces, sequences, tables and VSchema on the target. May be repeated; changes nothing that differs.

    \b
      seatrial provision -d acme --dry-run
      seatrial provision -d acme
    """
    if dry_run:
        bench = desk.bench(silent)
        for keyspace in planned(bench.read("collect").body, vschemas(bench), bench.naming, desk.settings.shards):
            click.echo(f"-- keyspace {keyspace.name}, shards {', '.join(keyspace.shards)}")
            for ddl in keyspace.ddl:
                click.echo(f"{ddl};\n")
        return
    exhibit = desk.do(step("provision"))
    if desk.as_json:
        print_json(exhibit.body)
    else:
        for keyspace in exhibit.body.keyspaces:
            click.echo(f"{keyspace.name}: {len(keyspace.ddl)} tables on shards {', '.join(keyspace.shards)}")
