"""What every kind of transaction promises, so that the same traffic runs on one server and on many shards."""

import random
import re
from decimal import Decimal
from typing import Any

import pytest

from seatrial.sample.kinds import KINDS, Kind
from seatrial.sample.market import Market, Shop
from seatrial.sample.skew import Skewed
from seatrial.sample.step import GivenUp, Step
from seatrial.sample.truth import LEDGERS

SHOP = Shop(id=42, currency="CHF", first_customer=10, last_customer=99, first_product=5, last_product=60)
MARKET = Market(shops=Skewed([SHOP]), currencies=("CHF", "USD"))
SHARED = {"currencies", "platform_events", "shops"}
NUMBERED = {"shops", "customers", "products", "stock movements", "orders", "payments", "reviews", "audit_log"}


class Paper(Step):
    """A step that only writes down its statements."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind, "ab" * 16, SHOP.id)
        self.said: list[tuple[str, tuple[object, ...]]] = []
        self.began_after: int | None = None

    def begin(self, shop: int | None = None) -> None:
        self.began_after = len(self.said)
        if shop is not None:
            self.log(shop)

    def read(self, sql: str, *args: object) -> list[tuple[Any, ...]]:
        self.said.append((sql, args))
        if "FROM products" in sql:
            return [(5, Decimal("9.90")), (7, Decimal("1.00"))]
        if "FROM currencies" in sql:
            return [(Decimal("0.95"),)]
        if "FROM shipments" in sql:
            return [(17, 1)]
        if "FROM order_lines" in sql:
            return [(5, 2)]
        return [(17, 20, Decimal("30.00"))]

    def change(self, sql: str, *args: object) -> int:
        self.said.append((sql, args))
        return 1

    def insert(self, sql: str, *args: object) -> int:
        self.said.append((sql, args))
        return 77


def played(kind: Kind, seed: int = 1) -> Paper:
    paper = Paper(kind.name)
    try:
        kind.act(paper, SHOP, MARKET, random.Random(seed))
    except GivenUp:
        pass
    return paper


def table_of(sql: str) -> str:
    found = re.search(r"(?:FROM|INTO|UPDATE)\s+(?:`([^`]+)`|(\w+))", sql)
    assert found, sql
    return found[1] or found[2]


every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


def test_there_are_many_kinds_with_names_of_their_own() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS) >= 8
    assert all(kind.weight > 0 and len(kind.name) <= 20 for kind in KINDS)


@every_kind
def test_every_statement_about_a_shop_carries_the_shop(kind: Kind) -> None:
    for sql, args in played(kind).said:
        if table_of(sql) not in SHARED:
            assert "shop_id" in sql, sql
            assert SHOP.id in args or 77 in args, sql


@every_kind
def test_placeholders_and_arguments_agree(kind: Kind) -> None:
    for seed in range(20):
        for sql, args in played(kind, seed).said:
            assert sql.count("%s") == len(args), sql


@every_kind
def test_nobody_gives_a_number_that_the_server_hands_out(kind: Kind) -> None:
    for sql, _ in played(kind).said:
        if sql.startswith("INSERT") and table_of(sql) in NUMBERED:
            columns = sql[sql.index("(") + 1 : sql.index(")")].split(", ")
            assert "id" not in columns, sql


@every_kind
def test_no_statement_names_a_database(kind: Kind) -> None:
    for sql, _ in played(kind).said:
        assert not re.search(r"(?:FROM|INTO|UPDATE|JOIN)\s+[`\w]+\.", sql), sql


@every_kind
def test_what_writes_begins_first_and_leaves_its_token_exactly_once(kind: Kind) -> None:
    for seed in range(20):
        paper = played(kind, seed)
        writes = [n for n, (sql, _) in enumerate(paper.said) if not sql.startswith("SELECT")]
        tokens = [sql for sql, _ in paper.said if table_of(sql) in LEDGERS]
        if not writes:
            assert not paper.token
            continue
        assert paper.began_after is not None
        assert min(writes) >= paper.began_after
        assert len(tokens) == 1
        assert paper.token
