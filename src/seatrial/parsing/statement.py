"""What a statement does to which tables and columns, by sqlglot: asked once for a query class, never for an event."""

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlglot
from msgspec import Struct
from sqlglot import exp
from sqlglot.errors import SqlglotError

from seatrial.domain.schema import Schema, Table
from seatrial.domain.workload import Column, Verb
from seatrial.parsing.mentions import Mention, mentions

logging.getLogger("sqlglot").addHandler(logging.NullHandler())  # what it could not read is said in `not_parsed`


class Bound(Struct, frozen=True):
    """A column held to values by `=` or IN, or given them by an INSERT: `slot` is the number of the bind variable."""

    column: Column
    slot: int


class Statement(Struct, frozen=True, kw_only=True):
    """What is known of a statement; names as the schema writes them where it knows them.

    `databases` are those named before a table; `only_databases`: every table has one. `not_parsed` says why nothing but
    the verb is known, "" otherwise.
    """

    verb: Verb
    tables: tuple[str, ...] = ()
    databases: tuple[str, ...] = ()
    only_databases: bool = False
    bound: tuple[Bound, ...] = ()
    joined: tuple[tuple[Column, Column], ...] = ()
    updated: tuple[Column, ...] = ()
    not_parsed: str = ""


_FIRST = {
    "select": Verb.SELECT,
    "table": Verb.SELECT,
    "values": Verb.SELECT,
    "insert": Verb.INSERT,
    "replace": Verb.REPLACE,
    "update": Verb.UPDATE,
    "delete": Verb.DELETE,
    "begin": Verb.BEGIN,
    "commit": Verb.COMMIT,
    "rollback": Verb.ROLLBACK,
    "set": Verb.SET,
    **dict.fromkeys(("create", "alter", "drop", "truncate", "rename", "grant", "revoke"), Verb.DDL),
}
_MODIFIERS = re.compile(
    r"(?i)^(insert|select|update|delete)(?: (?:low_priority|high_priority|delayed|quick|sql_no_cache|straight_join"
    r"|sql_small_result|sql_big_result|sql_buffer_result|sql_calc_found_rows))+\b"
)
"""Words that change neither tables nor columns, and that sqlglot does not know."""

_WITH = ("select", "insert", "replace", "update", "delete")


def verb(words: Sequence[str]) -> Verb:
    """What a statement does, by its words outside parentheses."""
    if not words:
        return Verb.OTHER
    first = words[0]
    if first == "with":
        return _FIRST[next((word for word in words if word in _WITH), "select")]
    if first == "start":
        return Verb.BEGIN if words[1:2] == ("transaction",) else Verb.OTHER
    if first == "rollback" and "to" in words[1:3]:
        return Verb.OTHER  # to a savepoint: the transaction goes on
    if first in ("create", "drop") and words[1:2] == ("temporary",):
        return Verb.OTHER  # commits nothing
    return _FIRST.get(first, Verb.OTHER)


def read(plain: str, words: Sequence[str], schema: Schema | None) -> Statement:
    """The statement, written as lexer.Lexed.plain. Without a schema an unqualified column of a join is left out."""
    found = _parsed(plain, words, schema)
    return found if isinstance(found, Statement) else found[0].statement(verb(words))


def read_mentions(plain: str, words: Sequence[str], schema: Schema | None) -> tuple[Statement, Mapping[Mention, str]]:
    """The same, and where it mentions its tables, by their names and not by an alias."""
    found = _parsed(plain, words, schema)
    if isinstance(found, Statement):
        return found, {}
    reader, text = found
    return reader.statement(verb(words)), mentions(text, dict(reader.mentioned()))


def _parsed(plain: str, words: Sequence[str], schema: Schema | None) -> "Statement | tuple[_Reader, str]":
    """The statement where no more can be known of it; else its reader, with the text that was parsed."""
    what = verb(words)
    if not what.touches_rows:
        return Statement(verb=what)
    if what is Verb.REPLACE:  # sqlglot reads it as a command
        plain = "INSERT" + plain[len("REPLACE") :]
    plain = _MODIFIERS.sub(r"\1", plain)
    try:
        tree = sqlglot.parse_one(plain, read="mysql")
    except (SqlglotError, RecursionError) as error:
        return Statement(verb=what, not_parsed=_reason(error))
    if isinstance(tree, exp.Command):
        return Statement(verb=what, not_parsed="sqlglot has no grammar for it")
    return _Reader(tree, schema), plain


def _reason(error: Exception) -> str:
    if errors := getattr(error, "errors", None):
        return f"sqlglot: {str(errors[0].get('description', 'cannot read it'))[:120]}"
    return f"sqlglot: {type(error).__name__}"


Scope = Mapping[str, str]
"""The name a table goes by in a statement, in lower case, to the table; "" for a derived one."""


