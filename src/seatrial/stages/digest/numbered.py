"""Tables that differ in the numbers at the end of their names, told as one: `events_2024_01` as `events_*`."""

import re

from msgspec.structs import replace

from seatrial.domain.workload import Column
from seatrial.parsing.statement import Statement

_NUMBERS = re.compile(r"(?<=[^0-9])[0-9]+(?:_[0-9]+)*\Z")


def common_name(table: str) -> str:
    """The name it shares with others like it; its own if it has no number at its end."""
    return _NUMBERS.sub("*", table)


def with_common_names(fingerprint: str, statement: Statement) -> tuple[str, Statement]:
    """The same with these names in place of the tables'."""
    for table in sorted(statement.tables, key=len, reverse=True):
        if (of := common_name(table)) != table:
            found = re.compile(rf"(?<![\w$]){re.escape(table)}(?![\w$])", re.IGNORECASE)
            fingerprint = of.join(found.split(fingerprint))
    return fingerprint, replace(
        statement,
        tables=tuple(dict.fromkeys(map(common_name, statement.tables))),
        bound=tuple(dict.fromkeys(replace(each, column=_renamed(each.column)) for each in statement.bound)),
        joined=tuple(sorted({(_renamed(one), _renamed(other)) for one, other in statement.joined})),
        updated=tuple(dict.fromkeys(map(_renamed, statement.updated))),
    )


def _renamed(column: Column) -> Column:
    return Column(common_name(column.table), column.name)
