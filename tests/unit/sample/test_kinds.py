"""What every kind of transaction promises, so that the same traffic runs on one server and on many shards."""

import random
import re
from decimal import Decimal
from typing import Any

import pytest

from seatrial.sample.kinds import KINDS, Kind, kinds
from seatrial.sample.market import Market, Shop
from seatrial.sample.skew import Skewed
from seatrial.sample.step import GivenUp, Step
from seatrial.sample.truth import LEDGERS

SHOP = Shop(id=42, currency="CHF", first_customer=10, last_customer=99, first_product=5, last_product=60)
OTHER = Shop(id=7, currency="EUR", first_customer=100, last_customer=120, first_product=61, last_product=80)
MARKET = Market(shops=Skewed([SHOP, OTHER]), currencies=("CHF", "USD"))
SHARED = {"currencies", "platform_events", "shops"}
NUMBERED = {"shops", "customers", "products", "stock movements", "orders", "payments", "reviews", "audit_log"} | {
    "transfers"
}
OVER_ALL_SHOPS = {"platform-report", "rollup-report"}
ACROSS = {"transfer", "move-customer"}
LOCKS = re.compile(r"SELECT (GET|RELEASE)_LOCK\(%s")


class Paper(Step):
    """A step that only writes down its statements."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind, "ab" * 16, SHOP.id)
        self.said: list[tuple[str, tuple[object, ...]]] = []
        self.began_after: int | None = None
        self.later: list[tuple[str, tuple[object, ...]]] = []

    def begin(self, shop: int | None = None) -> None:
        self.began_after = len(self.said)
        if shop is not None:
            self.log(shop)

    def read(self, sql: str, *args: object) -> list[tuple[Any, ...]]:
        self.said.append((sql, args))
        if LOCKS.match(sql):
            return [(1,)]
        if "FROM products" in sql:
            return [(5, Decimal("9.90")), (7, Decimal("1.00"))]
        if "FROM currencies" in sql:
            return [(Decimal("0.95"),)]
        if "FROM shipments" in sql:
            return [(17, 1)]
        if "FROM order_lines" in sql:
            return [(5, 2)]
        return [(17, 20, Decimal("30.00"))]

    def afterwards(self, sql: str, *args: object) -> None:
        self.later.append((sql, args))

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


def rows_of(kind: Kind, seed: int = 1) -> list[tuple[str, tuple[object, ...]]]:
    """The statements that touch rows."""
    return [(sql, args) for sql, args in played(kind, seed).said if not LOCKS.match(sql)]


def table_of(sql: str) -> str:
    found = re.search(r"(?:FROM|INTO|UPDATE)\s+(?:`([^`]+)`|(\w+))", sql)
    assert found, sql
    return found[1] or found[2]


every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


def test_there_are_many_kinds_with_names_of_their_own() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS) >= 12
    assert all(kind.weight > 0 and len(kind.name) <= 20 for kind in KINDS)


def test_what_sharded_servers_mind_is_rare_and_sent_only_when_asked_for() -> None:
    awkward = {kind.name for kind in KINDS if kind.awkward}
    assert awkward == {"transfer", "move-customer", "rollup-report", "stocktaking"}
    assert {kind.name for kind in kinds(awkward=False)} == {kind.name for kind in KINDS} - awkward
    assert kinds(awkward=True) == KINDS
    assert sum(kind.weight for kind in KINDS if kind.awkward) <= 2


@every_kind
def test_every_statement_about_a_shop_carries_the_shop(kind: Kind) -> None:
    if kind.name in OVER_ALL_SHOPS:
        return
    shops = {SHOP.id, OTHER.id} if kind.name in ACROSS else {SHOP.id}
    for sql, args in rows_of(kind):
        if table_of(sql) not in SHARED:
            assert "shop_id" in sql, sql
            assert shops & set(args) or 77 in args, sql


@every_kind
def test_only_what_goes_across_shops_names_another_shop(kind: Kind) -> None:
    written = {
        shop
        for sql, args in rows_of(kind)
        if not sql.startswith("SELECT")
        for shop in (SHOP.id, OTHER.id)
        if shop in args[:2]
    }
    assert (written == {SHOP.id, OTHER.id}) == (kind.name in ACROSS)


def test_stock_goes_from_one_shop_to_another_in_one_order_for_all() -> None:
    """The lower shop first, whichever gives: else two transfers could wait for each other."""
    kind = next(kind for kind in KINDS if kind.name == "transfer")
    stock = [args for sql, args in rows_of(kind) if sql.startswith("UPDATE `库存`")]
    assert [args[1] for args in stock] == [OTHER.id, SHOP.id]
    assert sum(int(str(args[0])) for args in stock) == 0


def test_a_lock_of_the_server_is_let_go_after_the_end_and_guards_what_is_between() -> None:
    kind = next(kind for kind in KINDS if kind.name == "stocktaking")
    paper = played(kind)
    assert paper.said[0][0] == "SELECT GET_LOCK(%s, 0)"
    assert paper.began_after == 1
    assert paper.later == [("SELECT RELEASE_LOCK(%s)", paper.said[0][1])]


@every_kind
def test_placeholders_and_arguments_agree(kind: Kind) -> None:
    for seed in range(20):
        for sql, args in played(kind, seed).said:
            assert sql.count("%s") == len(args), sql


@every_kind
def test_nobody_gives_a_number_that_the_server_hands_out(kind: Kind) -> None:
    for sql, _ in rows_of(kind):
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
        tokens = [sql for sql, _ in paper.said if not LOCKS.match(sql) and table_of(sql) in LEDGERS]
        if not writes:
            assert not paper.token
            continue
        assert paper.began_after is not None
        assert min(writes) >= paper.began_after
        assert len(tokens) == 1
        assert paper.token
