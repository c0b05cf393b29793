"""What the shops' users do, one function for each kind of transaction.

Every statement about a shop carries its shop_id, tables are named without a database, and nobody gives an identifier
that the server hands out: so the same traffic runs on one MySQL and, through vtgate, on many.
"""

import json
import random
from decimal import Decimal

from seatrial.sample import parts, words
from seatrial.sample.market import Market, Shop
from seatrial.sample.step import GivenUp, Step


def browse(step: Step, shop: Shop, _: Market, rng: random.Random) -> None:
    """A page of the catalogue."""
    step.read(
        "SELECT id, title, price, colour FROM products WHERE shop_id = %s AND id >= %s AND status = 'on sale'"
        " ORDER BY id LIMIT 20",
        shop.id,
        parts.product(shop, rng),
    )


def look(step: Step, shop: Shop, _: Market, rng: random.Random) -> None:
    """One product with its stock and its reviews."""
    product = parts.product(shop, rng)
    step.read(
        "SELECT p.title, p.description, p.price, p.attributes, s.`数量` FROM products p"
        " JOIN `库存` s ON s.shop_id = p.shop_id AND s.product_id = p.id WHERE p.shop_id = %s AND p.id = %s",
        shop.id,
        product,
    )
    step.read("SELECT COUNT(*), AVG(rating) FROM reviews WHERE shop_id = %s AND product_id = %s", shop.id, product)


def order_history(step: Step, shop: Shop, _: Market, rng: random.Random) -> None:
    """A customer's last orders with their worth in euro, and the lines of the newest."""
    customer = parts.customer(step, shop, rng)
    orders = step.read(
        "SELECT o.id, o.status, o.placed_at, o.total, o.total / c.per_eur FROM orders o"
        " JOIN currencies c ON c.code = o.currency WHERE o.shop_id = %s AND o.customer_id = %s"
        " ORDER BY o.id DESC LIMIT 10",
        shop.id,
        customer,
    )
    if orders:
        step.read(
            "SELECT line_no, product_id, quantity, amount FROM order_lines WHERE shop_id = %s AND order_id = %s"
            " ORDER BY line_no",
            shop.id,
            orders[0][0],
        )


def sales_by_day(step: Step, shop: Shop, _market: Market, _rng: random.Random) -> None:
    """The shop owner's first page in the morning."""
    step.read(
        "SELECT placed_on, COUNT(*), SUM(total) FROM orders WHERE shop_id = %s"
        " AND placed_on >= CURRENT_DATE - INTERVAL 30 DAY GROUP BY placed_on ORDER BY placed_on DESC",
        shop.id,
    )


def fill_cart(step: Step, shop: Shop, _: Market, rng: random.Random) -> None:
    """A visitor's cart is put down, or changed."""
    items = [{"product": parts.product(shop, rng), "quantity": rng.randrange(1, 4)} for _ in range(rng.randrange(1, 4))]
    value = Decimal(rng.randrange(500, 50_000)) / 100
    step.begin(shop.id)
    step.change(
        "INSERT INTO carts (shop_id, session, items, value) VALUES (%s, x%s, %s, %s)"
        " ON DUPLICATE KEY UPDATE items = VALUES(items), value = VALUES(value)",
        shop.id,
        parts.session(shop, rng),
        json.dumps(items),
        value,
    )


def place_order(step: Step, shop: Shop, _: Market, rng: random.Random) -> None:
    """Several products, taken out of stock; given up when one of them is sold out."""
    customer = parts.customer(step, shop, rng)
    # in order, so that two do not deadlock
    chosen = sorted({parts.product(shop, rng) for _ in range(rng.randrange(1, 5))})
    marks = ", ".join(["%s"] * len(chosen))
    prices = step.read(
        f"SELECT id, price FROM products WHERE shop_id = %s AND id IN ({marks}) ORDER BY id", shop.id, *chosen
    )
    per_eur = step.read("SELECT per_eur FROM currencies WHERE code = %s", shop.currency)[0][0]
    lines = [(product, rng.choice((1, 1, 2, 3)), price) for product, price in prices]
    step.begin(shop.id)
    total = sum((price * quantity for _, quantity, price in lines), Decimal(0))
    order = parts.insert_order(step, shop, customer, total, per_eur, rng)
    step.change(
        "INSERT INTO order_lines (shop_id, order_id, line_no, product_id, quantity, unit_price) VALUES "
        + ", ".join(["(%s, %s, %s, %s, %s, %s)"] * len(lines)),
        *(value for number, line in enumerate(lines, start=1) for value in (shop.id, order, number, *line)),
    )
    for product, quantity, _price in lines:
        left = step.change(
            "UPDATE `库存` SET `数量` = `数量` - %s WHERE shop_id = %s AND product_id = %s AND `数量` >= %s",
            quantity,
            shop.id,
            product,
            quantity,
        )
        if not left:
            raise GivenUp
    parts.move_stock(step, shop, [(product, -quantity) for product, quantity, _price in lines], "sale")
    step.change("DELETE FROM carts WHERE shop_id = %s AND session = x%s", shop.id, parts.session(shop, rng))


