"""Moves the same rows in two ways on one machine, and prints both as a table: `seatrial load` into a sharded Vitess,
and mydumper with myloader into a second, plain MySQL.

    .venv/bin/python bench/load/run.py --scale 1 --repeat 3

Needs the engine (`seatrial lab install`) and Debian's package mydumper. Everything it starts is named bench-…, and is
removed at the end, also after an error or Ctrl-C.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import click
from msgspec import Struct

from seatrial.adapters.mysql.client import Connection
from seatrial.cli.main import say_fault
from seatrial.domain.event import silent
from seatrial.domain.fault import Cancelled, Exit, Fault
from seatrial.domain.identifier import quote
from seatrial.lab import cluster, engine
from seatrial.sample.accounts import READER, make_accounts
from seatrial.sample.load import load as fill
from seatrial.sample.load import vschema_folder
from seatrial.sample.server import Sample
from seatrial.sample.setup import APP, DATABASE, ROOT
from seatrial.trial import settings
from seatrial.trial.settings import Settings

NAME = "bench-load"
SOURCE, PLAIN = Sample("bench-source"), Sample("bench-plain")
TOOLS = ("mydumper", "myloader")
AS_THE_TABLETS = {"sync_binlog": 0, "innodb_flush_log_at_trx_commit": 2, "innodb_buffer_pool_size": 128 << 20}
"""What lab/my.cnf gives a tablet's MySQL: the plain target must not write more carefully, nor have more memory."""
LONGEST_S = 3600


class Data(Struct, frozen=True, kw_only=True):
    """What is moved, as it lies on the source: the one measure both ways are divided by."""

    tables: int
    rows: int
    bytes: int


class Measured(Struct, frozen=True, kw_only=True):
    """One way in one round. `whole_s` is the clock around the commands, start to end."""

    whole_s: float
    parts_s: dict[str, float]


@click.command()
@click.option("--scale", default=1.0, show_default=True, type=click.FloatRange(0.01, 100), help="1 is about 100 MB.")
@click.option("--repeat", default=3, show_default=True, type=click.IntRange(1, 20), help="Rounds; medians are printed.")
@click.option("--shards", default=2, show_default=True, help="Shards of the Vitess keyspace.")
@click.option("--threads", default=os.cpu_count() or 1, show_default=True, help="Threads of mydumper and of myloader.")
def main(scale: float, repeat: int, shards: int, threads: int) -> None:
    """Measure both ways in turn, round by round, so that noise of the machine meets both alike."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        raise Fault(
            "bench.no-tool",
            f"{' and '.join(missing)} cannot be found",
            remedy="apt-get install mydumper",
            exit=Exit.CONFIG,
        )
    with tempfile.TemporaryDirectory(prefix=f"{NAME}-") as folder, ExitStack() as stack:
        work = Path(folder)
        _say("making the source, the plain target and the lab")
        _servers(stack, shards)
        fill(SOURCE.login(ROOT, None), scale=scale, replace=True, tell=silent)
        data = _data()
        _trial(work, shards)
        ours: list[Measured] = []
        theirs: list[Measured] = []
        verified: list[dict[str, Any]] = []
        for number in range(1, repeat + 1):
            _say(f"round {number} of {repeat}: mydumper and myloader")
            theirs.append(_by_dump(work, threads, data))
            _say(f"round {number} of {repeat}: seatrial load and verify")
            moved, verification = _by_seatrial(work, data)
            ours.append(moved)
            verified.append(verification)
        click.echo(_table(scale, shards, threads, data, ours, theirs, verified))


def _servers(stack: ExitStack, shards: int) -> None:
    found = engine.find()
    for sample in (SOURCE, PLAIN):
        stack.callback(sample.down, silent)
        sample.up(found.mysql_root, silent)
    with Connection(PLAIN.login(ROOT, None)) as connection:
        for name, value in AS_THE_TABLETS.items():
            connection.execute(f"SET GLOBAL {name} = {value}")
    stack.callback(_destroy)
    cluster.up(cluster.Wish(name=NAME, shards=shards, prefix=NAME), silent)


def _destroy() -> None:
    try:
        cluster.destroy(NAME, silent)
    except Fault as fault:
        if fault.code != "lab.unknown":
            raise


def _data() -> Data:
    with Connection(SOURCE.login(ROOT)) as connection:
        tables = [str(name) for name, kind in connection.query("SHOW FULL TABLES") if kind == "BASE TABLE"]
        for table in tables:
            connection.query(f"ANALYZE TABLE {quote(table)}")
        connection.execute("SET SESSION information_schema_stats_expiry = 0")
        ((size,),) = connection.query(
            "SELECT SUM(data_length + index_length) FROM information_schema.tables WHERE table_schema = %s", (DATABASE,)
        )
    return Data(tables=len(tables), rows=sum(_rows(SOURCE, tables).values()), bytes=int(size))


def _rows(sample: Sample, tables: list[str]) -> dict[str, int]:
    with Connection(sample.login(ROOT)) as connection:
        return {table: int(connection.query(f"SELECT COUNT(*) FROM {quote(table)}")[0][0]) for table in tables}


def _trial(work: Path, shards: int) -> None:
    """A dossier up to the provisioned target: what comes before a load is not measured."""
    make_accounts(SOURCE, NAME)
    address = SOURCE.status().address.replace(f"//{APP}@", f"//{READER}@")
    accepted = {"OBJ-LEFT": "a benchmark", "SRV-DISK": "a benchmark"}
    dossier = work / "dossier"
    settings.create(
        dossier,
        Settings(name=NAME, source=address, target=f"lab:{NAME}", shards=shards, vschema="vschema", accept=accepted),
    )
    shutil.copytree(vschema_folder(), dossier / "vschema")
    for step in ("collect", "assess", "provision"):
        _seatrial(work, step)


def _seatrial(work: Path, *words: str) -> Any:
    given = ["-d", str(work / "dossier"), "--json", "--option-file", str(SOURCE.folder / "seatrial.cnf")]
    return json.loads(_run([sys.executable, "-m", "seatrial.cli.main", *words, *given]))


def _by_seatrial(work: Path, data: Data) -> tuple[Measured, dict[str, Any]]:
    """One load from nothing attached to every stream following, then one verification; then all of it taken back."""
    began = time.monotonic()
    loaded = _seatrial(work, "load")
    whole = time.monotonic() - began
    _must_hold(loaded["rows"], data, "seatrial load")
    verification = _seatrial(work, "verify")
    if any(table["equality"] != "equal" for table in verification["tables"]):
        raise Fault("bench.not-equal", "seatrial verify found the sides not equal", remedy="look into it before timing")
    _seatrial(work, "load", "cancel", "--yes")
    _seatrial(work, "load", "detach")
    return Measured(whole_s=whole, parts_s={"copy": loaded["copy_seconds"]}), verification


def _by_dump(work: Path, threads: int, data: Data) -> Measured:
    """mydumper to files on this machine's disk, myloader from them; tables of the same names, binary log on."""
    dump = work / "dump"
    shutil.rmtree(dump, ignore_errors=True)
    with Connection(PLAIN.login(ROOT, None)) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {quote(DATABASE)}")
    common = ["--threads", str(threads), "--verbose", "1"]
    with _options(SOURCE, work) as file:
        began = time.monotonic()
        words = ["--database", DATABASE, "--outputdir", str(dump), "--trx-consistency-only", "--complete-insert"]
        _run(["mydumper", f"--defaults-file={file}", *words, *common])
        dumped = time.monotonic()
    with _options(PLAIN, work) as file:
        loading = time.monotonic()
        _run(["myloader", f"--defaults-file={file}", "--directory", str(dump), "--enable-binlog", *common])
        ended = time.monotonic()
    parts = {"mydumper": dumped - began, "myloader": ended - loading}
    with Connection(PLAIN.login(ROOT)) as connection:
        tables = [str(name) for name, kind in connection.query("SHOW FULL TABLES") if kind == "BASE TABLE"]
    _must_hold(sum(_rows(PLAIN, tables).values()), data, "myloader")
    return Measured(whole_s=sum(parts.values()), parts_s=parts)


