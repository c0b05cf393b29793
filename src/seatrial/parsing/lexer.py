r"""MySQL's lexical rules: where literals are, and what is left of a statement without them.

Two ways through the same rules. `split` is for every statement of a log: one regular expression in C parts it into
text and literals. `lex` is for the first statement of each text so parted: it makes the fingerprint and the shape.

What is a literal (MySQL 9.7 Reference Manual, §11.1): 'text' and "text" with '' and backslash escapes, with or without
introducer (_utf8mb4'…', N'…'), x'…' and 0x…, b'…' and 0b…, numbers with their sign, DATE '…', NULL, TRUE and FALSE
where a value stands; `:name` and `::list` too, as vtgate writes them. With ANSI_QUOTES "text" is a name, which a
log does not say: it is taken for a literal. So is whatever cannot be told apart: of a statement with a quote that does
not end, or that ends inside a word, nothing is kept from its first quote on.
"""

import re
from collections.abc import Callable, Mapping

from msgspec import Struct

from seatrial import compiled
from seatrial.parsing.accounts import ABOUT_ACCOUNTS, without_accounts
from seatrial.parsing.collapse import Kind, Place, Token, collapsed, expanded, keep_what_is_no_value
from seatrial.parsing.literal import How
from seatrial.parsing.mentions import Mention, rename
from seatrial.parsing.words import BEFORE_PARENTHESIS, FOLDED, KEYWORDS

HOLE = b"\0"
"""Stands for a literal in a split text."""
BROKEN = b"\1"
"""Ends a split text whose rest could not be told from literals."""

_WORD = rb"[0-9A-Za-z_$\x80-\xff]"
# Each alternative looks back at the character the set before it took: so the engine searches by first characters, in C,
# which is three times as fast as trying the alternatives at every place.
_LITERAL = (
    rb"(?<=')[^'\\]*+(?:(?:\\.|'')[^'\\]*+)*+(?:'|\\?\Z)"
    rb'|(?<=")[^"\\]*+(?:(?:\\.|"")[^"\\]*+)*+(?:"|\\?\Z)'
    rb"|(?<=[0-9])(?<!" + _WORD + rb"[0-9])"
    rb"(?:(?<=0)(?:x[0-9A-Fa-f]++|b[01]++)(?!" + _WORD + rb")"
    rb"|[0-9]*+(?:\.[0-9]*+)?+(?:[eE][+-]?[0-9]++)?+(?!" + _WORD + rb"))"
    rb"|(?<=:):?[A-Za-z_]" + _WORD + rb"*+"
)
_MARK = (
    rb"|(?<=`)(?:[^`]|``)*+(?:`|\Z)"
    rb"|(?<=#)[^\n]*+"
    rb"|(?<=-)-(?=[\s\x00-\x20]|\Z)[^\n]*+"
    rb"|(?<=/)\*(?:![0-9]*+|[^*]*+(?:\*(?!/)[^*]*+)*+(?:\*/|\Z))"
)
_plain = re.compile(rb"(['\"0-9:](?:" + _LITERAL + rb"))", re.DOTALL).split
_marked = re.compile(rb"(['\"0-9:`#/-](?:" + _LITERAL + _MARK + rb"))", re.DOTALL).split
_closed = re.compile(
    rb"'[^'\\]*+(?:(?:\\.|'')[^'\\]*+)*+'|\"[^\"\\]*+(?:(?:\\.|\"\")[^\"\\]*+)*+\"", re.DOTALL
).fullmatch
_tokens = re.compile(
    rb"\s*+(?:(\x00)|(`(?:[^`]|``)*+`)|(@{0,2}" + _WORD + rb"++)"
    rb"|(<=>|<=|>=|<>|!=|:=|->>|->|\|\||&&|<<|>>|\*/|[^\s]))",
    re.DOTALL,
).finditer
_beside_word = re.compile(rb"(?<!" + _WORD + rb")(" + _WORD + rb"++)(?=\x00)|\x00(?=" + _WORD + rb")")

_word_at_end = re.compile(rb"(?<!" + _WORD + rb")" + _WORD + rb"++\x00\Z")
_BEFORE_QUOTE = frozenset(word.encode() for word in (*KEYWORDS, "x", "b", "n", "date", "time", "timestamp"))
_QUOTES = b"'\""
_LITERAL_FIRST = b"'\"0123456789:"
_LITERAL_FIRSTS = {bytes([byte]) for byte in _LITERAL_FIRST}


