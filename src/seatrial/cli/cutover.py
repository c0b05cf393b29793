"""`seatrial cutover …`."""

import sys

import click

from seatrial.cli.desk import Desk, over_dossier
from seatrial.cli.live import live
from seatrial.cli.output import print_json
from seatrial.domain.event import silent
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.rehearsal import Cutover
from seatrial.stages.cutover.watch import watch as watching
from seatrial.trial import cutover as steps
from seatrial.trial.bench import Step
from seatrial.trial.journey import group, step


@click.group()
def cutover() -> None:
    """Move the traffic: rehearse it, switch, reverse, recover. There is always a way back.

    \b
      seatrial cutover rehearse -d acme         there and back under traffic (sample or clone only)
      seatrial cutover switch -d acme --dry-run
      seatrial cutover switch -d acme           behind gates, with a typed confirmation
      seatrial cutover watch -d acme            the way back, and writers past vtgate, until Ctrl-C
      seatrial cutover reverse -d acme
      seatrial cutover recover -d acme          name the state after a broken-off switch, and mend it
    """


@cutover.command()
@over_dossier
def rehearse(desk: Desk) -> None:
    """Switch and reverse under traffic, and count everything a user would feel."""
    rehearsal = desk.do(step("rehearse")).body
    if desk.as_json:
        print_json(rehearsal)
        return
    traffic = rehearsal.traffic
    click.echo(
        f"pause {rehearsal.pause_switch_ms:,.0f} ms there, {rehearsal.pause_reverse_ms:,.0f} ms back; "
        f"{traffic.transactions:,} transactions, {traffic.failed} failed, {traffic.half} half-committed, "
        f"{traffic.unknown} unknown"
    )
    if rehearsal.ledger is not None:
        click.echo(
            f"{rehearsal.ledger.committed:,} committed writes looked up on the source: {rehearsal.ledger.lost} lost, "
            f"{rehearsal.ledger.doubled} doubled"
        )
    click.echo(f"equal afterwards: {'yes' if rehearsal.equal_after else 'NO'}")
    if not rehearsal.equal_after:
        sys.exit(Exit.NEGATIVE)


@cutover.command()
@click.option("--dry-run", is_flag=True, help="Print what Vitess would do, in its own words, and do nothing.")
@click.option("--confirm", help="The trial's name, instead of being asked to type it.")
@over_dossier
def switch(desk: Desk, dry_run: bool, confirm: str | None) -> None:
    """Send reads and writes to the target, once every gate is open. The way back stays open."""
    if dry_run:
        _dry_run(desk, reverse=False)
        return
    _confirm(desk, confirm, "Lock the application's accounts on the source now; Vitess fences only itself.")
    _do(desk, steps.SWITCH)


@cutover.command()
@click.option("--dry-run", is_flag=True, help="Print what Vitess would do, in its own words, and do nothing.")
@click.option("--confirm", help="The trial's name, instead of being asked to type it.")
@over_dossier
def reverse(desk: Desk, dry_run: bool, confirm: str | None) -> None:
    """Send everything back to the source."""
    if dry_run:
        _dry_run(desk, reverse=True)
        return
    _confirm(desk, confirm, "Traffic goes back to the source.")
    _do(desk, steps.REVERSE)


@cutover.command()
@over_dossier
def recover(desk: Desk) -> None:
    """Name the state after a broken-off switch, and mend refusals it left. Traffic is not moved."""
    _do(desk, steps.RECOVER)


@cutover.command()
@over_dossier
@click.option("--seconds", type=click.FloatRange(0, min_open=True), help="How long; without it, until Ctrl-C.")
def watch(desk: Desk, seconds: float | None) -> None:
    """Watch after a switch: whether the way back is open, and whether anybody writes to the source past vtgate."""
    with live(quiet=desk.as_json) as tell, desk.wiring.source() as source:
        wanted = group(desk.bench(silent))
        watching(wanted, desk.wiring.cluster(), source, desk.settings.ours, seconds, tell)
    click.echo("quiet: nobody wrote to the source past vtgate")


def _do(desk: Desk, chosen: Step) -> None:
    with live(quiet=desk.as_json) as tell:
        outcome: Cutover = desk.run(chosen, tell).body
    if desk.as_json:
        print_json(outcome)
        return
    for each in outcome.traffic:
        click.echo(f"{each.keyspace}: served by {each.state}")
    click.echo("The way back is open." if outcome.way_back else "THERE IS NO WAY BACK in this state.")


def _dry_run(desk: Desk, *, reverse: bool) -> None:
    bench = desk.bench(silent)
    cluster = desk.wiring.cluster()
    for workflow in group(bench).workflows:
        click.echo(cluster.dry_run(workflow.name, workflow.keyspace, reverse=reverse))


def _confirm(desk: Desk, given: str | None, warning: str) -> None:
    name = desk.settings.name
    if given is None:
        click.echo(warning, err=True)
        given = click.prompt(f"Type the trial's name ({name}) to go on", default="", show_default=False, err=True)
    if given != name:
        raise Fault(
            "cutover.not-confirmed",
            "the trial's name was not typed; nothing was done",
            remedy=f"type {name} when asked, or give --confirm {name}",
            exit=Exit.USAGE,
        )
