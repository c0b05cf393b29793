"""Statements are told apart into transactions, connection by connection, and their shared values are seen."""

import io
from datetime import timedelta

import pytest

from seatrial.domain.event import silent
from seatrial.domain.workload import MANY, Digest, TransactionClass
from seatrial.stages.digest import Log, digest, patterns
from seatrial.stages.digest import transactions as module
from tests.unit.slow_logs import BANNER, BEGAN, closed, event, log


def digested(content: bytes) -> Digest:
    logs = [Log(name="slow.log", stream=io.BytesIO(content))]
    return digest(logs, database="shop", schema=None, keep=None, now=BEGAN + timedelta(hours=1), tell=silent)


def told(content: bytes) -> list[tuple[str, bool, int, int]]:
    """(statements, explicit, count, rolled back) of every class of transactions."""
    found = digested(content)
    return sorted(
        (
            " ".join(found.query(query).fingerprint.split()[-1] for query in each.queries),
            each.explicit,
            each.count,
            each.rolled_back,
        )
        for each in found.transactions
    )


A, B = "DELETE FROM a", "DELETE FROM b"
AUTO_OFF = "SET autocommit=0"


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (["BEGIN", A, B, "COMMIT"], [("a b", True, 1, 0)]),
        (["START TRANSACTION", A, A, A, B, "COMMIT"], [("a b", True, 1, 0)]),
        (["BEGIN", A, "ROLLBACK"], [("a", True, 1, 1)]),
        (["BEGIN", A, "SAVEPOINT s", "ROLLBACK TO s", B, "COMMIT"], [("a s s b", True, 1, 0)]),
        (["BEGIN", "COMMIT"], [("", True, 1, 0)]),
        (["BEGIN", A, "BEGIN", B, "COMMIT"], [("a", True, 1, 0), ("b", True, 1, 0)]),
        (["BEGIN", A, "CREATE TABLE c"], [("a", True, 1, 0), ("c", False, 1, 0)]),
        ([A, B, A], [("a", False, 2, 0), ("b", False, 1, 0)]),
        (["SET NAMES utf8", "SHOW TABLES", A], [("a", False, 1, 0)]),
        (["BEGIN", A, "COMMIT", B], [("a", True, 1, 0), ("b", False, 1, 0)]),
        ([AUTO_OFF, A, B, "COMMIT", A, "ROLLBACK", "COMMIT"], [("a", True, 1, 1), ("a b", True, 1, 0)]),
        ([AUTO_OFF, A, "SET autocommit = ON", B], [("a", True, 1, 0), ("b", False, 1, 0)]),
        (["BEGIN", A, "COMMIT", A, B, "COMMIT"], [("a", True, 1, 0), ("a b", True, 1, 0)]),
    ],
)
def test_transactions(statements: list[str], expected: list[tuple[str, bool, int, int]]) -> None:
    assert told(log(*statements) + closed(second=9)) == expected


def test_connections_do_not_mix() -> None:
    content = BANNER + b"".join(
        event(sql, id=number, use="shop", second=n)
        for n, (number, sql) in enumerate([(1, "BEGIN"), (2, "BEGIN"), (1, A), (2, B), (2, "COMMIT"), (1, "ROLLBACK")])
    )
    assert told(content) == [("a", True, 1, 1), ("b", True, 1, 0)]


def test_a_connection_that_is_closed_rolls_back() -> None:
    assert told(log("BEGIN", A) + closed(second=1)) == [("a", True, 1, 1)]


def test_what_began_before_the_log_or_is_open_at_its_end_is_counted_apart() -> None:
    found = digested(log(A, "COMMIT", "BEGIN", B, "COMMIT", "BEGIN", A))
    assert found.incomplete_transactions == 2
    assert [each.count for each in found.transactions] == [1]
    restarted = digested(log("BEGIN", A) + log("COMMIT", "BEGIN", B, "COMMIT"))
    assert restarted.incomplete_transactions == 2


def test_a_deadlock_ends_the_transaction_by_itself() -> None:
    content = log("BEGIN", A) + event(B, errno=1213, second=1) + event("ROLLBACK", second=2) + event(A, second=3)
    assert told(content + closed(second=4)) == [("a", False, 1, 0), ("a b", True, 1, 1)]


def test_a_transaction_lasts_from_its_beginning_to_its_end() -> None:
    content = (
        BANNER + event("BEGIN", use="shop", second=1, took_us=500) + event(A, second=2) + event("COMMIT", second=3)
    )
    (each,) = digested(content).transactions
    assert each.times.total_us == 2_000_500


def test_many_single_statements_are_not_held_back() -> None:
    count = module.UNDECIDED_KEPT * 2 + 5
    assert told(log(*[A] * count)) == [("a", False, count, 0)]


