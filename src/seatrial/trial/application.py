"""The port `Application` by the sample's traffic: what it was told stands in its truth file."""

from collections.abc import Sequence
from pathlib import Path

from seatrial.adapters.mysql.client import Connection, Login
from seatrial.domain.event import Tell
from seatrial.domain.rehearsal import Ledger, Pace, TrafficCount, Window
from seatrial.sample import truth
from seatrial.sample.server import Sample
from seatrial.sample.setup import ROOT
from seatrial.sample.traffic import Order, Traffic
from seatrial.sample.truth import Transaction


class SampleApplication:
    """The sample's users, sent to a vtgate. Its truth file lies in `folder` and is kept as evidence."""

    def __init__(self, sample: Sample, gate: Login, rate_per_s: float, folder: Path) -> None:
        self._sample = sample
        self._order = Order(login=gate, rate_per_s=rate_per_s)
        self._file = folder / "truth.jsonl"
        self._traffic: Traffic | None = None

    def start(self, tell: Tell) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.unlink(missing_ok=True)
        self._traffic = Traffic.start(self._order, self._file, tell)

    def running(self) -> bool:
        return self._traffic is not None and self._traffic.running

    def stop(self, tell: Tell) -> None:
        if self._traffic is not None and self._traffic.running:
            self._traffic.stop(tell)

    def count(self) -> TrafficCount:
        return truth.count(self._transactions())

    def window(self, first_us: int, last_us: int) -> Window:
        return truth.window(self._transactions(), first_us, last_us)

    def pace(self, first_us: int, last_us: int, slice_s: float) -> tuple[Pace, ...]:
        return truth.pace(self._transactions(), first_us, last_us, slice_s)

    def ledger(self, until_us: int | None = None) -> Ledger | None:
        told = truth.read(self._file)
        if told.began is None:
            return None
        ended = [t for t in told.transactions if until_us is None or t.ended_us <= until_us]
        with Connection(self._sample.login(ROOT)) as connection:
            return truth.check(truth.tokens(connection, told.began.run), ended).ledger

    def _transactions(self) -> Sequence[Transaction]:
        return truth.read(self._file).transactions
