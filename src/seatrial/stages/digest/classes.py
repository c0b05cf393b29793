"""Query classes as a log goes by: one look-up finds that of a text met before; lexer and parser make the others."""

import hashlib
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import IntEnum

from msgspec import Struct, field

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
FIXED_KEPT = 1_000
FIXED_BYTES = 1_000

SYNTAX_ERROR = 1064
NULL = 0
"""Stands for the hash of NULL."""
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


Figures = tuple[int, int, int, int, int, int, int, int, str, int]
"""Of one execution, before it is counted: ended, took and lock in µs, rows sent, examined and affected, bytes sent,
error, database, queries to shards."""


class Class(Struct, array_like=True, eq=False):
    """One query class, counted. `keys` are the bound columns whose values are followed; `plain` is the text of the
    first of its statements, as a parser is shown it."""

    number: int
    id: str
    fingerprint: str
    shape: str
    plain: str
    statement: Statement
    control: Control = Control.NONE
    keys: tuple[Column, ...] = ()
    elsewhere: bool = False
    names_all_of_ours: bool = False  # every table with our database before it
    times: TimeTally = field(default_factory=TimeTally)
    count: int = 0
    errors: int = 0
    lock_us: int = 0
    rows_sent: int = 0
    rows_sent_max: int = 0
    rows_examined: int = 0
    rows_affected: int = 0
    bytes_sent: int = 0
    shard_queries: int = 0
    first_us: int = 0
    last_us: int = 0
    databases: set[str] = set()
    waiting: list[Figures] = []
    named: list[list[int]] = []  # values of the keys, of executions that wait and name one each

    def add_waiting(self) -> tuple[Sequence[int], Sequence[int], Sequence[int]]:
        """Count what waits, column by column; when each ended, how long it took, and its error, for whoever counts
        them too."""
        ended, took, lock, sent, examined, affected, sent_bytes, errnos, databases, shard_queries = zip(
            *self.waiting, strict=True
        )
        self.waiting = []
        self.first_us = min(self.first_us, min(ended)) if self.count else min(ended)
        self.last_us = max(self.last_us, max(ended))
        self.count += len(ended)
        self.times.add_all(took)
        self.lock_us += sum(lock)
        self.rows_sent += sum(sent)
        self.rows_sent_max = max(self.rows_sent_max, max(sent))
        self.rows_examined += sum(examined)
        self.rows_affected += sum(affected)
        self.bytes_sent += sum(sent_bytes)
        self.shard_queries += sum(shard_queries)
        self.errors += len(errnos) - errnos.count(0)
        self.databases.update(databases)
        return ended, took, errnos

    def repeat(self, executed: Executed, more: int) -> None:
        """Count a statement that was added so many times more."""
        self.count += more
        self.times.repeat(executed.took_us, more)
        self.lock_us += more * executed.lock_us
        self.rows_sent += more * executed.rows_sent
        self.rows_examined += more * executed.rows_examined
        self.rows_affected += more * executed.rows_affected
        self.bytes_sent += more * executed.bytes_sent
        self.shard_queries += more * executed.shard_queries
        self.errors += more * (executed.errno != 0)

    def take(self, other: "Class") -> None:
        """Add what the following part of the log counted."""
        self.first_us = min(self.first_us, other.first_us) if self.count else other.first_us
        self.last_us = max(self.last_us, other.last_us)
        self.count += other.count
        self.errors += other.errors
        self.times.take(other.times)
        self.lock_us += other.lock_us
        self.rows_sent += other.rows_sent
        self.rows_sent_max = max(self.rows_sent_max, other.rows_sent_max)
        self.rows_examined += other.rows_examined
        self.rows_affected += other.rows_affected
        self.bytes_sent += other.bytes_sent
        self.shard_queries += other.shard_queries
        self.databases |= other.databases
        if _variables(other.shape) > _variables(self.shape):
            self.shape = other.shape

    def uncounted(self) -> "Class":
        """The same class with nothing counted."""
        return Class(
            self.number,
            self.id,
            self.fingerprint,
            self.shape,
            self.plain,
            self.statement,
            self.control,
            self.keys,
            self.elsewhere,
            self.names_all_of_ours,
        )

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

    def values(self, literals: list[bytes], hashed: Callable[[bytes], int]) -> list[list[int]]:
        """The values of each key, hashed; more than one where the statement names several."""
        return [[_hashed(place, literals, hashed) for place in places] for places in self.places]


