"""Which recorded statements may be sent to a scratch copy, and in which words (rule R1).

The connection's default database is the scratch copy's. A name without database therefore means its tables and no
others; so a statement is sent only when no name in it can leave. The source's own database before a name is taken
out; any other database, and every kind of statement that is not known to stay inside, keeps the statement here. So
does what stands before a point and is no table, alias or column of the statement.
"""

import re
from enum import IntEnum

from msgspec import Struct

from seatrial.parsing.lexer import BROKEN, split


class Kind(IntEnum):
    """What a sent statement is to the transaction it stands in."""

    READ = 0
    WRITE = 1
    BEGIN = 2
    END = 3
    AUTOCOMMIT_OFF = 4
    AUTOCOMMIT_ON = 5
    SESSION = 6  # neither reads nor writes rows of ours


class Fitted(Struct, frozen=True):
    """A statement as it is sent."""

    kind: Kind
    sql: bytes


class Kept(Struct, frozen=True):
    """A statement that is not sent, and why."""

    reason: str


_TOKEN = re.compile(
    rb"""(?P<space>\s+|--[\s].*?(?:\n|\Z)|--\Z|\#.*?(?:\n|\Z)|/\*(?!!).*?(?:\*/|\Z))
    |(?P<code>/\*!\d*|\*/)
    |(?P<text>[nxbNXB]?'(?:[^'\\]|\\.|'')*(?:'|\Z))
    |(?P<quoted>`(?:[^`]|``)*`|"(?:[^"\\]|\\.|"")*(?:"|\Z))
    |(?P<variable>@@?(?:[\w$.\x80-\xff]+|`[^`]*`|'[^']*'|"[^"]*"))
    |(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w$\x80-\xff]))
    |(?P<word>[\w$\x80-\xff]+)
    |(?P<sign>.)""",
    re.VERBOSE | re.DOTALL,
)

_KINDS = {
    b"SELECT": Kind.READ,
    b"WITH": Kind.READ,
    b"(": Kind.READ,
    b"VALUES": Kind.READ,
    b"TABLE": Kind.READ,
    b"INSERT": Kind.WRITE,
    b"REPLACE": Kind.WRITE,
    b"UPDATE": Kind.WRITE,
    b"DELETE": Kind.WRITE,
    b"CALL": Kind.WRITE,
    b"BEGIN": Kind.BEGIN,
    b"START": Kind.BEGIN,
    b"COMMIT": Kind.END,
    b"ROLLBACK": Kind.END,
    b"SAVEPOINT": Kind.SESSION,
    b"RELEASE": Kind.SESSION,
    b"SET": Kind.SESSION,
    b"SHOW": Kind.SESSION,
    b"DESCRIBE": Kind.SESSION,
    b"DESC": Kind.SESSION,
    b"EXPLAIN": Kind.SESSION,
    b"DO": Kind.SESSION,
}
_TABLES_FOLLOW = {b"FROM", b"JOIN", b"STRAIGHT_JOIN", b"INTO", b"UPDATE", b"USING", b"TABLE"}
_TABLES_FOLLOW_FIRST = {b"INSERT", b"REPLACE", b"DELETE", b"CALL", b"DESCRIBE", b"DESC", b"EXPLAIN"}
_STILL = {b"LOW_PRIORITY", b"HIGH_PRIORITY", b"DELAYED", b"IGNORE", b"QUICK", b"LATERAL", b"ONLY"}
_TABLES_END = {
    b"WHERE", b"SET", b"VALUES", b"VALUE", b"GROUP", b"ORDER", b"HAVING", b"LIMIT", b"UNION", b"EXCEPT", b"INTERSECT",
    b"WINDOW", b"FOR", b"SELECT", b"DUPLICATE",
}  # fmt: skip
_SELECTS = {b"SELECT", b"DISTINCT", b"DISTINCTROW", b"ALL", b"HIGH_PRIORITY"}
_NAMELESS_SET = {b"GLOBAL", b"PERSIST", b"PERSIST_ONLY", b"PASSWORD", b"ROLE", b"DEFAULT", b"RESOURCE"}
_READABLE = b"INFORMATION_SCHEMA"
_AUTOCOMMIT = re.compile(rb"autocommit\s*:?=\s*(0|1|off|on|true|false)\b", re.IGNORECASE)

