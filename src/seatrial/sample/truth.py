"""The truth about a run of traffic: what the application was told of each transaction, and what it can be held against.

A truth file is JSON lines: first who began (`Began`), then one line a transaction (`Transaction`). It is written as the
run goes, so the last line of a run that was killed may be cut.
"""

import itertools
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path

import msgspec
from msgspec import Struct

from seatrial.adapters.mysql.client import Connection
from seatrial.domain.fault import Fault
from seatrial.domain.rehearsal import Ledger, Pace, TrafficCount, Window

SHOP_LEDGER = "request_log"
PLATFORM_LEDGER = "platform_events"
LEDGERS = (SHOP_LEDGER, PLATFORM_LEDGER)
"""The tables that take one row with the token of every transaction that writes."""


class Outcome(StrEnum):
    """What the application knows. `rolled-back` was meant; `unknown` lost its answer while committing."""

    COMMITTED = "committed"
    ROLLED_BACK = "rolled-back"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Error(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An error as the application met it: MySQL's number (0 for none), the message without its particulars."""

    number: int
    message: str
    statement: str


class Began(Struct, frozen=True, kw_only=True, tag="began"):
    """The head of a truth file. Tokens of this run begin with `run` (16 hexadecimal digits)."""

    run: str
    seed: int
    rate_per_s: float
    connections: int
    address: str
    began_us: int
    awkward: bool = False


class Transaction(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="transaction"):
    """One transaction. Times are wall clock, µs since 1970 UTC; `latency_us` is by the monotonic clock, without
    `late_us`, which is how long after its due time it could begin (all connections were busy).

    `token` is 32 hexadecimal digits, "" for a read. `half`: a statement failed, yet the commit kept the others.

    `connection` is the server's number for the session (the slow log's `Id`), 0 if there was none. `statements` are
    those sent from BEGIN to COMMIT or ROLLBACK, these two counted; 0 for what only read. `reads_before` and
    `reads_after` were sent before and after them, each a transaction of its own to the server. The lines of one
    connection are in the order of its statements, so a log can be held against them one by one.
    """

    kind: str
    shop: int
    token: str = ""
    started_us: int
    ended_us: int
    latency_us: int
    late_us: int = 0
    outcome: Outcome
    half: bool = False
    error: Error | None = None
    connection: int = 0
    statements: int = 0
    reads_before: int = 0
    reads_after: int = 0

    @property
    def response_us(self) -> int:
        """What a user waited: from the due time to the answer."""
        return self.late_us + self.latency_us


class Truth(Struct, frozen=True):
    """A truth file as read. `began` is None for a file cut in its first line."""

    began: Began | None
    transactions: tuple[Transaction, ...]


class KindSummary(Struct, frozen=True, kw_only=True):
    """One kind of transaction; latencies of those that came to an answer, in ms, None where there are none."""

    kind: str
    count: int
    committed: int
    rolled_back: int
    failed: int
    unknown: int
    half: int
    p50_ms: float | None
    p99_ms: float | None
    max_ms: float | None


class ErrorCount(Struct, frozen=True, kw_only=True):
    number: int
    message: str
    statement: str
    count: int


class Summary(Struct, frozen=True, kw_only=True):
    """A run as a whole. `rate_per_s` is what was reached, `asked_per_s` what was asked for (0 if not known)."""

    seconds: float
    asked_per_s: float
    rate_per_s: float
    total: KindSummary
    kinds: tuple[KindSummary, ...]
    longest_gap_ms: float  # without any committed transaction that writes
    late_max_ms: float
    errors: tuple[ErrorCount, ...]


class Check(Struct, frozen=True, kw_only=True):
    """Tokens the application saw committed, against those in the database; each a token of 32 hexadecimal digits.

    `surplus`: there, although the application was told it failed or rolled it back. `unknown_kept`: there, of those
    whose answer was lost. `unrecorded`: there, of this run, but not in the truth (a killed run was not done writing).
    """

    committed: int
    found: int
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    surplus: tuple[str, ...]
    unknown_kept: tuple[str, ...]
    unrecorded: tuple[str, ...]

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.surplus)

    @property
    def ledger(self) -> Ledger:
        return Ledger(
            committed=self.committed,
            found=self.found,
            lost=len(self.lost),
            doubled=len(self.doubled),
            surplus=len(self.surplus),
        )


