"""`seatrial try`."""

import sys

import click

from seatrial.cli.desk import Desk, over_dossier
from seatrial.cli.output import print_json
from seatrial.domain.fault import Exit
from seatrial.trial.trying import trying

_SHOWN = 20


@click.command(context_settings={"allow_interspersed_args": False})
@over_dossier
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def try_(desk: Desk, command: tuple[str, ...]) -> None:
    """Run a command of yours, such as your test suite, on the scratch copy, and list the statements that failed.

    The command finds the copy by SEATRIAL_HOST, SEATRIAL_PORT, SEATRIAL_USER and SEATRIAL_DATABASE, by MYSQL_HOST and
    MYSQL_TCP_PORT, or by DATABASE_URL. Its output is shown, and kept in the dossier's private part. Exit 1 when the
    command's was not 0.

    \b
      seatrial try -d acme -- pytest tests/database
    """
    out = sys.stderr.buffer if desk.as_json else sys.stdout.buffer

    def show(said: bytes) -> None:
        out.write(said)
        out.flush()

    tried = desk.do(trying(command, show)).body
    if desk.as_json:
        print_json(tried)
    else:
        seen = "its statements could not be seen" if tried.statements is None else f"{tried.statements:,} statements"
        click.echo(f"{tried.program} ended with {tried.exit} after {tried.seconds:.1f} s; {seen}")
        for failure in tried.failures[:_SHOWN]:
            click.echo(f"  {failure.count:>6,} × {failure.message}\n           {failure.fingerprint[:140]}")
        if len(tried.failures) > _SHOWN:
            click.echo(f"  and {len(tried.failures) - _SHOWN} more kinds of failure")
        click.echo(f"Output: {desk.dossier.root / tried.output}")
    if tried.exit:
        sys.exit(Exit.NEGATIVE)
