"""What several kinds of transactions are made of."""

import json
import random
from decimal import Decimal
from hashlib import blake2b

from seatrial.sample import words
from seatrial.sample.market import Shop
from seatrial.sample.step import GivenUp, Step


def product(shop: Shop, rng: random.Random) -> int:
    return rng.randint(shop.first_product, shop.last_product)


def customer(step: Step, shop: Shop, rng: random.Random) -> int:
    """Some customer of the shop; their identifiers have holes, where other shops' customers are."""
    wanted = rng.randint(shop.first_customer, shop.last_customer)
    found = step.read(
        "SELECT id, email FROM customers WHERE shop_id = %s AND id >= %s ORDER BY id LIMIT 1", shop.id, wanted
    )
    if not found:
        raise GivenUp
    return int(found[0][0])


def session(shop: Shop, rng: random.Random) -> str:
    """One of a shop's few hundred visitors of the day, as hexadecimal digits."""
    return blake2b(f"{shop.id}/{rng.randrange(400)}".encode(), digest_size=16).hexdigest()


def one_in(step: Step, shop: Shop, status: str, rng: random.Random) -> tuple[int, int, Decimal] | None:
    """One of the shop's newest orders in that state: number, customer, total."""
    found = step.read(
        "SELECT id, customer_id, total FROM orders WHERE shop_id = %s AND status = %s ORDER BY id DESC LIMIT 20",
        shop.id,
        status,
    )
    return rng.choice(found) if found else None


def advance(step: Step, shop: Shop, order: int, status: str, to: str) -> None:
    changed = step.change(
        "UPDATE orders SET status = %s WHERE shop_id = %s AND id = %s AND status = %s", to, shop.id, order, status
    )
    if not changed:
        raise GivenUp


def insert_order(step: Step, shop: Shop, customer: int, total: Decimal, per_eur: Decimal, rng: random.Random) -> int:
    shipping = {"street": f"Beispielweg {rng.randrange(200)}", "city": "示例市"}
    return step.insert(
        "INSERT INTO orders (shop_id, customer_id, currency, total, per_eur, shipping, client_ip, placed_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, x%s, %s)",
        shop.id,
        customer,
        shop.currency,
        total,
        per_eur,
        json.dumps(shipping, ensure_ascii=False),
        bytes((203, 0, 113, rng.randrange(256))).hex(),
        step.at,
    )


def put_back(step: Step, shop: Shop, product: int, quantity: int) -> None:
    step.change(
        "UPDATE `库存` SET `数量` = `数量` + %s WHERE shop_id = %s AND product_id = %s", quantity, shop.id, product
    )


def move_stock(step: Step, shop: Shop, goods: list[tuple[int, int]], reason: str) -> None:
    step.change(
        "INSERT INTO `stock movements` (shop_id, product_id, delta, reason, moved_at) VALUES "
        + ", ".join(["(%s, %s, %s, %s, %s)"] * len(goods)),
        *(value for product, delta in goods for value in (shop.id, product, delta, reason, step.at)),
    )


def audit(step: Step, shop: Shop, action: str, detail: dict[str, object], rng: random.Random) -> None:
    """Written last and not insisted on: an application that would rather lose a trace than a sale."""
    step.try_change(
        "INSERT INTO audit_log (shop_id, actor, action, detail, at) VALUES (%s, %s, %s, %s, %s)",
        shop.id,
        rng.choice(words.ACTORS),
        action,
        json.dumps(detail),
        step.at,
    )
