"""How a recorded connection is sent again, on a wire that answers as it is told."""

import asyncio
from collections.abc import Callable
from time import monotonic

from seatrial.adapters.generator.fitting import Fitted, fit
from seatrial.adapters.generator.job import Statement
from seatrial.adapters.generator.line import Line, Login
from seatrial.adapters.generator.tally import Tally
from seatrial.adapters.generator.wire import LOST, Answer
from seatrial.domain.generator import WorkerReport

Answers = Callable[[str], Answer]


class FakeWire:
    """Answers each statement by a function of it, after a while; LOST closes it."""

    def __init__(self, answered: Callable[[Answer], None], answers: Answers, took_s: float) -> None:
        self.closed = False
        self.sent: list[tuple[float, str]] = []
        self._answered, self._answers, self._took_s = answered, answers, took_s

    def send(self, sql: bytes) -> None:
        self.sent.append((monotonic(), sql.decode()))
        asyncio.get_running_loop().call_later(self._took_s, self._answer, sql.decode())

    def _answer(self, sql: str) -> None:
        answer = self._answers(sql)
        self.closed = answer.number == LOST
        self._answered(answer)

    def close(self) -> None:
        self.closed = True


class Sent:
    def __init__(self, begin: float, wires: list[FakeWire], report: WorkerReport) -> None:
        self.begin = begin
        self.report = report
        self.logins = len(wires)
        self.sql = [sql for wire in wires for _, sql in wire.sent]
        self.at_ms = [round((at - begin) * 1000) for wire in wires for at, _ in wire.sent]


def send(
    *events: tuple[int, str] | tuple[int, str, int],
    answers: Answers = lambda _: Answer(1, 0, ""),
    speed: float = 1.0,
    took_s: float = 0.0,
) -> Sent:
    """Send these (ms, statement[, the source's error]); everything reads one row on the source."""
    statements = []
    for at_ms, sql, *errno in events:
        fitted = fit(sql.encode(), "shop")
        assert isinstance(fitted, Fitted)
        error = errno[0] if errno else 0
        statements.append(Statement(0, at_ms * 1000, int(fitted.kind), sql[:6], 1, error, fitted.sql))
    wires: list[FakeWire] = []

    async def run() -> tuple[float, Tally]:
        over = asyncio.get_running_loop().create_future()

        async def login(answered: Callable[[Answer], None]) -> FakeWire:
            wires.append(FakeWire(answered, answers, took_s))
            return wires[-1]

        begin, tally = monotonic() + 0.01, Tally(1.0)
        as_login: Login = login  # type: ignore[assignment]
        Line(
            statements,
            begin=begin,
            speed=speed,
            login=as_login,
            woke=monotonic,
            tally=tally,
            ended=lambda _, error: over.set_exception(error) if error else over.set_result(None),
        )
        await asyncio.wait_for(over, 5)
        return begin, tally

    begin, tally = asyncio.run(run())
    return Sent(begin, wires, tally.report(connections=1, seconds=1, cpu_s=0))


def test_statements_leave_when_they_are_due() -> None:
    sent = send((0, "select 1"), (40, "select 2"), (60, "select 3"))
    assert all(due <= at < due + 15 for due, at in zip((0, 40, 60), sent.at_ms, strict=True))
    assert (sent.report.statements, sent.report.reads, sent.report.reads_differ) == (3, 3, 0)


def test_twice_the_speed_is_half_the_time() -> None:
    assert 20 <= send((0, "select 1"), (40, "select 2"), speed=2).at_ms[1] < 35


def test_waiting_for_the_answer_before_counts_as_response_and_is_not_our_lateness() -> None:
    sent = send((0, "select 1"), (10, "select 2"), took_s=0.05)
    (of_class,) = sent.report.classes
    assert sent.at_ms[1] >= 50
    assert of_class.response_max_us >= 85_000  # due at 10 ms, answered at 100 ms
    assert of_class.service_max_us < 75_000
    assert sent.report.lateness_max_us < 20_000


