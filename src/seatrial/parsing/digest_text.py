"""MySQL's own digest texts, written back as statements that our lexer makes the same classes of as of a log's.

MySQL writes `?` for a literal, `?, ...` for several, `(...)` for a list of them, `/* , ... */` behind a row that has
more like it, names in backticks, words of its grammar in upper case and in one spelling of several, and a blank between
all of them. What cannot be had back: how many literals a call's `?, ...` stands for (two are taken), which of two
spellings was sent (the usual one is taken), and whether names were quoted. Of that, names that are words of the
server's grammar too tell (digest_words.py): these are in backticks only if they were sent so. A statement goes by its
own such names, one that has none by those of the whole application (`quoting`).
Found by trying with MySQL 5.6.24 and 9.7.4 and with MariaDB 10.5.23, 10.11.18 and 11.8.9.
"""

import re
from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from seatrial.parsing.digest_words import NEWEST, Words, words_of
from seatrial.parsing.lexer import BROKEN, HOLE, split
from seatrial.parsing.words import BEFORE_PARENTHESIS, FRACTIONS, LENGTHS

CUT_OFF = "..."
CUT = "…"
"""What ends a text, and its statement, whose end MySQL did not keep."""

_MORE = "/* , ... */"
_MARK = "\2"  # in its place where comments are taken out
_UNKNOWN = "(unknown)"  # MariaDB's for x'41', as for anything it has no text of
_TOKEN = re.compile(
    r"(?P<more>/\* , \.\.\. \*/)|(?P<name>`.*?`(?=\s|\Z))|(?P<row>\(\.\.\.\)|\(\?\))"
    r"|(?P<list>\?, \.\.\.)|(?P<value>\?|\d++(?!\w))|(?P<charset>\(_charset\))|(?P<cut>\.\.\.\Z)"
    r"|(?P<variable>@\?|@@?\w*)|(?P<word>\w+)|(?P<other>[(),.;]|[^\s\w(),.;`?@]+)",
    re.DOTALL,
)
_PLAIN = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)  # other letters may stand bare as well, but hardly anybody does
_GRAMMAR_WORDS = "end escape expansion global language local mode offset only query session share some"
_GRAMMAR = frozenset(_GRAMMAR_WORDS.split())
"""Words that no bare name is concluded from: they stand in statements as what they are."""
_COMPARING = ("IN", "=", "<=>", "!=", "<", ">", "<=", ">=")
_BEFORE_TABLE = ("INTO", "TABLE", "INSERT", "REPLACE", "IGNORE", ".", "INDEX", "KEY")
_LITERALS = ("?", "?, ...", ",")
_BEFORE_ROW = ("VALUES", "VALUE", ",", "ROW")
_ARGUMENTS_OF_IF = 3
_WITHOUT_QUOTES = ("SET", "SHOW")
_PRECISIONS = FRACTIONS | LENGTHS | {"character", "varcharacter"}
_AS_SENT = {
    **{f"SQL_TSI_{unit}": unit for unit in ("DAY", "HOUR", "MINUTE", "MONTH", "QUARTER", "SECOND")},
    "DISTINCTROW": "DISTINCT",
    "RLIKE": "REGEXP",
    "!=": "<>",
    "CHARACTER": "CHAR",
    "VARCHARACTER": "VARCHAR",
    "INTEGER": "INT",
    "MIDDLEINT": "MEDIUMINT",
    "INT8": "BIGINT",
    "SCHEMA": "DATABASE",
    "SCHEMAS": "DATABASES",
    "SYSTEM_USER": "USER",
    "SOME": "ANY",
    "FIELDS": "COLUMNS",
    "STDDEV_POP": "STDDEV",
    "VAR_POP": "VARIANCE",
    "ID": "id",  # a word of MariaDB's
}
"""MySQL's one spelling of a word of several, and the one that is sent most."""

_AS_WRITTEN = {
    "CHARACTER": {"SET"},
    "FIELDS": {"TERMINATED", "OPTIONALLY", "ENCLOSED", "ESCAPED"},
}
"""Words that are the usual ones before these, whatever `_AS_SENT` says."""

_WITHOUT_ARGUMENTS = {"NOW": "CURRENT_TIMESTAMP", "CURDATE": "CURRENT_DATE", "CURTIME": "CURRENT_TIME"}
_ABOUT_ACCOUNTS = re.compile(
    r"(?:GRANT|REVOKE|(?:CREATE|ALTER|DROP|RENAME) (?:SYSTEM_)?(?:USER|ROLE)|SET (?:PASSWORD|DEFAULT ROLE|ROLE)"
    r"|SHOW (?:GRANTS|CREATE (?:SYSTEM_)?USER))(?= |\Z)"
)
_ACCOUNT = re.compile(r"(?:`[^`]*`|\?) @(?!@)(?:`[^`]*`|\?)?")
_PREPARED = re.compile(r"(?:EXECUTE|PREPARE) (?!IMMEDIATE )(?=[A-Z(])")
_IS_EXECUTE = re.compile(r"EXECUTE (?!IMMEDIATE )(?=[A-Z(])")
_IS_PREPARE = re.compile(r"(?:PREPARE|DEALLOCATE(?! PREPARE )) (?=[A-Z(])")
SEVERAL = 2
"""Literals that are taken for a list whose length is not known."""