def _must_hold(rows: int, data: Data, who: str) -> None:
    if rows != data.rows:
        raise Fault(
            "bench.rows-missing", f"{who} brought {rows:,} of {data.rows:,} rows", remedy="do not trust its time"
        )


@contextmanager
def _options(sample: Sample, work: Path) -> Iterator[Path]:
    """The server's root option file with the groups these tools read; passwords on no command line."""
    text = (sample.folder / "root.cnf").read_text()
    path = work / f"{sample.name}.cnf"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write("\n".join(text.replace("[client]", f"[{group}]") for group in ("client", *TOOLS)))
    try:
        yield path
    finally:
        path.unlink()


def _run(command: Sequence[str | Path]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_S, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-400:]
        raise Fault("bench.failed", f"{Path(command[0]).name} ended with {done.returncode}: {said}", remedy="see above")
    return done.stdout


def _table(
    scale: float,
    shards: int,
    threads: int,
    data: Data,
    ours: list[Measured],
    theirs: list[Measured],
    verified: list[dict[str, Any]],
) -> str:
    base = median(one.whole_s for one in theirs)
    lines = [
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {platform.machine()}, {os.cpu_count()} cores, "
        f"load average {os.getloadavg()[0]:.1f} at the end",
        f"scale {scale:g}: {data.tables} tables, {data.rows:,} rows, {data.bytes / 1e6:.0f} MB of data and index; "
        f"{len(ours)} rounds, medians; {shards} shards, {threads} threads",
        "",
        "| way | s (least–most) | rows/s | MB/s | time against mydumper + myloader |",
        "| --- | --- | --- | --- | --- |",
        _row("mydumper + myloader", [one.whole_s for one in theirs], data, base),
        *(_row(f"· {part} alone", [one.parts_s[part] for one in theirs], data, base) for part in TOOLS),
        _row("seatrial load", [one.whole_s for one in ours], data, base),
        _row("· its copy alone", [one.parts_s["copy"] for one in ours], data, base),
    ]
    seconds = [one["seconds"] for one in verified]
    rate = median(one["rows_compared"] / one["seconds"] for one in verified)
    lines += ["", f"seatrial verify: {median(seconds):.1f} s, {rate:,.0f} rows/s (each row read on both sides)"]
    return "\n".join(lines)


def _row(name: str, seconds: list[float], data: Data, base: float) -> str:
    middle = median(seconds)
    spread = f"{middle:.1f} ({min(seconds):.1f}–{max(seconds):.1f})"
    rates = f"{data.rows / middle:,.0f} | {data.bytes / 1e6 / middle:.1f}"
    return f"| {name} | {spread} | {rates} | {middle / base:.1f} × |"


def _say(text: str) -> None:
    click.echo(f"… {text}", err=True)


if __name__ == "__main__":
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
