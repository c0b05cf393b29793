"""Which SQL a server gets, and that people can read all of it beforehand."""

import re

import pytest

from seatrial.adapters.mysql.source import Sent, planned
from seatrial.adapters.mysql.statements import MARK, statement, statements
from seatrial.domain.question import COLLECTED, SNAPSHOT, Question
from seatrial.domain.version import version_numbers

WRITING = re.compile(
    r"\b(INSERT|UPDATE|DELETE|REPLACE|CREATE (?!TABLE `)|ALTER|DROP|GRANT |REVOKE|FLUSH|LOCK TABLES|KILL|CALL|LOAD"
    r"|INTO OUTFILE|ANALYZE|OPTIMIZE|SET GLOBAL|SET PERSIST)\b"
)


def test_every_question_has_a_plain_form_and_a_reason() -> None:
    plain = {one.question for one in statements() if one.before is None and one.flavour == "mysql"}
    assert plain == set(Question)
    assert all(one.why.endswith(".") or one.why.endswith(")") for one in statements())


@pytest.mark.parametrize("one", planned("shop"), ids=lambda one: one.name)
def test_each_statement_only_reads_metadata(one: object) -> None:
    sql = getattr(one, "sql")  # noqa: B009
    without_strings = re.sub(r"'[^']*'", "''", sql)
    assert not WRITING.search(without_strings.upper())
    assert sql.endswith(MARK)
    assert sql.startswith(("SELECT", "SHOW", "SET SESSION"))
    for source in re.findall(r"\b(?:FROM|JOIN)\s+(\S+)", without_strings):
        assert source.startswith("information_schema.")


@pytest.mark.parametrize("one", planned("shop", questions=SNAPSHOT), ids=lambda one: one.name)
def test_each_statement_of_a_snapshot_only_reads_counts(one: Sent) -> None:
    """And none of them a sample of a statement, which has literals."""
    without_strings = re.sub(r"'[^']*'", "''", one.sql)
    assert not WRITING.search(without_strings.upper())
    assert one.sql.endswith(MARK)
    assert "sample" not in one.sql.lower() and "*" not in without_strings.replace("COUNT(*)", "").removesuffix(MARK)
    assert one.sql.startswith(("SELECT", "SHOW GLOBAL", "SET SESSION"))
    for source in re.findall(r"\b(?:FROM|JOIN)\s+(\S+)", without_strings):
        assert source.startswith(("performance_schema.setup_", "performance_schema.events_statements_"))


def test_collect_and_a_snapshot_ask_what_they_announce_and_no_more() -> None:
    collected, counted = ({sent.name for sent in planned("shop", questions=asked)} for asked in (COLLECTED, SNAPSHOT))
    assert collected & counted == {"session", "version", "variables", "status"}
    assert {sent.name for sent in planned("shop")} == collected


@pytest.mark.parametrize(
    ("flavour", "version", "quantiles"),
    [
        ("mysql", (5, 7, 44), False),
        ("mysql", (8, 0, 3), True),
        ("mysql", (9, 7, 4), True),
        ("mariadb", (11, 4, 2), False),
    ],
)
def test_quantiles_are_not_asked_of_servers_without_them(
    flavour: str, version: tuple[int, int, int], quantiles: bool
) -> None:
    sql = statement(Question.STATEMENTS, flavour=flavour, version=version).sql
    assert ("quantile_95" in sql) is quantiles


@pytest.mark.parametrize(
    ("flavour", "version", "expected"),
    [
        ("mysql", (5, 6, 24), "SHOW SLAVE STATUS"),
        ("mysql", (8, 0, 21), "SHOW SLAVE STATUS"),
        ("mysql", (8, 0, 22), "SHOW REPLICA STATUS"),
        ("percona", (8, 4, 3), "SHOW REPLICA STATUS"),
        ("mysql", (9, 7, 4), "SHOW REPLICA STATUS"),
        ("mariadb", (10, 11, 6), "SHOW ALL SLAVES STATUS"),
    ],
)
def test_names_follow_the_servers_version(flavour: str, version: tuple[int, int, int], expected: str) -> None:
    assert statement(Question.REPLICA_STATUS, flavour=flavour, version=version).sql == expected


def test_generated_columns_are_not_asked_of_servers_without_them() -> None:
    old = statement(Question.COLUMNS, flavour="mysql", version=(5, 6, 24))
    assert "generation_expression" not in old.sql
    assert "generation_expression" in statement(Question.COLUMNS, flavour="mysql", version=(5, 7, 44)).sql


def test_names_are_quoted_whatever_they_hold() -> None:
    one = statement(Question.CREATE_TABLE, flavour="mysql", version=(9, 7, 4))
    assert one.text("a`b", "订单 {x}") == f"SHOW CREATE TABLE `a``b`.`订单 {{x}}` {MARK}"
    tables = statement(Question.TABLES, flavour="mysql", version=(9, 7, 4)).text("it's")
    assert "table_schema = _utf8mb4 x'69742773'" in tables


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("8.0.36-28.1", (8, 0, 36)), ("5.5.5-10.6.12-MariaDB", (10, 6, 12)), ("9.7", (9, 7, 0)), ("x", (0, 0, 0))],
)
def test_versions_are_read(text: str, numbers: tuple[int, int, int]) -> None:
    assert version_numbers(text) == numbers
