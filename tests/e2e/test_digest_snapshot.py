"""Two snapshots of performance_schema's statement digests, held against the slow log of the same time."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from seatrial.adapters.mysql.client import Connection
from seatrial.adapters.mysql.source import planned
from seatrial.domain.address import Address
from seatrial.domain.event import silent
from seatrial.domain.fault import Exit
from seatrial.domain.question import SNAPSHOT
from seatrial.domain.workload import Digest
from seatrial.dossier.store import Dossier
from seatrial.sample import slow_log
from seatrial.sample.accounts import READER, make_accounts
from seatrial.sample.server import Sample
from seatrial.sample.setup import DATABASE, ROOT
from seatrial.sample.traffic import Order, run

from .harness import Ran, seatrial

pytestmark = pytest.mark.engine

TIMES_OF_A_LOG_ARE_SHORTER = 0.25
"""The log's time of a statement begins later and ends sooner than performance_schema's."""


class Counted:
    """A dossier, collected; two snapshots around some seconds of the sample's traffic; and the slow log of them."""

    def __init__(self, sample: Sample, root: Path) -> None:
        self.sample = sample
        self.root = root / "dossier"
        self.before, self.after, self.log = root / "before.json", root / "after.json", root / "slow.log"
        self.options = make_accounts(sample, "counted")
        source = f"mysql://{READER}@127.0.0.1:{sample.status().port}/{DATABASE}"
        made = seatrial("init", "-d", self.root, "--name", "counted", "--source", source, "--target", "lab:none")
        assert made.code == 0, made.err
        self.must("collect")
        log = slow_log.start(sample, "counted.log", silent)
        self.snapshot(self.before)
        run(
            Order(login=sample.login("app"), rate_per_s=60, seconds=6, seed=7, awkward=True),
            silent,
            root / "truth.jsonl",
        )
        self.snapshot(self.after)
        slow_log.stop(sample, silent)
        self.log.write_bytes(log.read_bytes())
        self.must("digest", self.log, "--instance", "log")
        self.told = self.must("digest", self.after, self.before)  # the wrong way round
        self.by_log, self.by_counts = self.made("log"), self.made("main")

    def __call__(self, *words: str | Path) -> Ran:
        return seatrial(*words, "-d", self.root, "--option-file", self.options)

    def must(self, *words: str | Path) -> Ran:
        ran = self(*words)
        assert ran.code == 0, ran.err
        return ran

    def snapshot(self, into: Path) -> None:
        into.write_text(self.must("digest", "snapshot").out)

    def made(self, instance: str) -> Digest:
        digest: Digest = Dossier.open(self.root).read(Address("digest", instance)).body
        return digest


@pytest.fixture(scope="module")
def counted(shop: Sample, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counted]:
    yield Counted(shop, tmp_path_factory.mktemp("counted"))


def test_every_class_of_the_log_is_there_with_its_id_and_its_count(counted: Counted) -> None:
    """But for SET: sessions that send it before they choose a database are the log's and not the database's."""
    logged = {query.id: query for query in counted.by_log.classes if query.verb != "set"}
    found = {query.id: query for query in counted.by_counts.classes if query.verb != "set"}
    assert len(logged) > 40
    assert {each: query.count for each, query in found.items()} == {each: query.count for each, query in logged.items()}
    for each, query in found.items():
        assert query.fingerprint == logged[each].fingerprint
        assert (query.rows_sent, query.rows_examined) == (logged[each].rows_sent, logged[each].rows_examined)
        assert query.errors == logged[each].errors
        assert query.databases == (DATABASE,)
        assert (query.tables, query.bound, query.joined) == (
            logged[each].tables,
            logged[each].bound,
            logged[each].joined,
        )


def test_times_are_those_of_the_log_and_a_little_more(counted: Counted) -> None:
    frequent = [query for query in counted.by_log.classes if query.count >= 40]
    assert frequent
    for logged in frequent:
        found = counted.by_counts.query(logged.id)
        assert logged.times.total_us <= found.times.total_us
        assert found.times.sketch.count == found.count
        assert found.times.min_us <= found.times.p50_us <= found.times.p99_us <= found.times.max_us
    total = counted.by_counts.query_time_us
    assert 0 <= total - counted.by_log.query_time_us <= TIMES_OF_A_LOG_ARE_SHORTER * total


