"""The sample's rows, as text for LOAD DATA: a pure function of seed and scale, in chunks independent of each other.

Identifiers follow from the plan (each shop has its block of customers, products and orders), so chunks can be made by
several processes in any order and always give the same database.
"""

import hashlib
import json
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from msgspec import Struct

from seatrial.sample import words
from seatrial.sample.skew import divide

SHOPS, CUSTOMERS, PRODUCTS, ORDERS = 150, 25_000, 10_000, 48_000  # at scale 1
CHUNK_ORDERS = 4000
MAX_LINES = 6
LINE_IDS = 8  # movements of an order take ids from a block of this many, so that no chunk must know another's count

_FIRST_DAY = datetime(2025, 1, 1)  # noqa: DTZ001 – DATETIME columns hold no zone
_DAYS = 540

Row = tuple[object, ...]


class ShopPlan(Struct, frozen=True, kw_only=True):
    """One shop and its blocks of identifiers: `customers` ids from `first_customer` on, and so on."""

    id: int
    customers: int
    products: int
    orders: int
    first_customer: int
    first_product: int
    first_order: int


class Chunk(Struct, frozen=True, kw_only=True):
    """A part of the load that one process makes at a time: a shop's basics, or some of its orders."""

    shop: ShopPlan
    kind: str  # "basics" or "orders"
    first: int = 0  # orders: offset in the shop's block
    count: int = 0


def plan(scale: float, seed: int) -> tuple[ShopPlan, ...]:
    """The shops, by id; sizes are skewed, and which shop is large follows from the seed."""
    count = max(8, min(5000, round(SHOPS * scale)))
    sizes = list(
        zip(
            divide(round(CUSTOMERS * scale), count, 3),
            divide(round(PRODUCTS * scale), count, 4),
            divide(round(ORDERS * scale), count, 5),
            strict=True,
        )
    )
    random.Random(seed).shuffle(sizes)
    firsts = [1, 1, 1]
    shops = []
    for shop_id, (customers, products, orders) in enumerate(sizes, start=1):
        shops.append(
            ShopPlan(
                id=shop_id,
                customers=customers,
                products=products,
                orders=orders,
                first_customer=firsts[0],
                first_product=firsts[1],
                first_order=firsts[2],
            )
        )
        firsts = [firsts[0] + customers, firsts[1] + products, firsts[2] + orders]
    return tuple(shops)


def chunks(shops: tuple[ShopPlan, ...]) -> Iterator[Chunk]:
    """The whole load in chunks, largest shops' orders cut small enough to spread over processes."""
    for shop in shops:
        yield Chunk(shop=shop, kind="basics")
        for first in range(0, shop.orders, CHUNK_ORDERS):
            yield Chunk(shop=shop, kind="orders", first=first, count=min(CHUNK_ORDERS, shop.orders - first))


COLUMNS: dict[str, tuple[str, ...]] = {
    "shops": ("id", "name", "domain", "country", "currency", "plan", "features", "settings", "is_open", "opened_at"),
    "customers": (
        *("shop_id", "id", "email", "given_name", "family_name", "locale", "country", "birthday", "consents"),
        *("points", "signed_up_at", "import_batch"),
    ),
    "products": (
        *("shop_id", "id", "sku", "title", "description", "price", "attributes", "status", "weight_g", "picture"),
        "changed_at",
    ),
    "库存": ("shop_id", "product_id", "数量", "reserved", "shelf", "changed_at"),
    "stock movements": ("id", "shop_id", "product_id", "delta", "reason", "moved_at"),
    "orders": (
        *("id", "shop_id", "customer_id", "status", "currency", "total", "per_eur", "shipping", "note", "client_ip"),
        "placed_at",
    ),
    "order_lines": ("shop_id", "order_id", "line_no", "product_id", "quantity", "unit_price"),
    "payments": ("id", "shop_id", "order_id", "method", "amount", "fee", "reference", "flags", "captured_at"),
    "shipments": ("shop_id", "order_id", "parcel", "carrier", "tracking", "state", "shipped_at"),
    "carts": ("shop_id", "session", "customer_id", "items", "value", "touched_at"),
    "gift_cards": ("shop_id", "code", "customer_id", "issued", "balance", "expires_on", "used_at"),
    "transfers": ("id", "shop_id", "to_shop_id", "product_id", "quantity", "moved_at"),
    "reviews": ("id", "shop_id", "product_id", "customer_id", "rating", "title", "body", "written_at"),
    "audit_log": ("id", "shop_id", "actor", "action", "detail", "at"),
    "request_log": ("shop_id", "token", "kind", "at"),
    "currencies": ("code", "name", "per_eur", "minor_digits", "changed_at"),
    "countries": ("code", "name", "native_name", "currency", "vat"),
    "platform_settings": ("name", "value"),
}
"""The columns each row of a table gives, in order."""

