"""`seatrial load …`."""

import sys
from collections.abc import Callable

import click

from seatrial.cli.desk import Desk, over_dossier
from seatrial.cli.live import live
from seatrial.cli.output import print_json
from seatrial.domain import accounts as wanted_accounts
from seatrial.domain.event import Tell, silent
from seatrial.domain.fault import Exit
from seatrial.domain.movement import Act, Loaded
from seatrial.domain.naming import SCRATCH
from seatrial.stages.load import leave
from seatrial.stages.load.order import Order, acts
from seatrial.stages.load.scratch import cost, drop
from seatrial.trial.detach import DETACH
from seatrial.trial.journey import load_order, step


@click.group(invoke_without_command=True)
@over_dossier
@click.option("--dry-run", is_flag=True, help="Print the page of everything that would be done, and do nothing.")
@click.option("--accounts", is_flag=True, help="Print the least accounts we need, as SQL to paste on the source.")
def load(desk: Desk, dry_run: bool, accounts: bool) -> None:
    """Attach the source, copy every table, and keep following it. Killed, the same command carries on.

    \b
      seatrial load -d acme --accounts        SQL for the source's owner
      seatrial load -d acme --dry-run         everything we will do to your server
      seatrial load -d acme                   do it
      seatrial load pause -d acme             stop reading the source, within a second
      seatrial load resume -d acme
      seatrial load cancel -d acme            empty the target again
      seatrial load detach -d acme            leave nothing on the source, and prove it

    With --instance scratch it makes a copy that stands still, for a replay to write on: outside every routing rule,
    with its cost in disk and reads said before (--dry-run says it too), and `cancel` takes it away whole.

    \b
      seatrial provision -d acme --instance scratch
      seatrial load -d acme --instance scratch
      seatrial load cancel -d acme --instance scratch
    """
    if accounts:
        click.echo(wanted_accounts.to_paste(_grants(desk)), nl=False)
        return
    if dry_run:
        order = load_order(desk.bench(silent))
        price = cost(order, desk.wiring.tablets()) if order.scratch else None
        if desk.as_json:
            print_json({"acts": acts(order), "workflows": order.workflows, "cost": price})
        else:
            _print_page(order)
            if price is not None:
                click.echo(f"COST: {price}.")
        return
    if not desk.as_json:
        _print_page(load_order(desk.bench(silent)))
    loaded = desk.do(step("load")).body
    if desk.as_json:
        print_json(loaded)
    else:
        click.echo(_summary(loaded))


def _summary(loaded: Loaded) -> str:
    rate = loaded.bytes / 1e6 / loaded.copy_seconds if loaded.copy_seconds else 0
    copied = (
        f"{loaded.rows:,} rows, {loaded.bytes / 1e6:,.1f} MB in {len(loaded.tables)} tables; copied in "
        f"{loaded.copy_seconds:.1f} s ({rate:,.1f} MB/s)"
    )
    if loaded.stood_still is None:
        return f"{copied}; following the source.\nNext: seatrial verify"
    return (
        f"{copied}; standing still since {loaded.stood_still.at}.\n"
        "Next: seatrial replay; afterwards: seatrial load cancel --instance scratch"
    )


@load.command()
@over_dossier
def pause(desk: Desk) -> None:
    """Stop reading the source now. A load that runs waits."""
    _with_cluster(desk, lambda order, tell: leave.pause(order, desk.wiring.cluster(), tell))


@load.command()
@over_dossier
def resume(desk: Desk) -> None:
    """Go on after a pause."""
    _with_cluster(desk, lambda order, tell: leave.resume(order, desk.wiring.cluster(), tell))


@load.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@over_dossier
def cancel(desk: Desk, yes: bool) -> None:
    """End the import: workflows and routing rules go, this trial's tables on the target are emptied. A scratch copy
    (--instance scratch) goes whole, with keyspaces and tablets."""
    if desk.instance == SCRATCH:
        _drop_scratch(desk, yes)
        return
    if not yes:
        click.confirm(
            f"Empty the tables of trial {desk.settings.name} on {desk.settings.target}?", abort=True, err=True
        )
    _with_cluster(desk, lambda order, tell: leave.cancel(order, desk.wiring.cluster(), desk.wiring.tablets(), tell))


def _drop_scratch(desk: Desk, yes: bool) -> None:
    naming = desk.settings.naming(desk.instance)
    if not yes:
        click.confirm(
            f"Remove the scratch copy of trial {desk.settings.name} from {desk.settings.target}?", abort=True, err=True
        )
    with live(quiet=desk.as_json) as tell:
        drop(naming, desk.wiring.cluster(), desk.wiring.tablets(), tell)
    if desk.as_json:
        print_json({"done": True})


@load.command()
@over_dossier
def detach(desk: Desk) -> None:
    """Take us off the source: tablet, topology, bookkeeping; and certify that nothing is left."""
    with live(quiet=desk.as_json) as tell:
        certificate = desk.run(DETACH, tell).body
    if desk.as_json:
        print_json(certificate)
    else:
        for check in certificate.checks:
            click.echo(f"{'ok ' if check.ok else 'NOT OK'} {check.what}: {check.seen}")
        click.echo(f"Detached: {'nothing left' if certificate.clean else 'SOMETHING IS LEFT, see above'}.")
        click.echo(f"To take back the accounts, on the source:\n{certificate.take_back}", nl=False)
    if not certificate.clean:
        sys.exit(Exit.NEGATIVE)


def _grants(desk: Desk) -> tuple[wanted_accounts.Grant, ...]:
    settings = desk.settings
    return wanted_accounts.grants(
        database=settings.source_address.database,
        sidecar=settings.naming(desk.instance).source_sidecar,
        reader=settings.source_address.user,
        mover=settings.mover,
    )


def _with_cluster(desk: Desk, act: Callable[[Order, Tell], None]) -> None:
    # without the dossier's lock: a pause must reach a load that holds it, and the state is the cluster's
    with live(quiet=desk.as_json) as tell:
        act(load_order(desk.bench(silent)), tell)
    if desk.as_json:
        print_json({"done": True})


def _print_page(order: Order) -> None:
    click.echo("EVERYTHING WE WILL DO\n")
    for act in acts(order):
        _print_act(act)
    for workflow in order.workflows:
        click.echo(f"{workflow.name}: {len(workflow.tables)} tables into {workflow.keyspace}")
        for choice in workflow.choices:
            click.echo(f"  {choice.option}={choice.value}  {choice.reason}")
    for copy in order.materializations:
        click.echo(f"{copy.name}: {', '.join(copy.tables)} kept current from {copy.source_keyspace} in {copy.keyspace}")
    click.echo()


def _print_act(act: Act) -> None:
    click.echo(f"{act.when.upper()}, on the {act.where}")
    for label, text in (("reads", act.reads), ("locks", act.locks), ("writes", act.writes), ("undo", act.undo)):
        click.echo(click.wrap_text(text, 100, initial_indent=f"  {label:<7}", subsequent_indent=" " * 9))
    click.echo()
