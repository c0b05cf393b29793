"""The workload's whole way on the real engine: slow log, plan, scratch copy, recording, replay, verdict."""

import shutil
import sys
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from seatrial.adapters.mysql.client import Connection
from seatrial.domain.event import silent
from seatrial.domain.fault import Exit
from seatrial.lab.lab import Lab
from seatrial.sample import slow_log
from seatrial.sample.server import Sample
from seatrial.sample.traffic import Order, run

from .conftest import TrialFactory
from .harness import Trial, command_lines, seatrial
from .test_trial import Witness

pytestmark = pytest.mark.engine

SCRATCH = ("--instance", "scratch")
SECRETS = ("planted-in-a-string", "planted-in-a-comment", "706c616e746564", "8675309867530986")
PLANTED = (
    f"SELECT id FROM customers WHERE shop_id = 1 AND email = '{SECRETS[0]}' /* {SECRETS[1]} */"
    f" AND full_name <> x'{SECRETS[2]}' AND points < {SECRETS[3]}"
)


@pytest.fixture(scope="module")
def trial(shop: Sample, lab: Lab, trial_factory: TrialFactory) -> Iterator[Trial]:
    """A trial whose plan is made of a log, with a scratch copy and a recording that begins at its state."""
    with trial_factory(shop, lab, "workload", vschema=False) as trial:
        try:
            trial.must("collect")
            trial.must("assess")
            trial.must("digest", str(traded(shop, "plan", 6)))
            trial.must("plan")
            trial.must("provision", *SCRATCH)
            trial.must("load", *SCRATCH)
            trial.must("collect", *SCRATCH)
            trial.must("digest", str(traded(shop, "replay", 8)), "--record", *SCRATCH)
            yield trial
        finally:
            trial.must("load", "cancel", "--yes", *SCRATCH)
            trial.must("load", "detach", *SCRATCH)
            shutil.rmtree(trial.root / "provision")  # there was no import to be wiped


def traded(shop: Sample, name: str, seconds: float) -> Path:
    """The slow log of some traffic, with secrets among its literals."""
    log = slow_log.start(shop, f"workload-{name}.log", silent)
    try:
        order = Order(login=shop.login("app"), rate_per_s=60, seconds=seconds, awkward=True, seed=len(name))
        run(order, silent)
        with Connection(shop.login("app")) as app:
            app.query(PLANTED)
    finally:
        slow_log.stop(shop, silent)
    return log


@pytest.fixture(scope="module")
def replayed(trial: Trial) -> dict[str, Any]:
    """The recording replayed, with the source's general log as witness of what reached it."""
    with trial.source() as root:
        witness = Witness(root)
        try:
            trial.must("replay")
            reached = [sql for sql in witness.statements("app", "seatrial_mover", "seatrial") if "request_log" in sql]
        finally:
            witness.end()
    body: dict[str, Any] = read(trial, "replay", "scratch")
    return {**body, "reached": reached}


def read(trial: Trial, kind: str, instance: str) -> Any:
    return msgspec.json.decode((trial.root / kind / f"{instance}.json").read_bytes())["body"]


def test_the_plan_puts_the_shops_on_shards(trial: Trial) -> None:
    plan = read(trial, "plan", "main")
    placed = {table["table"]: table["placement"] for table in plan["tables"]}
    assert placed["orders"] == placed["库存"] == placed["stock movements"] == "sharded"
    assert placed["currencies"] == "reference"
    assert placed["platform_events"] == "unsharded"
    assert plan["alternatives"][0]["key"] == "shop_id"


def test_the_recording_begins_where_the_copy_stands(replayed: dict[str, Any]) -> None:
    assert replayed["state"]["apart"] == 0, replayed["state"]


def test_the_copy_answers_as_the_source_did(replayed: dict[str, Any]) -> None:
    assert replayed["statements"] > 500
    assert replayed["reads"] > 100
    assert replayed["reads_differ"] <= replayed["reads"] * 0.01  # two clients at once may change places
    kinds = {difference["kind"] for difference in replayed["differences"]}
    assert kinds <= {"unsupported", "rows"}
    assert {d["message"][:7] for d in replayed["differences"] if d["kind"] == "unsupported"} <= {"VT12001"}


def test_no_statement_of_the_replay_reached_the_source(replayed: dict[str, Any]) -> None:
    assert replayed["reached"] == []
    assert replayed["guard"]["keyspaces"] == ["workload__scratch_sharded", "workload__scratch_unsharded"]


