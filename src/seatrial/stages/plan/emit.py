"""A placement written as VSchemas, one a role; and read back from VSchemas that people wrote."""

import re
from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from seatrial.domain import naming
from seatrial.domain.identifier import slug
from seatrial.domain.plan import Placement
from seatrial.domain.schema import Column, Schema, Table
from seatrial.domain.vschema import (
    AuthoritativeColumn,
    AutoIncrement,
    ColumnVindex,
    Vindex,
    VSchema,
    VSchemas,
    VTable,
)
from seatrial.stages.plan import keys
from seatrial.stages.plan.place import REFERENCE, UNSHARDED, Place, by

_HASHES = {"loose text": "unicode_loose_xxhash"}
_NAME_LENGTH = 56  # leaves room within MySQL's 64 for what is put before and behind


def vschemas(schema: Schema, places: Mapping[str, Place], names: Mapping[str, str]) -> VSchemas:
    """The roles `sharded` and `unsharded`, each only where it holds something. `names` says, by table, after which
    column its vindex is called: tables of one key have one vindex."""
    sharded: dict[str, VTable] = {}
    unsharded: dict[str, VTable] = {}
    vindexes: dict[str, Vindex] = {}
    taken = {table.name for table in schema.tables}
    for table in schema.tables:
        place = places[table.name]
        if place.placement is Placement.UNSHARDED:
            unsharded[table.name] = VTable()
        elif place.placement is Placement.REFERENCE:
            unsharded[table.name] = VTable()
            sharded[table.name] = VTable(type="reference", source=f"{naming.UNSHARDED}.{table.name}")
        else:
            hashed = _HASHES.get(keys.kind(table.column(place.key)), "xxhash")
            vindex = _vindex_name(names.get(table.name, place.key), hashed, vindexes)
            vindexes[vindex] = Vindex(type=hashed)
            auto = table.auto_increment
            if auto is not None:
                sequence = _free(f"{_plain(table.name)}_seq", taken)
                unsharded[sequence] = VTable(type="sequence")
            sharded[table.name] = VTable(
                column_vindexes=(ColumnVindex(name=vindex, column=place.key),),
                auto_increment=AutoIncrement(column=auto.name, sequence=f"{naming.UNSHARDED}.{sequence}")
                if auto is not None
                else None,
            )
    roles = {
        naming.SHARDED: VSchema(sharded=True, vindexes=vindexes, tables=sharded) if vindexes else VSchema(),
        naming.UNSHARDED: VSchema(tables=unsharded),
    }
    return VSchemas(
        {role: vschema for role, vschema in roles.items() if vschema.tables} or {naming.UNSHARDED: VSchema()}
    )


def _vindex_name(column: str, hashed: str, taken: Mapping[str, Vindex]) -> str:
    name = f"by_{slug(column, _NAME_LENGTH)}"
    return name if taken.get(name, Vindex(type=hashed)).type == hashed else f"{name}_{hashed}"


def _plain(name: str) -> str:
    """The name's ASCII words, joined; of a name without any, its slug."""
    return "_".join(re.findall(r"[A-Za-z0-9_]+", name))[:_NAME_LENGTH] or slug(name, _NAME_LENGTH)


def _free(name: str, taken: set[str]) -> str:
    """The name, numbered if a table is called so; it is taken then."""
    found, number = name, 2
    while found in taken:
        found, number = f"{name}{number}", number + 1
    taken.add(found)
    return found


def places_of(vschemas: VSchemas, schema: Schema) -> dict[str, Place]:
    """What VSchemas say of each table; of several vindexes the primary one, of several columns the first."""
    found = {}
    for table in schema.tables:
        entries = [
            (vschema, vschema.tables[table.name])
            for vschema in vschemas.roles.values()
            if table.name in vschema.tables and vschema.tables[table.name].type != "sequence"
        ]
        found[table.name] = min(
            (_place(vschema, entry) for vschema, entry in entries),
            key=lambda place: (not place.sharded, place.placement is not Placement.REFERENCE),
            default=UNSHARDED,
        )
    return found


def _place(vschema: VSchema, entry: VTable) -> Place:
    if entry.type == "reference":
        return REFERENCE
    if vschema.sharded and entry.column_vindexes and entry.column_vindexes[0].all_columns:
        return by(entry.column_vindexes[0].all_columns[0])
    return UNSHARDED


def with_columns(vschemas: VSchemas, schema: Schema) -> dict[str, VSchema]:
    """The VSchemas as a planner without tablets wants them: every table with all its columns."""
    columns = {table.name: tuple(_columns(table)) for table in schema.tables}

    def told(name: str, entry: VTable) -> VTable:
        if entry.type == "sequence" or name not in columns:
            return entry
        return replace(entry, columns=columns[name], column_list_authoritative=True)

    return {
        role: replace(vschema, tables={name: told(name, entry) for name, entry in vschema.tables.items()})
        for role, vschema in vschemas.roles.items()
    }


def _columns(table: Table) -> Iterator[AuthoritativeColumn]:
    for column in table.columns:
        yield AuthoritativeColumn(name=column.name, type=_type(column), invisible=column.invisible)


_TYPES = {
    "tinyint": "INT8",
    "smallint": "INT16",
    "mediumint": "INT24",
    "int": "INT32",
    "bigint": "INT64",
    "float": "FLOAT32",
    "double": "FLOAT64",
    "decimal": "DECIMAL",
    "date": "DATE",
    "time": "TIME",
    "datetime": "DATETIME",
    "timestamp": "TIMESTAMP",
    "year": "YEAR",
    "char": "CHAR",
    "varchar": "VARCHAR",
    "binary": "BINARY",
    "varbinary": "VARBINARY",
    "json": "JSON",
    "bit": "BIT",
    "enum": "ENUM",
    "set": "SET",
    "vector": "VECTOR",
}


def _type(column: Column) -> str:
    """The type's name in Vitess (proto/query.proto, Type); "" where there is none for sure."""
    name = column.data_type.lower()
    if name.endswith("text"):
        return "TEXT"
    if name.endswith("blob"):
        return "BLOB"
    found = _TYPES.get(name, "")
    return f"U{found}" if found.startswith("INT") and "unsigned" in column.type.lower() else found
