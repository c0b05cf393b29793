"""Query classes as a log goes by: one look-up finds that of a text met before; lexer and parser make the others."""

import hashlib
import re
from collections.abc import Sequence

from seatrial.domain.schema import Schema
from seatrial.domain.workload import Column, QueryClass, Verb
from seatrial.parsing.collapse import Place
from seatrial.parsing.lexer import HOLE, Lexed, lex, split
from seatrial.parsing.pt_fingerprint import pt_checksum
from seatrial.parsing.repeats import shortened
from seatrial.parsing.statement import Bound, Statement, read
from seatrial.parsing.words import KEYWORDS
from seatrial.stages.digest.counted import Class, Control, fuller
from seatrial.stages.digest.numbered import common_name, with_common_names
from seatrial.stages.digest.texts import OUTLINES_OF_A_TEXT, Known, Outlines, Text

TEXTS_KEPT = 20_000
TEXT_BYTES_KEPT = 64 << 20
CLASSES_KEPT = 10_000
SPELLINGS_KEPT = 100_000
"""Once there are too many classes, a statement is only lexed if one spelled like it was: see `_spelling`."""
FIXED_KEPT = 1_000
FIXED_BYTES = 100

SYNTAX_ERROR = 1064
_NONE: list[bytes] = []
TOO_MANY = "(a class beyond those that are told apart)"
_TAG = re.compile(rb"/\*seatrial:([0-9a-f]{16})\*/")
_LISTED = re.compile(rb"\x00(?: ?, ?\x00)++")
_NUMBERS = re.compile(rb"[0-9]++(?:_++[0-9]++)*+(?![0-9A-Za-z_$\x80-\xff])")
_FIRST_WORD = re.compile(rb"\s*([A-Za-z]{1,12})\b")


_IMPLICIT = ("lock", "unlock", "analyze", "optimize", "repair")
_ASIDE = ("show", "set", "use", "desc", "describe", "explain", "help", "kill", "flush", "reset", "unlock")
# a sharding key is none of these; held in patterns they would only tell more of them apart
_NO_KEYS = """
json tinytext text mediumtext longtext tinyblob blob mediumblob longblob float double decimal date datetime timestamp
time year enum set bit geometry point linestring polygon multipoint multilinestring multipolygon geomcollection vector
""".split()  # noqa: SIM905


