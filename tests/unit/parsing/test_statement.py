"""Tables, and which columns a statement holds to which of its values."""

import pytest

from seatrial.domain.schema import Column as SchemaColumn
from seatrial.domain.schema import Schema, Table
from seatrial.domain.workload import Verb
from seatrial.parsing.lexer import lex, split
from seatrial.parsing.statement import Statement, read


def table(name: str, *columns: str) -> Table:
    return Table(
        name=name,
        engine="InnoDB",
        collation=None,
        rows_estimate=0,
        data_bytes=0,
        index_bytes=0,
        columns=tuple(
            SchemaColumn(name=column.strip("~"), type="int", data_type="int", invisible=column.startswith("~"))
            for column in columns
        ),
    )


SHOP = Schema(
    database="shop",
    charset="utf8mb4",
    collation="utf8mb4_0900_ai_ci",
    tables=(
        table("orders", "id", "shop_id", "customer_id", "total"),
        table("customers", "shop_id", "~batch", "id", "email"),
        table("库存", "shop_id", "product_id", "数量"),
    ),
)


def statement(sql: str, schema: Schema | None = SHOP) -> Statement:
    lexed = lex(*split(sql.encode()))
    return read(lexed.plain, lexed.words, schema)


def bound(sql: str, schema: Schema | None = SHOP) -> list[str]:
    return [f"{each.column}:{each.slot}" for each in statement(sql, schema).bound]


@pytest.mark.parametrize(
    ("sql", "verb"),
    [
        ("SELECT 1", Verb.SELECT),
        ("(SELECT a FROM t) UNION (SELECT b FROM u)", Verb.SELECT),
        ("WITH c AS (SELECT 1) UPDATE t SET a = 1", Verb.UPDATE),
        ("WITH c AS (SELECT 1) SELECT * FROM c", Verb.SELECT),
        ("REPLACE INTO t VALUES (1)", Verb.REPLACE),
        ("BEGIN", Verb.BEGIN),
        ("START TRANSACTION READ ONLY", Verb.BEGIN),
        ("START REPLICA", Verb.OTHER),
        ("COMMIT AND CHAIN", Verb.COMMIT),
        ("ROLLBACK", Verb.ROLLBACK),
        ("ROLLBACK TO SAVEPOINT s", Verb.OTHER),
        ("ROLLBACK TO s", Verb.OTHER),
        ("SET NAMES utf8mb4", Verb.SET),
        ("ALTER TABLE t ADD c INT", Verb.DDL),
        ("CREATE TEMPORARY TABLE t (a INT)", Verb.OTHER),
        ("SHOW TABLES", Verb.OTHER),
        ("CALL p(1)", Verb.OTHER),
        ("", Verb.OTHER),
    ],
)
def test_verbs(sql: str, verb: Verb) -> None:
    assert statement(sql).verb is verb


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT total FROM orders WHERE shop_id = 1 AND id IN (2, 3)", ["orders.shop_id:1", "orders.id:2"]),
        ("SELECT total FROM orders WHERE 1 = shop_id", ["orders.shop_id:1"]),
        ("SELECT total FROM orders o WHERE o.SHOP_ID = 1", ["orders.shop_id:1"]),
        ("SELECT total FROM Orders WHERE (shop_id, id) = (1, 2)", ["orders.shop_id:1", "orders.id:2"]),
        ("SELECT NOW() FROM orders WHERE (shop_id, id) IN ((1, 2), (3, 4))", ["orders.shop_id:1", "orders.id:2"]),
        ("SELECT NOW() FROM orders WHERE shop_id = 1 OR id = 2", []),
        ("SELECT NOW() FROM orders WHERE shop_id > 1 AND NOT id = 2", []),
        ("SELECT NOW() FROM orders WHERE shop_id = 1 + 2", []),
        (
            "SELECT NOW() FROM orders o JOIN customers c ON c.id = o.customer_id WHERE email = 'x' AND o.shop_id = 1",
            ["customers.email:1", "orders.shop_id:2"],
        ),
        ("SELECT NOW() FROM orders JOIN customers USING (shop_id) WHERE id = 1", []),  # whose id?
        ("SELECT NOW() FROM (SELECT id FROM orders WHERE shop_id = 1) d WHERE d.id = 2", ["orders.shop_id:1"]),
        (
            "SELECT id FROM orders WHERE EXISTS (SELECT email FROM customers c WHERE c.id = customer_id AND total = 5)",
            ["orders.total:1"],
        ),
        ("UPDATE orders SET total = 5 WHERE id = 6", ["orders.id:2"]),
        ("DELETE o FROM orders o JOIN customers c USING (shop_id) WHERE o.id = 6", ["orders.id:1"]),
        ("INSERT INTO orders (id, total) VALUES (1, 2), (3, 4)", ["orders.id:1", "orders.total:2"]),
        ("INSERT INTO orders (id, total) VALUES (1, NOW())", ["orders.id:1"]),
        ("INSERT INTO customers VALUES (1, 2, 'x')", ["customers.shop_id:1", "customers.id:2", "customers.email:3"]),
        ("REPLACE INTO orders SET id = 1, total = 2", ["orders.id:1", "orders.total:2"]),
        ("INSERT INTO orders (id) SELECT id FROM customers WHERE shop_id = 1", ["customers.shop_id:1"]),
        ("UPDATE `库存` SET `数量` = `数量` - 1 WHERE shop_id = 2", ["库存.shop_id:2"]),
        ("INSERT HIGH_PRIORITY IGNORE INTO orders (id) VALUES (1)", ["orders.id:1"]),
    ],
)
def test_bound_columns(sql: str, expected: list[str]) -> None:
    found = statement(sql)
    assert found.not_parsed == ""
    assert bound(sql) == expected


