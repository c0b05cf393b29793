"""The kinds of transactions, and how often each comes."""

import random
from collections.abc import Callable

from msgspec import Struct

from seatrial.sample import acts, office
from seatrial.sample.market import Market, Shop
from seatrial.sample.step import Step

Act = Callable[[Step, Shop, Market, random.Random], None]


class Kind(Struct, frozen=True):
    """A kind of transaction; `weight` is its share among all weights.

    `awkward`: it runs on one MySQL, and on a sharded server it fails, answers wrongly or may be kept by half. Such
    kinds are sent only when asked for.
    """

    name: str
    weight: float
    act: Act
    awkward: bool = False


KINDS: tuple[Kind, ...] = (
    Kind("browse", 22, acts.browse),
    Kind("look", 14, acts.look),
    Kind("order-history", 12, acts.order_history),
    Kind("sales-by-day", 2, acts.sales_by_day),
    Kind("fill-cart", 14, acts.fill_cart),
    Kind("place-order", 12, acts.place_order),
    Kind("change-mind", 1, acts.change_mind),
    Kind("pay", 7, acts.pay),
    Kind("ship", 5, acts.ship),
    Kind("track", 2, acts.track),
    Kind("cancel-order", 1, acts.cancel_order),
    Kind("review", 2, acts.review),
    Kind("restock", 2, acts.restock),
    Kind("reprice", 1, acts.reprice),
    Kind("gift-card", 1, acts.gift_card),
    Kind("sign-up", 2, acts.sign_up),
    Kind("open-shop", 0.3, acts.open_shop),
    Kind("change-rate", 0.7, acts.change_rate),
    Kind("platform-report", 0.3, office.platform_report),
    Kind("transfer", 0.6, office.transfer, awkward=True),
    Kind("rollup-report", 0.5, office.rollup_report, awkward=True),
    Kind("move-customer", 0.4, office.move_customer, awkward=True),
    Kind("stocktaking", 0.5, office.stocktaking, awkward=True),
)


def kinds(*, awkward: bool) -> tuple[Kind, ...]:
    """The kinds to send: all of them, or those that run anywhere."""
    return tuple(kind for kind in KINDS if awkward or not kind.awkward)
