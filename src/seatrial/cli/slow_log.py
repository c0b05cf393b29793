"""`seatrial slow-log`."""

import click

from seatrial.cli.desk import Desk, over_dossier
from seatrial.cli.live import live
from seatrial.cli.output import print_json
from seatrial.domain import slow_logging


@click.command()
@over_dossier
@click.option(
    "--file",
    default=slow_logging.DEFAULT_FILE,
    show_default=True,
    help="The log's name on the server; without a leading / it lies in the server's data folder.",
)
def slow_log(desk: Desk, file: str) -> None:
    """Print how the source's owner makes it log every statement: commands, disk needed, undo.

    Nothing is set: it looks at the present values and, for a second, at the rate of statements. Paste the commands
    on the source, let the application reconnect, wait, paste the undo; then: seatrial digest.

    \b
      seatrial slow-log -d acme
      seatrial slow-log -d acme --file /var/log/mysql/seatrial-slow.log
    """
    with live(quiet=desk.as_json) as tell, desk.wiring.source() as source:
        page = slow_logging.page(
            slow_logging.present(source),
            file,
            slow_logging.rate(source, tell),
            open_sessions=slow_logging.open_sessions(source),
        )
    if desk.as_json:
        print_json(page)
    else:
        click.echo(page.text())