OTHER_DATABASE = "names another database"
_REMEMBERED = 20_000


class _Token(Struct):
    kind: str
    text: bytes
    start: int
    end: int

    @property
    def name(self) -> bytes | None:
        """The identifier it is, if it can be one."""
        if self.kind == "word":
            return self.text
        if self.kind == "quoted":
            return self.text[1:-1].replace(self.text[:1] * 2, self.text[:1])
        return None


class _Level(Struct):
    """A pair of parentheses (or none, outside): whether a table's name comes next, and after each comma."""

    select: bool
    listing: bool = False
    next: bool = False


class Fitting:
    """`fit` for many statements: those that are equal but for their literals are looked at once."""

    def __init__(self) -> None:
        self._known: dict[tuple[bytes, str, tuple[bytes, ...]], Kind | Kept] = {}

    def fit(self, sql: bytes, database: str) -> Fitted | Kept:
        """The same answer as `fit`."""
        text, literals = split(sql)
        if text.endswith(BROKEN):
            return fit(sql, database)
        # what stands in double quotes may be a name
        bare = (text, database, tuple(each for each in literals if each[:1] == b'"') if b'"' in sql else ())
        known = self._known.get(bare)
        if known is not None:
            return known if isinstance(known, Kept) else Fitted(known, sql)
        answer = fit(sql, database)
        if isinstance(answer, Kept) or (answer.sql == sql and answer.kind <= Kind.END):
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[bare] = answer if isinstance(answer, Kept) else answer.kind
        return answer


def fit(sql: bytes, database: str) -> Fitted | Kept:
    """The statement as it may be sent, recorded in that database; or why it is not."""
    tokens = _tokens(sql)
    if not tokens:
        return Kept("is empty")
    first = tokens[0].text.upper()
    kind = _KINDS.get(first)
    if kind is None:
        verb = first.decode(errors="replace") if tokens[0].kind == "word" else "no statement"
        return Kept(f"not sent by a replay: {verb[:20]}")
    if (reason := _unfit(first, tokens)) is not None:
        return Kept(reason)
    if first == b"ROLLBACK" and any(token.text.upper() == b"TO" for token in tokens[1:3]):
        kind = Kind.SESSION
    if first == b"WITH" and _writes(tokens):
        kind = Kind.WRITE
    if first == b"SET" and (found := _AUTOCOMMIT.search(sql)):
        kind = Kind.AUTOCOMMIT_ON if found[1].lower() in (b"1", b"on", b"true") else Kind.AUTOCOMMIT_OFF
    own = database.encode()
    cuts: list[tuple[int, int]] = []
    for qualifier, cut in _qualifiers(tokens):
        if own and qualifier.lower() == own.lower():
            cuts.append(cut)
        elif not (qualifier.upper() == _READABLE and kind is Kind.READ):
            return Kept(OTHER_DATABASE)
    for begin, end in reversed(cuts):
        sql = sql[:begin] + sql[end:]
    return Fitted(kind, sql)


def _tokens(sql: bytes) -> list[_Token]:
    return [
        _Token(match.lastgroup or "", match[0], match.start(), match.end())
        for match in _TOKEN.finditer(sql)
        if match.lastgroup not in ("space", "code")
    ]


