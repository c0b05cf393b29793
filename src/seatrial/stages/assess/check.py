"""What a check is, what it looks at and how it answers."""

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct

from seatrial.domain.collection import Collection
from seatrial.domain.evidence import pointer
from seatrial.domain.finding import Outcome
from seatrial.domain.question import Question
from seatrial.domain.schema import Column, Table
from seatrial.facts.rules import Rule, import_rules

MOST_POINTERS = 50


class CouldNotLook(Exception):
    """The collection holds no answer to what a check needs; the reason is the finding's detail."""

    def __init__(self, reason: str, *at: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.at = at


class Answer(Struct, frozen=True, kw_only=True):
    """What a look found. `at` are pointers into the collection; an empty `remedy` takes the check's own."""

    outcome: Outcome
    detail: str
    subjects: tuple[str, ...] = ()
    remedy: str = ""
    at: tuple[str, ...] = ()


class Case(Struct, frozen=True):
    """A collection, as one check sees it: whatever is missing raises CouldNotLook, so none passes by accident."""

    collection: Collection
    rule: Rule  # the check's own limits

    def variable(self, name: str) -> str:
        """A global variable's value in upper case; CouldNotLook if this server has none of that name."""
        if name not in self.collection.server.variables:
            raise CouldNotLook(f"the server has no variable {name}", pointer("server", "variables"))
        return self.collection.server.variables[name].upper()

    def known(self, *names: str) -> str | None:
        """The first of those variables the server has, as in `variable`; None if it has none of them."""
        variables = self.collection.server.variables
        return next((variables[name].upper() for name in names if name in variables), None)

    def unknown_before(self, version: tuple[int, int, int], name: str) -> None:
        """CouldNotLook if the variable is missing from a server that should have it."""
        server = self.collection.server
        if server.flavour != "mariadb" and server.version >= version:
            raise CouldNotLook(f"the server does not show {name}", pointer("server", "variables"))

    def number(self, name: str) -> float:
        """A global variable that is a number."""
        value = self.variable(name)
        try:
            return float(value)
        except ValueError:
            raise CouldNotLook(f"{name} is not a number here: {value!r}", at_variable(name)) from None

    def answered(self, *questions: Question) -> None:
        """CouldNotLook unless all those questions were answered in full."""
        for index, gap in enumerate(self.collection.gaps):
            if gap.question in questions:
                raise CouldNotLook(f"{gap.question.replace('_', ' ')}: {gap.reason}", pointer("gaps", index))

    @property
    def tables(self) -> tuple[Table, ...]:
        """All tables; CouldNotLook if the account sees only some."""
        self.answered(Question.TABLES, Question.COLUMNS, Question.INDEXES)
        return self.collection.schema.tables

    @property
    def columns(self) -> list[tuple[str, Table, Column]]:
        """(pointer, table, column) of every column."""
        return [
            (pointer("schema", "tables", i, "columns", j), table, column)
            for i, table in enumerate(self.tables)
            for j, column in enumerate(table.columns)
        ]

    def counter(self, name: str) -> float:
        """The newest value of a status counter since the server started."""
        if not self.collection.status or name not in self.collection.status[-1].values:
            self.answered(Question.STATUS)
            raise CouldNotLook(f"the server has no counter {name}", pointer("status"))
        return float(self.collection.status[-1].values[name])

    def at_counter(self, name: str) -> str:
        return pointer("status", len(self.collection.status) - 1, "values", name)

    def at_tables(self, wanted: Iterable[Table]) -> tuple[str, ...]:
        """Pointers to those tables."""
        names = {table.name for table in wanted}
        found = [pointer("schema", "tables", i) for i, t in enumerate(self.collection.schema.tables) if t.name in names]
        return tuple(found[:MOST_POINTERS])


class Check(Struct, frozen=True, kw_only=True):
    """One question about the source. `outcomes` says in words what leads to which outcome; `remedy` may hold SQL."""

    code: str
    title: str
    why: str
    outcomes: Mapping[Outcome, str]
    remedy: str
    look: Callable[[Case], Answer]

    @property
    def rule(self) -> Rule:
        return import_rules()[self.code]


def passed(detail: str, *at: str, subjects: Iterable[str] = ()) -> Answer:
    """All is well, and why we say so."""
    return Answer(outcome=Outcome.PASS, detail=detail, subjects=tuple(subjects), at=at)


def warns(detail: str, *at: str, subjects: Iterable[str] = (), remedy: str = "") -> Answer:
    """It works, with a loss or a risk that somebody must accept."""
    return Answer(outcome=Outcome.WARN, detail=detail, subjects=tuple(subjects), remedy=remedy, at=at[:MOST_POINTERS])


def blocks(detail: str, *at: str, subjects: Iterable[str] = (), remedy: str = "") -> Answer:
    """The import fails, or loses data, unless this is changed first."""
    return Answer(outcome=Outcome.BLOCK, detail=detail, subjects=tuple(subjects), remedy=remedy, at=at[:MOST_POINTERS])


def at_variable(name: str) -> str:
    """Where a global variable stands in the collection."""
    return pointer("server", "variables", name)


def named(names: Iterable[str], limit: int = 5) -> str:
    """The first few names, and how many more there are."""
    every = list(names)
    more = f" and {len(every) - limit} more" if len(every) > limit else ""
    return ", ".join(every[:limit]) + more


def counted(number: int, one: str, many: str = "") -> str:
    """`1 table`, `3 tables`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
