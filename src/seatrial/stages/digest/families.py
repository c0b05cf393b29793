"""Tables that differ in the numbers at the end of their names, told as one: `events_2024_01` is of `events_*`."""

import re

from msgspec.structs import replace

from seatrial.domain.workload import Column
from seatrial.parsing.statement import Statement

_NUMBERS = re.compile(r"(?<=[^0-9])[0-9]+(?:_[0-9]+)*\Z")


def family(table: str) -> str:
    """The table's family; itself if it has no number at its end."""
    return _NUMBERS.sub("*", table)


def with_families(fingerprint: str, statement: Statement) -> tuple[str, Statement]:
    """The same with families in place of tables."""
    for table in sorted(statement.tables, key=len, reverse=True):
        if (of := family(table)) != table:
            found = re.compile(rf"(?<![\w$]){re.escape(table)}(?![\w$])", re.IGNORECASE)
            fingerprint = of.join(found.split(fingerprint))
    return fingerprint, replace(
        statement,
        tables=tuple(dict.fromkeys(map(family, statement.tables))),
        bound=tuple(dict.fromkeys(replace(each, column=_renamed(each.column)) for each in statement.bound)),
        joined=tuple(sorted({(_renamed(one), _renamed(other)) for one, other in statement.joined})),
        updated=tuple(dict.fromkeys(map(_renamed, statement.updated))),
    )


def _renamed(column: Column) -> Column:
    return Column(family(column.table), column.name)