class _Reader:
    def __init__(self, tree: exp.Expr, schema: Schema | None) -> None:
        self._tree = tree
        self._tables: dict[str, Table] = {table.name: table for table in schema.tables} if schema else {}
        self._folded = {name.lower(): name for name in self._tables}
        self._scopes: dict[int, Scope] = {}
        self._nodes = _by_kind(tree)
        self._ctes = {cte.alias.lower() for cte in self._nodes[exp.CTE]}

    def statement(self, what: Verb) -> Statement:
        named = [table for table in self._nodes[exp.Table] if self._is_base(table)]
        aliases = self._delete_aliases()
        tables = dict.fromkeys(self._name(table) for table in named if id(table) not in aliases)
        bound = [*self._inserted(), *self._held()]
        return Statement(
            verb=what,
            tables=tuple(tables),
            databases=tuple(sorted({table.db for table in named if table.db})),
            only_databases=bool(named) and all(table.db for table in named if id(table) not in aliases),
            bound=tuple(dict.fromkeys(bound)),
            joined=tuple(sorted(set(self._joined()))),
            updated=tuple(dict.fromkeys(self._updated())),
        )

    def mentioned(self) -> Iterator[tuple[int, str]]:
        """Where in the parsed text the names of base tables stand, those before a column too; and which they are."""
        aliases = self._delete_aliases()
        for table in self._nodes[exp.Table]:
            if not self._is_base(table):
                continue
            if id(table) not in aliases or self._is_named(table.parent, table.name):
                yield from _begin(table.this, self._name(table))
        for column in self._nodes[exp.Column]:
            qualifier = column.args.get("table")
            if isinstance(qualifier, exp.Identifier) and self._is_named(column, qualifier.name):
                name = qualifier.name
                yield from _begin(qualifier, name if name in self._tables else self._folded.get(name.lower(), name))

    def _is_named(self, node: exp.Expr | None, name: str) -> bool:
        """Whether a name before a column, in or under this node, is that of a base table, and no alias."""
        while node is not None:
            for source in _sources(node):
                if source.alias_or_name.lower() == name.lower():
                    return isinstance(source, exp.Table) and not source.alias and self._is_base(source)
            if isinstance(node, exp.Insert) and (into := self._into()) is not None:
                return into.lower() == name.lower()
            node = node.parent
        return False

    def _is_base(self, table: exp.Table) -> bool:
        return (
            isinstance(table.this, exp.Identifier)
            and bool(table.name)
            and not (table.name.lower() in self._ctes and not table.db)
            and table.name.lower() != "dual"
        )

    def _delete_aliases(self) -> set[int]:
        """In DELETE o FROM orders o the first is a name of the second."""
        return {id(table) for delete in self._nodes[exp.Delete] for table in delete.args.get("tables") or ()}

    def _name(self, table: exp.Table) -> str:
        return table.name if table.name in self._tables else self._folded.get(table.name.lower(), table.name)

    # --- scopes

    def _scope(self, node: exp.Expr) -> Scope:
        """The names a SELECT, UPDATE or DELETE gives its tables."""
        if (known := self._scopes.get(id(node))) is not None:
            return known
        scope: dict[str, str] = {}
        for source in _sources(node):
            if isinstance(source, exp.Table) and self._is_base(source):
                scope[source.alias_or_name.lower()] = self._name(source)
            elif source.alias_or_name:
                scope[source.alias_or_name.lower()] = ""
        self._scopes[id(node)] = scope
        return scope

    def _around(self, node: exp.Expr) -> Iterator[Scope]:
        """The scopes a column of this node may mean, the nearest first."""
        parent = node.parent
        while parent is not None:
            if isinstance(parent, exp.Select | exp.Update | exp.Delete):
                yield self._scope(parent)
            parent = parent.parent

    def _column(self, column: exp.Column) -> Column | None:
        """The base table's column that is meant; None where it cannot be said."""
        for scope in self._around(column):
            if column.table:
                if (table := scope.get(column.table.lower())) is not None:
                    return self._of(table, column.name) if table else None
                continue
            if len(scope) == 1 and (only := next(iter(scope.values()))):
                if only not in self._tables or self._has(only, column.name):
                    return self._of(only, column.name)
                continue
            owners = {table for table in scope.values() if table and self._has(table, column.name)}
            if len(owners) == 1 and all(scope.values()):
                return self._of(owners.pop(), column.name)
            if owners or not all(scope.values()):
                return None
        return None

    def _has(self, table: str, name: str) -> bool:
        try:
            self._tables[table].column(name)
        except KeyError:
            return False
        return True

    def _of(self, table: str, name: str) -> Column:
        if table in self._tables and self._has(table, name):
            return Column(table, self._tables[table].column(name).name)
        return Column(table, name)

    # --- what holds in every row that is met

    def _conditions(self) -> Iterator[exp.Expr]:
        """The parts of every WHERE and ON that must all be true; not those of an outer join's ON."""
        for node in self._nodes[exp.Where]:
            yield from _parts(node.this)
        for join in self._nodes[exp.Join]:
            if (on := join.args.get("on")) is not None:
                yield from _parts(on)

    def _held(self) -> Iterator[Bound]:
        for part in self._conditions():
            if isinstance(part, exp.EQ):
                for one, other in ((part.this, part.expression), (part.expression, part.this)):
                    yield from self._pairs(one, other)
            elif isinstance(part, exp.In) and not part.args.get("query"):
                for element in part.expressions:
                    yield from self._pairs(part.this, element)

    def _pairs(self, one: exp.Expr, other: exp.Expr) -> Iterator[Bound]:
        if isinstance(one, exp.Tuple) and isinstance(other, exp.Tuple):
            for left, right in zip(one.expressions, other.expressions, strict=False):
                yield from self._pairs(left, right)
        elif isinstance(one, exp.Column) and (slot := _slot(other)) and (column := self._column(one)) is not None:
            yield Bound(column, slot)

    def _joined(self) -> Iterator[tuple[Column, Column]]:
        for part in self._conditions():
            left, right = part.this, part.args.get("expression")
            if isinstance(part, exp.EQ) and isinstance(left, exp.Column) and isinstance(right, exp.Column):
                one, other = self._column(left), self._column(right)
                if one is not None and other is not None and one != other:
                    yield (min(one, other), max(one, other))
        for join in self._nodes[exp.Join]:
            yield from self._using(join)

    def _using(self, join: exp.Join) -> Iterator[tuple[Column, Column]]:
        names = [column.name for column in join.args.get("using") or ()]
        if not names or not isinstance(join.this, exp.Table) or not self._is_base(join.this):
            return
        right = self._name(join.this)
        scope = next(self._around(join.this), {})
        for name in names:
            lefts = {
                table
                for table in scope.values()
                if table and table != right and (self._has(table, name) if self._tables else len(scope) == 2)
            }
            for left in sorted(lefts)[:1]:
                one, other = self._of(left, name), self._of(right, name)
                yield (min(one, other), max(one, other))

    def _updated(self) -> Iterator[Column]:
        if isinstance(self._tree, exp.Update):
            for change in self._tree.expressions:
                if isinstance(change, exp.EQ) and isinstance(change.this, exp.Column):
                    column = self._column(change.this)
                    if column is not None:
                        yield column
        elif isinstance(self._tree, exp.Insert) and (table := self._into()) is not None:
            conflict = self._tree.args.get("conflict")
            for change in conflict.expressions if conflict is not None else ():
                if isinstance(change, exp.EQ) and isinstance(change.this, exp.Column | exp.Identifier):
                    yield self._of(table, change.this.name)

    # --- INSERT

    def _into(self) -> str | None:
        into = self._tree.this
        table = into.this if isinstance(into, exp.Schema) else into
        return self._name(table) if isinstance(table, exp.Table) else None

    def _inserted(self) -> Iterator[Bound]:
        values = self._tree.args.get("expression") if isinstance(self._tree, exp.Insert) else None
        if not isinstance(values, exp.Values) or (table := self._into()) is None:
            return
        names = self._insert_columns(table)
        for row in values.expressions:
            elements = row.expressions if isinstance(row, exp.Tuple) else [row]
            for name, element in zip(names, elements, strict=False):
                if slot := _slot(element):
                    yield Bound(self._of(table, name), slot)

    def _insert_columns(self, table: str) -> list[str]:
        if isinstance(self._tree.this, exp.Schema):
            return [column.name for column in self._tree.this.expressions]
        known = self._tables.get(table)
        return [column.name for column in known.columns if not column.invisible] if known else []


