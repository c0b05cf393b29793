"""A log read in pieces by processes is the log read whole; and whatever goes wrong, no process stays."""

import io
import os
import signal
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrial.adapters.crew import Crew
from seatrial.domain.event import Event, Progress, Tell, silent
from seatrial.domain.executed import Executed
from seatrial.domain.fault import Cancelled, Fault
from seatrial.domain.workload import Digest
from seatrial.parsing.slow_log import SlowLog
from seatrial.parsing.slow_log_pieces import pieces
from seatrial.stages.digest import Key, Log, digest, told, unpacked
from seatrial.stages.digest import parallel as module
from tests.unit.fakes import workers
from tests.unit.slow_logs import BANNER, BEGAN, closed, event

WORKER = module._WORKER
A, B = "SELECT a FROM t WHERE id = {n}", "INSERT INTO u (t_id, x) VALUES ({n}, 'it''s;\n# Time: no')"


def a_log(rounds: int) -> bytes:
    """Three connections whose transactions lie across each other; another database, a restart and damage between."""
    out = [BANNER]
    for n in range(rounds):
        for number, sql in enumerate(["BEGIN", "BEGIN", A, B, "COMMIT", A, B, "ROLLBACK", A]):
            use = "blog" if n % 10 == 3 and number == 5 else "shop" if number == 6 else ""
            sql = sql.format(n=n % 7)
            out.append(event(sql, id=1 + (n + number) % 3, use=use, second=n + number / 10, took_us=50 * number))
        if n % 9 == 4:
            out.append(closed(id=1 + n % 3, second=n + 0.95))
        if n == rounds // 2:
            out += [b"what is this?\n", BANNER]
    return b"".join(out)


def digested(path: Path, crew: Crew | None, tell: Tell = silent) -> Digest:
    with path.open("rb") as stream:
        logs = [Log(name=path.name, stream=stream, bytes=path.stat().st_size)]
        now = BEGAN + timedelta(hours=1)
        return digest(logs, database="shop", schema=None, keep=None, now=now, tell=tell, crew=crew)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WORTH_BYTES", 1)
    monkeypatch.setattr(module, "PIECE_BYTES", 5_000)
    monkeypatch.setattr(module, "LEAST_PIECE_BYTES", 5_000)


@pytest.mark.usefixtures("small")
def test_a_log_read_in_pieces_is_the_log_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "slow.log"
    path.write_bytes(a_log(40)[:-20])
    whole, in_pieces = digested(path, None), digested(path, Crew(2))
    assert whole.not_understood and whole.incomplete_transactions and whole.other_databases
    assert msgspec.json.encode(in_pieces) == msgspec.json.encode(whole)
    assert not workers(WORKER)


@pytest.mark.usefixtures("small")
def test_workers_hash_values_with_the_fleets_key(tmp_path: Path) -> None:
    path = tmp_path / "slow.log"
    path.write_bytes(a_log(40))
    parts: list[bytes] = []
    for crew in (None, Crew(2)):
        with path.open("rb") as stream:
            digest(
                [Log(name=path.name, stream=stream, bytes=path.stat().st_size)],
                database="shop",
                schema=None,
                keep=None,
                now=BEGAN + timedelta(hours=1),
                tell=silent,
                crew=crew,
                key=Key(b"k" * 32),
                partial=parts.append,
            )
    one, other = (unpacked(content, "a part") for content in parts)
    counts = [{str(column): tally.counts for column, tally in each.part.values} for each in (one, other)]
    assert counts[0] == counts[1] != {}
    assert msgspec.json.encode(told(one)) == msgspec.json.encode(told(other))


@pytest.mark.usefixtures("small")
def test_cancelled_it_leaves_no_process(tmp_path: Path) -> None:
    path = tmp_path / "slow.log"
    path.write_bytes(a_log(40))

    def tell(event: Event) -> None:
        if isinstance(event, Progress) and workers(WORKER):
            raise Cancelled

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Cancelled):
        patch.setattr("seatrial.stages.digest.reading._TELL_EVERY_S", 0)
        digested(path, Crew(2), tell)
    assert not workers(WORKER)


@pytest.mark.usefixtures("small")
def test_a_worker_that_dies_is_one_fault(tmp_path: Path) -> None:
    path = tmp_path / "slow.log"
    path.write_bytes(a_log(40))

    def tell(event: Event) -> None:
        if isinstance(event, Progress) and (children := workers(WORKER)):
            os.kill(children[0].pid, signal.SIGKILL)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Fault) as caught:
        patch.setattr("seatrial.stages.digest.reading._TELL_EVERY_S", 0)
        digested(path, Crew(2), tell)
    assert (caught.value.code, caught.value.retry) == ("crew.worker-died", True)
    assert not workers(WORKER)


@settings(deadline=None, max_examples=30)
@given(st.integers(500, 30_000))
def test_pieces_tell_the_events_of_the_whole(size: int) -> None:
    content = a_log(20)
    seen: list[bytes] = []
    parted = list(pieces(_stream(content), size, seen.append))
    assert b"".join(seen) == content
    assert [start for start, _, _ in parted] == [0, *(end for _, end, _ in parted[:-1])]
    assert parted[-1][1] == len(content)
    told: list[Executed] = []
    for start, end, database in parted:
        told += SlowLog(_stream(content[start:end]), "slow.log", offset=start, database=database, hashes=False)
    whole = list(SlowLog(_stream(content), "slow.log"))
    assert [each for each in told if not each.command] == [each for each in whole if not each.command]
    assert [each.command for each in told] == [each.command for each in whole]


def _stream(content: bytes) -> io.BytesIO:
    return io.BytesIO(content)
