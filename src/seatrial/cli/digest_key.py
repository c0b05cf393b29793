"""`seatrial digest key`."""

import click

from seatrial.cli.desk import Desk, over_dossier
from seatrial.cli.output import print_json
from seatrial.trial.parts import key_of


@click.command()
@over_dossier
def key(desk: Desk) -> None:
    """Print the key with which a fleet hashes the values in its partial digests; it is made when first asked for.

    It lies in the dossier's private part, and no bundle takes it along. Who has the key and a partial digest can try
    values; who has only one of them cannot. A merge needs no key.

    \b
      (umask 077; seatrial digest key -d acme > fleet.key)
    """
    found = key_of(desk.dossier)
    if desk.as_json:
        print_json({"key": found.written, "fingerprint": found.fingerprint})
    else:
        click.echo(found.written)