def test_after_an_error_the_transaction_is_rolled_back_and_its_rest_skipped() -> None:
    def answers(sql: str) -> Answer:
        return Answer(0, 1062, "Duplicate entry 'x' for key 'y'") if sql.startswith("insert") else Answer(1, 0, "")

    sent = send(
        (0, "begin"), (1, "insert into t values (1)"), (2, "update t set a = 1"), (3, "commit"), (4, "select 1"),
        answers=answers,
    )  # fmt: skip
    assert sent.sql == ["begin", "insert into t values (1)", "ROLLBACK", "select 1"]
    report = sent.report
    assert (report.transactions, report.transactions_failed, report.skipped) == (2, 1, 2)
    (error,) = report.errors
    assert (error.number, error.message, error.expected) == (1062, "Duplicate entry '…' for key '…'", 0)


def test_an_error_the_source_had_too_is_expected() -> None:
    def answers(sql: str) -> Answer:
        return Answer(0, 1062, "Duplicate") if sql.startswith("insert") else Answer(1, 0, "")

    sent = send((0, "begin"), (1, "insert into t values (1)", 1062), (2, "commit"), answers=answers)
    assert sent.sql == ["begin", "insert into t values (1)", "commit"]
    assert (sent.report.transactions_failed, sent.report.statements_failed, sent.report.errors) == (0, 0, ())


def test_another_error_than_the_source_s_is_told_and_the_transaction_goes_on_as_it_did() -> None:
    def answers(sql: str) -> Answer:
        return Answer(0, 1105, "VT12001: unsupported") if sql.startswith("insert") else Answer(1, 0, "")

    sent = send((0, "begin"), (1, "insert into t values (1)", 1062), (2, "commit"), answers=answers)
    assert sent.sql == ["begin", "insert into t values (1)", "commit"]
    assert [error.number for error in sent.report.errors] == [1105]
    assert (sent.report.transactions_failed, sent.report.statements_failed) == (0, 1)


def test_a_connection_that_is_lost_is_expected_of_no_statement() -> None:
    sent = send(
        (0, "begin"), (1, "insert into t values (1)", 1062), (2, "update t set a = 1"), (3, "commit"),
        answers=lambda sql: Answer(0, LOST, "lost") if sql.startswith("insert") else Answer(1, 0, ""),
    )  # fmt: skip
    assert sent.sql == ["begin", "insert into t values (1)"], "the rest would be committed statement by statement"
    assert (sent.report.transactions_failed, sent.report.skipped) == (1, 2)


def test_an_error_only_the_source_had_is_told() -> None:
    (error,) = send((0, "insert into t values (1)", 1062)).report.errors
    assert (error.number, error.expected, error.count) == (0, 1062, 1)


def test_a_deadlock_of_the_source_rolls_back_here_too() -> None:
    sent = send((0, "begin"), (1, "update t set a = 1", 1213), (2, "begin"), (3, "update t set a = 1"), (4, "commit"))
    assert sent.sql == ["begin", "update t set a = 1", "ROLLBACK", "begin", "update t set a = 1", "commit"]
    assert sent.report.transactions == 1


def test_with_autocommit_off_a_transaction_ends_with_its_commit() -> None:
    sent = send((0, "set autocommit=0"), (1, "update t set a = 1"), (2, "update t set a = 2"), (3, "commit"))
    assert sent.report.transactions == 1


def test_another_number_of_rows_is_counted() -> None:
    report = send((0, "select 1"), (1, "select 2"), answers=lambda sql: Answer(int(sql[-1]), 0, "")).report
    assert (report.reads, report.reads_differ, report.classes[0].rows_differ) == (2, 1, 1)


def test_a_lost_connection_is_opened_again_for_what_comes_after_the_transaction() -> None:
    sent = send(
        (0, "begin"), (1, "update t set a = 1"), (2, "commit"), (3, "select 1"),
        answers=lambda sql: Answer(0, LOST, "lost") if sql.startswith("update") else Answer(1, 0, ""),
    )  # fmt: skip
    assert sent.logins == 2
    assert sent.sql == ["begin", "update t set a = 1", "select 1"]
    assert (sent.report.transactions_failed, sent.report.skipped) == (1, 1)