class Lexed(Struct, frozen=True, kw_only=True):
    """A statement without its literals.

    `shape` has bind variables for them, `:v1` …, lists cut to two elements: what a planner can be asked. `plain` is for
    a parser: each list one element, each set of equal rows one row; its n-th bind variable stands for `slots[n - 1]`,
    the places of all the literals it took in. `words` are the words outside parentheses, in lower case. `kept`: the
    literals, by number, that the fingerprint shows as they are, if they are small numbers (ORDER BY 2). `broken`: the
    text ends before a quote nobody could follow.
    """

    fingerprint: str
    shape: str
    plain: str
    slots: tuple[tuple[Place, ...], ...]
    words: tuple[str, ...]
    kept: tuple[int, ...]
    broken: bool


def split(sql: bytes) -> tuple[bytes, list[bytes]]:
    """The text with a HOLE for each literal and without comments, and the literals in order.

    Statements that differ in nothing but the literals have the same text, also where a literal holds quotes, comments
    or names with blanks. Of one with a quote without end, the text before its first quote, a HOLE and BROKEN.
    """
    found: tuple[bytes, list[bytes]] | None = None
    if compiled.lexer is not None:
        found = compiled.lexer.split(sql)
    return found or split_in_python(sql)


def split_in_python(sql: bytes) -> tuple[bytes, list[bytes]]:
    """The same, without what is compiled."""
    if HOLE in sql or BROKEN in sql:
        return _split_with_controls(sql)
    if b"`" in sql or b"#" in sql or b"/*" in sql or b"--" in sql:
        parts = _marked(sql)
        literals = _without_marks(parts)
    else:
        parts = _plain(sql)
        literals = parts[1::2]
        parts[1::2] = [HOLE] * len(literals)
    if literals and literals[-1][0] in b"'\"`" and not parts[-1] and not _closed(literals[-1]):
        return _broken(parts, literals)
    return b"".join(parts), literals


def _split_with_controls(sql: bytes) -> tuple[bytes, list[bytes]]:
    """Of a statement that holds the very characters that mean something in a split text: there they are blanks."""
    blank = sql.replace(HOLE, b" ").replace(BROKEN, b" ")
    text, literals = split_in_python(blank)
    if text.endswith(BROKEN):
        return text, literals
    return text, [sql[start:stop] for start, stop in placed(blank)]


def placed(sql: bytes) -> list[tuple[int, int]]:
    """Where in the statement the literals of `split` begin and end; of one with a quote without end, up to its end."""
    found = []
    at = 0
    for number, part in enumerate(_marked(sql)):
        if number % 2 and (part[:1] in _LITERAL_FIRST or _is_open_name(part)):
            found.append((at, at + len(part)))
        at += len(part)
    return found


def quoted(sql: bytes) -> list[tuple[int, int]]:
    """Where in the statement what stands in quotes of any kind begins and ends, in order."""
    found = []
    at = 0
    for number, part in enumerate(_marked(sql)):
        if number % 2 and part[0] in b"'\"`":
            found.append((at, at + len(part)))
        at += len(part)
    return found


def comments_in_python(sql: bytes) -> list[bytes]:
    """What stands in the statement's `/* … */`, but for hints and what is executed (`/*+`, `/*!`)."""
    if b"/*" not in sql:
        return []
    parts = [part for part in _marked(sql)[1::2] if part[:2] == b"/*" and part[2:3] not in (b"!", b"+")]
    return [part[2:-2] for part in parts if len(part) >= 4 and part[-2:] == b"*/"]


comments: Callable[[bytes], list[bytes]] = comments_in_python
if compiled.lexer is not None:
    comments = compiled.lexer.comments


def _is_open_name(part: bytes) -> bool:
    return part[:1] == b"`" and (len(part) == 1 or part[-1:] != b"`")


def _without_marks(parts: list[bytes]) -> list[bytes]:
    """Names stay, comments become a blank, literals a HOLE; the literals."""
    literals = parts[1::2]
    if {part[:1] for part in literals} <= _LITERAL_FIRSTS:
        parts[1::2] = [HOLE] * len(literals)
        return literals
    literals = []
    for place in range(1, len(parts), 2):
        part = parts[place]
        first = part[:1]
        if first in _LITERAL_FIRST or _is_open_name(part):
            literals.append(part)
            parts[place] = HOLE
        elif first != b"`":
            parts[place] = b" "
    return literals


