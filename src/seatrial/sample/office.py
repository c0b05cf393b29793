"""What the platform's office and the shops' back offices do: across shops, or in ways that a sharded server minds."""

import random

from seatrial.sample import parts
from seatrial.sample.market import Market, Shop
from seatrial.sample.step import GivenUp, Step


def platform_report(step: Step, _shop: Shop, _market: Market, _rng: random.Random) -> None:
    """The shops whose carts were filled most within the last hour: asked of all of them."""
    step.read(
        "SELECT shop_id, COUNT(*) AS filled, SUM(value) FROM carts WHERE touched_at >= NOW() - INTERVAL 1 HOUR"
        " GROUP BY shop_id ORDER BY filled DESC, shop_id LIMIT 10"
    )


def rollup_report(step: Step, _shop: Shop, _market: Market, _rng: random.Random) -> None:
    """Orders by currency and status with subtotals, over all shops: subtotals of shards make no subtotals of all."""
    step.read(
        "SELECT currency, status, COUNT(*), SUM(total) FROM orders WHERE placed_at >= NOW() - INTERVAL 90 DAY"
        " GROUP BY currency, status WITH ROLLUP"
    )


def transfer(step: Step, shop: Shop, market: Market, rng: random.Random) -> None:
    """Stock goes from one shop to another: one transaction, two shops' rows."""
    to = _another(shop, market, rng)
    taken, given = parts.product(shop, rng), parts.product(to, rng)
    quantity = rng.randrange(1, 6)
    step.begin(shop.id)
    # the lower shop's stock first, so that two transfers in opposite directions do not deadlock
    for one, product, delta in sorted(((shop.id, taken, -quantity), (to.id, given, quantity))):
        left = step.change(
            "UPDATE `库存` SET `数量` = `数量` + %s WHERE shop_id = %s AND product_id = %s AND `数量` >= %s",
            *(delta, one, product, max(0, -delta)),
        )
        if not left:
            raise GivenUp
    step.insert(
        "INSERT INTO transfers (shop_id, to_shop_id, product_id, quantity, moved_at) VALUES (%s, %s, %s, %s, %s)",
        *(shop.id, to.id, taken, quantity, step.at),
    )
    parts.move_stock(step, shop, [(taken, -quantity)], "transfer")
    parts.move_stock(step, to, [(given, quantity)], "transfer")


def move_customer(step: Step, shop: Shop, market: Market, rng: random.Random) -> None:
    """A customer goes to another shop of the same owner: an UPDATE of the column that shards."""
    to = _another(shop, market, rng)
    customer = parts.customer(step, shop, rng)
    step.begin(shop.id)
    step.change("UPDATE customers SET shop_id = %s WHERE shop_id = %s AND id = %s", to.id, shop.id, customer)
    parts.audit(step, shop, "customer moved", {"customer": customer, "to": to.id}, rng)


def stocktaking(step: Step, shop: Shop, _: Market, rng: random.Random) -> None:
    """Shelves are counted, by one person at a time: a lock of the server's, held by the session, guards it."""
    guard = f"stocktaking {shop.id}"
    if step.read("SELECT GET_LOCK(%s, 0)", guard)[0][0] != 1:
        raise GivenUp
    step.afterwards("SELECT RELEASE_LOCK(%s)", guard)
    step.begin(shop.id)
    counted = sorted({parts.product(shop, rng) for _ in range(3)})
    missing = [(product, -rng.randrange(1, 3)) for product in counted]
    for product, delta in missing:
        parts.put_back(step, shop, product, delta)
    parts.move_stock(step, shop, missing, "stocktaking")


def _another(shop: Shop, market: Market, rng: random.Random) -> Shop:
    """A shop that is not this one."""
    for _ in range(20):
        if (drawn := market.shops.draw(rng)).id != shop.id:
            return drawn
    raise GivenUp
