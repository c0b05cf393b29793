"""What the application knows at the end of a transaction, whatever the server does."""

from typing import Any

import pymysql
import pytest

from seatrial.sample.step import GivenUp, Step, label
from seatrial.sample.truth import Outcome

LOST = pymysql.OperationalError(2013, "Lost connection to MySQL server during query")
DENIED = pymysql.OperationalError(1105, "disallowed due to rule: enforce denied tables")
DEADLOCK = pymysql.OperationalError(1213, "Deadlock found when trying to get lock")


class Server:
    """Stands for the driver's connection; raises what it is told to at a statement that contains a word."""

    def __init__(self, **troubles: Exception) -> None:
        self.troubles = troubles
        self.heard: list[str] = []
        self.rowcount = 1
        self.lastrowid = 7

    def _hear(self, sql: str) -> None:
        self.heard.append(sql)
        for word, trouble in self.troubles.items():
            if word in sql:
                raise trouble

    def begin(self) -> None:
        self._hear("begin")

    def commit(self) -> None:
        self._hear("commit")

    def rollback(self) -> None:
        self._hear("rollback")

    def cursor(self) -> "Server":
        return self

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def execute(self, sql: str, _args: object) -> None:
        self._hear(sql)

    def fetchall(self) -> tuple[()]:
        return ()


def restock(server: Any, *, give_up: bool = False) -> Step:
    """A transaction of two statements, the second of which is not insisted on."""
    step = Step("restock", "0f" * 16, 3)
    step.connection = server
    try:
        step.read("SELECT id FROM products")
        step.begin(3)
        step.change("UPDATE stock SET n = n + 1")
        if give_up:
            raise GivenUp
        step.try_change("INSERT INTO audit_log (shop_id) VALUES (3)")
    except (pymysql.MySQLError, GivenUp) as error:
        step.end(error)
    else:
        step.end(None)
    return step


def test_what_goes_well_is_committed_with_its_token() -> None:
    step = restock(server := Server())
    assert step.outcome is Outcome.COMMITTED
    assert step.token == "0f" * 16
    assert server.heard[-1] == "commit"
    assert not step.half


def test_what_is_given_up_is_rolled_back_and_no_failure() -> None:
    step = restock(server := Server(), give_up=True)
    assert step.outcome is Outcome.ROLLED_BACK
    assert step.error is None
    assert server.heard[-1] == "rollback"


def test_an_error_rolls_back_and_names_its_statement() -> None:
    step = restock(server := Server(UPDATE=DEADLOCK))
    assert step.outcome is Outcome.FAILED
    assert step.error is not None
    assert (step.error.number, step.error.statement) == (1213, "update stock")
    assert server.heard[-1] == "rollback"
    assert not step.lost


def test_an_error_that_is_passed_over_leaves_half_a_transaction() -> None:
    step = restock(server := Server(audit_log=DENIED))
    assert step.outcome is Outcome.COMMITTED
    assert step.half
    assert step.error is not None
    assert server.heard[-1] == "commit"


def test_a_lost_connection_is_never_passed_over() -> None:
    step = restock(server := Server(audit_log=LOST))
    assert step.outcome is Outcome.FAILED
    assert step.lost
    assert not step.half
    assert "commit" not in server.heard


@pytest.mark.parametrize("trouble", [LOST, DENIED, pymysql.InterfaceError(0, "")])
def test_a_commit_without_a_clear_answer_is_unknown(trouble: Exception) -> None:
    assert restock(Server(commit=trouble)).outcome is Outcome.UNKNOWN


def test_a_commit_that_the_server_refuses_has_failed() -> None:
    step = restock(server := Server(commit=DEADLOCK))
    assert step.outcome is Outcome.FAILED
    assert server.heard[-1] == "rollback"


def test_a_rollback_that_fails_gives_the_connection_up() -> None:
    assert restock(Server(UPDATE=DEADLOCK, rollback=LOST)).lost


def test_before_it_writes_a_transaction_has_no_token() -> None:
    step = restock(Server(SELECT=LOST))
    assert step.token == ""
    assert step.outcome is Outcome.FAILED


def test_statements_are_counted_as_the_servers_log_shows_them() -> None:
    step = restock(server := Server())
    # BEGIN, request_log, UPDATE, audit_log, COMMIT; the SELECT before is a transaction of its own
    assert (step.reads_before, step.statements, step.reads_after) == (1, 5, 0)
    assert len(server.heard) == 6
    assert restock(Server(), give_up=True).statements == 4
    assert restock(Server(UPDATE=DEADLOCK)).statements == 4  # the one refused is in the log, too


def test_a_connection_that_is_lost_is_not_told_to_roll_back() -> None:
    assert restock(server := Server(UPDATE=LOST)).statements == len(server.heard) - 1 == 3


@pytest.mark.parametrize("troubles", [{}, {"commit": DEADLOCK}])
def test_what_is_due_afterwards_comes_after_the_end_however_it_ended(troubles: dict[str, Exception]) -> None:
    step = Step("stocktaking", "0f" * 16, 3)
    step.connection = server = Server(**troubles)  # type: ignore[assignment]
    step.afterwards("SELECT RELEASE_LOCK(%s)", "x")
    step.begin(3)
    step.end(None)
    assert server.heard[-1] == "SELECT RELEASE_LOCK(%s)"
    assert (step.reads_after, step.statements) == (1, len(server.heard) - 1)


def test_nothing_is_due_afterwards_on_a_lost_connection() -> None:
    step = Step("stocktaking", "0f" * 16, 3)
    step.connection = server = Server(commit=LOST)  # type: ignore[assignment]
    step.afterwards("SELECT RELEASE_LOCK(%s)", "x")
    step.begin(3)
    step.end(None)
    assert server.heard[-1] == "commit"
    assert step.reads_after == 0


def test_labels_are_verb_and_first_table() -> None:
    assert label("SELECT a FROM orders o JOIN x") == "select orders"
    assert label("INSERT INTO `stock movements` (a) VALUES (1)") == "insert stock movements"
    assert label("UPDATE `库存` SET a = 1") == "update 库存"