def _broken(parts: list[bytes], literals: list[bytes]) -> tuple[bytes, list[bytes]]:
    """Where one quote has no end, no quote before it can be trusted to be what it seems."""
    number = next(place for place, literal in enumerate(literals) if literal[0] in b"'\"`")
    text = b"".join(parts)
    at = -1
    for _ in range(number + 1):
        at = text.index(HOLE, at + 1)
    return text[:at] + HOLE + BROKEN, [*literals[:number], b"".join(literals[number:])]


def lex(text: bytes, literals: list[bytes], named: Mapping[Mention, str] | None = None) -> Lexed:
    """What a split statement is without its literals; with other names, as `named`, for some of its tables."""
    broken = text.endswith(BROKEN)
    if broken:
        text = text[:-1]
    if _in_a_word(text, literals):
        text, broken = text[: _first_quote(text, literals)] + HOLE, True
    if broken:
        text = _word_at_end.sub(HOLE, text)
    if (about := ABOUT_ACCOUNTS.match(text)) is not None:
        text = about[0].lower()
    tokens = without_accounts(_read(text, literals))
    words = tuple(_outer_words(tokens))
    tokens = keep_what_is_no_value(tokens)
    try:
        tokens = collapsed(tokens)
    except RecursionError:  # lists in lists beyond all measure: such a statement is a class of its own
        pass
    if named:
        rename(tokens, named)
    plain, slots = _written(tokens)
    shape, _ = _written(expanded(tokens))
    kept = tuple(place.number for token in tokens if token.orders for place in token.places if place.number >= 0)
    return Lexed(
        fingerprint=_fingerprint(tokens),
        shape=shape,
        plain=plain,
        slots=slots,
        words=words,
        kept=kept,
        broken=broken,
    )


def _in_a_word(text: bytes, literals: list[bytes]) -> bool:
    """Whether a quote begins or ends inside a word, as in O'Brien's: then quotes are not what they seem."""
    at = number = 0
    for found in _beside_word.finditer(text):
        before = found[1]
        number += text.count(HOLE, at, found.start())
        at = found.start()
        if literals[number][0] not in _QUOTES:
            continue
        if before is None or not (before[:1] == b"_" or before.lower() in _BEFORE_QUOTE):
            return True
    return False


def _first_quote(text: bytes, literals: list[bytes]) -> int:
    at = -1
    for literal in literals:
        at = text.index(HOLE, at + 1)
        if literal[0] in _QUOTES:
            break
    return at


def _read(text: bytes, literals: list[bytes]) -> list[Token]:
    """The tokens, each literal with what belongs to it: introducer, sign, the point before it, the string behind it."""
    tokens: list[Token] = []
    number = 0
    for found in _tokens(text.rstrip()):
        hole, name, word, other = found.groups()
        glued = found.start(found.lastindex or 0) == found.start() and bool(tokens)
        if hole is not None:
            _add_literal(tokens, literals[number], number, glued)
            number += 1
        elif name is not None:
            tokens.append(Token(Kind.NAME, name.decode(errors="replace"), glued=glued))
        elif word is not None:
            tokens.append(Token(Kind.WORD, word.decode(errors="replace"), glued=glued))
        elif other != b"*/":
            tokens.append(Token(Kind.OTHER, other.decode("latin-1"), glued=glued))
    while tokens and tokens[-1].text == ";":
        tokens.pop()
    return _with_constants(tokens)


def _add_literal(tokens: list[Token], literal: bytes, number: int, glued: bool) -> None:
    quoted = literal[0] in _QUOTES
    last = tokens[-1] if tokens else None
    if quoted and last is not None and last.kind is Kind.LITERAL and last.quoted:
        last.joined = True  # 'a' 'b' is one string
        return
    how = _taken_in(tokens, quoted, glued)
    takes_charset = quoted or literal[:2] in (b"0x", b"0b")
    if takes_charset and tokens and tokens[-1].kind is Kind.WORD and tokens[-1].text.startswith("_"):
        tokens.pop()
    is_small = how is How.PLAIN and len(literal) <= 3 and literal.isdigit()
    small = literal.decode("ascii") if is_small else ""
    tokens.append(Token(Kind.LITERAL, "?", places=(Place(number, int(how)),), quoted=quoted, small=small))


