"""The schema, put together from the rows of the set-based questions."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from seatrial.domain.schema import Column, ForeignKey, Index, IndexPart, StoredObject, Table

Row = Mapping[str, Any]
Rows = list[dict[str, Any]]


def tables(
    rows: Rows, columns: Rows, indexes: Rows, keys: Rows, key_columns: Rows, partitions: Rows
) -> tuple[Table, ...]:
    """Tables by name, without their DDL."""
    columns_of, indexes_of = _by_table(columns), _by_table(indexes)
    keys_of, key_columns_of = _by_table(keys), _by_table(key_columns)
    methods = {str(row["table_name"]): _partitioning(row) for row in partitions}
    return tuple(
        Table(
            name=(name := str(row["name"])),
            engine=str(row["engine"] or ""),
            collation=row["collation"],
            rows_estimate=int(row["rows_estimate"] or 0),
            data_bytes=int(row["data_bytes"] or 0),
            index_bytes=int(row["index_bytes"] or 0),
            columns=tuple(_column(one) for one in columns_of[name]),
            indexes=_indexes(indexes_of[name]),
            foreign_keys=_foreign_keys(keys_of[name], key_columns_of[name]),
            partitioning=methods.get(name, ""),
        )
        for row in sorted(rows, key=lambda row: str(row["name"]))
    )


def stored_objects(
    views: Rows, triggers: Rows, events: Rows, routines: Rows, label: Callable[[str], str]
) -> tuple[StoredObject, ...]:
    """What an import leaves behind, by kind and name; definers are labels."""
    kinds = [
        *(("view", row) for row in views),
        *(("trigger", row) for row in triggers),
        *(("event", row) for row in events),
        *((str(row["kind"]).lower(), row) for row in routines),
    ]
    found = [
        StoredObject(kind=kind, name=str(row["name"]), definer=label(str(row["definer"])), table=row.get("table_name"))
        for kind, row in kinds
    ]
    return tuple(sorted(found, key=lambda one: (one.kind, one.name)))


def _by_table(rows: Iterable[dict[str, Any]]) -> defaultdict[str, Rows]:
    found: defaultdict[str, Rows] = defaultdict(list)
    for row in rows:
        found[str(row["table_name"])].append(row)
    return found


def _column(row: Row) -> Column:
    extra = str(row["extra"] or "").upper()
    default = row["default_value"]
    return Column(
        name=str(row["name"]),
        type=str(row["type"]),
        data_type=str(row["data_type"]).lower(),
        nullable=row["nullable"] == "YES",
        charset=row["charset"],
        collation=row["collation"],
        auto_increment="AUTO_INCREMENT" in extra,
        generated=_generated(extra),
        invisible="INVISIBLE" in extra,
        has_default=default is not None,
        default=None if default is None else str(default),
    )


def _generated(extra: str) -> str:
    if "VIRTUAL" in extra:
        return "virtual"
    return "stored" if "STORED GENERATED" in extra or "PERSISTENT" in extra else ""


def _indexes(rows: Rows) -> tuple[Index, ...]:
    """Indexes in the order of their names, the primary key first; rows come in the order of the parts."""
    parts: dict[str, list[IndexPart]] = {}
    first: dict[str, Row] = {}
    for row in rows:
        name = str(row["name"])
        first.setdefault(name, row)
        prefix = row["prefix"]
        part = IndexPart(column=row["column_name"], prefix=None if prefix is None else int(prefix))
        parts.setdefault(name, []).append(part)
    return tuple(
        Index(name=name, unique=not int(row["non_unique"]), parts=tuple(parts[name]), kind=str(row["kind"]))
        for name, row in sorted(first.items(), key=lambda item: (item[0] != "PRIMARY", item[0]))
    )


def _foreign_keys(keys: Rows, columns: Rows) -> tuple[ForeignKey, ...]:
    of: dict[str, Rows] = {}
    for row in columns:
        of.setdefault(str(row["name"]), []).append(row)
    return tuple(
        ForeignKey(
            name=(name := str(row["name"])),
            columns=tuple(str(part["column_name"]) for part in of[name]),
            parent_schema=str(of[name][0]["parent_schema"]),
            parent_table=str(of[name][0]["parent_table"]),
            parent_columns=tuple(str(part["parent_column"]) for part in of[name]),
            on_delete=str(row["on_delete"]),
            on_update=str(row["on_update"]),
        )
        for row in keys
        if str(row["name"]) in of
    )


def _partitioning(row: Row) -> str:
    method = str(row["method"] or "")
    return f"{method}/{row['submethod']}" if row["submethod"] else method