_decoder = msgspec.json.Decoder(Began | Transaction)


def read(path: Path) -> Truth:
    """A truth file, also while it is being written: a cut last line is left out; any other damage is a Fault."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        raise Fault(
            "sample.no-truth", f"there is no truth file {path}", remedy="name the file given to --truth"
        ) from None
    return parse(text, str(path))


def parse(text: bytes, name: str = "the truth file") -> Truth:
    """See `read`."""
    began: Began | None = None
    transactions: list[Transaction] = []
    lines = text.split(b"\n")
    for number, line in enumerate(lines, start=1):
        if not line:
            continue
        try:
            entry = _decoder.decode(line)
        except msgspec.DecodeError as error:
            if number == len(lines):  # no newline after it: it was being written
                break
            raise Fault(
                "sample.truth-damaged",
                f"line {number} of {name} is not a line of truth: {error}",
                remedy="the file was changed by something else; run the traffic again",
            ) from None
        if isinstance(entry, Began):
            began = entry
        else:
            transactions.append(entry)
    return Truth(began, tuple(transactions))


def message_class(message: str) -> str:
    """An error's message without its particulars, so that equal errors are counted together."""
    kept = re.sub(r"(?s)(: Sql: | \(CallerID| \(\[Errno|,? BindVars).*", "", message)
    kept = re.sub(r"(?<!\w)'[^']*'|\"[^\"]*\"|`[^`]*`", "'…'", kept)
    kept = re.sub(r"\b[0-9a-f]*\d[0-9a-f]*\b|\d+", "N", kept)
    return " ".join(kept.split())[:160]


def percentile(values: Sequence[int], share: float) -> int:
    """The nearest-rank percentile of sorted values; ValueError for none."""
    if not values:
        raise ValueError("no values")
    return values[max(0, math.ceil(share * len(values)) - 1)]


def longest_gap_us(moments: Iterable[int], first_us: int, last_us: int) -> int:
    """The longest time within [first, last] without any of the moments; the ends count as moments."""
    inside = sorted(moment for moment in moments if first_us <= moment <= last_us)
    return max((b - a for a, b in itertools.pairwise((first_us, *inside, max(first_us, last_us)))), default=0)


def committed_writes(transactions: Iterable[Transaction]) -> Iterator[int]:
    """When each committed transaction that writes ended, µs."""
    return (t.ended_us for t in transactions if t.token and t.outcome is Outcome.COMMITTED)


def window(transactions: Sequence[Transaction], first_us: int, last_us: int) -> Window:
    """What users felt between two moments: all transactions that were due or running within them."""
    within = [t for t in transactions if t.started_us - t.late_us <= last_us and t.ended_us >= first_us]
    waits = sorted(t.response_us for t in within)
    return Window(
        gap_ms=longest_gap_us(committed_writes(transactions), first_us, last_us) / 1000,
        stall_p99_ms=percentile(waits, 0.99) / 1000 if waits else 0.0,
        stall_max_ms=waits[-1] / 1000 if waits else 0.0,
        count=len(within),
    )


