"""Query classes as a log goes by: one look-up finds that of a text met before; lexer and parser make the others."""

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import IntEnum

from msgspec import Struct

from seatrial.domain.schema import Schema
from seatrial.domain.workload import MANY, Column, Executed, QueryClass, Verb
from seatrial.parsing.collapse import Place
from seatrial.parsing.lexer import Lexed, lex, value
from seatrial.parsing.statement import Bound, Statement, read
from seatrial.parsing.words import KEYWORDS
from seatrial.stages.digest.tally import TimeTally

TEXTS_KEPT = 20_000
TEXT_BYTES_KEPT = 64 << 20
CLASSES_KEPT = 10_000

SYNTAX_ERROR = 1064
TOO_MANY = "(a class beyond those that are told apart)"
_FIRST_WORD = re.compile(rb"\s*([A-Za-z]{1,12})\b")


class Control(IntEnum):
    """What a class does to its connection's transaction."""

    NONE = 0
    BEGIN = 1
    COMMIT = 2
    ROLLBACK = 3
    AUTOCOMMIT = 4  # or back: the statement says which
    IMPLICIT = 5  # commits what is open, whoever asks
    ASIDE = 6  # SET, SHOW and the like: outside of BEGIN no transaction


_IMPLICIT = ("lock", "unlock", "analyze", "optimize", "repair")
_ASIDE = ("show", "set", "use", "desc", "describe", "explain", "help", "kill", "flush", "reset", "unlock")
# a sharding key is none of these; held in patterns they would only tell more of them apart
_NO_KEYS = """
json tinytext text mediumtext longtext tinyblob blob mediumblob longblob float double decimal date datetime timestamp
time year enum set bit geometry point linestring polygon multipoint multilinestring multipolygon geomcollection vector
""".split()  # noqa: SIM905


class Class:
    """One query class, counted. `keys` are the bound columns whose values are followed."""

    __slots__ = (
        "bytes_sent",
        "control",
        "count",
        "databases",
        "elsewhere",
        "errors",
        "fingerprint",
        "first_us",
        "id",
        "keys",
        "last_us",
        "lock_us",
        "number",
        "plain",
        "rows_affected",
        "rows_examined",
        "rows_sent",
        "rows_sent_max",
        "shape",
        "shard_queries",
        "statement",
        "times",
    )

    def __init__(self, number: int, fingerprint: str, shape: str, statement: Statement) -> None:
        self.number = number
        self.id = hashlib.blake2b(fingerprint.encode(), digest_size=8).hexdigest()
        self.fingerprint = fingerprint
        self.shape = shape
        self.plain = ""
        self.statement = statement
        self.control = Control.NONE
        self.keys: tuple[Column, ...] = ()
        self.elsewhere = False
        self.times = TimeTally()
        self.count = self.errors = self.lock_us = self.rows_sent = self.rows_sent_max = self.rows_examined = 0
        self.rows_affected = self.bytes_sent = self.shard_queries = self.first_us = self.last_us = 0
        self.databases: set[str] = set()

    def add(self, executed: Executed) -> None:
        if not self.count or executed.ended_us < self.first_us:
            self.first_us = executed.ended_us
        if executed.ended_us > self.last_us:
            self.last_us = executed.ended_us
        self.count += 1
        self.times.add(executed.took_us)
        self.lock_us += executed.lock_us
        sent = executed.rows_sent
        self.rows_sent += sent
        if sent > self.rows_sent_max:
            self.rows_sent_max = sent
        self.rows_examined += executed.rows_examined
        self.rows_affected += executed.rows_affected
        self.bytes_sent += executed.bytes_sent
        self.shard_queries += executed.shard_queries
        if executed.errno:
            self.errors += 1
        if executed.database not in self.databases:
            self.databases.add(executed.database)

    def told(self) -> QueryClass:
        statement = self.statement
        return QueryClass(
            id=self.id,
            fingerprint=self.fingerprint,
            shape=self.shape,
            verb=statement.verb,
            tables=statement.tables,
            bound=tuple(dict.fromkeys(bound.column for bound in statement.bound)),
            joined=statement.joined,
            updated=statement.updated,
            not_parsed=statement.not_parsed,
            count=self.count,
            errors=self.errors,
            times=self.times.times(),
            lock_us=self.lock_us,
            rows_sent=self.rows_sent,
            rows_sent_max=self.rows_sent_max,
            rows_examined=self.rows_examined,
            rows_affected=self.rows_affected,
            bytes_sent=self.bytes_sent,
            first=utc(self.first_us),
            last=utc(self.last_us),
            databases=tuple(sorted(self.databases - {""})),
            shard_queries=self.shard_queries,
        )


class Text(Struct, frozen=True):
    """A split text met before: its class, and for each of the class's keys the places of its values. `single`: the
    number of the literal and how to read it, where each key has exactly one; as most have."""

    query: Class
    places: tuple[tuple[Place, ...], ...] = ()
    single: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, query: Class, places: tuple[tuple[Place, ...], ...]) -> "Text":
        if all(len(one) == 1 and one[0].number >= 0 for one in places):
            return cls(query, places, tuple((one[0].number, one[0].how) for one in places))
        return cls(query, places)

    def values(self, literals: list[bytes]) -> list[list[bytes | None]]:
        """The values of each key; more than one where the statement names several."""
        return [
            [place.constant if place.number < 0 else value(literals[place.number], place.how) for place in places]
            for places in self.places
        ]