def pattern(*statements: str) -> list[list[tuple[str, int]]]:
    found = digested(log("BEGIN", *statements, "COMMIT"))
    (each,) = found.transactions
    (only,) = each.patterns
    assert (only.count, each.patterns_left_out) == (1, 0)
    return [[(str(column), number) for column, number in touch.values] for touch in only.touches]


def test_equal_values_have_equal_numbers_whatever_their_column_and_form() -> None:
    assert pattern(
        "SELECT x FROM t WHERE shop_id = 5 AND id = 7",
        "UPDATE u SET y = 1 WHERE shop = '5' AND t_id = 7",
        "INSERT INTO v (shop_id, z) VALUES (5, 'new')",
    ) == [
        [("t.shop_id", 0), ("t.id", 1)],
        [("u.shop", 0), ("u.t_id", 1)],
        [("v.shop_id", 0), ("v.z", 2)],
    ]


def test_several_values_are_many() -> None:
    assert pattern("SELECT x FROM t WHERE shop_id = 5 AND id IN (7, 8)") == [[("t.shop_id", 0), ("t.id", MANY)]]
    assert pattern("SELECT x FROM t WHERE id IN (7, '7')") == [[("t.id", 0)]]
    assert pattern("INSERT INTO t (s, i) VALUES (1, 2), (1, 3)") == [[("t.s", 0), ("t.i", MANY)]]


def test_repeats_are_told_once_with_their_values_united() -> None:
    repeated = ["UPDATE t SET x = 1 WHERE shop_id = 5 AND id = 7", "UPDATE t SET x = 2 WHERE shop_id = 5 AND id = 8"]
    assert pattern(*repeated) == [[("t.shop_id", 0), ("t.id", MANY)]]


def transaction(content: bytes) -> TransactionClass:
    (each,) = digested(content).transactions
    return each


def test_patterns_are_counted_the_most_frequent_first_and_capped() -> None:
    def both(first: int, second: int) -> list[str]:
        return ["BEGIN", f"SELECT x FROM t WHERE a = {first}", f"SELECT x FROM u WHERE a = {second}", "COMMIT"]

    found = transaction(log(*both(1, 1), *both(1, 2), *both(3, 4)))
    assert [(each.count, [touch.values[0][1] for touch in each.touches]) for each in found.patterns] == [
        (2, [0, 1]),
        (1, [0, 0]),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PATTERNS_TOLD", 1)
        found = transaction(log(*both(1, 1), *both(1, 2), *both(3, 4)))
        assert (len(found.patterns), found.patterns_left_out, found.count) == (1, 1, 3)
        patch.setattr(patterns, "PATTERNS_KEPT", 1)
        found = transaction(log(*both(1, 1), *both(1, 2), *both(3, 4)))
        assert (len(found.patterns), found.patterns_left_out, found.count) == (1, 2, 3)


def test_null_is_a_value_and_an_expression_is_none() -> None:
    assert pattern("INSERT INTO t (a, b, c) VALUES (NULL, NOW(), 5)") == [[("t.a", 0), ("t.c", 1)]]


def test_the_spread_of_values_is_counted() -> None:
    found = digested(log(*[f"SELECT x FROM t WHERE id = {n % 4 and 9}" for n in range(100)]))
    (values,) = found.values
    assert (str(values.column), values.executions, values.distinct, values.top_shares) == ("t.id", 100, 2, (0.75, 0.25))


def test_more_values_than_are_kept_is_said() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("seatrial.stages.digest.tally.VALUES_KEPT", 10)
        (values,) = digested(log(*[f"SELECT x FROM t WHERE id = {n}" for n in range(50)])).values
    assert (values.executions, values.distinct, values.capped) == (50, 10, True)


def test_a_transaction_with_a_long_silence_in_it_is_incomplete_and_so_is_what_follows_up_to_a_begin() -> None:
    hole = module.GAP_US / 1e6 + 1
    content = BANNER + event("BEGIN", use="shop") + event(A, second=1)
    content += event(B, second=hole + 2) + event("COMMIT", second=hole + 3)
    content += event("BEGIN", second=hole + 4) + event(A, second=hole + 5) + event("COMMIT", second=hole + 6)
    found = digested(content)
    assert told(content) == [("a", True, 1, 0)]
    assert found.incomplete_transactions == 2


def test_a_long_statement_is_no_silence() -> None:
    took_us = module.GAP_US + 5_000_000
    content = BANNER + event("BEGIN", use="shop") + event(A, second=took_us / 1e6 + 1, took_us=took_us)
    content += event("COMMIT", second=took_us / 1e6 + 2)
    assert told(content) == [("a", True, 1, 0)]
