"""The sample's slow log digested by the command, held against the truth about the traffic it logged."""

import json
import shutil
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from seatrial.domain.address import Address
from seatrial.domain.event import silent
from seatrial.domain.fault import Exit
from seatrial.domain.naming import MAIN
from seatrial.domain.workload import Digest, Recorded, TransactionClass
from seatrial.dossier.store import Dossier
from seatrial.sample import slow_log, truth
from seatrial.sample.accounts import READER, make_accounts
from seatrial.sample.server import Sample
from seatrial.sample.setup import DATABASE
from seatrial.sample.traffic import Order, run
from seatrial.sample.truth import LEDGERS, Outcome, Transaction

from .harness import Going, Ran, seatrial

pytestmark = pytest.mark.engine

ENDS = {"COMMIT": "committed", "ROLLBACK": "rolled-back"}


class Logged:
    """A dossier, collected; a slow log; and the truth of what ran meanwhile."""

    def __init__(self, sample: Sample, root: Path) -> None:
        self.root = root / "dossier"
        self.log = root / "slow.log"
        self.options = make_accounts(sample, "digest")
        source = f"mysql://{READER}@127.0.0.1:{sample.status().port}/{DATABASE}"
        assert (
            seatrial("init", "-d", self.root, "--name", "digest", "--source", source, "--target", "lab:none").code == 0
        )
        assert self("collect").code == 0
        log = slow_log.start(sample, "digest.log", silent)
        run(
            Order(login=sample.login("app"), rate_per_s=60, seconds=6, seed=7, awkward=True),
            silent,
            root / "truth.jsonl",
        )
        slow_log.stop(sample, silent)
        self.log.write_bytes(log.read_bytes())
        self.transactions: tuple[Transaction, ...] = truth.read(root / "truth.jsonl").transactions
        self.must("digest", self.log, "--record")
        self.digest = self.made()

    def __call__(self, *words: str | Path) -> Ran:
        return seatrial(*words, "-d", self.root, "--option-file", self.options)

    def must(self, *words: str | Path) -> Ran:
        ran = self(*words)
        assert ran.code == 0, ran.err
        return ran

    def made(self, instance: str = MAIN) -> Digest:
        digest: Digest = Dossier.open(self.root).read(Address("digest", instance)).body
        return digest

    def events(self) -> list[Recorded]:
        (file,) = (self.root / "private" / "recording").glob("*.jsonl")
        return [msgspec.json.decode(line, type=Recorded) for line in file.read_bytes().splitlines()]


@pytest.fixture(scope="module")
def logged(shop: Sample, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Logged]:
    yield Logged(shop, tmp_path_factory.mktemp("digest"))


def statements_in(digest: Digest, each: TransactionClass) -> set[str]:
    return {digest.query(query).fingerprint for query in each.queries}


def test_transactions_are_those_of_the_truth(logged: Logged) -> None:
    wanted = Counter(t.outcome for t in logged.transactions if t.statements)
    assert wanted[Outcome.COMMITTED] > 100
    assert wanted[Outcome.ROLLED_BACK] > 0
    explicit = [each for each in logged.digest.transactions if each.explicit]
    assert sum(each.count for each in explicit) == wanted.total()
    assert sum(each.rolled_back for each in explicit) == wanted[Outcome.ROLLED_BACK]
    assert logged.digest.incomplete_transactions == 0


def test_each_kind_of_transaction_that_writes_is_found_as_often_as_it_ran(logged: Logged) -> None:
    """By the ledgers: the one row each such transaction leaves."""
    wanted = sum(1 for t in logged.transactions if t.token)
    digest = logged.digest
    inserts = [
        query for query in digest.classes if query.verb == "insert" and query.tables and query.tables[0] in LEDGERS
    ]
    assert sum(query.count - query.errors for query in inserts) == wanted
    ledger = {query.fingerprint for query in inserts}
    found = sum(each.count for each in digest.transactions if statements_in(digest, each) & ledger)
    assert found == wanted


def test_every_connection_s_transactions_are_recorded_in_order(logged: Logged) -> None:
    wanted: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for t in logged.transactions:
        wanted[t.connection] += [(1, "")] * t.reads_before
        wanted[t.connection] += [(t.statements, str(t.outcome))] if t.statements else []
        wanted[t.connection] += [(1, "")] * t.reads_after
    found: dict[int, list[tuple[int, str]]] = defaultdict(list)
    open_: dict[int, int] = {}
    for each in logged.events():
        verb = each.sql.split()[0].decode().upper()
        if verb == "SET":
            continue
        if verb == "BEGIN" or each.connection in open_:
            open_[each.connection] = open_.get(each.connection, 0) + 1
            if verb in ENDS:
                found[each.connection].append((open_.pop(each.connection), ENDS[verb]))
        else:
            found[each.connection].append((1, ""))
    theirs = Counter(tuple(run) for run in wanted.values())
    ours = Counter(tuple(run) for run in found.values())
    assert not theirs - ours


