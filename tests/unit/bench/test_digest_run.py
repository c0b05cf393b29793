"""The digest's benchmark as a command: what it prints, what it refuses, and that it leaves nothing behind."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.digest.run import main
from seatrial.domain.fault import Exit, Fault

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "bench.digest.run"]
installed = pytest.mark.skipif(shutil.which("pt-query-digest") is None, reason="pt-query-digest is not installed")


def test_without_pt_query_digest_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    fault = CliRunner().invoke(main, []).exception
    assert isinstance(fault, Fault) and fault.code == "bench.no-tool"
    ran = subprocess.run(COMMAND, cwd=ROOT, env={**os.environ, "PATH": str(tmp_path)}, capture_output=True, text=True)
    assert ran.returncode == Exit.CONFIG
    assert ran.stderr.splitlines()[0] == "seatrial: pt-query-digest cannot be found [bench.no-tool]"
    assert "Traceback" not in ran.stderr


def test_an_input_that_is_none_is_refused() -> None:
    ran = CliRunner().invoke(main, ["--input", "a,x"])
    assert ran.exit_code != 0 and "'x' is none of a, b, c, d" in ran.output


@installed
def test_a_run_prints_a_table_for_each_input_and_leaves_no_file(tmp_path: Path) -> None:
    words = ["--input", "b,d", "--size-mb", "1", "--fingerprints", "300"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    ran = subprocess.run([*COMMAND, *words], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    rows = [line for line in ran.stdout.splitlines() if line.startswith(("| pt-query-digest", "| seatrial"))]
    assert len(rows) >= 4
    assert {row.split("|")[2].strip() for row in rows if "300" in row.split("|")[2]} == {"300"}
    assert list(tmp_path.iterdir()) == []


@installed
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_removes_what_it_wrote(tmp_path: Path, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [*COMMAND, "--input", "b", "--size-mb", "30"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    with process.stderr:
        while "round 1" not in process.stderr.readline():
            assert process.poll() is None
        time.sleep(0.3)
        process.send_signal(number)
        assert process.wait(20) == Exit.RETRY
    assert list(tmp_path.iterdir()) == []