def change_mind(step: Step, shop: Shop, _: Market, rng: random.Random) -> None:
    """An order that its customer leaves at the last click: rolled back."""
    customer = parts.customer(step, shop, rng)
    step.begin(shop.id)
    parts.insert_order(step, shop, customer, Decimal(rng.randrange(100, 9000)) / 100, Decimal(1), rng)
    raise GivenUp


def pay(step: Step, shop: Shop, _: Market, rng: random.Random) -> None:
    """One of the last open orders is paid; given up when somebody else was faster."""
    if (order := parts.one_in(step, shop, "placed", rng)) is None:
        return
    number, customer, total = order
    step.begin(shop.id)
    parts.advance(step, shop, number, "placed", "paid")
    step.insert(
        "INSERT INTO payments (shop_id, order_id, method, amount, fee, reference, flags, captured_at)"
        " VALUES (%s, %s, %s, %s, %s, x%s, %s, %s)",
        shop.id,
        number,
        rng.choice(words.METHODS),
        total,
        total * Decimal("0.015"),
        rng.randbytes(16).hex(),
        rng.randrange(256),
        step.at,
    )
    step.change(
        "UPDATE customers SET points = points + %s WHERE shop_id = %s AND id = %s", int(total), shop.id, customer
    )
    parts.audit(step, shop, "paid", {"order": number}, rng)


def ship(step: Step, shop: Shop, _: Market, rng: random.Random) -> None:
    """A paid order leaves the house in one or two parcels."""
    if (order := parts.one_in(step, shop, "paid", rng)) is None:
        return
    number = order[0]
    step.begin(shop.id)
    parts.advance(step, shop, number, "paid", "shipped")
    for parcel in range(1, rng.choice((2, 2, 3))):
        step.change(
            "INSERT INTO shipments (shop_id, order_id, parcel, carrier, tracking, shipped_at)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            shop.id,
            number,
            parcel,
            rng.choice(words.CARRIERS),
            f"TR{number:012}{parcel}",
            step.at,
        )
    parts.audit(step, shop, "shipped", {"order": number}, rng)


def track(step: Step, shop: Shop, _: Market, rng: random.Random) -> None:
    """A carrier reports where a parcel is."""
    parcels = step.read(
        "SELECT order_id, parcel FROM shipments WHERE shop_id = %s ORDER BY order_id DESC, parcel DESC LIMIT 20",
        shop.id,
    )
    if not parcels:
        return
    order, parcel = rng.choice(parcels)
    step.begin(shop.id)
    step.change(
        "UPDATE shipments SET state = %s WHERE shop_id = %s AND order_id = %s AND parcel = %s",
        rng.choice(("on its way", "delivered", "returned")),
        shop.id,
        order,
        parcel,
    )


def cancel_order(step: Step, shop: Shop, _: Market, rng: random.Random) -> None:
    """An open order is cancelled and its goods go back into stock."""
    if (order := parts.one_in(step, shop, "placed", rng)) is None:
        return
    number = order[0]
    step.begin(shop.id)
    parts.advance(step, shop, number, "placed", "cancelled")
    lines = step.read(
        "SELECT product_id, quantity FROM order_lines WHERE shop_id = %s AND order_id = %s ORDER BY product_id",
        shop.id,
        number,
    )
    for product, quantity in lines:
        parts.put_back(step, shop, product, quantity)
    if lines:
        parts.move_stock(step, shop, lines, "return")


