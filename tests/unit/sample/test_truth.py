"""What the truth file tells, and how it is held against the database."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.domain.fault import Fault
from seatrial.sample import truth
from seatrial.sample.truth import Began, Error, Outcome, Transaction

RUN = "00112233445566ff"
BEGAN = Began(run=RUN, seed=1, rate_per_s=10, connections=2, address="127.0.0.1:3306", began_us=1_000_000)


def token(number: int) -> str:
    return f"{RUN}{number:016x}"


def done(
    number: int,
    outcome: Outcome = Outcome.COMMITTED,
    *,
    ended_us: int = 0,
    latency_us: int = 1000,
    late_us: int = 0,
    half: bool = False,
    error: Error | None = None,
    read: bool = False,
) -> Transaction:
    ended_us = ended_us or 1_000_000 + number * 1000
    return Transaction(
        kind="pay",
        shop=3,
        token="" if read else token(number),
        started_us=ended_us - latency_us,
        ended_us=ended_us,
        latency_us=latency_us,
        late_us=late_us,
        outcome=outcome,
        half=half,
        error=error,
    )


def lines(*entries: Began | Transaction) -> bytes:
    return b"".join(msgspec.json.encode(entry) + b"\n" for entry in entries)


def test_a_whole_file_reads_as_it_was_written() -> None:
    error = Error(number=1105, message="denied", statement="insert audit_log")
    entries = (done(1), done(2, Outcome.FAILED, error=error), done(3, half=True, error=error), done(4, read=True))
    assert truth.parse(lines(BEGAN, *entries)) == truth.Truth(BEGAN, entries)


def test_a_file_of_an_earlier_version_has_no_connections_and_reads_all_the_same() -> None:
    old = (
        b'{"type":"transaction","kind":"pay","shop":3,"started_us":1,"ended_us":2,"latency_us":1,"outcome":"failed"}\n'
    )
    (transaction,) = truth.parse(old).transactions
    assert (transaction.connection, transaction.statements, transaction.reads_before) == (0, 0, 0)


@given(st.integers(min_value=0))
def test_a_file_cut_anywhere_keeps_every_whole_line(cut: int) -> None:
    text = lines(BEGAN, done(1), done(2), done(3))
    text = text[: cut % (len(text) + 1)]
    read = truth.parse(text)
    whole = text.count(b"\n")
    assert len(read.transactions) + (read.began is not None) in (whole, whole + 1)  # a line may lack only its newline
    assert read.transactions == (done(1), done(2), done(3))[: len(read.transactions)]


def test_damage_elsewhere_than_at_the_end_is_a_fault_that_names_the_line() -> None:
    with pytest.raises(Fault, match="line 2 of") as caught:
        truth.parse(lines(BEGAN) + b"{half a li\n" + lines(done(1)))
    assert caught.value.code == "sample.truth-damaged"


def test_a_missing_file_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(Fault) as caught:
        truth.read(tmp_path / "none.jsonl")
    assert caught.value.code == "sample.no-truth"


def test_tokens_tell_lost_doubled_and_surplus_rows() -> None:
    told = [
        done(1),
        done(2),
        done(3),
        done(4, Outcome.FAILED),
        done(5, Outcome.ROLLED_BACK),
        done(6, Outcome.UNKNOWN),
        done(7, Outcome.UNKNOWN),
        done(8, read=True),
    ]
    found = [token(n) for n in (1, 2, 2, 4, 5, 6, 99)]
    check = truth.check(found, told)
    assert check.lost == (token(3),)
    assert check.doubled == (token(2),)
    assert check.surplus == (token(4), token(5))
    assert check.unknown_kept == (token(6),)
    assert check.unrecorded == (token(99),)
    assert not check.clean
    assert (check.ledger.committed, check.ledger.found, check.ledger.lost) == (3, 7, 1)


@given(st.lists(st.sampled_from(Outcome), max_size=30))
def test_a_database_that_kept_exactly_what_was_committed_is_clean(outcomes: list[Outcome]) -> None:
    told = [done(number, outcome) for number, outcome in enumerate(outcomes)]
    kept = [t.token for t in told if t.outcome is Outcome.COMMITTED]
    check = truth.check(kept, told)
    assert check.clean
    assert check.committed == check.found == len(kept)


def test_the_longest_gap_counts_from_and_to_the_ends_of_the_window() -> None:
    assert truth.longest_gap_us([], 0, 500) == 500
    assert truth.longest_gap_us([100, 150], 0, 500) == 350
    assert truth.longest_gap_us([400, 450], 0, 500) == 400
    assert truth.longest_gap_us([100, 300, 50, 999], 0, 350) == 200


@given(st.lists(st.integers(0, 10_000)), st.integers(0, 5000), st.integers(0, 5000))
def test_the_longest_gap_is_never_shorter_than_the_mean_one(moments: list[int], first: int, length: int) -> None:
    inside = [moment for moment in moments if first <= moment <= first + length]
    gap = truth.longest_gap_us(moments, first, first + length)
    assert length / (len(inside) + 1) <= gap <= length


def test_a_window_holds_what_waited_in_it_and_counts_the_wait_from_the_due_time() -> None:
    before = done(1, ended_us=900_000)
    stalled = done(2, ended_us=3_000_000, latency_us=1_500_000, late_us=200_000)
    after = done(3, ended_us=5_000_000)
    window = truth.window((before, stalled, after), 1_000_000, 4_000_000)
    assert window.count == 1
    assert window.stall_max_ms == window.stall_p99_ms == 1700
    assert window.gap_ms == 2000


def test_reads_do_not_end_a_gap() -> None:
    assert truth.window((done(1, ended_us=500, read=True),), 0, 1000).gap_ms == 1


@given(st.lists(st.integers(0, 1000), min_size=1), st.floats(0.01, 1))
def test_the_percentile_has_at_least_that_share_at_or_below_it(values: list[int], share: float) -> None:
    found = truth.percentile(sorted(values), share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-9


def test_pace_cuts_the_run_into_slices() -> None:
    told = (
        done(1, ended_us=100_000, latency_us=2000),
        done(2, ended_us=700_000, latency_us=4000, late_us=1000),
        done(3, Outcome.FAILED, ended_us=800_000),
        done(4, Outcome.ROLLED_BACK, ended_us=1_600_000),
    )
    slices = truth.pace(told, 0, 1_700_000)
    assert [(s.second, s.committed, s.failed) for s in slices] == [(0, 1, 0), (0.5, 1, 1), (1, 0, 0), (1.5, 0, 0)]
    assert slices[1].latency_max_ms == 5
    assert slices[2].latency_p50_ms is None


def test_a_summary_counts_by_kind_and_by_error() -> None:
    error = Error(number=1105, message="denied", statement="insert orders")
    told = (
        done(1, latency_us=1000),
        done(2, latency_us=3000),
        done(3, Outcome.FAILED, latency_us=99_000, error=error),
        done(4, half=True, error=error),
        done(5, Outcome.UNKNOWN, ended_us=3_000_000),
    )
    summary = truth.summarise(truth.Truth(BEGAN, told))
    assert summary.kinds[0].kind == "pay"
    total = summary.total
    assert (total.count, total.committed, total.failed, total.unknown, total.half) == (5, 3, 1, 1, 1)
    assert total.max_ms == 3  # what failed came to no answer
    assert summary.errors[0].count == 2
    assert summary.seconds == 2
    count = truth.count(told)
    assert (count.transactions, count.committed, count.half) == (5, 3, 1)
    assert count.errors == {"1105 denied": 2}


def test_a_run_without_transactions_has_a_summary() -> None:
    summary = truth.summarise(truth.Truth(None, ()))
    assert summary.total.count == 0
    assert summary.total.p99_ms is None


def test_equal_errors_fall_into_one_class() -> None:
    one = "Duplicate entry '17-ab' for key 'customers.by_email'"
    other = "Duplicate entry '18-cd' for key 'customers.by_email'"
    assert truth.message_class(one) == truth.message_class(other)
    refused = "Can't connect to MySQL server on '127.0.0.1' ([Errno 111] Connection refused)"
    assert truth.message_class(refused) == "Can't connect to MySQL server on '…'"
    vitess = (
        "target: poc.-80.primary: vttablet: rpc error: code = FailedPrecondition desc = disallowed due to rule: enforce"
        ' denied tables (CallerID: app): Sql: "insert into t values (:v1)", BindVars: {v1: "secret"}'
    )
    assert "secret" not in truth.message_class(vitess)
    assert truth.message_class(vitess).endswith("denied tables")
