"""Which files the names of logs mean."""

import io
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from seatrial.domain.fault import Exit, Fault
from seatrial.trial.workload import STANDARD_INPUT, _opened, _paths


def test_a_name_may_be_a_pattern_and_no_file_is_read_twice(tmp_path: Path) -> None:
    for name in ("slow.log", "slow.log.1.gz", "other", "odd[1].log"):
        (tmp_path / name).touch()
    assert [path.name for path in _paths(tmp_path, ["slow.log*", "slow.log"])] == ["slow.log", "slow.log.1.gz"]
    assert _paths(tmp_path / "elsewhere", [str(tmp_path / "sl*.gz")]) == [tmp_path / "slow.log.1.gz"]
    assert _paths(tmp_path, ["odd[1].log"]) == [tmp_path / "odd[1].log"]
    assert _paths(tmp_path, ["missing", "-", "-"]) == [tmp_path / "missing", STANDARD_INPUT]
    with pytest.raises(Fault) as caught:
        _paths(tmp_path, ["none*"])
    assert (caught.value.code, caught.value.exit) == ("digest.no-log", Exit.CONFIG)


def test_standard_input_is_a_log_unless_somebody_sits_there(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"text")))
    with ExitStack() as stack:
        log = _opened(STANDARD_INPUT, stack)
        assert (log.name, log.bytes, log.stream.read()) == ("standard input", None, b"text")
    monkeypatch.setattr(sys, "stdin", Terminal())
    with ExitStack() as stack, pytest.raises(Fault) as caught:
        _opened(STANDARD_INPUT, stack)
    assert caught.value.code == "digest.standard-input"
