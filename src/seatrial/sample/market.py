"""What a client of the sample knows before it begins: the shops, and which customers and products each has."""

from msgspec import Struct

from seatrial.adapters.mysql.client import Connection
from seatrial.domain.fault import Exit, Fault
from seatrial.sample.skew import Skewed


class Shop(Struct, frozen=True, kw_only=True):
    """A shop that can be traded with; customers and products have identifiers from first to last, with holes."""

    id: int
    currency: str
    first_customer: int
    last_customer: int
    first_product: int
    last_product: int


class Market(Struct, frozen=True, kw_only=True):
    """All shops, the largest drawn most often; and the currencies whose rates are kept."""

    shops: Skewed[Shop]
    currencies: tuple[str, ...]


def survey(connection: Connection) -> Market:
    """Look at the database behind the connection, a plain MySQL or a vtgate; a Fault if nothing was loaded."""
    customers = _ranges(connection, "customers")
    products = _ranges(connection, "products")
    shops = [
        (
            customers[shop_id][2],
            Shop(
                id=shop_id,
                currency=currency,
                first_customer=customers[shop_id][0],
                last_customer=customers[shop_id][1],
                first_product=products[shop_id][0],
                last_product=products[shop_id][1],
            ),
        )
        for shop_id, currency in connection.query("SELECT id, currency FROM shops ORDER BY id")
        if shop_id in customers and shop_id in products
    ]
    if not shops:
        raise Fault(
            "sample.empty",
            "there is no shop with customers and products to trade with",
            remedy="run: seatrial sample load",
            exit=Exit.CONFIG,
        )
    shops.sort(key=lambda sized: (-sized[0], sized[1].id))
    codes = connection.query("SELECT code FROM currencies WHERE code <> 'EUR' ORDER BY code")
    return Market(shops=Skewed([shop for _, shop in shops]), currencies=tuple(code for (code,) in codes))


def _ranges(connection: Connection, table: str) -> dict[int, tuple[int, int, int]]:
    """First and last identifier and the number of rows, by shop."""
    found = connection.query(f"SELECT shop_id, MIN(id), MAX(id), COUNT(*) FROM {table} GROUP BY shop_id")
    return {int(shop): (int(first), int(last), int(rows)) for shop, first, last, rows in found}
