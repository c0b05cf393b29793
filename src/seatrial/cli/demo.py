"""`seatrial demo`: the main job on the embedded lab and the sample, from nothing to a verdict."""

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec

from seatrial.cli.desk import Desk, open_desk
from seatrial.cli.live import Live, live
from seatrial.cli.report import write_report
from seatrial.domain.address import Address
from seatrial.domain.event import Note, Progress, Tell, rest, silent
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.naming import SCRATCH
from seatrial.domain.verdict import Judgement, Verdict
from seatrial.lab import cluster as labs
from seatrial.lab.install import install
from seatrial.sample import slow_log
from seatrial.sample.accounts import READER, make_accounts
from seatrial.sample.load import load
from seatrial.sample.server import Sample
from seatrial.sample.setup import APP, DATABASE, ROOT
from seatrial.sample.traffic import Order, Traffic
from seatrial.stages.load import leave
from seatrial.trial import settings
from seatrial.trial.detach import DETACH
from seatrial.trial.journey import drop_scratch, load_order, step
from seatrial.trial.settings import Settings
from seatrial.trial.workload import REPLAY

NAME = "demo"
LIVE_RATE_PER_S = 25
LOG_S = 30
RECORDED_RATE_PER_S = 40
RECORD_S = 30
ACCEPTED = {
    "OBJ-LEFT": "the sample's one view, open_orders, is made by hand in each shard's keyspace after a real move",
    "SRV-DISK": "the sample's disk is this machine's own",
    "QUERY-e03bcbf4d52f84ea": "the report WITH ROLLUP is summed up by the application, once it is moved",
    "QUERY-52550d5aff2711f9": "moving a customer to another shop becomes an INSERT there and a DELETE here",
}


@click.command()
@click.option("--into", "root", default="demo", show_default=True, type=click.Path(path_type=Path), help="The dossier.")
@click.option("--scale", default=1.0, show_default=True, type=click.FloatRange(0.01, 100), help="1 is about 100 MB.")
@click.option("--keep", is_flag=True, help="Leave lab and sample running, to look around in them.")
def demo(root: Path, scale: float, keep: bool) -> None:
    """Watch the main job: a MySQL under live traffic is examined, a sharding plan made of its slow log, its rows
    imported into a sharded Vitess and verified, its recorded workload replayed there, cut over and back under load,
    and judged.

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
        _replayed(desk, sample, tell)
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
            Settings(name=NAME, source=address, target=f"lab:{NAME}", accept=ACCEPTED),
        )


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
    """Everything up to the verification, while the sample's application trades on its MySQL; the plan is made of
    what its slow log told until then."""
    with _logged(sample, "demo-live", tell) as log, _traffic(desk, sample, "live-traffic", LIVE_RATE_PER_S, tell):
        tell(Note(text=f"the sample's application trades: {LIVE_RATE_PER_S} transactions a second on its own MySQL"))
        began = time.monotonic()
        desk.walk("assess", tell)
        if not desk.dossier.has(Address("digest")):
            while (left := LOG_S - (time.monotonic() - began)) > 0:
                tell(Progress(phase="the slow log fills", done=LOG_S - left, total=LOG_S, unit="s", left_s=left))
                rest(tell, min(left, 0.5))
            desk.over_logs([log], record=False).run(step("digest"), tell)
        desk.walk("verify", tell)
    tell(Note(text="the application leaves MySQL's own port"))


def _replayed(desk: Desk, sample: Sample, tell: Tell) -> None:
    """A copy of the source at rest, then a recording that begins at that very state, then its replay."""
    if desk.dossier.has(Address("replay", SCRATCH)):
        return
    desk.run(step(f"provision/{SCRATCH}"), tell)
    desk.run(step(f"load/{SCRATCH}"), tell)
    recorded = msgspec.structs.replace(desk, instance=SCRATCH)
    recorded.run(step("collect"), tell)
    with _logged(sample, "demo-recorded", tell) as log:
        with _traffic(desk, sample, "recorded-traffic", RECORDED_RATE_PER_S, tell):
            for second in range(RECORD_S):
                tell(Progress(phase="recording the application", done=second, total=RECORD_S, unit="s"))
                rest(tell, 1)
        recorded.over_logs([log], record=True).run(step("digest"), tell)
    desk.run(REPLAY, tell)


@contextmanager
def _logged(sample: Sample, name: str, tell: Tell) -> Iterator[Path]:
    """The sample's slow log, every statement of it, while the block lasts; a new file in the sample's own folder."""
    log = slow_log.start(sample, f"{name}-{int(time.time())}.log", tell)
    try:
        yield log
    finally:
        slow_log.stop(sample, silent)


@contextmanager
def _traffic(desk: Desk, sample: Sample, name: str, rate_per_s: float, tell: Tell) -> Iterator[None]:
    truth = desk.dossier.root / f"{name}.jsonl"
    truth.unlink(missing_ok=True)
    order = Order(login=sample.login(APP, DATABASE), rate_per_s=rate_per_s, awkward=True)
    traffic = Traffic.start(order, truth, tell)
    try:
        yield
    finally:
        traffic.stop(silent)


def _take_down(desk: Desk, sample: Sample, tell: Tell) -> None:
    bench = desk.bench(tell)
    drop_scratch(bench)
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
