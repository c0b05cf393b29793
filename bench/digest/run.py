"""Digests slow logs of four kinds on one machine, with pt-query-digest and with seatrial, on one core and on all:

    .venv/bin/python -m bench.digest.run

  a  the log of a real MySQL 9 under the sample's traffic, every statement logged; repeated to its size
  b  short statements
  c  INSERTs of 500 rows each
  d  statements of which no two have one fingerprint

Needs Debian's package percona-toolkit, and for (a) the engine (`seatrial lab install`), or a log of yours (--log). Each
way is a process of its own, start-up included. What it starts and writes is removed at the end, also after an error or
Ctrl-C.
"""

import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import click
import msgspec
from msgspec import Struct

from bench.digest import inputs, meter
from bench.digest.meter import Limits
from bench.digest.table import Measured, machine, table
from seatrial.cli.main import say_fault
from seatrial.domain.fault import Cancelled, Exit, Fault
from seatrial.sample.setup import DATABASE

NAME = "bench-digest"
TOOL = "pt-query-digest"
INSERTS_SHARE = 0.2
"""Of the size of the others: INSERTs of many rows take us longest of all."""

_PERCENT = re.compile(r"(\d+)%")


class Asked(Struct, frozen=True, kw_only=True):
    """The options of a run."""

    repeat: int
    size_mb: int
    fingerprints: int
    seconds: int
    seed: int
    log: Path | None
    database: str
    limits: Limits


class Input(Struct, frozen=True, kw_only=True):
    """A log to digest. `every_class`: pt-query-digest reports all of them, as we do."""

    title: str
    path: Path
    database: str
    every_class: bool = True


def _real(folder: Path, asked: Asked) -> Input:
    if asked.log is not None:
        return Input(title=f"(a) {asked.log.name}", path=asked.log, database=asked.database)
    path = folder / "a.log"
    words = ["--seconds", str(asked.seconds), "--size-mb", str(asked.size_mb), str(path)]
    if ended := meter.told_to_end([sys.executable, "-m", "bench.digest.traffic", *words]):
        raise Fault("bench.no-traffic", f"the sample's traffic ended with {ended}", remedy="see above")
    title = f"(a) a real log, {asked.seconds} s of the sample's traffic repeated"
    return Input(title=title, path=path, database=DATABASE)


def _short(folder: Path, asked: Asked) -> Input:
    path = folder / "b.log"
    inputs.short(path, asked.size_mb * 1_000_000, asked.seed)
    return Input(title="(b) short statements", path=path, database=inputs.DATABASE)


def _inserts(folder: Path, asked: Asked) -> Input:
    path = folder / "c.log"
    inputs.inserts(path, round(asked.size_mb * INSERTS_SHARE * 1_000_000), asked.seed)
    return Input(title=f"(c) INSERTs of {inputs.ROWS} rows", path=path, database=inputs.DATABASE)


def _distinct(folder: Path, asked: Asked) -> Input:
    path = folder / "d.log"
    inputs.distinct(path, asked.fingerprints, asked.seed)
    title = f"(d) {asked.fingerprints:,} statements of as many fingerprints"
    return Input(title=title, path=path, database=inputs.DATABASE, every_class=False)


KINDS: dict[str, Callable[[Path, Asked], Input]] = {"a": _real, "b": _short, "c": _inserts, "d": _distinct}


def _kinds(_: click.Context, __: click.Parameter, text: str) -> list[str]:
    kinds = [kind.strip() for kind in text.split(",")]
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise click.BadParameter(f"{unknown[0]!r} is none of {', '.join(KINDS)}")
    return list(dict.fromkeys(kinds))