class Classes:
    """All query classes of one digest. `known`: classes of another digest, whose ids a statement may carry."""

    def __init__(self, database: str, schema: Schema | None, known: Sequence[QueryClass]) -> None:
        self._database = database
        self._schema = schema
        self._known = {query.id: query for query in known}
        self._texts: dict[bytes, Text] = {}
        self._text_bytes = 0
        self._by_fingerprint: dict[str, Class] = {}
        self._by_tag: dict[str, Class] = {}
        self.all: list[Class] = []
        self.too_many = 0

    def text(self, text: bytes, literals: list[bytes]) -> Text:
        """What is known of a split text (lexer.split)."""
        found = self._texts.get(text)
        return found if found is not None else self._meet(text, literals)

    def tagged(self, id: str) -> Text | None:
        """The known class of that id; None if it is not known."""
        if (found := self._by_tag.get(id)) is None:
            if (known := self._known.get(id)) is None:
                return None
            if (same := self._by_fingerprint.get(known.fingerprint)) is not None:
                found = same
            else:
                statement = Statement(
                    verb=known.verb,
                    tables=known.tables,
                    bound=tuple(Bound(column, 0) for column in known.bound),
                    joined=known.joined,
                    updated=known.updated,
                    not_parsed=known.not_parsed,
                )
                words = tuple(known.fingerprint.split()[:3])
                found = self._make(known.fingerprint, known.shape, statement, words)
                found.id = id
            self._by_tag[id] = found
        return Text(found)

    def refused(self, sql: bytes) -> Text:
        """A statement the server could not parse: only its first word can be trusted to be none of its values."""
        found = _FIRST_WORD.match(sql)
        word = found[1].decode().lower() if found is not None else ""
        word = word if word in KEYWORDS else "?"
        fingerprint = f"{word} … (the server could not parse it)"
        query = self._by_fingerprint.get(fingerprint)
        if query is None:
            statement = Statement(verb=Verb.OTHER, not_parsed=f"the server could not parse it (error {SYNTAX_ERROR})")
            query = self._make(fingerprint, "", statement, ())
            query.control = Control.NONE
        return Text(query)

    def _meet(self, text: bytes, literals: list[bytes]) -> Text:
        lexed = lex(text, literals)
        query = self._by_fingerprint.get(lexed.fingerprint)
        if query is None:
            if len(self.all) >= CLASSES_KEPT:
                self.too_many += 1
                return Text(self._overflow())
            statement = self._read(lexed)
            query = self._make(lexed.fingerprint, lexed.shape, statement, lexed.words)
            query.plain = lexed.plain
        elif _variables(lexed.shape) > _variables(query.shape):
            query.shape = lexed.shape
        same = lexed.plain.lower() == query.plain.lower()
        made = Text.of(query, _places(query, query.statement if same else self._read(lexed), lexed))
        if len(self._texts) >= TEXTS_KEPT or self._text_bytes > TEXT_BYTES_KEPT:
            self._texts.clear()  # a cache: what is met again is read again
            self._text_bytes = 0
        self._texts[text] = made
        self._text_bytes += len(text)
        return made

    def _read(self, lexed: Lexed) -> Statement:
        statement = read(lexed.plain, lexed.words, self._schema)
        if lexed.broken:
            return Statement(verb=statement.verb, not_parsed="its quotes cannot be told apart; cut at the first")
        return statement

    def _make(self, fingerprint: str, shape: str, statement: Statement, words: Sequence[str]) -> Class:
        made = Class(len(self.all), fingerprint, shape, statement)
        made.control = _control(statement.verb, words)
        made.elsewhere = statement.only_databases and self._database not in statement.databases
        if statement.verb.touches_rows:
            made.keys = tuple(
                dict.fromkeys(bound.column for bound in statement.bound if self._may_be_key(bound.column))
            )
        self.all.append(made)
        self._by_fingerprint[fingerprint] = made
        return made

    def _overflow(self) -> Class:
        if (query := self._by_fingerprint.get(TOO_MANY)) is None:
            statement = Statement(verb=Verb.OTHER, not_parsed="too many classes to keep")
            query = self._make(TOO_MANY, "", statement, ())
        return query

    def _may_be_key(self, column: Column) -> bool:
        if self._schema is None:
            return True
        try:
            return self._schema.table(column.table).column(column.name).data_type not in _NO_KEYS
        except KeyError:
            return True


def utc(us: int) -> str:
    """A moment as it stands in artifacts: UTC, ISO 8601, to the µs."""
    return datetime.fromtimestamp(us // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{us % 1_000_000:06d}Z"


def one_value(values: list[bytes | None]) -> object:
    """The value, or MANY where there are several; NULL's is None, and one that cannot be read is equal to no other."""
    if not values:
        return object()
    first = values[0]
    return first if len(values) == 1 or all(value == first for value in values) else MANY


def _variables(shape: str) -> int:
    return shape.count(":v")


def _places(query: Class, statement: Statement, lexed: Lexed) -> tuple[tuple[Place, ...], ...]:
    slots: dict[Column, list[Place]] = {column: [] for column in query.keys}
    for bound in statement.bound:
        if bound.column in slots and 0 < bound.slot <= len(lexed.slots):
            slots[bound.column].extend(lexed.slots[bound.slot - 1])
    return tuple(tuple(slots[column]) for column in query.keys)


def _control(verb: Verb, words: Sequence[str]) -> Control:
    if verb is Verb.BEGIN:
        return Control.BEGIN
    if verb is Verb.COMMIT:
        return Control.COMMIT
    if verb is Verb.ROLLBACK:
        return Control.ROLLBACK
    if verb is Verb.SET:
        return Control.AUTOCOMMIT if any("autocommit" in word for word in words) else Control.ASIDE
    if verb is Verb.DDL or (words and words[0] in _IMPLICIT):
        return Control.IMPLICIT
    return Control.ASIDE if words and words[0] in _ASIDE else Control.NONE