def test_what_they_cannot_show_is_said(counted: Counted) -> None:
    digest = counted.by_counts
    assert (digest.dialect, digest.transactions, digest.connections) == ("performance_schema statements", (), 0)
    assert [file.name for file in digest.files] == ["before.json", "after.json"]
    assert any("no transactions" in caveat for caveat in digest.caveats)
    assert not any("Between the snapshots" in caveat for caveat in digest.caveats)
    assert "by two snapshots" in counted.told.out
    assert counted.told.out.splitlines()[-1] == "Next: seatrial plan"


def test_a_plan_finds_the_same_key_and_says_what_it_does_not_know(counted: Counted) -> None:
    ran = counted.must("plan")
    assert "Key: shop_id" in ran.out
    assert "not known, the digest has none" in ran.out


def test_no_literal_is_in_a_snapshot(counted: Counted) -> None:
    literals = {"Beispielweg", "on sale", "place-order", READER}
    text = counted.before.read_text() + counted.after.read_text()
    assert not {literal for literal in literals if literal in text}


def test_it_sends_what_it_announced_and_leaves_no_trace_in_the_database_s_counts(counted: Counted) -> None:
    """The server's general log is the witness."""
    announced = counted.must("digest", "snapshot", "--dry-run").out
    assert all(sent.sql in announced for sent in planned(DATABASE, questions=SNAPSHOT))
    with Connection(counted.sample.login(ROOT, None)) as root:
        root.execute("SET GLOBAL log_output = 'TABLE'")
        root.execute("TRUNCATE mysql.general_log")
        root.execute("SET GLOBAL general_log = ON")
        try:
            taken = counted.must("digest", "snapshot").out
        finally:
            root.execute("SET GLOBAL general_log = OFF")
            root.execute("SET GLOBAL log_output = 'FILE'")
        rows = root.query(
            "SELECT CONVERT(argument USING utf8mb4) FROM mysql.general_log "
            "WHERE command_type = 'Query' AND user_host LIKE %s",
            (f"{READER}%",),
        )
    sent = [str(sql) for (sql,) in rows]
    assert len(sent) >= len(SNAPSHOT)
    session = re.compile(r"(SET NAMES|SET AUTOCOMMIT)\b", re.IGNORECASE)
    assert [sql for sql in sent if not session.match(sql) and sql not in announced] == []
    assert "events_statements_summary_by_digest" not in taken


def test_a_consumer_that_is_off_and_emptied_counts_are_told(counted: Counted, tmp_path: Path) -> None:
    sql = "UPDATE performance_schema.setup_consumers SET enabled = '{}' WHERE name = 'statements_digest'"
    with Connection(counted.sample.login(ROOT)) as root:
        root.execute(sql.format("NO"))
        try:
            ran = counted("digest", "snapshot")
        finally:
            root.execute(sql.format("YES"))
        assert (ran.code, ran.out) == (Exit.CONFIG, "")
        assert ran.told().endswith("[digest.no-statement-digests]")
        root.execute("TRUNCATE performance_schema.events_statements_summary_by_digest")
        root.query("SELECT id FROM shops WHERE id = 1")
        time.sleep(0.01)
    after = tmp_path / "emptied.json"
    counted.snapshot(after)
    ran = counted.must("digest", counted.before, after, "--instance", "emptied")
    assert "TRUNCATE" in ran.out
    assert "select id from shops where id = ?" in {query.fingerprint for query in counted.made("emptied").classes}


def test_a_missing_privilege_is_named(counted: Counted) -> None:
    with Connection(counted.sample.login(ROOT)) as root:
        root.execute(f"REVOKE SELECT ON performance_schema.* FROM {READER}")
        try:
            ran = counted("digest", "snapshot")
        finally:
            root.execute(f"GRANT SELECT ON performance_schema.* TO {READER}")
    assert ran.told().endswith("[digest.missing-grant]")
    assert READER not in ran.told()
    assert "GRANT SELECT ON `performance_schema`" in ran.err


def test_one_or_three_are_refused_with_the_next_step(counted: Counted) -> None:
    for given in ([counted.before], [counted.before, counted.after, counted.log]):
        ran = counted("digest", *given, "--instance", "bad")
        assert (ran.code, ran.told().endswith("[digest.snapshots]")) == (Exit.USAGE, True), ran.err
        assert not (counted.root / "digest" / "bad.json").exists()
