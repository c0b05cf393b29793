"""Tables that differ in the numbers at the end of their names, told as one: `events_2024_01` as `events_*`."""

import re

from msgspec.structs import replace

from seatrial.domain.schema import Schema
from seatrial.domain.workload import Column
from seatrial.parsing.lexer import Lexed, lex
from seatrial.parsing.mentions import may_name
from seatrial.parsing.statement import Statement, read_mentions

_NUMBERS = re.compile(r"(?<=[^0-9_])(_*+)[0-9]++(?:_++[0-9]++)*+\Z")


def common_name(table: str) -> str:
    """The name it shares with others like it; its own if it has no number at its end, or is nothing else."""
    return _NUMBERS.sub(r"\1*", table)


def with_common_names(
    text: bytes, literals: list[bytes], lexed: Lexed, schema: Schema | None
) -> tuple[str, Statement | None]:
    """The split statement's fingerprint and what it does, with these names in place of the tables', wherever it names
    them; no Statement where it names none for certain and so was not read."""
    if lexed.broken or may_name(lexed.plain) is None:
        return lexed.fingerprint, None
    statement, mentioned = read_mentions(lexed.plain, lexed.words, schema)
    names = {mention: common_name(table) for mention, table in mentioned.items() if common_name(table) != table}
    if not names:
        return lexed.fingerprint, statement
    joined = {(_renamed(one), _renamed(other)) for one, other in statement.joined}
    return lex(text, literals, names).fingerprint, replace(
        statement,
        tables=tuple(dict.fromkeys(map(common_name, statement.tables))),
        bound=tuple(dict.fromkeys(replace(each, column=_renamed(each.column)) for each in statement.bound)),
        joined=tuple(sorted((min(pair), max(pair)) for pair in joined if pair[0] != pair[1])),
        updated=tuple(dict.fromkeys(map(_renamed, statement.updated))),
    )


def _renamed(column: Column) -> Column:
    return Column(common_name(column.table), column.name)