_KINDS = (exp.Table, exp.Column, exp.Delete, exp.Where, exp.Join, exp.CTE)


def _by_kind(tree: exp.Expr) -> dict[type[exp.Expr], list[Any]]:
    """The tree's nodes of the kinds that are asked for, in the order of `find_all`; walked once, as walking is slow."""
    found: dict[type[exp.Expr], list[Any]] = {kind: [] for kind in _KINDS}
    for node in tree.bfs():
        if isinstance(node, _KINDS):
            for kind in _KINDS:
                if isinstance(node, kind):
                    found[kind].append(node)
    return found


def _begin(name: exp.Expr, table: str) -> Iterator[tuple[int, str]]:
    if isinstance(begin := name.meta.get("start"), int):
        yield begin, table


def _sources(node: exp.Expr) -> Iterator[exp.Expr]:
    changed = node.this if isinstance(node, exp.Update | exp.Delete) else None
    for source in (node.args.get("from_") or node.args.get("from"), changed):
        table = source.this if isinstance(source, exp.From) else source
        if isinstance(table, exp.Expr):
            yield table
            for join in table.args.get("joins") or ():
                yield join.this
    for join in node.args.get("joins") or ():
        yield join.this
        for nested in join.this.args.get("joins") or ():
            yield nested.this


def _parts(condition: exp.Expr) -> Iterator[exp.Expr]:
    if isinstance(condition, exp.And):
        yield from _parts(condition.this)
        yield from _parts(condition.expression)
    elif isinstance(condition, exp.Paren):
        yield from _parts(condition.this)
    else:
        yield condition


def _slot(node: exp.Expr) -> int:
    """The number of the bind variable a node is; 0 if it is something else."""
    while isinstance(node, exp.Paren):
        node = node.this
    name = node.this if isinstance(node, exp.Placeholder) else None
    return int(name[1:]) if isinstance(name, str) and name[:1] == "v" and name[1:].isdigit() else 0
