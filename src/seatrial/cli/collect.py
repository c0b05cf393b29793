"""`seatrial collect`."""

from pathlib import Path

import click

from seatrial.adapters.mysql.source import planned
from seatrial.cli.desk import Desk, over_dossier
from seatrial.cli.output import print_json
from seatrial.domain.fault import Exit, Fault
from seatrial.report.summary import summary
from seatrial.trial import settings
from seatrial.trial.journey import step
from seatrial.trial.settings import Settings


def _begin(context: click.Context, _: click.Parameter, source: str | None) -> str | None:
    """Make the dossier before it is opened, when a source is given and there is none."""
    root = Path(context.params.get("root") or ".")
    if source and not (root / settings.FILE).exists():
        settings.create(root, Settings(name=root.absolute().name, source=source))
    return source


@click.command()
@over_dossier
@click.option("--source", callback=_begin, help="mysql://user@host:port/database; makes the dossier if there is none.")
@click.option("--dry-run", is_flag=True, help="Print every statement that would be sent, and send none.")
def collect(desk: Desk, source: str | None, dry_run: bool) -> None:
    """Look at the source, read-only: version, variables, schema, grants, replication, who writes.

    Every statement runs in a read-only session under a time cap; none reads rows of your tables. The password comes
    from --option-file, SEATRIAL_SOURCE_PASSWORD or a prompt.

    \b
      seatrial collect -d acme --source mysql://reader@db.example:3306/shop
      seatrial collect -d acme --dry-run
    """
    if source and source != desk.settings.source:
        raise Fault(
            "collect.other-source",
            f"this dossier is about {desk.settings.source_address}",
            remedy="edit `source` in trial.toml, or use another folder with -d",
            exit=Exit.CONFIG,
        )
    if dry_run:
        for sent in planned(desk.settings.source_address.database):
            click.echo(f"-- {sent.name}: {sent.why}\n{sent.sql};\n")
        return
    exhibit = desk.do(step("collect"))
    if desk.as_json:
        print_json(exhibit.body)
    else:
        click.echo(summary(exhibit.body))