def test_what_vtgate_saw_is_what_the_workers_sent(trial: Trial, replayed: dict[str, Any]) -> None:
    target = {each["id"]: each for each in read(trial, "digest", "target")["classes"]}
    source = {each["id"]: each for each in read(trial, "digest", "scratch")["classes"]}
    for sent in replayed["classes"]:
        if source[sent["query"]]["verb"] in ("select", "insert", "update", "delete"):
            seen = target[sent["query"]]
            assert (seen["count"], seen["errors"]) == (sent["count"], sent["errors"]), seen["fingerprint"]
    orders = next(each for each in target.values() if each["fingerprint"].startswith("insert into orders"))
    assert orders["shard_queries"] >= orders["count"]


def test_secrets_of_the_log_are_nowhere_but_in_the_private_recording(trial: Trial, replayed: dict[str, Any]) -> None:
    trial("report")
    found: dict[str, list[str]] = {}
    places = [trial.root, trial.lab.folder / "log"]
    for path in (path for place in places for path in place.rglob("*") if path.is_file()):
        content = path.read_bytes()
        if hits := [secret for secret in SECRETS if secret.encode() in content]:
            found[str(path)] = hits
    private = trial.root / "private"
    assert found == {}  # the recording itself is base64, and closed to others
    private = trial.root / "private"
    assert private.stat().st_mode & 0o777 == 0o700
    lines = (private / "recording" / "scratch.events.jsonl").read_bytes().splitlines()
    assert any(SECRETS[0].encode() in b64decode(msgspec.json.decode(line)[-1]) for line in lines)


def test_the_customers_own_tests_run_against_the_copy(trial: Trial) -> None:
    script = (
        "import os, pymysql\n"
        "c = pymysql.connect(host=os.environ['SEATRIAL_HOST'], port=int(os.environ['SEATRIAL_PORT']),"
        " user=os.environ['SEATRIAL_USER'], database=os.environ['SEATRIAL_DATABASE'], autocommit=True).cursor()\n"
        "assert c.execute('SELECT id FROM shops') > 1\n"
        "for name in ('workload_source.orders', 'shop.orders'):\n"
        "    try:\n        c.execute(f'SELECT 1 FROM {name} LIMIT 1')\n"
        "    except pymysql.MySQLError as error:\n        assert 'VT05003' in str(error), error\n"
        "    else:\n        raise SystemExit(8)\n"
        "try:\n    c.execute('UPDATE customers SET shop_id = 2 WHERE shop_id = 1 AND id = 1')\n"
        "except pymysql.MySQLError:\n    raise SystemExit(7)\n"
    )
    ran = seatrial(*trial.words("try"), "--", sys.executable, "-c", script)
    assert ran.code == Exit.NEGATIVE, ran.err
    tried = read(trial, "try", "scratch")
    assert tried["exit"] == 7
    assert [failure["count"] for failure in tried["failures"] if "VT12001" in failure["message"]] == [1]


def test_the_verdict_speaks_of_the_workload_and_every_number_can_be_followed(
    trial: Trial, replayed: dict[str, Any]
) -> None:
    ran = trial("judge", "--json")
    verdict = ran.json()
    by_code = {each["criterion"]["code"]: each for each in verdict["criteria"]}
    refused = by_code["supported"]
    assert refused["judgement"] == "fail"  # ROLLUP and the UPDATE of the key
    reference = refused["evidence"][0]
    assert trial.must("explain", f"{reference['artifact']}#{reference['pointer']}").out
    assert trial.must("explain", "replay/scratch#/reads_differ").out


def test_ctrl_c_leaves_no_worker_behind(trial: Trial) -> None:
    with trial.go("replay", "--speed", "0.2") as going:
        going.until("… replaying")
        going.interrupt()
        assert going.end(10).code == Exit.RETRY
    assert not [line for line in command_lines().values() if "generator.worker" in line and str(trial.root) in line]


def test_without_a_recording_or_a_copy_it_says_what_to_run(trial: Trial, tmp_path: Path) -> None:
    moved = trial.root / "private" / "recording"
    moved.rename(tmp_path / "recording")
    try:
        trial.refused("replay.no-recording", "replay", exit=Exit.CONFIG)
    finally:
        (tmp_path / "recording").rename(moved)