class Spelling(Struct, frozen=True, kw_only=True):
    """What a digest text does not say. `names`: the schema's own, by their lower case; `columns`: how many values an
    INSERT that lists no columns has for a table; `quoted`: whether the application writes names in backticks; `words`:
    the server's."""

    names: Mapping[str, str] = {}
    columns: Callable[[str], int] = lambda table: 0
    quoted: bool = False
    words: Words = words_of(NEWEST)


def cleaned(text: str) -> str:
    """The digest text without anything that could be a literal, and without accounts, which MySQL writes as names.

    It left no literal in it but the numbers of ORDER BY 1, which stay.
    """
    if (about := _ABOUT_ACCOUNTS.match(text)) is not None:
        return about[0].strip()
    text = _ACCOUNT.sub("? @?", text).replace(_UNKNOWN, "?")
    parted, literals = split(_TOKEN.sub(_doubled, text).replace(_MORE, _MARK).encode())
    pieces = parted.split(HOLE)
    kept = [pieces[0]]
    for literal, piece in zip(literals, pieces[1:], strict=False):
        place = kept[-1].rstrip().upper()
        kept += [literal if literal.isdigit() and len(literal) <= 3 and place.endswith((b" BY", b",")) else b"?", piece]
    return b"".join(kept).replace(BROKEN, b"").decode(errors="replace").replace(_MARK, _MORE).strip()


def _doubled(found: re.Match[str]) -> str:
    """A name that holds a backtick, as SQL has it: MySQL writes it as it is."""
    token = found[0]
    return "`" + token[1:-1].replace("``", "`").replace("`", "``") + "`" if found.lastgroup == "name" else token


def is_prepare(text: str) -> bool:
    """Whether it is no execution, but its preparation or its end (MySQL 9), which a log has as commands."""
    return _IS_PREPARE.match(text) is not None


def is_cut(text: str) -> bool:
    """Whether MySQL kept its beginning only, as a snapshot marks it (digest_length.py)."""
    return text.endswith(CUT_OFF) and not text.endswith("?, ...")


def is_execute(text: str) -> bool:
    """Whether it is the execution of a prepared statement, told by the statement's own text (MySQL 9)."""
    return _IS_EXECUTE.match(text) is not None


def quoting(texts: Iterable[str], names: Mapping[str, str], words: Words) -> bool:
    """Whether the application writes names in backticks."""
    told = [_names_told(text, names, words) for text in texts]
    return sum(quoted for quoted, _ in told) > sum(bare for _, bare in told)


def _names_told(text: str, names: Mapping[str, str], words: Words) -> tuple[int, int]:
    """How many names that tell were sent in backticks, and how many bare."""
    quoted = bare = 0
    before = ""
    for found in _TOKEN.finditer(text):
        token = found[0]
        name = token.strip("`").lower()
        if name in words.telling and before != ".":
            quoted += token.startswith("`")
            is_name = name in names and name not in _GRAMMAR and before != "AS"
            bare += is_name and token.isupper() and not text.startswith((" (", " ?"), found.end())
        before = token
    return quoted, bare


def statement(text: str, spelling: Spelling) -> bytes:
    """The statement, with a literal for each `?`."""
    quoted, bare = _names_told(text, spelling.names, spelling.words)
    if quoted or bare:
        spelling = replace(spelling, quoted=not bare)
    return _Writer(_PREPARED.sub("", text, count=1), spelling).written().encode()