class Classes:
    """All query classes of one digest. `known`: classes of another digest, whose ids a statement may carry."""

    def __init__(self, database: str, schema: Schema | None, known: Sequence[QueryClass]) -> None:
        self._database = database
        self._schema = schema
        self._known = {query.id: query for query in known}
        self._texts: dict[bytes, Text] = {}
        self._text_bytes = 0
        self.fixed: dict[bytes, Text] = {}  # whole statements that have no literals, such as COMMIT
        self._by_fingerprint: dict[str, Class] = {}
        self._by_tag: dict[str, Class] = {}
        self.all: list[Class] = []
        self.too_many = 0

    def text(self, text: bytes, literals: list[bytes]) -> Text:
        """What is known of a split text (lexer.split)."""
        found = self._texts.get(text)
        return found if found is not None else self._meet(text, literals)

    def fix(self, sql: bytes, text: Text) -> None:
        """Remember a statement without literals as it stands."""
        if len(self.fixed) < FIXED_KEPT and len(sql) <= FIXED_BYTES:
            self.fixed[sql] = text

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

    def take(self, others: Sequence[Class]) -> tuple[dict[int, int], frozenset[int]]:
        """Add the classes of the part that follows: our numbers of them, and which of theirs have other keys there
        than here."""
        numbers: dict[int, int] = {}
        unlike = set()
        for theirs in others:
            ours = self._by_fingerprint.get(theirs.fingerprint)
            if ours is None and len(self.all) >= CLASSES_KEPT and theirs.fingerprint != TOO_MANY:
                self.too_many += theirs.count
                ours = self._overflow()
            if ours is None:
                ours = theirs.uncounted()
                ours.number = len(self.all)
                self.all.append(ours)
                self._by_fingerprint[ours.fingerprint] = ours
            if ours.keys != theirs.keys:
                unlike.add(theirs.number)
            ours.take(theirs)
            numbers[theirs.number] = ours.number
        return numbers, frozenset(unlike)

    def again(self) -> "Classes":
        """The same texts and classes, with nothing counted: what was read once need not be read again."""
        other = Classes(self._database, self._schema, tuple(self._known.values()))
        other.all = [query.uncounted() for query in self.all]
        other._by_fingerprint = {query.fingerprint: query for query in other.all}
        other._by_tag = {tag: other.all[query.number] for tag, query in self._by_tag.items()}
        other._texts = {
            text: Text(other.all[known.query.number], known.places, known.single) for text, known in self._texts.items()
        }
        other._text_bytes = self._text_bytes
        return other

    def _meet(self, text: bytes, literals: list[bytes]) -> Text:
        lexed = lex(text, literals)
        query = self._by_fingerprint.get(lexed.fingerprint)
        if query is None:
            if len(self.all) >= CLASSES_KEPT:
                self.too_many += 1
                return Text(self._overflow())
            statement = self._read(lexed)
            shape = "" if lexed.broken else lexed.shape  # half a statement is another one: nobody may be asked it
            query = self._make(lexed.fingerprint, shape, statement, lexed.words, lexed.plain)
        elif not lexed.broken and _variables(lexed.shape) > _variables(query.shape):
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

    def _make(self, fingerprint: str, shape: str, statement: Statement, words: Sequence[str], plain: str = "") -> Class:
        hashed = hashlib.blake2b(fingerprint.encode(), digest_size=8).hexdigest()
        made = Class(len(self.all), hashed, fingerprint, shape, plain, statement, _control(statement.verb, words))
        made.elsewhere = statement.only_databases and self._database not in statement.databases
        made.names_all_of_ours = statement.only_databases and statement.databases == (self._database,)
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


def one_value(values: list[int]) -> int | float:
    """The value (its hash), or MANY where there are several; one that cannot be read is equal to no other."""
    if not values:
        return unequal()
    first = values[0]
    return first if len(values) == 1 or all(value == first for value in values) else MANY


def unequal() -> float:
    """A value that is equal to no other, nor to itself."""
    return float("nan")


def _hashed(place: Place, literals: list[bytes], hashed: Callable[[bytes], int]) -> int:
    found = place.constant if place.number < 0 else value(literals[place.number], place.how)
    return NULL if found is None else hashed(found)


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