def _unfit(first: bytes, tokens: list[_Token]) -> str | None:
    """Why a statement of a kind that may be sent is not; None where it may."""
    words = [token.text.upper() for token in tokens if token.kind == "word"]
    if b";" in (token.text for token in tokens[:-1] if token.kind == "sign"):
        return "holds more than one statement"
    if first == b"START" and words[1:2] != [b"TRANSACTION"]:
        return "not sent by a replay: START"
    if first == b"SET" and (
        _NAMELESS_SET.intersection(words)
        or any(token.text.upper().startswith((b"@@GLOBAL", b"@@PERSIST")) for token in tokens)
    ):
        return "sets what is not the session's"
    if first == b"SHOW" and {b"FROM", b"IN"}.intersection(words):
        return OTHER_DATABASE
    for at, word in enumerate(words[:-1]):
        if word == b"INTO" and words[at + 1] in (b"OUTFILE", b"DUMPFILE"):
            return "writes a file"
    return None


def _writes(tokens: list[_Token]) -> bool:
    depth = 0
    for token in tokens:
        depth += (token.text == b"(") - (token.text == b")")
        if not depth and token.kind == "word" and token.text.upper() in (b"SELECT", b"UPDATE", b"DELETE", b"TABLE"):
            return token.text.upper() in (b"UPDATE", b"DELETE")
    return False


def _qualifiers(tokens: list[_Token]) -> list[tuple[bytes, tuple[int, int]]]:
    """Every database named before a name, and the bytes to cut to take it out."""
    found, others = [], []
    names: set[bytes] = set()  # by which a column of the statement may be called
    levels = [_Level(select=True)]
    at, before = 0, b""
    while at < len(tokens):
        token, level = tokens[at], levels[-1]
        parts = _name_at(tokens, at)
        if len(parts) > 1:
            ends = parts[-1]
            called = ends + 1 < len(tokens) and tokens[ends + 1].text == b"("
            qualifier = (token.name or b"", (token.start, tokens[parts[1]].start))
            if len(parts) > 2 or ((level.next or called) and tokens[ends].text != b"*"):
                found.append(qualifier)
                names.add((tokens[parts[1]].name or b"").lower())
            else:
                others.append(qualifier)
            level.next = False
            at, before = ends + 1, b""
            continue
        names.add((token.name or b"").lower())
        _step(token, before, levels, first=at == 0)
        before = token.text.upper()
        at += 1
    found += [each for each in others if each[0].lower() not in names]
    return sorted(found, key=lambda each: each[1])


def _name_at(tokens: list[_Token], at: int) -> list[int]:
    """The places of the parts of the dotted name that begins here; fewer than two where there is none."""
    if tokens[at].name is None:
        return []
    parts = [at]
    while (
        at + 2 < len(tokens)
        and tokens[at + 1].text == b"."
        and (tokens[at + 2].name is not None or tokens[at + 2].text == b"*")
    ):
        at += 2
        parts.append(at)
    return parts


def _step(token: _Token, before: bytes, levels: list[_Level], *, first: bool) -> None:
    level, word = levels[-1], token.text.upper()
    if token.text == b"(":
        inner = level.next
        level.next = False
        levels.append(_Level(select=inner, listing=inner, next=inner))
    elif token.text == b")":
        if len(levels) > 1:
            levels.pop()
    elif token.text == b",":
        level.next = level.listing
    elif token.kind == "word":
        if word in (b"SELECT", b"WITH", b"TABLE") and before == b"(":
            level.select, level.listing, level.next = True, False, word == b"TABLE"
        elif (word == b"FOR" and before in (b"INDEX", b"KEY")) or before == b"FOR":
            level.next = False  # USE INDEX FOR ORDER BY (…) does not end the tables
        elif word == b"STRAIGHT_JOIN" and before in _SELECTS:
            level.next = False  # an option of SELECT
        elif (first and word in _TABLES_FOLLOW_FIRST) or (word in _TABLES_FOLLOW and level.select and before != b"KEY"):
            level.next = level.listing = True
        elif word in _TABLES_END:
            level.next = level.listing = False
            level.select = level.select or word == b"SELECT"
        elif word not in _STILL:
            level.next = False
    else:
        level.next = False
