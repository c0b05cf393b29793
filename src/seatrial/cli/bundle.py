"""`seatrial bundle`."""

from pathlib import Path

import click

from seatrial.cli.desk import Desk, over_dossier
from seatrial.cli.output import print_json
from seatrial.domain.identifier import slug
from seatrial.dossier.bundle import pack


@click.command()
@over_dossier
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="[default: NAME.tar.gz here]")
def bundle(desk: Desk, output: Path | None) -> None:
    """Pack the dossier's shareable artifacts into one tarball to send. Nothing private is in it.

    \b
      seatrial bundle -d acme -o acme.tar.gz
    """
    path = output or Path(f"{slug(desk.settings.name)}.tar.gz")
    packed = pack(desk.dossier, path, slug(desk.settings.name))
    if desk.as_json:
        print_json({"bundle": str(path), "artifacts": packed})
    else:
        click.echo(f"{path}: {', '.join(packed)} ({path.stat().st_size / 1e3:,.0f} kB)")
