"""`seatrial init`: a new dossier."""

import shutil
from pathlib import Path

import click

from seatrial.domain.fault import Exit, Fault
from seatrial.trial import settings
from seatrial.trial.settings import RehearsalSettings, Settings


@click.command()
@click.option("-d", "--dossier", "root", required=True, type=click.Path(path_type=Path), help="The folder to make.")
@click.option("--name", help="The trial's name; names in Vitess begin with it. [default: the folder's name]")
@click.option("--source", required=True, help="mysql://user@host:port/database, without a password.")
@click.option("--target", default="", help="lab:NAME, or vitess://HOST:PORT?vtctld=HOST:PORT.")
@click.option("--shards", default=2, show_default=True, help="Shards of the sharded keyspaces: a power of two.")
@click.option(
    "--vschema",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A folder with one VSchema a role (sharded.json, unsharded.json); it is copied in. "
    "Without it everything goes into one unsharded keyspace.",
)
@click.option("--clone", default="", help="Words that declare the source a copy nobody depends on; allows rehearsals.")
def init(root: Path, name: str | None, source: str, target: str, shards: int, vschema: Path | None, clone: str) -> None:
    """Begin a trial: make its folder and its trial.toml.

    \b
      seatrial init -d acme --source mysql://reader@db.example:3306/shop --target lab:acme --vschema my-vschema/
    """
    made = Settings(
        name=name or root.absolute().name,
        source=source,
        target=target,
        shards=shards,
        vschema="vschema" if vschema else "",
        rehearsal=RehearsalSettings(clone=clone),
    )
    if target:
        made.target_address  # noqa: B018 – a broken address is refused before it is written
    settings.create(root, made)
    if vschema:
        try:
            shutil.copytree(vschema, root / "vschema", dirs_exist_ok=True)
        except (OSError, shutil.Error) as error:
            raise Fault(
                "init.vschema",
                f"the folder {vschema} could not be copied: {error}",
                remedy=f"copy its files to {root / 'vschema'} yourself",
                exit=Exit.CONFIG,
            ) from None
    click.echo(f"{root / settings.FILE} is made.\nNext: seatrial run -d {root}")