def test_without_a_schema_only_what_is_plain_is_bound() -> None:
    assert bound("SELECT NOW() FROM orders WHERE shop_id = 1", None) == ["orders.shop_id:1"]
    assert bound("SELECT NOW() FROM orders o JOIN customers c ON o.id = c.id WHERE email = 1 AND o.id = 2", None) == [
        "orders.id:2"
    ]
    assert bound("INSERT INTO orders VALUES (1)", None) == []


def test_joins_and_updates() -> None:
    joined = statement(
        "UPDATE orders o JOIN `库存` s ON s.shop_id = o.shop_id AND s.product_id = 5 SET o.total = 1, s.`数量` = 2"
    )
    assert [(str(one), str(other)) for one, other in joined.joined] == [("orders.shop_id", "库存.shop_id")]
    assert [str(column) for column in joined.updated] == ["orders.total", "库存.数量"]
    assert joined.tables == ("orders", "库存")
    using = statement("SELECT NOW() FROM orders JOIN customers USING (shop_id)")
    assert [(str(one), str(other)) for one, other in using.joined] == [("customers.shop_id", "orders.shop_id")]
    again = statement("INSERT INTO orders (id) VALUES (1) ON DUPLICATE KEY UPDATE total = VALUES(total), shop_id = 2")
    assert [str(column) for column in again.updated] == ["orders.total", "orders.shop_id"]


def test_databases_are_told() -> None:
    assert statement("SELECT NOW() FROM shop.orders").databases == ("shop",)
    assert statement("SELECT NOW() FROM mysql.user").only_databases
    assert not statement("SELECT NOW() FROM mysql.user, orders").only_databases
    assert statement("WITH orders AS (SELECT 1) SELECT * FROM orders").tables == ()


def test_what_cannot_be_parsed_says_why(capfd: pytest.CaptureFixture[str]) -> None:
    found = statement("SELECT FROM WHERE orders ((")
    assert found.verb is Verb.SELECT
    assert found.not_parsed.startswith("sqlglot: ")
    assert capfd.readouterr().err == ""