class _Writer:
    """Writes one text, token by token."""

    def __init__(self, text: str, spelling: Spelling) -> None:
        self._kinds: list[str] = []
        self._tokens: list[str] = []
        self._depths: list[int] = []
        depth = 0
        for found in _TOKEN.finditer(text):
            depth -= found[0] == ")"
            self._kinds.append(found.lastgroup or "")
            self._tokens.append(found[0])
            self._depths.append(depth)
            depth += found[0] == "("
        self._spelling = spelling
        self._values = self._first_values()
        self._columns = self._columns_inserted() if self._values else 0
        self._out: list[str] = []

    def written(self) -> str:
        for number, kind in enumerate(self._kinds):
            text = self._text(number, kind)
            if text and (self._at(number - 1) in (".", "@", "@@") or text == "." or self._calls(number)):
                text = (self._out.pop() if self._out else "") + text
            if text:
                self._out.append(text)
        return " ".join(self._out)

    def _text(self, number: int, kind: str) -> str:
        part = self._tokens[number]
        match kind:
            case "name":
                return self._name(number)
            case "row":
                return self._row(number)
            case "list":
                return ", ".join([self._value(number)] * self._length(number))
            case "value":
                return self._value(number) if part == "?" else part
            case "cut":
                return CUT
            case "variable":
                return "@variable" if part == "@?" else part.lower()
            case "word" | "other":
                return self._word(number)
        return ""  # a character set, and what says that there are more rows

    def _at(self, number: int) -> str:
        return self._tokens[number] if 0 <= number < len(self._tokens) else ""

    # --- literals

    def _value(self, number: int) -> str:
        """A literal of a kind that our lexer reads there as it reads what was sent."""
        if self._at(number - 1) in ("+", "-"):
            return "1000"  # whether the sign is the value's own, it knows of numbers only
        opening = number if self._kinds[number] == "row" else number - 1
        if self._at(opening)[:1] == "(" and self._at(opening - 1).lower() in _PRECISIONS:
            return "6"
        return "'?'"

    def _row(self, number: int) -> str:
        length = 1 if self._at(number) == "(?)" else self._row_length(number)
        row = f"({', '.join([self._value(number)] * length)})"
        return f"{row}, {row}" if self._at(number + 1) == _MORE else row

    def _row_length(self, number: int) -> int:
        if self._columns and number > self._values and self._depths[number] == 0:
            return self._columns
        at = number - 1
        if self._at(at) == "(":  # IN ( (...) )
            at -= 1
        elif self._at(at) == "IN":
            return SEVERAL
        if self._at(at) in _COMPARING:
            at -= 2 if self._at(at - 1) == "NOT" else 1
            return self._items(self._opening(at), at) if self._at(at) == ")" else SEVERAL
        return SEVERAL

    def _length(self, number: int) -> int:
        """How many literals `?, ...` stands for: in a row of an INSERT, what the other items leave of its columns."""
        opening, closing = self._opening(number), self._closing(number)
        if self._at(opening - 1) == "IF":
            return _ARGUMENTS_OF_IF - self._items(opening, closing) + 1
        if not self._columns or number < self._values or self._depths[number] != 1:
            return SEVERAL
        lists = [at for at in range(opening, closing) if self._kinds[at] == "list"]
        apart = any(self._at(at) not in _LITERALS for at in range(lists[0], lists[-1]))
        if apart or number != lists[0] or self._at(opening - 1) not in _BEFORE_ROW:
            return SEVERAL  # of several with literals in between, the first has what the others leave
        return max(SEVERAL, self._columns - self._items(opening, closing) + len(lists) - SEVERAL * (len(lists) - 1))

    def _first_values(self) -> int:
        """Where the rows of an INSERT or REPLACE begin; 0 if it has none."""
        if self._at(0) not in ("INSERT", "REPLACE"):
            return 0
        found = (at for at, token in enumerate(self._tokens) if token in ("VALUES", "VALUE") and self._depths[at] == 0)
        return next(found, 0)

    def _columns_inserted(self) -> int:
        """How many values a row of them has; 0 where it cannot be said."""
        before = self._values - 1
        if self._at(before) == ")":
            return self._items(self._opening(before), before)
        return self._spelling.columns(self._at(before).strip("`")) if self._kinds[before] == "name" else 0

    def _opening(self, number: int) -> int:
        """The parenthesis that the token stands in, or that this one closes; 0 where there is none."""
        depth = self._depths[number] - (self._at(number) != ")")
        return next((at for at in range(number - 1, 0, -1) if self._at(at) == "(" and self._depths[at] == depth), 0)

    def _closing(self, number: int) -> int:
        depth = self._depths[number] - 1
        places = range(number + 1, len(self._tokens))
        return next((at for at in places if self._at(at) == ")" and self._depths[at] == depth), len(self._tokens))

    def _items(self, opening: int, closing: int) -> int:
        depth = self._depths[opening] + 1
        return 1 + sum(self._at(at) == "," and self._depths[at] == depth for at in range(opening, closing))

    # --- names and words

    def _calls(self, number: int) -> bool:
        """Whether the token opens the arguments of a function: such a name is written without a blank behind it."""
        if self._at(number)[:1] != "(" or number == 0:
            return False
        if self._kinds[number - 1] == "name":
            return self._at(number - 2) not in _BEFORE_TABLE
        return self._kinds[number - 1] == "word" and self._at(number - 1).lower() not in BEFORE_PARENTHESIS

    def _name(self, number: int) -> str:
        name = self._at(number)[1:-1].replace("``", "`")
        dotted = self._at(number - 1) == "."
        sent_bare = self._calls(number + 1) if number + 1 < len(self._tokens) else False
        sent_bare = sent_bare or self._at(number - 1)[:1] == "@" or self._at(0) in _WITHOUT_QUOTES
        words = self._spelling.words
        taken = name.lower() in (words.reserved if dotted else words.quoted)
        if _PLAIN.fullmatch(name) and (sent_bare or not (self._spelling.quoted or taken)):
            return name
        return "`" + name.replace("`", "``") + "`"

    def _word(self, number: int) -> str:
        word, calls = self._at(number), self._at(number + 1)[:1] == "("
        if calls:
            return _AS_SENT.get(word, word)
        if self._at(number + 1) in _AS_WRITTEN.get(word, ()):
            return word
        names = self._spelling.names
        if word.lower() in names:
            return names[word.lower()]
        if self._at(number - 1) == "AS" and not self._depths[number]:
            return word.lower()  # an alias
        word = _WITHOUT_ARGUMENTS.get(word) or _AS_SENT.get(word, word)
        return names.get(word.lower(), word)
