"""The journey of a trial on the real engine, and what it leaves on the source: nothing."""

import re
import signal
import time
from collections.abc import Iterator

import psutil
import pytest

from seatrial.adapters.mysql.client import Connection
from seatrial.domain.fault import Exit
from seatrial.lab.lab import Lab
from seatrial.parsing.option_file import parse
from seatrial.sample.server import Sample

from .conftest import TrialFactory
from .harness import Trial, eventually, seatrial

pytestmark = pytest.mark.engine

QUICK = "[rehearsal]\nrate_per_s = 40\nsettle_s = 3\n\n[gates]\nquiet_s = 2\n"
WRITES_SCHEMA = re.compile(r"^\s*(/\*.*?\*/\s*)*(drop|truncate|alter|rename|create)\b", re.IGNORECASE | re.DOTALL)


class Witness:
    """The source's own general log: who sent what, told by the server and not by us."""

    def __init__(self, root: Connection) -> None:
        self._root = root
        root.execute("TRUNCATE TABLE mysql.general_log")
        root.execute("SET GLOBAL log_output = 'TABLE'")
        root.execute("SET GLOBAL general_log = ON")

    def statements(self, user: str | None = None) -> list[str]:
        """Statements in the order of their arrival, prepared ones included; of one account or of all but the
        owner and the application."""
        rows = self._root.query(
            "SELECT user_host, CONVERT(argument USING utf8mb4) FROM mysql.general_log "
            "WHERE command_type IN ('Query', 'Execute', 'Init DB') ORDER BY event_time"
        )
        return [
            text
            for host, text in rows
            if (account := host.partition("[")[0]) == user or (user is None and account not in ("root", "app"))
        ]

    def end(self) -> None:
        self._root.execute("SET GLOBAL general_log = OFF")
        self._root.execute("SET GLOBAL log_output = 'FILE'")


@pytest.fixture(scope="module")
def witness(shop: Sample) -> Iterator[Witness]:
    with Connection(shop.login("root", None)) as root:
        witness = Witness(root)
        try:
            yield witness
        finally:
            witness.end()


def definitions(trial: Trial) -> dict[str, str]:
    """How every table of the source is made, but for its AUTO_INCREMENT position."""
    with trial.source() as root:
        names = [n for (n,) in root.query("SELECT table_name FROM information_schema.tables WHERE table_schema='shop'")]
        return {
            name: re.sub(r" AUTO_INCREMENT=\d+", "", root.query(f"SHOW CREATE TABLE `{name}`")[0][1]) for name in names
        }


def checksums(trial: Trial) -> dict[str, int]:
    """The source's rows, summed up by the source."""
    with trial.source() as root:
        names = [
            n
            for (n,) in root.query(
                "SELECT table_name FROM information_schema.tables "
                "WHERE table_schema = 'shop' AND table_type = 'BASE TABLE'"
            )
        ]
        return {name: root.query(f"CHECKSUM TABLE `{name}`")[0][1] for name in names}


@pytest.fixture(scope="module")
def trial(shop: Sample, lab: Lab, trial_factory: TrialFactory, witness: Witness) -> Iterator[Trial]:
    """A trial run as far as `verify`, under the eyes of the witness."""
    with trial_factory(shop, lab, "shared", settings=QUICK) as trial:
        trial.rows_before = checksums(trial)  # type: ignore[attr-defined]
        trial.made_before = definitions(trial)  # type: ignore[attr-defined]
        trial.must("run", "--until", "verify")
        yield trial


def test_collect_only_asks(trial: Trial, witness: Witness) -> None:
    """`collect` sends the server nothing but questions and settings of its own session."""
    marks = len(witness.statements())
    trial.must("collect")
    sent = witness.statements("seatrial_reader")[-(len(witness.statements()) - marks) :]
    assert len(sent) > 10
    assert {statement.split(maxsplit=1)[0].upper() for statement in sent} <= {"SELECT", "SHOW", "SET"}


def test_every_table_came_over_and_is_equal(trial: Trial) -> None:
    verified = trial.body("verify")
    assert {table["equality"] for table in verified["tables"]} == {"equal"}
    with trial.source() as root:
        tables = [n for (n,) in root.query("SHOW FULL TABLES WHERE Table_type = 'BASE TABLE'").__iter__()]