def _taken_in(tokens: list[Token], quoted: bool, glued: bool) -> How:
    """Take away the token before a literal that belongs to it: x, b, n, DATE; a sign, a point."""
    last = tokens[-1] if tokens else None
    if last is None:
        return How.PLAIN
    if quoted:
        word = last.text.lower() if last.kind is Kind.WORD else ""
        if (glued and word in ("x", "b", "n")) or word in ("date", "time", "timestamp"):
            tokens.pop()
            return {"x": How.HEX, "b": How.BITS}.get(word, How.PLAIN)
    elif last.kind is Kind.OTHER:
        before = tokens[-2] if len(tokens) > 1 else None
        if last.text == "." and glued and (before is None or not last.glued or before.kind is Kind.OTHER):
            tokens.pop()
            return How.FRACTION
        if last.text in "+-" and _begins_value(before):
            tokens.pop()
            return How.NEGATIVE if last.text == "-" else How.PLAIN
    return How.PLAIN


def _begins_value(token: Token | None) -> bool:
    """Whether a value can begin behind this token, so that a sign belongs to it."""
    if token is None:
        return True
    if token.kind is Kind.WORD:
        return token.text.lower() in KEYWORDS
    return token.kind is Kind.OTHER and token.text not in ").*"


_CONSTANTS = {"null": None, "true": b"1", "false": b"0"}
_VALUE_FOLLOWS = frozenset(("then", "else", "=", "<=>", "!=", "<>", "<", ">", "<=", ">=", ",", "(", ":="))


def _with_constants(tokens: list[Token]) -> list[Token]:
    """NULL, TRUE and FALSE are literals where a value stands; IS NULL and NOT NULL are words of the statement."""
    for number, token in enumerate(tokens):
        if (
            token.kind is Kind.WORD
            and (word := token.text.lower()) in _CONSTANTS
            and number
            and tokens[number - 1].text.lower() in _VALUE_FOLLOWS
            and (number + 1 == len(tokens) or tokens[number + 1].text not in "(.")
        ):
            constant = Place(-1, 0, _CONSTANTS[word])
            tokens[number] = Token(Kind.LITERAL, "?", places=(constant,))
    return tokens


def _outer_words(tokens: list[Token]) -> list[str]:
    words: list[str] = []
    depth = 0
    for token in tokens:
        if token.text == "(":
            depth += 1
        elif token.text == ")":
            depth -= 1
        elif token.kind is Kind.WORD and (depth == 0 or not words):
            words.append(token.text.lower())
    return words


def _fingerprint(tokens: list[Token]) -> str:
    written = []
    for number, token in enumerate(tokens):
        following = tokens[number + 1] if number + 1 < len(tokens) else None
        if token.kind is Kind.LITERAL:
            written.append(token.kept or "?")
        elif token.kind is Kind.WORD and (
            token.text.lower() in FOLDED or (following is not None and following.text == "(" and following.glued)
        ):
            written.append(token.text.lower())
        else:
            written.append(token.text)
    return _spaced(tokens, written)


def _written(tokens: list[Token]) -> tuple[str, tuple[tuple[Place, ...], ...]]:
    """The statement with a bind variable for each literal that is a value, and the places each stands for."""
    slots: list[tuple[Place, ...]] = []
    written = []
    for token in tokens:
        if token.kind is not Kind.LITERAL:
            written.append(token.text)
        elif token.instead:
            written.append(token.instead)
        else:
            slots.append(() if token.joined else tuple(token.places))
            written.append(f":v{len(slots)}")
    return _spaced(tokens, written), tuple(slots)


def _spaced(tokens: list[Token], written: list[str]) -> str:
    """One blank between tokens, none around points, before commas and inside parentheses."""
    out: list[str] = []
    for number, text in enumerate(written):
        before = written[number - 1] if number else ""
        if number and not (
            text in (",", ")", ".", ";")
            or before in ("(", ".", "@")
            or (text == "(" and _opens_arguments(tokens, number))
        ):
            out.append(" ")
        out.append(text)
    return "".join(out)


def _opens_arguments(tokens: list[Token], number: int) -> bool:
    before = tokens[number - 1]
    if before.kind is Kind.NAME:
        return False
    if before.kind is not Kind.WORD or before.text.lower() in BEFORE_PARENTHESIS:
        return False
    ahead = tokens[number - 2].text.lower() if number > 1 else ""
    return ahead not in ("into", "table", "insert", "replace", "ignore", ".")
