"""A trial driven as a user drives it, by commands; and looks at both sides that do not go through seatrial's stages."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from seatrial.adapters.mysql.client import Connection, Login
from seatrial.domain.fault import Fault
from seatrial.domain.identifier import quote
from seatrial.domain.naming import Naming
from seatrial.lab.cluster import open_lab
from seatrial.lab.lab import Lab
from seatrial.sample.load import vschema_folder
from seatrial.sample.server import Sample
from seatrial.sample.setup import DATABASE, ROOT

COMMAND = (sys.executable, "-m", "seatrial.cli.main")
TIMEOUT_S = 240


class Ran(NamedTuple):
    """What a command left."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return msgspec.json.decode(self.out)

    def told(self) -> str:
        """The fault's own line, as the user sees it; the events before it are left out."""
        return next((line for line in self.err.splitlines() if line.startswith("seatrial:")), "")


def seatrial(*arguments: str | Path, timeout_s: float = TIMEOUT_S) -> Ran:
    """Run a command to its end. No command may ever show a traceback."""
    return Going(*arguments).end(timeout_s)


class Going:
    """A command that runs beside the test; in `with`, it does not outlive it."""

    def __init__(self, *arguments: str | Path) -> None:
        self._child = subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # as in a terminal: a signal to its group reaches nobody else
        )
        self._out: list[str] = []
        self._err: list[str] = []
        self._readers = [
            threading.Thread(target=lambda s=stream, k=kept: k.extend(iter(s.readline, "")), daemon=True)
            for stream, kept in ((self._child.stdout, self._out), (self._child.stderr, self._err))
        ]
        for reader in self._readers:
            reader.start()

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def running(self) -> bool:
        return self._child.poll() is None

    def said(self) -> str:
        return "".join(self._err)

    def until(self, words: str, timeout_s: float = 60) -> None:
        """Wait until it says these words on stderr; fails when it ends before."""
        until = time.monotonic() + timeout_s
        while words not in self.said():
            assert self.running, f"ended with {self._child.returncode} before it said {words!r}:\n{self.said()}"
            assert time.monotonic() < until, f"did not say {words!r} within {timeout_s} s:\n{self.said()}"
            time.sleep(0.02)

    def send(self, number: signal.Signals) -> None:
        self._child.send_signal(number)

    def interrupt(self) -> None:
        """Ctrl-C, as a terminal sends it: to the whole group."""
        os.killpg(self._child.pid, signal.SIGINT)

    def end(self, timeout_s: float = TIMEOUT_S) -> Ran:
        """Wait for its end; what takes longer is killed and fails."""
        try:
            code = self._child.wait(timeout_s)
        finally:
            self.kill()
        for reader in self._readers:
            reader.join(5)
        ran = Ran(code, "".join(self._out), self.said())
        assert "Traceback" not in ran.err, ran.err
        assert "seatrial.defect" not in ran.err, ran.err
        return ran

    def __enter__(self) -> "Going":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """As the kernel does that is out of memory."""
        if self.running:
            self._child.kill()
        self._child.wait()