def test_the_log_is_understood_and_every_class_parsed(logged: Logged) -> None:
    digest = logged.digest
    assert digest.not_understood == ()
    assert digest.caveats == ()
    assert digest.other_databases == 0
    assert [query.fingerprint for query in digest.classes if query.not_parsed] == []
    assert digest.events == sum(query.count for query in digest.classes) == len(logged.events())
    (file,) = digest.files
    assert (file.bytes, file.server[:2]) == (logged.log.stat().st_size, "9.")


def test_the_statements_of_an_order_name_one_shop(logged: Logged) -> None:
    """What a plan is made from: equal values of one transaction are seen to be equal."""
    digest = logged.digest
    orders = [
        each
        for each in digest.transactions
        if any(kind.startswith("insert into orders ") for kind in statements_in(digest, each))
    ]
    assert sum(each.count for each in orders) > 10
    for pattern in (pattern for each in orders for pattern in each.patterns):
        shops = [number for touch in pattern.touches for column, number in touch.values if column.name == "shop_id"]
        assert len(shops) >= 2
        assert set(shops) == {0}


def test_no_literal_of_the_log_is_in_the_dossier_but_in_the_recording(logged: Logged) -> None:
    literals = {t.token for t in logged.transactions if t.token} | {"Beispielweg", "on sale", "place-order"}
    shared = [path for path in logged.root.rglob("*") if path.is_file() and "private" not in path.parts]
    text = "".join(path.read_text() for path in shared if path.parent.name != "collect")
    assert not {literal for literal in literals if literal in text}
    private = logged.root / "private"
    assert private.stat().st_mode & 0o077 == 0
    kept = b"\n".join(each.sql for each in logged.events()).decode()
    assert all(literal in kept for literal in literals)


def test_the_page_ends_with_the_next_command(logged: Logged) -> None:
    ran = logged.must("digest", logged.log, "--instance", "page")
    assert ran.out.splitlines()[-1] == "Next: seatrial plan"
    assert "transactions of" in ran.out
    assert not list((logged.root / "private").rglob("page*"))


def test_what_is_no_log_of_ours_is_refused(logged: Logged, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "other.log").write_text(logged.log.read_text().replace("use shop;", "use blog;"))
    for name, code in (
        ("empty", "digest.empty"),
        ("missing", "digest.no-log"),
        (".", "digest.no-log"),
        ("other.log", "digest.other-database"),
    ):
        ran = logged("digest", tmp_path / name, "--instance", "bad")
        assert ran.told().endswith(f"[{code}]"), ran.err
        assert not (logged.root / "digest" / "bad.json").exists()
    ran = logged("digest", "-")
    assert (ran.code, ran.told().endswith("[digest.empty]")) == (Exit.CONFIG, True)


def test_half_a_log_is_digested_and_said_to_be_cut(logged: Logged, tmp_path: Path) -> None:
    half = tmp_path / "half.log"
    half.write_bytes(logged.log.read_bytes()[: logged.log.stat().st_size // 2])
    told = json.loads(logged.must("digest", half, "--instance", "half", "--json").out)
    digest = logged.made("half")
    assert (told["events"], len(told["classes"])) == (digest.events, len(digest.classes))
    assert 0 < digest.events < logged.digest.events
    assert any("cut at its end" in caveat for caveat in digest.caveats)


def test_stopped_it_leaves_nothing(logged: Logged, tmp_path: Path) -> None:
    large = tmp_path / "large.log"
    with large.open("wb") as file:
        for _ in range(100):
            file.write(logged.log.read_bytes())
    shutil.rmtree(logged.root / "private")
    with Going("digest", large, "--record", "--instance", "stopped", "-d", logged.root) as going:
        waited_until = time.monotonic() + 20
        while "read:" not in going.said():
            assert going.running and time.monotonic() < waited_until
            time.sleep(0.05)
        going.interrupt()
        ran = going.end(10)
    assert ran.code == Exit.RETRY
    left = [path for path in logged.root.rglob("*") if "stopped" in path.name and path.suffix != ".lock"]
    assert not [path for path in left if "runs" not in path.parts]