BINARY = frozenset({"picture", "client_ip", "reference", "session", "token"})
"""Columns given as hexadecimal digits (UNHEX), since a text file has one character set."""

BITS = frozenset({"is_open", "flags"})
"""Columns given as a decimal number (BIT takes the characters themselves otherwise)."""


def make(chunk: Chunk, seed: int) -> dict[str, list[Row]]:
    """The chunk's rows by table."""
    rng = random.Random(f"{seed}/{chunk.kind}/{chunk.shop.id}/{chunk.first}")
    rows: dict[str, list[Row]] = {}
    if chunk.kind == "basics":
        rows["shops"] = [_shop(chunk.shop, rng)]
        rows["customers"] = [_customer(chunk.shop, n, rng) for n in range(chunk.shop.customers)]
        rows["products"] = [_product(chunk.shop, n, seed, rng) for n in range(chunk.shop.products)]
        rows["库存"] = [_stock(chunk.shop, n, rng) for n in range(chunk.shop.products)]
        rows["carts"] = [_cart(chunk.shop, rng) for _ in range(chunk.shop.customers // 2)]
        rows["gift_cards"] = [_gift_card(chunk.shop, n, seed, rng) for n in range(chunk.shop.customers // 20)]
        rows["transfers"] = [_transfer(chunk.shop, n, rng) for n in range(chunk.shop.orders // 100)]
        return rows
    for table in ("orders", "order_lines", "stock movements", "payments", "shipments", "reviews", "audit_log"):
        rows[table] = []
    rows["request_log"] = []
    for n in range(chunk.first, chunk.first + chunk.count):
        _order(chunk.shop, n, seed, rng, rows)
    return rows


def shared() -> dict[str, list[Row]]:
    """The rows that belong to no shop."""
    return {
        "currencies": [(*currency, _FIRST_DAY) for currency in words.CURRENCIES],
        "countries": list(words.COUNTRIES),
        "platform_settings": [
            ("motto", _json({"de": "Für jeden Laden ein Platz", "zh": "人人有店", "ar": "لكل متجر مكان"})),
            ("limits", _json({"lines": MAX_LINES, "parcels": 3})),
        ],
    }


def text(rows: list[Row]) -> bytes:
    """Rows as LOAD DATA reads them by default: tabs, newlines, backslash escapes, \\N for NULL."""
    return "".join("\t".join(map(_cell, row)) + "\n" for row in rows).encode()


def load_statement(table: str, quote: Callable[[str], str]) -> str:
    """LOAD DATA for a file with the table's COLUMNS; `%s` stands for the file's name."""
    given, made = [], []
    for column in COLUMNS[table]:
        if column in BINARY:
            given.append(f"@{column}")
            made.append(f"{quote(column)} = UNHEX(@{column})")
        elif column in BITS:
            given.append(f"@{column}")
            made.append(f"{quote(column)} = CAST(@{column} AS UNSIGNED)")
        else:
            given.append(quote(column))
    setting = f" SET {', '.join(made)}" if made else ""
    return f"LOAD DATA LOCAL INFILE %s INTO TABLE {quote(table)} CHARACTER SET utf8mb4 ({', '.join(given)}){setting}"


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n"})


def _cell(value: object) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    return str(value)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _moment(rng: random.Random) -> datetime:
    return _FIRST_DAY + timedelta(seconds=rng.randrange(_DAYS * 86_400), microseconds=rng.randrange(1_000_000))


def _country(shop: ShopPlan) -> tuple[str, str, str, str, str]:
    return words.COUNTRIES[shop.id % len(words.COUNTRIES)]


def _shop(shop: ShopPlan, rng: random.Random) -> Row:
    country = _country(shop)
    name = f"{rng.choice(words.THINGS)} {rng.choice(words.SHOP_KINDS)} {shop.id}"
    size = "enterprise" if shop.orders > 3000 else "growth" if shop.orders > 300 else "starter"
    features = ",".join(
        f for f in ("gift cards", "subscriptions", "multi-language", "Abholung in der Nähe") if rng.random() < 0.4
    )
    settings = _json({"theme": rng.choice(words.COLOURS), "motto": rng.choice(words.SENTENCES), "tax": country[4]})
    opened = _FIRST_DAY - timedelta(days=rng.randrange(1000))
    return shop.id, name, f"shop-{shop.id}.example", country[0], country[3], size, features, settings, 1, opened


def _customer(shop: ShopPlan, n: int, rng: random.Random) -> Row:
    number = shop.first_customer + n
    birthday = f"{rng.randrange(1940, 2007)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"
    consents = ",".join(c for c in ("mail", "sms", "gedruckte Post", "push") if rng.random() < 0.4)
    return (
        shop.id,
        number,
        f"customer-{number}@{rng.choice(words.MAIL_DOMAINS)}",
        rng.choice(words.GIVEN_NAMES),
        f"{rng.choice(words.FAMILY_NAMES)} {rng.randrange(1000)}",
        rng.choice(words.LOCALES),
        _country(shop)[0] if rng.random() < 0.8 else rng.choice(words.COUNTRIES)[0],
        birthday if rng.random() < 0.5 else None,
        consents,
        rng.randrange(5000),
        _moment(rng),
        shop.id % 7,
    )


def price(seed: int, product_id: int) -> Decimal:
    """The price of a loaded product: known to every chunk without asking another."""
    digest = hashlib.blake2b(f"{seed}/{product_id}".encode(), digest_size=4).digest()
    return Decimal(99 + int.from_bytes(digest) % 29_900) / 100


def _product(shop: ShopPlan, n: int, seed: int, rng: random.Random) -> Row:
    number = shop.first_product + n
    attributes = {
        "colour": rng.choice(words.COLOURS),
        "size": {"w": rng.randrange(5, 90), "h": rng.randrange(5, 90)},
        "tags": rng.sample(words.QUALITIES, 2),
    }
    return (
        shop.id,
        number,
        f"S{shop.id}-{n:06}",
        f"{rng.choice(words.THINGS)} {rng.choice(words.QUALITIES)} {n}",
        "\n".join(rng.choices(words.SENTENCES, k=rng.randrange(2, 9))),
        price(seed, number),
        _json(attributes),
        "on sale" if rng.random() < 0.95 else "draft",
        rng.randrange(20, 20_000),
        rng.randbytes(rng.randrange(100, 600)) if rng.random() < 0.5 else None,
        _moment(rng),
    )


def _stock(shop: ShopPlan, n: int, rng: random.Random) -> Row:
    shelf = f"{rng.choice('甲乙丙丁ABC')}-{rng.randrange(99)}"
    return shop.id, shop.first_product + n, rng.randrange(200, 5000), rng.randrange(5), shelf, _moment(rng)


def _cart(shop: ShopPlan, rng: random.Random) -> Row:
    items = [
        {"product": shop.first_product + rng.randrange(shop.products), "quantity": rng.randrange(1, 4)}
        for _ in range(rng.randrange(1, 4))
    ]
    customer = shop.first_customer + rng.randrange(shop.customers) if rng.random() < 0.6 else None
    return shop.id, rng.randbytes(16), customer, _json(items), Decimal(rng.randrange(100, 90_000)) / 100, _moment(rng)


def _gift_card(shop: ShopPlan, n: int, seed: int, rng: random.Random) -> Row:
    code = hashlib.blake2b(f"{seed}/{shop.id}/{n}".encode(), digest_size=16).hexdigest()
    issued = rng.choice((10, 25, 50, 100))
    spent = Decimal(rng.randrange(issued * 100)) / 100 if rng.random() < 0.4 else Decimal(0)
    customer = shop.first_customer + rng.randrange(shop.customers) if rng.random() < 0.7 else None
    expires = f"{rng.randrange(2027, 2030)}-12-31"
    return shop.id, code, customer, issued, issued - spent, expires, _moment(rng) if spent else None


def _transfer(shop: ShopPlan, n: int, rng: random.Random) -> Row:
    product = shop.first_product + rng.randrange(shop.products)
    to = shop.id % 8 + 1  # one of the eight shops that every plan has, and not this one
    return shop.first_order + n, shop.id, to, product, rng.randrange(1, 6), _moment(rng)


def _order(shop: ShopPlan, n: int, seed: int, rng: random.Random, rows: dict[str, list[Row]]) -> None:
    """One order with all that hangs on it: lines, stock movements, payment, parcels, a review, traces."""
    number = shop.first_order + n
    at = _moment(rng)
    status = rng.choices(("placed", "paid", "shipped", "cancelled"), (5, 10, 80, 5))[0]
    customer = shop.first_customer + rng.randrange(shop.customers)
    total = Decimal(0)
    count = min(rng.choices(range(1, MAX_LINES + 1), (30, 30, 20, 10, 6, 4))[0], shop.products)
    offsets = rng.sample(range(shop.products), count)
    for line, offset in enumerate(offsets, start=1):
        product = shop.first_product + offset
        quantity, unit = rng.choice((1, 1, 1, 2, 3)), price(seed, product)
        total += unit * quantity
        rows["order_lines"].append((shop.id, number, line, product, quantity, unit))
        rows["stock movements"].append((number * LINE_IDS + line, shop.id, product, -quantity, "sale", at))
    currency = _country(shop)[3]
    rate = next(c[2] for c in words.CURRENCIES if c[0] == currency)
    shipping = {"name": rng.choice(words.GIVEN_NAMES), "street": f"Beispielweg {rng.randrange(200)}", "city": "示例市"}
    note = rng.choice(words.SENTENCES) if rng.random() < 0.15 else None
    ip = (
        bytes((203, 0, 113, rng.randrange(256)))
        if rng.random() < 0.7
        else bytes.fromhex("20010db8") + rng.randbytes(12)
    )
    rows["orders"].append((number, shop.id, customer, status, currency, total, rate, _json(shipping), note, ip, at))
    if status in ("paid", "shipped"):
        paid = at + timedelta(minutes=rng.randrange(1, 600))
        fee = (total * Decimal("0.0149")).quantize(Decimal("0.0001"))
        method = rng.choice(words.METHODS)
        rows["payments"].append(
            (number, shop.id, number, method, total, fee, rng.randbytes(16), rng.randrange(256), paid)
        )
    if status == "shipped":
        for parcel in range(1, 2 + (count > 4)):
            tracking = f"TR{number:012}{parcel}"
            carrier = rng.choice(words.CARRIERS)
            rows["shipments"].append((shop.id, number, parcel, carrier, tracking, "delivered", at + timedelta(days=2)))
        if rng.random() < 0.2:
            product = shop.first_product + offsets[0]
            title = rng.choice(words.QUALITIES)
            body = "\n".join(rng.choices(words.SENTENCES, k=3))
            written = at + timedelta(days=9)
            rows["reviews"].append((number, shop.id, product, customer, rng.randrange(1, 6), title, body, written))
    actor = rng.choice(words.ACTORS)
    rows["audit_log"].append((number, shop.id, actor, "order placed", _json({"order": number, "lines": count}), at))
    rows["request_log"].append((shop.id, loaded_token(seed, number), "place-order", at))


def loaded_token(seed: int, number: int) -> bytes:
    """The token of a loaded order's request: first half zero, which no run of traffic has."""
    return bytes(8) + hashlib.blake2b(f"{seed}/{number}".encode(), digest_size=8).digest()


def totals(shops: tuple[ShopPlan, ...]) -> dict[str, int]:
    """How many shops, customers, products and orders a plan makes."""
    return {
        "shops": len(shops),
        "customers": sum(shop.customers for shop in shops),
        "products": sum(shop.products for shop in shops),
        "orders": sum(shop.orders for shop in shops),
    }


def batches(items: Iterator[Chunk], weight: int) -> Iterator[tuple[Chunk, ...]]:
    """Chunks in groups of about `weight` orders and customers, so that small shops share a statement."""
    group: list[Chunk] = []
    for item in items:
        group.append(item)
        if sum(c.count or c.shop.customers for c in group) >= weight:
            yield tuple(group)
            group = []
    if group:
        yield tuple(group)
