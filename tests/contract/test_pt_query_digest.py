"""What we write for scripts made for pt-query-digest, beside what it writes itself; where it is installed."""

import io
import json
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from seatrial.domain.event import silent
from seatrial.domain.workload import Digest
from seatrial.stages.digest import Log, digest
from seatrial.stages.digest.export_pt import as_pt
from tests.unit.slow_logs import BANNER, BEGAN, event

TOOL = "pt-query-digest"
installed = pytest.mark.skipif(shutil.which(TOOL) is None, reason=f"{TOOL} is not installed")

STATEMENTS = [
    ("SELECT a FROM t WHERE b = {}", 200),
    ("UPDATE t SET a = 'x' WHERE b = {}", 3_000),
    ("INSERT INTO t (a, b) VALUES ({}, 'y')", 40),
]
CONTENT = BANNER + b"".join(
    event(sql.format(number), second=number + 1, took_us=took_us + number, use="" if number else "shop", rows=number)
    for number in range(20)
    for sql, took_us in STATEMENTS
)


def theirs(log: Path, content: bytes = CONTENT) -> dict[str, Any]:
    log.write_bytes(content)
    command = [TOOL, "--no-version-check", "--output", "json", "--limit", "100%", str(log)]
    ran = subprocess.run(command, capture_output=True, check=True, stdin=subprocess.DEVNULL)
    made: dict[str, Any] = json.loads(ran.stdout)
    return made


def ours(content: bytes = CONTENT) -> Digest:
    log = Log(name="slow.log", stream=io.BytesIO(content), bytes=len(content))
    now = BEGAN + timedelta(hours=1)
    return digest([log], database="shop", schema=None, keep=None, now=now, tell=silent)


def laid_out(digest: Digest) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(msgspec.json.encode(as_pt(digest)))
    return made


@installed
def test_every_field_of_our_layout_is_one_of_pt_query_digests(tmp_path: Path) -> None:
    real, made = theirs(tmp_path / "slow.log"), laid_out(ours())
    assert made.keys() <= real.keys()
    rates = {"queries_per_second", "concurrency"}  # which it means to write, and of some logs does not
    assert made["global"].keys() <= real["global"].keys() | rates
    for name, figures in made["global"]["metrics"].items():
        assert name == "Rows_affected" or figures.keys() <= real["global"]["metrics"][name].keys()
    for each in made["classes"]:
        assert each.keys() <= real["classes"][0].keys()
        for name, figures in each["metrics"].items():
            assert name == "Rows_affected" or figures.keys() <= real["classes"][0]["metrics"][name].keys()


@installed
def test_counts_sums_and_extremes_are_pt_query_digests(tmp_path: Path) -> None:
    real, made = theirs(tmp_path / "slow.log"), laid_out(ours())
    assert made["global"]["query_count"] == real["global"]["query_count"]
    by_distillate = {each["distillate"]: each for each in real["classes"]}
    assert by_distillate.keys() == {each["distillate"] for each in made["classes"]}
    for each in made["classes"]:
        same = by_distillate[each["distillate"]]
        for name in ("checksum", "query_count", "ts_min", "ts_max", "attribute", "histograms", "tables"):
            assert each[name] == same[name], name
        for name in ("sum", "min", "max", "avg", "pct"):
            mine, other = (float(one["metrics"]["Query_time"][name]) for one in (each, same))
            assert mine == pytest.approx(other, abs=1.1e-6)  # a half is rounded up or down
        for name in ("sum", "max", "avg", "pct"):
            assert each["metrics"]["Rows_sent"][name] == same["metrics"]["Rows_sent"][name]
