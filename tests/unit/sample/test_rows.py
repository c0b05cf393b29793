"""The sample's rows: the same for the same seed, consistent with each other and with the schema."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrial.sample import rows
from seatrial.sample.load import schema_statements


def everything(scale: float, seed: int) -> dict[str, list[rows.Row]]:
    made = rows.shared()
    for chunk in rows.chunks(rows.plan(scale, seed)):
        for table, more in rows.make(chunk, seed).items():
            made.setdefault(table, []).extend(more)
    return made


@pytest.fixture(scope="module")
def small() -> dict[str, list[rows.Row]]:
    return everything(0.02, 7)


def column(made: dict[str, list[rows.Row]], table: str, name: str) -> list[object]:
    place = rows.COLUMNS[table].index(name)
    return [row[place] for row in made[table]]


def test_the_same_seed_gives_the_same_rows_and_another_seed_others(small: dict[str, list[rows.Row]]) -> None:
    assert everything(0.02, 7) == small
    assert everything(0.02, 8) != small


def test_a_chunk_is_the_same_whoever_makes_it_and_when() -> None:
    chunks = list(rows.chunks(rows.plan(0.02, 7)))
    last = rows.make(chunks[-1], 7)
    for chunk in chunks[:3]:
        rows.make(chunk, 7)
    assert rows.make(chunks[-1], 7) == last


@settings(max_examples=30, deadline=None)
@given(st.floats(0.01, 3), st.integers(0, 1000))
def test_identifiers_of_shops_never_meet(scale: float, seed: int) -> None:
    shops = rows.plan(scale, seed)
    for first, count in (("first_customer", "customers"), ("first_product", "products"), ("first_order", "orders")):
        ends = 1
        for shop in shops:
            assert getattr(shop, first) == ends
            ends += getattr(shop, count)


@settings(max_examples=20, deadline=None)
@given(st.floats(0.01, 5), st.integers(0, 1000))
def test_chunks_cover_every_order_once(scale: float, seed: int) -> None:
    shops = rows.plan(scale, seed)
    chunks = [chunk for chunk in rows.chunks(shops) if chunk.kind == "orders"]
    assert sum(chunk.count for chunk in chunks) == sum(shop.orders for shop in shops)
    assert max(chunk.count for chunk in chunks) <= rows.CHUNK_ORDERS


def test_shops_are_uneven() -> None:
    sizes = sorted((shop.orders for shop in rows.plan(1, 1)), reverse=True)
    assert sizes[0] > 20 * sizes[len(sizes) // 2]


def test_keys_are_unique(small: dict[str, list[rows.Row]]) -> None:
    for table, names in {
        "shops": ("id",),
        "customers": ("shop_id", "email"),
        "products": ("shop_id", "sku"),
        "stock movements": ("id",),
        "order_lines": ("shop_id", "order_id", "line_no"),
        "payments": ("shop_id", "order_id"),
        "shipments": ("shop_id", "order_id", "parcel"),
        "carts": ("shop_id", "session"),
        "gift_cards": ("shop_id", "code"),
        "transfers": ("id",),
        "request_log": ("shop_id", "token"),
    }.items():
        keys = list(zip(*(column(small, table, name) for name in names), strict=True))
        assert len(keys) == len(set(keys)), table


def test_an_order_is_worth_its_lines(small: dict[str, list[rows.Row]]) -> None:
    worth: dict[object, object] = {}
    for order, quantity, price in zip(
        column(small, "order_lines", "order_id"),
        column(small, "order_lines", "quantity"),
        column(small, "order_lines", "unit_price"),
        strict=True,
    ):
        worth[order] = worth.get(order, 0) + quantity * price  # type: ignore[operator]
    totals = dict(zip(column(small, "orders", "id"), column(small, "orders", "total"), strict=True))
    assert worth == totals


def test_gift_cards_are_worth_no_more_than_they_were_and_transfers_go_elsewhere(
    small: dict[str, list[rows.Row]],
) -> None:
    worth = zip(column(small, "gift_cards", "balance"), column(small, "gift_cards", "issued"), strict=True)
    assert all(0 < balance <= issued for balance, issued in worth)  # type: ignore[operator]
    shops = set(column(small, "shops", "id"))
    ways = list(zip(column(small, "transfers", "shop_id"), column(small, "transfers", "to_shop_id"), strict=True))
    assert ways
    assert all(sender != receiver and receiver in shops for sender, receiver in ways)


def test_every_table_of_the_schema_is_described_with_its_own_columns() -> None:
    tables = {}
    for statement in schema_statements():
        if match := re.match(r"CREATE TABLE (?:`([^`]+)`|(\w+)) \(", statement):
            tables[match[1] or match[2]] = statement
    assert set(tables) - set(rows.COLUMNS) == {"platform_events"}  # only traffic writes there
    for table, columns in rows.COLUMNS.items():
        for name in columns:
            assert re.search(rf"^  `?{name}`? ", tables[table], re.M), (table, name)


@given(st.lists(st.one_of(st.none(), st.integers(), st.text(), st.binary()), min_size=1))
def test_text_keeps_a_row_on_a_line_with_a_tab_between_cells(values: list[object]) -> None:
    text = rows.text([tuple(values)]).decode()
    assert text.count("\n") == 1
    assert text.endswith("\n")
    assert text.count("\t") == len(values) - 1


def test_binary_goes_as_hexadecimal_digits_and_null_as_null() -> None:
    assert rows.text([(b"\x00\xff", None, "a\tb\\N\n")]) == b"00ff\t\\N\ta\\tb\\\\N\\n\n"


def test_load_statements_quote_names_and_unhex_binaries() -> None:
    statement = rows.load_statement("payments", lambda name: f"`{name}`")
    assert "UNHEX(@reference)" in statement
    assert "`flags` = CAST(@flags AS UNSIGNED)" in statement


def test_batches_keep_order_and_lose_nothing() -> None:
    chunks = list(rows.chunks(rows.plan(0.1, 3)))
    batches = list(rows.batches(iter(chunks), 1000))
    assert [chunk for batch in batches for chunk in batch] == chunks
    assert len(batches) < len(chunks)
