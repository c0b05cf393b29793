"""`seatrial lab`: a small Vitess on this machine."""

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from seatrial.cli.live import live
from seatrial.cli.output import print_json
from seatrial.domain.fault import Exit
from seatrial.lab import cluster
from seatrial.lab.install import install as install_engine
from seatrial.lab.status import look

_name = click.option("--name", required=True, help="The lab's name: letters, digits, - and _.")
_json = click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
_engine_dir = click.option(
    "--engine-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the engine is, or goes; else SEATRIAL_ENGINE_DIR, else the user's cache folder, else PATH.",
)


@click.group()
def lab() -> None:
    """Run a small Vitess on this machine: real tablets, real MySQL, nothing installed system-wide.

    \b
    Examples:
      seatrial lab install
      seatrial lab up --name demo --shards 2
      seatrial lab status --name demo
      seatrial lab down --name demo

    Every port is on 127.0.0.1. vtgate asks for no password: whoever has an account on this machine can reach it.
    """


@lab.command()
@_engine_dir
@_json
def install(engine_dir: Path | None, as_json: bool) -> None:
    """Install Vitess, etcd and MySQL for labs; at once when they are there.

    What fits on PATH is used (Vitess 24, MySQL 8.4 or newer). Otherwise Vitess and etcd are built with Go, which is
    fetched if there is none, and MySQL is unpacked from Debian's packages. An interrupted install carries on.

    \b
    Examples:
      seatrial lab install
      seatrial lab install --engine-dir /data/engine
    """
    with live(quiet=as_json) as tell:
        engine = install_engine(engine_dir, tell)
    if as_json:
        print_json({"versions": engine.versions, "mysqld": str(engine.mysqld), "vtgate": str(engine.vtgate)})
        return
    click.echo("Engine: " + ", ".join(f"{name} {version}" for name, version in engine.versions.items()))
    click.echo("Next: seatrial lab up --name demo --shards 2")


@lab.command()
@_name
@click.option("--shards", type=int, help="Shards of the sharded keyspace, a power of two.  [default: 2]")
@click.option("--prefix", help="Begins the keyspaces' names.  [default: the lab's name]")
@click.option("--limits", help="Limits profile: vitess-default, planetscale or wide.  [default: vitess-default]")
@click.option("--buffer-size", type=int, help="Requests vtgate holds during a switch.  [default: 1000]")
@click.option("--buffer-window", type=int, metavar="SECONDS", help="How long it holds one.  [default: 10]")
@click.option(
    "--query-log/--no-query-log",
    default=None,
    help="Keep vtgate's query log. Bind values are redacted in it, but a statement that cannot be parsed or planned "
    "is written as it came.  [default: no]",
)
@_engine_dir
@_json
def up(
    name: str,
    shards: int | None,
    prefix: str | None,
    limits: str | None,
    buffer_size: int | None,
    buffer_window: int | None,
    query_log: bool | None,
    engine_dir: Path | None,
    as_json: bool,
) -> None:
    """Start a lab, or mend it: whatever of it does not run is started again, on its own data and ports.

    A new lab has the keyspaces PREFIX_sharded and PREFIX_unsharded. Options given to a lab that exists change it
    where that can be done.

    \b
    Examples:
      seatrial lab up --name demo --shards 2
      seatrial lab up --name big --shards 4 --limits planetscale
      seatrial lab up --name demo          (after a restart of the machine)
    """
    wish = cluster.Wish(
        name=name,
        shards=shards,
        prefix=prefix,
        limits=limits,
        buffer_requests=buffer_size,
        buffer_window_s=buffer_window,
        query_log=query_log,
    )
    with live(quiet=as_json) as tell:
        status = look(cluster.up(wish, tell, engine_dir))
    if as_json:
        print_json(status)
        return
    click.echo(f"lab {name} is up: {status.running} processes")
    for keyspace, names in status.keyspaces.items():
        click.echo(f"  keyspace {keyspace}: {' '.join(names)}")
    host, _, port = status.vtgate.partition(":")
    click.echo(f"  vtgate (MySQL protocol, any user, no password): --host {host} --port {port}")
    click.echo(f"  as a target: lab:{name}")


@lab.command()
@_name
@_json
@click.pass_context
def status(ctx: click.Context, name: str, as_json: bool) -> None:
    """Show how each process of a lab is. Exits with 1 unless all of them serve.

    \b
    Examples:
      seatrial lab status --name demo
      seatrial lab status --name demo --json
    """
    seen = look(cluster.open_lab(name))
    if as_json:
        print_json(seen)
    else:
        table = Table("process", "for", "pid", "ports", "state", box=None, pad_edge=False)
        for health in seen.processes:
            state = "serving" if health.serving else "not serving" if health.alive else "[red]not running[/]"
            ports = " ".join(str(port) for port in health.ports)
            table.add_row(health.name, health.of, str(health.pid or "–"), ports, state)
        Console(soft_wrap=True, highlight=False).print(table)
        if not seen.whole:
            click.echo(f"Next: seatrial lab up --name {name}")
    ctx.exit(int(Exit.OK if seen.whole else Exit.NEGATIVE))


@lab.command()
@_name
def down(name: str) -> None:
    """Stop every process of a lab; its data stays for the next `up`.

    \b
    Example:
      seatrial lab down --name demo
    """
    with live() as tell:
        cluster.down(name, tell)
    click.echo(f"lab {name} is down; its data stays. To delete it: seatrial lab destroy --name {name}")


@lab.command()
@_name
def destroy(name: str) -> None:
    """Stop a lab and delete all its files, without asking.

    \b
    Example:
      seatrial lab destroy --name demo
    """
    with live() as tell:
        size = cluster.destroy(name, tell)
    click.echo(f"lab {name} is gone: {size / 1e6:,.0f} MB of files removed")
