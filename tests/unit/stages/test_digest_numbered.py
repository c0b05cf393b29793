"""Tables that differ in numbers at their end are told as one, if asked for."""

import io
from datetime import timedelta

import pytest

from seatrial.domain.event import silent
from seatrial.domain.workload import Digest
from seatrial.stages.digest import Log, classes, digest
from seatrial.stages.digest.numbered import common_name
from tests.unit.slow_logs import BEGAN, log


def digested(content: bytes, *, merge_numbered: bool = True) -> Digest:
    return digest(
        [Log(name="slow.log", stream=io.BytesIO(content), bytes=len(content))],
        database="shop",
        schema=None,
        keep=None,
        now=BEGAN + timedelta(hours=1),
        tell=silent,
        merge_numbered=merge_numbered,
    )


@pytest.mark.parametrize(
    ("table", "of"),
    [
        ("events_2024_01", "events_*"),
        ("users_0007", "users_*"),
        ("sbtest1", "sbtest*"),
        ("2024", "2024"),
        ("utf8mb4", "utf8mb*"),
        ("orders", "orders"),
        ("t1_archive", "t1_archive"),
        ("库存 7", "库存 *"),
    ],
)
def test_the_name_that_numbered_tables_share(table: str, of: str) -> None:
    assert common_name(table) == of


LOG = log(
    "SELECT e.a1 FROM events_2024_01 e WHERE e.id = 1",
    "SELECT e.a1 FROM events_2024_02 e WHERE e.id = 1",
    "SELECT e.a1 FROM `events_2024_11` e WHERE e.id = 2",
    "SELECT events_1.col2 FROM events_1 WHERE events_1.id = 5",
    "SELECT events_7.col2 FROM events_7 WHERE events_7.id = 5",
    "BEGIN",
    "UPDATE events_2024_01 SET x = 5 WHERE id = 4",
    "UPDATE users_3 SET x = 7 WHERE id = 4",
    "COMMIT",
)


def test_members_are_one_class_and_numbers_elsewhere_stay() -> None:
    found = digested(LOG)
    counts = {query.fingerprint: query.count for query in found.classes if query.tables}
    assert counts == {
        "select e.a1 from events_* e where e.id = ?": 2,
        "select e.a1 from `events_*` e where e.id = ?": 1,
        "select events_*.col2 from events_* where events_*.id = ?": 2,
        "update events_* set x = ? where id = ?": 1,
        "update users_* set x = ? where id = ?": 1,
    }
    assert {table for query in found.classes for table in query.tables} == {"events_*", "users_*"}
    assert found.numbered_tables_merged
    (transaction,) = [each for each in found.transactions if each.explicit]
    touches = transaction.patterns[0].touches
    assert [number for touch in touches for column, number in touch.values if column.name == "id"] == [0, 0]


def test_a_planner_is_asked_of_a_table_that_exists() -> None:
    shapes = {query.shape for query in digested(LOG).classes if query.tables}
    assert not any("*" in shape for shape in shapes)


def test_otherwise_they_are_classes_of_their_own() -> None:
    found = digested(LOG, merge_numbered=False)
    assert len([query for query in found.classes if query.tables]) == 7
    assert not found.numbered_tables_merged


@pytest.mark.parametrize(
    ("sql", "fingerprint"),
    [
        ("SELECT events_7 FROM events_7 WHERE events_7 = 1", "select events_7 from events_* where events_7 = ?"),
        (
            "INSERT INTO Events_7(id) VALUES (1) ON DUPLICATE KEY UPDATE id = events_7.id + 1",
            "insert into events_* (id) values (?) on duplicate key update id = events_*.id + ?",
        ),
        (
            "DELETE users_9 FROM users_9 JOIN orders o1 ON o1.id = users_9.id",
            "delete users_* from users_* join orders o1 on o1.id = users_*.id",
        ),
        (
            "SELECT (SELECT 1 FROM orders o WHERE o.id = users_9.id) FROM users_9",
            "select (select ? from orders o where o.id = users_*.id) from users_*",
        ),
        ("SELECT x.id AS users_1 FROM users_1 x", "select x.id as users_1 from users_* x"),
        (
            "SELECT events_7.id FROM orders events_7 JOIN events_8 e ON e.id = events_7.id",
            "select events_7.id from orders events_7 join events_* e on e.id = events_7.id",
        ),
        ("WITH events_7 AS (SELECT 1) SELECT * FROM events_7", "with events_7 as (select ?) select * from events_7"),
        ("REPLACE INTO users_9 (id) VALUES (1)", "replace into users_* (id) values (?)"),
        ("UPDATE shop.users_9 SET note = 1", "update shop.users_* set note = ?"),
        ("CREATE TABLE events_2024_03 (id int4)", "create table events_2024_03 (id int4)"),
    ],
)
def test_tables_have_the_name_wherever_they_are_named_and_nothing_else_has(sql: str, fingerprint: str) -> None:
    assert [query.fingerprint.replace("Events", "events") for query in digested(log(sql)).classes] == [fingerprint]


def test_two_tables_of_one_name_are_joined_with_no_column_of_their_own() -> None:
    sql = "SELECT 1 FROM events_1 JOIN events_2 ON events_2.id = events_1.id JOIN o ON o.id = events_1.id"
    (query,) = digested(log(sql)).classes
    assert [(str(one), str(other)) for one, other in query.joined] == [("events_*.id", "o.id")]
    assert "JOIN events_2 ON events_2.id" in query.shape


def test_a_new_numbered_table_is_counted_with_its_like_when_there_are_too_many_classes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(classes, "CLASSES_KEPT", 2)
    found = digested(log("SELECT note FROM t_1", "SELECT a FROM t", "SELECT b FROM t", "SELECT note FROM t_2"))
    counts = {query.fingerprint: query.count for query in found.classes}
    assert counts == {"select note from t_*": 2, "select a from t": 1, classes.TOO_MANY: 1}
