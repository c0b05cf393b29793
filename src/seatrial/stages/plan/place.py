"""What a placement of the tables does to a transaction: does it stay on one value of the key, and if not, why."""

from collections.abc import Mapping
from enum import Enum

from msgspec import Struct

from seatrial.domain.plan import Placement
from seatrial.domain.workload import MANY, Column
from seatrial.stages.plan.workload import Statement, Transaction


class Place(Struct, frozen=True):
    """Where a table goes; with its sharding key's column where it is sharded."""

    placement: Placement
    key: str = ""

    @property
    def sharded(self) -> bool:
        return self.placement is Placement.SHARDED


UNSHARDED = Place(Placement.UNSHARDED)
REFERENCE = Place(Placement.REFERENCE)

Places = Mapping[str, Place]
"""Every table of the schema to its place."""


def by(key: str) -> Place:
    """Sharded by that column."""
    return Place(Placement.SHARDED, key)


class Stay(Enum):
    """Where a transaction ran."""

    VALUE = "on one value of the key"
    UNSHARDED = "in the unsharded keyspace"
    CROSSING = "in several places"


class Run(Struct, frozen=True):
    """What became of a transaction; `because` names the statement or the tables, where it crossed."""

    stay: Stay
    because: str = ""


_VALUE, _UNSHARDED = Run(Stay.VALUE), Run(Stay.UNSHARDED)


def run(transaction: Transaction, places: Places) -> Run:
    """Reading reference tables is free. Writing one happens in the unsharded keyspace.

    A key that the server generates is a value of its own, and the first value that appears after it is taken for it:
    so an application goes on with what LAST_INSERT_ID told it.
    """
    seen: set[int] = set()
    value: int | None = None
    fresh = False  # a generated value that nothing has named yet
    unsharded = ""
    for touch in transaction.touches:
        statement = touch.statement
        if statement.unread:
            return Run(Stay.CROSSING, "a statement of it could not be read")
        for table in statement.tables:
            place = places[table]
            if not place.sharded:
                if place.placement is Placement.UNSHARDED or table in statement.written:
                    unsharded = unsharded or _outside(table, place)
                continue
            column = Column(table, place.key)
            if column in statement.updated:
                return Run(Stay.CROSSING, f"a statement changes {column}, which Vitess refuses")
            number = touch.values.get(column)
            if number is None and column == statement.generated:
                if value is not None or fresh:
                    return Run(Stay.CROSSING, f"a new value of {column} is made beside another")
                fresh = True
                continue
            if number is None:
                return Run(Stay.CROSSING, f"a statement on {table} does not name {column}")
            if number == MANY:
                return Run(Stay.CROSSING, f"{column} has more than one value")
            if value is None and (not fresh or number not in seen):
                value, fresh = number, False
            elif number != value:
                return Run(Stay.CROSSING, f"{column} has another value than the statements before")
        seen.update(touch.values.values())
    if unsharded and (fresh or value is not None):
        return Run(Stay.CROSSING, f"{unsharded} beside sharded tables")
    return _UNSHARDED if unsharded else _VALUE


def _outside(table: str, place: Place) -> str:
    return f"it {'touches' if place.placement is Placement.UNSHARDED else 'writes'} {place.placement} {table}"


def names_key(statement: Statement, places: Places) -> bool:
    """Whether each statement of the class names the key of every sharded table in it, and touches nothing unsharded
    beside."""
    sharded = False
    for table in statement.tables:
        place = places[table]
        if place.sharded:
            column = Column(table, place.key)
            if column in statement.updated or (column not in statement.known and column != statement.generated):
                return False
            sharded = True
        elif place.placement is Placement.UNSHARDED or table in statement.written:
            return False
    return sharded