@click.command(help=(__doc__ or "").split(":\n")[0] + ".")
@click.option("--input", "kinds", default=",".join(KINDS), show_default=True, callback=_kinds, help="Which logs.")
@click.option("--repeat", default=1, show_default=True, type=click.IntRange(1, 20), help="Rounds; medians are printed.")
@click.option(
    "--size-mb", default=500, show_default=True, type=click.IntRange(1), help="Of (a) and (b); (c) is a fifth of it."
)
@click.option("--fingerprints", default=1_000_000, show_default=True, type=click.IntRange(1), help="In (d).")
@click.option("--seconds", default=30, show_default=True, type=click.IntRange(2), help="Of traffic for (a).")
@click.option("--seed", default=1, show_default=True, help="Of what is generated.")
@click.option("--log", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Take this log for (a).")
@click.option("--database", default=DATABASE, show_default=True, help="The database of --log.")
@click.option("--most-s", default=180.0, show_default=True, type=click.FloatRange(1), help="A way is stopped then.")
@click.option("--most-gb", default=8.0, show_default=True, type=click.FloatRange(0.1), help="And at so much memory.")
def main(kinds: list[str], most_s: float, most_gb: float, **options: object) -> None:
    """Measure all ways in turn, round by round, so that noise of the machine meets them alike."""
    if shutil.which(TOOL) is None:
        raise Fault(
            "bench.no-tool",
            f"{TOOL} cannot be found",
            remedy="apt-get install percona-toolkit",
            exit=Exit.CONFIG,
        )
    asked = msgspec.convert({**options, "limits": Limits(seconds=most_s, bytes=round(most_gb * 1e9))}, Asked)
    with tempfile.TemporaryDirectory(prefix=f"{NAME}-") as name:
        folder = Path(name)
        for kind in kinds:
            _say(f"({kind}) making the log")
            given = KINDS[kind](folder, asked)
            click.echo(_measured(given, folder, asked) + "\n")
            if given.path.parent == folder:
                given.path.unlink()
    click.echo(machine())


def _measured(given: Input, folder: Path, asked: Asked) -> str:
    cores = len(os.sched_getaffinity(0))
    ways: dict[str, list[str]] = {
        TOOL: _theirs(given),
        "seatrial, not compiled, 1 core": ["env", "SEATRIAL_PLAIN=1", *_ours(given, 1)],
        "seatrial, 1 core": _ours(given, 1),
    }
    if cores > 1:
        ways[f"seatrial, {cores} cores"] = _ours(given, cores)
    rounds: dict[str, list[Measured]] = {name: [] for name in ways}
    for number in range(1, asked.repeat + 1):
        for name, command in ways.items():
            _say(f"{given.title.split(' ')[0]} round {number} of {asked.repeat}: {name}")
            rounds[name].append(_one(name, command, folder, asked.limits))
    of_all = max(one.events for measured in rounds.values() for one in measured)
    told = {
        name: [msgspec.structs.replace(one, events=one.share * of_all) if one.ran.stopped else one for one in measured]
        for name, measured in rounds.items()
    }
    return table(given.title, given.path.stat().st_size, told, TOOL)


def _theirs(given: Input) -> list[str]:
    limit = ["--limit", "100%"] if given.every_class else []
    return [TOOL, "--no-version-check", "--progress", "percentage,1", *limit, str(given.path.resolve())]


def _ours(given: Input, cores: int) -> list[str]:
    words = ["--cores", str(cores), "--database", given.database, str(given.path.resolve())]
    return [sys.executable, "-m", "bench.digest.one", *words]


def _one(name: str, command: list[str], folder: Path, limits: Limits) -> Measured:
    out, err = folder / "out", folder / "err"
    ran = meter.run(command, out, err, limits)
    if ran.stopped:
        percents = _PERCENT.findall(err.read_text(errors="replace"))
        return Measured(ran=ran, events=0, share=int(percents[-1]) / 100 if percents else 0.0)
    events = _events(name, out)
    if ran.exit or events is None:
        said = err.read_text(errors="replace").strip()[-300:]
        raise Fault("bench.failed", f"{name} ended with {ran.exit}: {said}", remedy="see above")
    return Measured(ran=ran, events=events)


def _events(name: str, out: Path) -> float | None:
    """How many it says it read; None if it does not."""
    if name != TOOL:
        text = out.read_bytes()
        return float(msgspec.json.decode(text)["events"]) if text else None
    with out.open(errors="replace") as lines:
        for line in lines:
            if (found := re.match(r"# Overall: ([\d.]+)([kM]?) total", line)) is not None:
                return round(float(found[1]) * {"": 1, "k": 1e3, "M": 1e6}[found[2]])
    return None


def _say(text: str) -> None:
    click.echo(f"… {text}", err=True)


def _stopped(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _stopped)
    try:
        main(standalone_mode=False)
    except click.UsageError as error:
        error.show()
        sys.exit(int(Exit.USAGE))
    except Fault as trouble:
        say_fault(trouble, as_json=False)
        sys.exit(int(trouble.exit))
    except (Cancelled, KeyboardInterrupt, click.Abort):
        _say("stopped; what was started is removed")
        sys.exit(int(Exit.RETRY))
