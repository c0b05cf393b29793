"""A run's journal: acts are on the disk before they are done, and a crash costs at most the last line."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from seatrial.domain import event as ev
from seatrial.dossier.runs import RunLog, lines

BEGAN = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = BEGAN

    def __call__(self) -> datetime:
        return self.now


def events(path: Path) -> list[ev.Event]:
    return [line.event for line in lines(path)]


def test_an_act_is_in_the_file_and_synced_before_tell_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.fstat(handle).st_size))
    with RunLog(tmp_path / "runs", "load/main", Clock()) as log:
        for event in (ev.Acting(act="copy", undo="cancel"), ev.Acted(act="copy")):
            log(event)
            assert events(log.path)[-1] == event
            assert synced[-1] == log.path.stat().st_size
    assert len(synced) == 2


ALL: list[ev.Event] = [
    ev.Started(address="load/main"),
    ev.Note(text="订单 \n `x`", warning=True),
    ev.Found(code="SRV-GTID", outcome="pass", title="on"),
    ev.Progress(phase="copy", done=1, total=None, unit="rows", left_s=2.5),
    ev.Failed(code="x", what="y", remedy="z", retry=True),
    ev.Done(address="load/main", sha256="00", seconds=1.5),
]


def test_every_event_is_read_as_it_was_told(tmp_path: Path) -> None:
    with RunLog(tmp_path, "load/main", Clock()) as log:
        for event in ALL:
            log(event)
    assert events(log.path) == ALL
    assert log.path.name.startswith("20261120T090000-load-main-")
    assert next(lines(log.path)).at == "2026-11-20T09:00:00+00:00"


def test_a_last_line_cut_in_half_is_left_out(tmp_path: Path) -> None:
    with RunLog(tmp_path, "load/main", Clock()) as log:
        for event in ALL:
            log(event)
    log.path.write_bytes(log.path.read_bytes()[:-10])
    assert events(log.path) == ALL[:-1]


def test_progress_is_kept_now_and_then_and_pulses_never(tmp_path: Path) -> None:
    clock = Clock()
    with RunLog(tmp_path, "load/main", clock) as log:
        for tenth in range(20):
            clock.now = BEGAN + timedelta(milliseconds=100 * tenth)
            log(ev.Progress(phase="copy", done=tenth))
            log(ev.Pulse())
        log(ev.Progress(phase="another"))
    kept = events(log.path)
    assert [event.done for event in kept if isinstance(event, ev.Progress)] == [0, 5, 10, 15, 0]
    assert len(kept) == 5