def pace(transactions: Sequence[Transaction], first_us: int, last_us: int, slice_s: float = 0.5) -> tuple[Pace, ...]:
    """The run in slices of time, by when transactions ended; `second` counts from `first_us`."""
    slices: dict[int, list[Transaction]] = defaultdict(list)
    width_us = round(slice_s * 1_000_000)
    for transaction in transactions:
        if first_us <= transaction.ended_us < last_us:
            slices[(transaction.ended_us - first_us) // width_us].append(transaction)
    made = []
    for number in range(math.ceil(max(0, last_us - first_us) / width_us)):
        waits = sorted(t.response_us for t in slices[number])
        outcomes = Counter(t.outcome for t in slices[number])
        made.append(
            Pace(
                second=number * slice_s,
                slice_s=slice_s,
                committed=outcomes[Outcome.COMMITTED],
                failed=outcomes[Outcome.FAILED] + outcomes[Outcome.UNKNOWN],
                latency_p50_ms=percentile(waits, 0.5) / 1000 if waits else None,
                latency_max_ms=waits[-1] / 1000 if waits else None,
            )
        )
    return tuple(made)


def count(transactions: Iterable[Transaction]) -> TrafficCount:
    """Outcomes and error classes of a run."""
    outcomes: Counter[Outcome] = Counter()
    errors: Counter[str] = Counter()
    total = half = 0
    for transaction in transactions:
        total += 1
        outcomes[transaction.outcome] += 1
        half += transaction.half
        if (error := transaction.error) is not None:
            errors[f"{error.number} {error.message}"] += 1
    return TrafficCount(
        transactions=total,
        committed=outcomes[Outcome.COMMITTED],
        rolled_back=outcomes[Outcome.ROLLED_BACK],
        failed=outcomes[Outcome.FAILED],
        half=half,
        unknown=outcomes[Outcome.UNKNOWN],
        errors=dict(errors.most_common()),
    )


def summarise(truth: Truth) -> Summary:
    """The run as a whole, and by kind."""
    transactions = truth.transactions
    by_kind: dict[str, list[Transaction]] = defaultdict(list)
    for transaction in transactions:
        by_kind[transaction.kind].append(transaction)
    first_us = truth.began.began_us if truth.began else min((t.started_us for t in transactions), default=0)
    last_us = max((t.ended_us for t in transactions), default=first_us)
    seconds = (last_us - first_us) / 1_000_000
    errors = Counter((t.error.number, t.error.message, t.error.statement) for t in transactions if t.error)
    return Summary(
        seconds=seconds,
        asked_per_s=truth.began.rate_per_s if truth.began else 0.0,
        rate_per_s=len(transactions) / seconds if seconds else 0.0,
        total=_summary_of("all", transactions),
        kinds=tuple(_summary_of(kind, by_kind[kind]) for kind in sorted(by_kind)),
        longest_gap_ms=longest_gap_us(committed_writes(transactions), first_us, last_us) / 1000,
        late_max_ms=max((t.late_us for t in transactions), default=0) / 1000,
        errors=tuple(
            ErrorCount(number=number, message=message, statement=statement, count=times)
            for (number, message, statement), times in errors.most_common()
        ),
    )


def _summary_of(kind: str, transactions: Sequence[Transaction]) -> KindSummary:
    outcomes = Counter(t.outcome for t in transactions)
    answered = sorted(t.latency_us for t in transactions if t.outcome in (Outcome.COMMITTED, Outcome.ROLLED_BACK))
    return KindSummary(
        kind=kind,
        count=len(transactions),
        committed=outcomes[Outcome.COMMITTED],
        rolled_back=outcomes[Outcome.ROLLED_BACK],
        failed=outcomes[Outcome.FAILED],
        unknown=outcomes[Outcome.UNKNOWN],
        half=sum(t.half for t in transactions),
        p50_ms=percentile(answered, 0.5) / 1000 if answered else None,
        p99_ms=percentile(answered, 0.99) / 1000 if answered else None,
        max_ms=answered[-1] / 1000 if answered else None,
    )


def check(found: Iterable[str], transactions: Iterable[Transaction]) -> Check:
    """Hold the tokens in the database against what the application was told; `found` has a token per row."""
    told = {t.token: t.outcome for t in transactions if t.token}
    times = Counter(found)
    committed = {token for token, outcome in told.items() if outcome is Outcome.COMMITTED}
    present = times.keys()
    return Check(
        committed=len(committed),
        found=sum(times.values()),
        lost=tuple(sorted(committed - present)),
        doubled=tuple(sorted(token for token, number in times.items() if number > 1)),
        surplus=tuple(sorted(t for t in present if told.get(t) in (Outcome.FAILED, Outcome.ROLLED_BACK))),
        unknown_kept=tuple(sorted(t for t in present if told.get(t) is Outcome.UNKNOWN)),
        unrecorded=tuple(sorted(present - told.keys())),
    )


def tokens(connection: Connection, run: str, ledgers: Sequence[str] = LEDGERS) -> Iterator[str]:
    """The tokens of a run in the connection's database, one per row: ask the sample, or vtgate, or (to see a row that
    is on two shards) each shard's own MySQL, with the ledgers that are in that keyspace."""
    if "vitess" in str(connection.query("SELECT @@version")[0][0]).lower():
        connection.execute("SET workload = olap")  # else a tablet ends a result at 10,000 rows
    low, high = bytes.fromhex(run) + bytes(8), bytes.fromhex(run) + b"\xff" * 8
    for ledger in ledgers:
        for (token,) in connection.stream(f"SELECT token FROM {ledger} WHERE token BETWEEN %s AND %s", (low, high)):
            yield bytes(token).hex()