def review(step: Step, shop: Shop, _: Market, rng: random.Random) -> None:
    """A customer says what a product is like."""
    customer = parts.customer(step, shop, rng)
    body = "\n".join(rng.choices(words.SENTENCES, k=2))
    step.begin(shop.id)
    step.insert(
        "INSERT INTO reviews (shop_id, product_id, customer_id, rating, title, body, written_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        shop.id,
        parts.product(shop, rng),
        customer,
        rng.randrange(1, 6),
        rng.choice(words.QUALITIES),
        body,
        step.at,
    )
    parts.audit(step, shop, "review", {"stars": True}, rng)


def restock(step: Step, shop: Shop, _: Market, rng: random.Random) -> None:
    """A delivery for the shop's shelves."""
    goods = [(product, rng.randrange(20, 200)) for product in sorted({parts.product(shop, rng) for _ in range(3)})]
    step.begin(shop.id)
    for product, quantity in goods:
        parts.put_back(step, shop, product, quantity)
    parts.move_stock(step, shop, goods, "restock")
    parts.audit(step, shop, "restocked", {"products": len(goods)}, rng)


def reprice(step: Step, shop: Shop, _: Market, rng: random.Random) -> None:
    """A product's price and one of its attributes change (a partial update of JSON)."""
    step.begin(shop.id)
    step.change(
        "UPDATE products SET price = price + %s, attributes = JSON_SET(attributes, '$.colour', %s)"
        " WHERE shop_id = %s AND id = %s",
        Decimal(rng.randrange(1, 50)) / 100,
        rng.choice(words.COLOURS),
        shop.id,
        parts.product(shop, rng),
    )


def gift_card(step: Step, shop: Shop, _: Market, rng: random.Random) -> None:
    """A gift card is redeemed in part; a shop that has none to redeem sells one."""
    found = step.read(
        "SELECT code, customer_id, balance FROM gift_cards WHERE shop_id = %s AND code >= %s AND balance > 0"
        " ORDER BY code LIMIT 1",
        shop.id,
        rng.randbytes(2).hex(),
    )
    step.begin(shop.id)
    if not found or rng.random() < 0.3:
        worth = rng.choice((10, 25, 50, 100))
        step.change(
            "INSERT INTO gift_cards (shop_id, code, issued, balance, expires_on) VALUES (%s, %s, %s, %s, %s)",
            *(shop.id, step.token, worth, worth, "2029-12-31"),
        )
        return
    code, _customer, balance = found[0]
    spent = min(balance, Decimal(rng.randrange(100, 2000)) / 100)
    left = step.change(
        "UPDATE gift_cards SET balance = balance - %s, used_at = %s WHERE shop_id = %s AND code = %s AND balance >= %s",
        *(spent, step.at, shop.id, code, spent),
    )
    if not left:
        raise GivenUp
    parts.audit(step, shop, "gift card", {"spent": str(spent)}, rng)


def sign_up(step: Step, shop: Shop, _: Market, rng: random.Random) -> None:
    """A new customer."""
    step.begin(shop.id)
    step.insert(
        "INSERT INTO customers (shop_id, email, given_name, family_name, locale, country, consents, signed_up_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        shop.id,
        f"customer-{step.token}@example.org",
        rng.choice(words.GIVEN_NAMES),
        rng.choice(words.FAMILY_NAMES),
        rng.choice(words.LOCALES),
        rng.choice(words.COUNTRIES)[0],
        "mail,push",
        step.at,
    )


def open_shop(step: Step, _shop: Shop, _market: Market, rng: random.Random) -> None:
    """A new shop joins the platform; its identifier is the sharding key itself."""
    country = rng.choice(words.COUNTRIES)
    step.begin()
    shop = step.insert(
        "INSERT INTO shops (name, domain, country, currency, features, settings, opened_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        f"{rng.choice(words.THINGS)} {rng.choice(words.SHOP_KINDS)}",
        "new.example",
        country[0],
        country[3],
        "multi-language",
        json.dumps({"motto": rng.choice(words.SENTENCES)}),
        step.at,
    )
    step.log(shop)


def change_rate(step: Step, _shop: Shop, market: Market, rng: random.Random) -> None:
    """A currency's rate changes: the one write to a table that every shop reads."""
    code = rng.choice(market.currencies)
    factor = Decimal(10_000 + rng.randrange(-20, 21)) / 10_000
    step.begin()
    step.change(
        "UPDATE currencies SET per_eur = ROUND(per_eur * %s, 8), changed_at = %s WHERE code = %s", factor, step.at, code
    )
    step.log_platform(json.dumps({"currency": code}))
