"""A MySQL schema as it was read from a server."""

import re

from msgspec import Struct


class Column(Struct, frozen=True, kw_only=True):
    """One column; `type` is the full column type (`decimal(10,2) unsigned`), `data_type` its bare name (`decimal`)."""

    name: str
    type: str
    data_type: str
    nullable: bool = True
    charset: str | None = None
    collation: str | None = None
    auto_increment: bool = False
    generated: str = ""  # "", "virtual" or "stored"
    invisible: bool = False
    has_default: bool = False
    default: str | None = None  # the literal or expression as the server words it


class IndexPart(Struct, frozen=True, kw_only=True):
    """One part of an index: a column (with the prefix length, if any) or, with no column, an expression."""

    column: str | None
    prefix: int | None = None


class Index(Struct, frozen=True, kw_only=True):
    name: str
    unique: bool
    parts: tuple[IndexPart, ...]
    kind: str = "BTREE"  # as information_schema.STATISTICS.INDEX_TYPE

    @property
    def primary(self) -> bool:
        return self.name == "PRIMARY"


class ForeignKey(Struct, frozen=True, kw_only=True):
    name: str
    columns: tuple[str, ...]
    parent_schema: str
    parent_table: str
    parent_columns: tuple[str, ...]
    on_delete: str
    on_update: str


class Table(Struct, frozen=True, kw_only=True):
    """A base table; sizes and `rows_estimate` are InnoDB's estimates, not counts."""

    name: str
    engine: str
    collation: str | None
    rows_estimate: int
    data_bytes: int
    index_bytes: int
    columns: tuple[Column, ...]
    indexes: tuple[Index, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    partitioning: str = ""  # the method, "" for none; `RANGE/HASH` for one with subpartitions
    ddl: str = ""  # SHOW CREATE TABLE; "" where we could not look

    def column(self, name: str) -> Column:
        """The column of that name, cased as MySQL compares columns; KeyError if there is none."""
        for column in self.columns:
            if column.name.lower() == name.lower():
                return column
        raise KeyError(name)

    @property
    def identity(self) -> Index | None:
        """The key that tells rows apart for replication: the primary key, else the first unique key over
        whole, NOT NULL, non-BLOB columns, else None."""
        for index in sorted(self.indexes, key=lambda index: not index.primary):
            if index.unique and all(self._identifying(part) for part in index.parts):
                return index
        return None

    @property
    def identity_columns(self) -> tuple[str, ...]:
        """The identity's columns; for a table without one, every stored column (duplicates can then be told
        only by their number)."""
        if (identity := self.identity) is not None:
            return tuple(part.column for part in identity.parts if part.column is not None)
        return tuple(column.name for column in self.columns if not column.generated)

    @property
    def auto_increment(self) -> Column | None:
        return next((column for column in self.columns if column.auto_increment), None)

    def _identifying(self, part: IndexPart) -> bool:
        if part.column is None or part.prefix is not None:
            return False
        return not self.column(part.column).nullable


class StoredObject(Struct, frozen=True, kw_only=True):
    """What a Vitess import leaves behind: a view, trigger, event, procedure or function."""

    kind: str  # "view", "trigger", "event", "procedure", "function"
    name: str
    definer: str = ""  # a label such as `account-1`, the same as in the collection's other lists
    table: str | None = None


class Schema(Struct, frozen=True, kw_only=True):
    """One database of the source. `charset` and `collation` are the database's defaults."""

    database: str
    charset: str
    collation: str
    tables: tuple[Table, ...]
    stored_objects: tuple[StoredObject, ...] = ()

    def table(self, name: str) -> Table:
        """The table of exactly that name; KeyError if there is none."""
        for table in self.tables:
            if table.name == name:
                return table
        raise KeyError(name)


def same_definition(one: str, other: str) -> bool:
    """Whether two CREATE TABLE statements define the same table: without the AUTO_INCREMENT position, white space,
    the display widths of integers, which servers of different versions write differently, and a character set beside
    a collation, which says it too."""
    return _essence(one) == _essence(other)


def _essence(ddl: str) -> str:
    text = re.sub(r" AUTO_INCREMENT=\d+", "", ddl)
    text = re.sub(r"\b((?:big|small|medium|tiny)?int)\(\d+\)", r"\1", text)
    text = re.sub(r" CHARACTER SET \w+(?= COLLATE )", "", text)  # written or not, as it was when the table was made
    return re.sub(r"\s+", " ", text).strip()