class Trial:
    """A dossier over the sample and a lab."""

    def __init__(self, root: Path, sample: Sample, lab: Lab, options: Path, name: str) -> None:
        self.root = root
        self.sample = sample
        self.lab_name = lab.name
        self.options = options
        self.naming = Naming(name)

    @property
    def lab(self) -> Lab:
        return open_lab(self.lab_name)  # as it is now: others change its state

    def init(self, *, settings: str = "", target: str | None = None, vschema: bool = True) -> None:
        """Make the dossier; `settings` are appended to its trial.toml as tables, replacing those of the same name."""
        source = f"mysql://seatrial_reader@127.0.0.1:{self.sample.status().port}/{DATABASE}"
        made = seatrial(
            *("init", "-d", self.root, "--name", self.naming.trial, "--source", source),
            *("--target", target or f"lab:{self.lab_name}"),
            *(("--vschema", vschema_folder()) if vschema else ()),
        )
        assert made.code == 0, made.err
        if settings:
            self.set(settings)

    def set(self, settings: str) -> None:
        """Put `[table] key = value` text at the end of trial.toml, in place of what stood there under that name."""
        path = self.root / "trial.toml"
        kept, skipping = [], False
        names = {line for line in settings.splitlines() if line.startswith("[")}
        for line in path.read_text().splitlines():
            if line.startswith("["):
                skipping = line.strip() in names
            if not skipping:
                kept.append(line)
        path.write_text("\n".join([*kept, "", settings, ""]))

    def words(self, *words: str) -> list[str | Path]:
        return [*words, "-d", self.root, "--option-file", self.options]

    def __call__(self, *words: str, timeout_s: float = TIMEOUT_S) -> Ran:
        """Run a command over the dossier."""
        return seatrial(*self.words(*words), timeout_s=timeout_s)

    def must(self, *words: str, code: int = 0) -> Ran:
        """Run a command that is to end with this exit code."""
        ran = self(*words)
        assert ran.code == code, f"{words}: exit {ran.code}\n{ran.err}\n{ran.out[-2000:]}"
        return ran

    def go(self, *words: str) -> Going:
        """Start a command and do not wait for it."""
        return Going(*self.words(*words))

    def refused(self, code: str, *words: str, exit: int) -> str:
        """Run a command that must fail with this fault, in one line; that line."""
        ran = self.must(*words, code=exit)
        told = ran.told()
        assert told.endswith(f"[{code}]"), ran.err
        assert ran.err.count("\nNext: ") + ran.err.startswith("Next: ") == 1, ran.err
        return told

    def body(self, kind: str, *, private: bool = False) -> Any:
        """An artifact's body as it lies in the dossier."""
        folder = self.root / "private" if private else self.root
        return msgspec.json.decode((folder / kind / "main.json").read_bytes())["body"]

    def wipe(self) -> None:
        """Traffic home, import cancelled, source detached; whatever state a failed test left."""
        if not (self.root / "provision").exists():
            return
        self("cutover", "reverse", "--confirm", self.naming.trial)
        for words in (("load", "cancel", "--yes"), ("load", "detach")):
            ran = self(*words)
            assert ran.code == 0, ran.err

    # Both sides, looked at without seatrial's stages

    @contextmanager
    def source(self, user: str = ROOT) -> Iterator[Connection]:
        """The source itself, by default as its owner."""
        with Connection(self.sample.login(user)) as connection:
            yield connection

    @contextmanager
    def gate(self, keyspace: str = "") -> Iterator[Connection]:
        """vtgate, as an application sees it."""
        host, port = self.lab.vtgate
        with Connection(Login(user="anybody", host=host, port=port, database=keyspace or None)) as connection:
            yield connection

    @contextmanager
    def shards(self, role: str) -> Iterator[dict[str, Connection]]:
        """The own MySQL of every shard of the role's keyspace, by shard."""
        lab = self.lab
        found = {
            t.shard: Connection(lab.tablet_login(t.alias)) for t in lab.state.tablets_of(self.naming.keyspace(role))
        }
        try:
            yield found
        finally:
            for connection in found.values():
                connection.close()

    def on_target(self, role: str, sql: str, args: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        """The rows of a query on all shards of the role's keyspace."""
        with self.shards(role) as shards:
            return [row for sql_of in shards.values() for row in sql_of.query(sql, args)]

    def served_by_source(self) -> bool:
        """Whether both workflows' traffic is where it was before any switch, as Vitess says it."""
        return all(
            self.lab.vtctl.json(
                *("MoveTables", "--workflow", self.naming.workflow(role)),
                *("--target-keyspace", self.naming.keyspace(role), "status", "--format", "json"),
            )["traffic_state"]
            == "Reads Not Switched. Writes Not Switched"
            for role in ("sharded", "unsharded")
        )

    def streams(self) -> list[str]:
        """The state of every stream of the two MoveTables workflows, as the target's tablets have it."""
        states = []
        for role in ("sharded", "unsharded"):
            name = self.naming.workflow(role)
            for (state,) in self.on_target(
                role, "SELECT CONVERT(state USING utf8mb4) FROM _vt.vreplication WHERE workflow = %s", (name,)
            ):
                states.append(state)
        return states


def eventually(look: Any, timeout_s: float = 15) -> None:
    """Wait until `look()` is true."""
    until = time.monotonic() + timeout_s
    while True:
        try:
            if look():
                return
        except Fault:
            pass
        assert time.monotonic() < until, f"not so within {timeout_s} s"
        time.sleep(0.1)


def command_lines() -> dict[int, str]:
    """What `ps` shows anybody, by pid; not of this process."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes()
        except OSError:
            continue  # it has ended
        if (pid := int(path.parent.name)) != os.getpid():
            found[pid] = line.replace(b"\0", b" ").decode(errors="replace")
    return found


def fingerprints(connection: Connection) -> dict[str, tuple[int, int]]:
    """Rows, and the sum of a hash of every stored value of them, by table. Sums of shards add up."""
    connection.execute("SET SESSION time_zone = '+00:00', group_concat_max_len = 100000")
    columns = connection.query(
        "SELECT t.table_name, GROUP_CONCAT(CONCAT("
        "  IF(c.data_type IN ('blob', 'binary', 'varbinary', 'bit'), 'HEX(`', 'CAST(`'), c.column_name,"
        "  IF(c.data_type IN ('blob', 'binary', 'varbinary', 'bit'), '`)', '` AS CHAR)')"
        " ) ORDER BY c.column_name) FROM information_schema.tables t JOIN information_schema.columns c"
        " USING (table_schema, table_name)"
        " WHERE t.table_schema = DATABASE() AND t.table_type = 'BASE TABLE' GROUP BY t.table_name"
    )
    found = {}
    for table, values in columns:
        ((rows, total),) = connection.query(
            f"SELECT COUNT(*), COALESCE(SUM(CRC32(JSON_ARRAY({values}))), 0) FROM {quote(table)}"
        )
        found[table] = (int(rows), int(total))
    return found


def differing(trial: Trial) -> list[str]:
    """Tables of which the target's shards do not hold just what the source holds, as we see it ourselves."""
    with trial.source() as root:
        source = fingerprints(root)
    found = []
    for role in ("sharded", "unsharded"):
        vschema = trial.lab.vtctl.json("GetVSchema", trial.naming.keyspace(role))
        with trial.shards(role) as shards:
            held = [fingerprints(connection) for connection in shards.values()]
        for table, entry in vschema["tables"].items():
            if entry.get("type") == "sequence":
                continue
            copies = len(held) if entry.get("type") == "reference" else 1
            there = tuple(sum(each[table][place] for each in held) for place in (0, 1))
            if there != tuple(copies * value for value in source[table]):
                found.append(f"{role}.{table}: {there} for {copies} × {source[table]}")
    return found
