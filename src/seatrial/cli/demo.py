"""`seatrial demo`: the main job on the embedded lab and the sample, from nothing to a verdict."""

import shutil
import sys
import time
from pathlib import Path

import click

from seatrial.cli.desk import Desk, open_desk
from seatrial.cli.live import Live, live
from seatrial.cli.report import write_report
from seatrial.domain.event import Note, Tell, silent
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.verdict import Judgement, Verdict
from seatrial.lab import cluster as labs
from seatrial.lab.install import install
from seatrial.sample.accounts import READER, make_accounts
from seatrial.sample.load import load, vschema_folder
from seatrial.sample.server import Sample
from seatrial.sample.setup import APP, DATABASE, ROOT
from seatrial.sample.traffic import Order, Traffic
from seatrial.stages.load import leave
from seatrial.trial import settings
from seatrial.trial.detach import DETACH
from seatrial.trial.journey import load_order
from seatrial.trial.settings import Settings

NAME = "demo"
LIVE_RATE_PER_S = 25
ACCEPTED = {
    "OBJ-LEFT": "the sample's one view, open_orders, is made by hand in each shard's keyspace after a real move",
    "SRV-DISK": "the sample's disk is this machine's own",
}


@click.command()
@click.option("--into", "root", default="demo", show_default=True, type=click.Path(path_type=Path), help="The dossier.")
@click.option("--scale", default=1.0, show_default=True, type=click.FloatRange(0.01, 100), help="1 is about 100 MB.")
@click.option("--keep", is_flag=True, help="Leave lab and sample running, to look around in them.")
def demo(root: Path, scale: float, keep: bool) -> None:
    """Watch the main job: a MySQL under live traffic is examined, imported into a sharded Vitess, verified, cut over
    and back under load, and judged.

    Everything runs on this machine and is taken down at the end; what stays is the dossier with its report. Begun
    again after a stop, it goes on where it stopped; after an end, it begins anew.

    \b
      seatrial demo
      seatrial demo --scale 0.1 --keep
    """
    began = time.monotonic()
    sample = Sample(NAME)
    with live() as tell:
        _set_up(root, sample, scale, tell)
        desk = open_desk(root, "main", sample.folder / "seatrial.cnf", as_json=False)
        _under_traffic(desk, sample, tell)
        desk.walk("judge", tell)
        page, text = write_report(desk)
        verdict: Verdict = desk.dossier.read(desk.bench(silent).read("judge").address).body
        if not keep:
            _take_down(desk, sample, tell)
    click.echo(f"\n{text}\n")
    click.echo(f"The verdict is {verdict.judgement.upper()}; {time.monotonic() - began:.0f} s in all.")
    if verdict.judgement is Judgement.INCONCLUSIVE:
        click.echo(
            "No more can be had here: on a machine that source, target and traffic share, no time proves anything."
        )
    click.echo(f"Look at the report:       {page.absolute()}")
    click.echo(f"Follow any number of it:  seatrial explain -d {root} verify/main#/rows_compared")
    if keep:
        click.echo("Still running: the lab and the sample. Take them down: seatrial demo-down")
    if verdict.judgement is Judgement.FAIL:
        sys.exit(Exit.NEGATIVE)


def _set_up(root: Path, sample: Sample, scale: float, tell: Live) -> None:
    engine = install(None, tell)
    if root.exists() and _ended(root):
        shutil.rmtree(root)
    if not (root / settings.FILE).exists():
        _wipe(sample, tell)  # what an earlier demo kept belongs to a dossier that is gone
    labs.up(labs.Wish(name=NAME, shards=2), tell)
    status = sample.up(engine.mysql_root, tell)
    if not (root / settings.FILE).exists():
        load(sample.login(ROOT, None), scale=scale, replace=True, tell=tell)
        make_accounts(sample, NAME)
        address = status.address.replace(f"//{APP}@", f"//{READER}@")
        settings.create(
            root,
            Settings(name=NAME, source=address, target=f"lab:{NAME}", vschema="vschema", accept=ACCEPTED),
        )
    shutil.copytree(vschema_folder(), root / "vschema", dirs_exist_ok=True)  # also after a stop in between


def _ended(root: Path) -> bool:
    """Whether a demo came to its verdict there; anything else in that folder is not ours to remove."""
    if not (root / settings.FILE).is_file() or settings.read(root).target != f"lab:{NAME}":
        raise Fault(
            "demo.not-ours",
            f"{root} is there already and is no demo of ours",
            remedy="choose another folder with --into",
        )
    return (root / "judge" / "main.json").exists()


def _under_traffic(desk: Desk, sample: Sample, tell: Tell) -> None:
    """Everything up to the verification, while the sample's application trades on its MySQL."""
    truth = desk.dossier.root / "live-traffic.jsonl"
    truth.unlink(missing_ok=True)
    order = Order(login=sample.login(APP, DATABASE), rate_per_s=LIVE_RATE_PER_S)
    traffic = Traffic.start(order, truth, tell)
    tell(Note(text=f"the sample's application trades: {LIVE_RATE_PER_S} transactions a second on its own MySQL"))
    try:
        desk.walk("verify", tell)
    finally:
        traffic.stop(silent)
    tell(Note(text="the application leaves MySQL's own port; the rehearsal sends it through vtgate"))


def _take_down(desk: Desk, sample: Sample, tell: Tell) -> None:
    bench = desk.bench(tell)
    leave.cancel(load_order(bench), bench.wiring.cluster(), bench.wiring.tablets(), tell)
    certificate = desk.run(DETACH, tell).body
    tell(Note(text=f"detached from the source: {'nothing left' if certificate.clean else 'SOMETHING IS LEFT'}"))
    _wipe(sample, tell)


def _wipe(sample: Sample, tell: Tell) -> None:
    try:
        labs.destroy(NAME, tell)
    except Fault as fault:
        if fault.code != "lab.unknown":
            raise
    sample.down(tell)


@click.command()
def demo_down() -> None:
    """Take down what `seatrial demo --keep` left running.

    \b
      seatrial demo-down
    """
    with live() as tell:
        _wipe(Sample(NAME), tell)
