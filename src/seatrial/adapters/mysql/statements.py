"""The SQL behind each question: one file each, the right one for the server's version."""

import re
from functools import cache
from importlib.resources import files

from msgspec import Struct

from seatrial.domain.identifier import literal, qualified
from seatrial.domain.question import Question

_NAME = re.compile(r"(?P<question>\w+)(\.before-(?P<before>[\d.]+)|\.(?P<flavour>mariadb))?\.sql")

MARK = "/* seatrial collect */"
"""Ends every statement we send, so that the server's logs and its DBA can tell ours."""

_NEWEST = (999, 0, 0)


class Statement(Struct, frozen=True, kw_only=True):
    """One statement of `collect`: which question it answers, where it is meant to run, its SQL and why it is asked."""

    question: Question
    sql: str  # with {database} and {table} still to be filled in
    why: str
    before: tuple[int, ...] | None = None  # for servers older than this version
    flavour: str = "mysql"  # "mysql" also stands for every fork that is not MariaDB

    @property
    def where(self) -> str:
        """In words, which servers get this form; "" for the usual one."""
        if self.flavour == "mariadb":
            return "MariaDB"
        return f"before MySQL {'.'.join(map(str, self.before))}" if self.before else ""

    def text(self, database: str, table: str | None = None) -> str:
        """The statement as it is sent, marked so that the server's logs show where it came from."""
        name = qualified(database, table) if table else "`…`"
        return self.sql.format(database=literal(database), table=name) + f" {MARK}"


@cache
def statements() -> tuple[Statement, ...]:
    """Every form of every statement, in the order of the questions."""
    found = []
    for file in files("seatrial.adapters.mysql").joinpath("sql").iterdir():
        match = _NAME.fullmatch(file.name)
        if match is None:
            continue
        why, sql = file.read_text(encoding="utf-8").split("\n", 1)
        before = match["before"]
        found.append(
            Statement(
                question=Question(match["question"]),
                sql=sql.strip(),
                why=why.removeprefix("-- "),
                before=tuple(int(part) for part in before.split(".")) if before else None,
                flavour=match["flavour"] or "mysql",
            )
        )
    order = list(Question)
    return tuple(sorted(found, key=lambda one: (order.index(one.question), one.before or _NEWEST, one.flavour)))


def statement(question: Question, *, flavour: str, version: tuple[int, int, int]) -> Statement:
    """The form of a question for one server: MariaDB's own, else the oldest that still covers its version."""
    forms = [one for one in statements() if one.question is question]
    if flavour == "mariadb":
        for one in forms:
            if one.flavour == "mariadb":
                return one
        version = _NEWEST  # MariaDB's version numbers are its own: without a form of its own it gets the plain one
    return next(one for one in forms if one.flavour == "mysql" and (one.before is None or version < one.before))