class Classes:
    """All query classes of one digest. `known`: classes of another digest, whose ids a statement may carry. Without
    `values` no class has keys, so nobody looks at a value."""

    def __init__(
        self,
        database: str,
        schema: Schema | None,
        known: Sequence[QueryClass],
        *,
        values: bool = True,
        merge_numbered: bool = False,
    ) -> None:
        self._merge_numbered = merge_numbered
        self._real = (
            {common_name(table.name): table.name for table in schema.tables} if schema and merge_numbered else {}
        )
        self._database = database
        self._values = values
        self._schema = schema
        self._known = {query.id: query for query in known}
        self._texts: dict[bytes, Text] = {}
        self._text_bytes = 0
        self._outlines = Outlines()
        self._fixed: dict[bytes, Text] = {}  # whole statements that have no literals, such as COMMIT
        self._spellings: set[int] = set()
        self._by_fingerprint: dict[str, Class] = {}
        self._by_tag: dict[str, Class] = {}
        self.all: list[Class] = []

    @property
    def too_many(self) -> int:
        """How many statements are of classes beyond those that are told apart."""
        return query.count if (query := self._by_fingerprint.get(TOO_MANY)) is not None else 0

    def known(self, sql: bytes, errno: int) -> Known:
        """What is known of a statement."""
        if self._known and sql[:2] == b"/*" and (tag := _TAG.match(sql)) is not None:
            known = self._tagged(tag[1].decode())
            if known is not None:
                return known, [], None, None
        if errno == SYNTAX_ERROR:
            return self._refused(sql), [], None, None
        if len(sql) <= FIXED_BYTES and (fixed := self._fixed.get(sql)) is not None:
            return fixed, [], None, None
        if (recalled := self._outlines.recalled(sql)) is not None:
            return recalled.text, _NONE, recalled.reads, None
        split_text, literals = split(sql)
        if (short := shortened(split_text, literals)) is not None:
            return self._text(short.text, short.literals), [], None, short.alike
        text = self._text(split_text, literals)
        if not literals and text.query.fingerprint != TOO_MANY:
            self._fix(sql, text)
        else:
            self._outlines.remember(sql, text)
        return text, literals, None, None

    def _text(self, text: bytes, literals: list[bytes]) -> Text:
        """What is known of a split text (lexer.split)."""
        found = self._texts.get(text)
        if found is not None and found.kept:
            found = self._texts.get(_with_kept(text, literals, found.kept))
        return found if found is not None else self._meet(text, literals)

    def _fix(self, sql: bytes, text: Text) -> None:
        """Remember a statement without literals as it stands."""
        if len(self._fixed) < FIXED_KEPT and len(sql) <= FIXED_BYTES:
            self._fixed[sql] = text

    def _tagged(self, id: str) -> Text | None:
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
                found.pt_checksum = known.pt_checksum
            self._by_tag[id] = found
        return Text(found)

    def _refused(self, sql: bytes) -> Text:
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

    def taken_out(self) -> list[Class]:
        """What was counted. Afterwards nothing is, but all that was learned of texts and classes is still known."""
        return [query.taken_out() for query in self.all if query.count]

    def _meet(self, text: bytes, literals: list[bytes]) -> Text:
        if len(self.all) >= CLASSES_KEPT and hash(self._spelling(text)) not in self._spellings:
            return self._beyond()
        lexed = lex(text, literals)
        fingerprint, statement = lexed.fingerprint, None
        if self._merge_numbered:
            fingerprint, statement = with_common_names(text, literals, lexed, self._schema)
        query = self._by_fingerprint.get(fingerprint)
        if query is None:
            if len(self.all) >= CLASSES_KEPT:
                return self._beyond()
            statement = statement or self._read(lexed)
            shape = "" if lexed.broken else lexed.shape  # half a statement is another one: nobody may be asked it
            query = self._make(fingerprint, shape, statement, lexed.words, lexed.plain)
            query.pt_checksum = "" if lexed.broken else pt_checksum(text, literals)
        elif not lexed.broken:
            query.shape = fuller(query.shape, lexed.shape)
        same = lexed.plain.lower() == query.plain.lower()
        if len(self._spellings) < SPELLINGS_KEPT:
            self._spellings.add(hash(self._spelling(text)))
        if statement is None:
            statement = query.statement if same else self._read(lexed)
        made = Text(query, _places(query, statement, lexed), lexed.kept)
        if len(self._texts) >= TEXTS_KEPT or self._text_bytes > TEXT_BYTES_KEPT:
            self._texts.clear()  # a cache: what is met again is read again
            self._outlines.clear()
            self._text_bytes = 0
        self._texts.setdefault(text, made)
        if made.kept:
            self._texts[_with_kept(text, literals, made.kept)] = made
        self._text_bytes += len(text)
        return made

    def _spelling(self, text: bytes) -> bytes:
        return _NUMBERS.sub(b"*", _spelling(text)) if self._merge_numbered else _spelling(text)

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
        if self._values and statement.verb.touches_rows:
            made.keys = tuple(
                dict.fromkeys(bound.column for bound in statement.bound if self._may_be_key(bound.column))
            )
        self.all.append(made)
        self._by_fingerprint[fingerprint] = made
        return made

    def _beyond(self) -> Text:
        """That of all classes beyond those kept; no outline is remembered for it."""
        return Text(self._overflow(), outlines=OUTLINES_OF_A_TEXT)

    def _overflow(self) -> Class:
        if (query := self._by_fingerprint.get(TOO_MANY)) is None:
            statement = Statement(verb=Verb.OTHER, not_parsed="too many classes to keep")
            query = self._make(TOO_MANY, "", statement, ())
        return query

    def _may_be_key(self, column: Column) -> bool:
        if self._schema is None:
            return True
        try:
            table = self._real.get(column.table, column.table)
            return self._schema.table(table).column(column.name).data_type not in _NO_KEYS
        except KeyError:
            return True


def _spelling(text: bytes) -> bytes:
    """A split text but for case, blanks and the lengths of lists."""
    return _LISTED.sub(HOLE, b" ".join(text.lower().split()))


def _with_kept(text: bytes, literals: list[bytes], kept: tuple[int, ...]) -> bytes:
    return HOLE.join((text, *(literals[number][:4] for number in kept)))


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
