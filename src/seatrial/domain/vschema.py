"""VSchemas: which keyspace holds which table, and how it is sharded.

People and the planner write one file a role (`sharded.json`, `unsharded.json`, …) and refer between them by
role; the real keyspace names, which follow from the trial, are put in by `VSchemas.placed`.
"""

from collections.abc import Callable, Iterator
from typing import Any, cast

import msgspec
from msgspec import Struct, field

from seatrial.domain.fault import Exit, Fault
from seatrial.domain.naming import SOURCE, UNSHARDED
from seatrial.domain.schema import Schema


class ColumnVindex(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    name: str
    column: str = ""
    columns: tuple[str, ...] = ()

    @property
    def all_columns(self) -> tuple[str, ...]:
        return self.columns or ((self.column,) if self.column else ())


class AutoIncrement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    column: str
    sequence: str


class AuthoritativeColumn(Struct, frozen=True, kw_only=True, omit_defaults=True):
    name: str
    type: str = ""
    invisible: bool = False


class VTable(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A table's entry (proto/vschema.proto of Vitess 24: Table)."""

    type: str = ""  # "", "sequence" or "reference"
    source: str = ""
    column_vindexes: tuple[ColumnVindex, ...] = ()
    auto_increment: AutoIncrement | None = None
    columns: tuple[AuthoritativeColumn, ...] = ()
    column_list_authoritative: bool = False
    pinned: str = ""


class Vindex(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    type: str
    params: dict[str, str] = field(default_factory=dict)
    owner: str = ""


class VSchema(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One keyspace's VSchema (proto/vschema.proto of Vitess 24: Keyspace)."""

    sharded: bool = False
    vindexes: dict[str, Vindex] = field(default_factory=dict)
    tables: dict[str, VTable] = field(default_factory=dict)
    foreign_key_mode: str = ""
    require_explicit_routing: bool = False  # its tables answer to `keyspace.table` only, never to a bare name

    @property
    def sequences(self) -> tuple[str, ...]:
        return tuple(name for name, table in self.tables.items() if table.type == "sequence")

    @property
    def held(self) -> tuple[str, ...]:
        """The tables whose rows come from the source straight into this keyspace."""
        return tuple(
            name
            for name, table in self.tables.items()
            if table.type != "sequence" and not (table.type == "reference" and table.source)
        )

    @property
    def materialised(self) -> dict[str, str]:
        """Reference tables kept up to date from another keyspace: table to `role.table`."""
        return {name: table.source for name, table in self.tables.items() if table.type == "reference" and table.source}


class VSchemas(Struct, frozen=True):
    """The VSchemas of one plan, by role."""

    roles: dict[str, VSchema]

    def placed(self, keyspace: Callable[[str], str]) -> dict[str, VSchema]:
        """By keyspace name, with every `role.table` inside replaced by `keyspace.table`."""

        def moved(reference: str) -> str:
            role, dot, table = reference.partition(".")
            return f"{keyspace(role)}.{table}" if dot and role in self.roles else reference

        def placed_table(table: VTable) -> VTable:
            auto = table.auto_increment
            if auto is not None:
                auto = msgspec.structs.replace(auto, sequence=moved(auto.sequence))
            return msgspec.structs.replace(table, source=moved(table.source), auto_increment=auto)

        def placed_vindex(vindex: Vindex) -> Vindex:
            if "table" not in vindex.params:
                return vindex
            return msgspec.structs.replace(vindex, params={**vindex.params, "table": moved(vindex.params["table"])})

        return {
            keyspace(role): msgspec.structs.replace(
                vschema,
                tables={name: placed_table(table) for name, table in vschema.tables.items()},
                vindexes={name: placed_vindex(vindex) for name, vindex in vschema.vindexes.items()},
            )
            for role, vschema in self.roles.items()
        }

    def check(self, schema: Schema) -> None:
        """Raise one Fault that names every place where the VSchemas and the source's schema do not fit."""
        if wrong := list(self._misfits(schema)):
            more = f" (and {len(wrong) - 5} more)" if len(wrong) > 5 else ""
            raise Fault(
                "vschema.misfit",
                "the VSchema does not fit the schema: " + "; ".join(wrong[:5]) + more,
                remedy="correct the files of the vschema folder, then run the same command again",
                exit=Exit.CONFIG,
            )

    def _misfits(self, schema: Schema) -> Iterator[str]:
        known = {table.name: table for table in schema.tables}
        homes: dict[str, list[str]] = {name: [] for name in known}
        for role, vschema in self.roles.items():
            if role == SOURCE:
                yield f"{role}: the keyspace of this name is the attached source's own"
            for name in vschema.held:
                if name in homes:
                    homes[name].append(role)
            for name, entry in vschema.tables.items():
                if entry.type == "sequence":
                    if name in known:
                        yield f"{role}.{name}: the sequence has the name of a table of the source"
                    continue
                if name not in known:
                    yield f"{role}.{name}: the source has no such table"
                    continue
                yield from self._table_misfits(role, vschema, name, entry, {c.name for c in known[name].columns})
        for name, roles in homes.items():
            if not roles:
                yield f"{name}: in no VSchema"
            if len(roles) > 1:
                yield f"{name}: in {' and '.join(roles)}"

    def _table_misfits(self, role: str, vschema: VSchema, name: str, entry: VTable, columns: set[str]) -> Iterator[str]:
        wanted = [column for vindex in entry.column_vindexes for column in vindex.all_columns]
        if entry.auto_increment is not None:
            wanted.append(entry.auto_increment.column)
            yield from self._reference(role, name, entry.auto_increment.sequence, "sequence")
        for column in wanted:
            if column not in columns:
                yield f"{role}.{name}: no column {column}"
        for vindex in entry.column_vindexes:
            if vindex.name not in vschema.vindexes:
                yield f"{role}.{name}: no vindex {vindex.name}"
        if vschema.sharded and entry.type != "reference" and not entry.column_vindexes and not entry.pinned:
            yield f"{role}.{name}: a sharded table needs a primary vindex (or type reference)"
        if entry.source:
            yield from self._reference(role, name, entry.source, "")

    def _reference(self, role: str, name: str, reference: str, kind: str) -> Iterator[str]:
        other, dot, table = reference.partition(".")
        vschema = self.roles.get(other)
        found = vschema.tables.get(table) if vschema and dot else None
        if found is None or (kind and found.type != kind):
            yield f"{role}.{name}: {reference} is no {kind or 'table'} of another role"


def unsharded(schema: Schema) -> VSchemas:
    """Everything in one unsharded keyspace: what is done without a vschema folder."""
    return VSchemas({UNSHARDED: VSchema(tables={table.name: VTable() for table in schema.tables})})


def parse(role: str, text: bytes) -> VSchema:
    """One VSchema file; what is not VSchema JSON is a Fault that names the place."""
    try:
        return msgspec.json.decode(text, type=VSchema)
    except msgspec.DecodeError as error:
        raise Fault(
            "vschema.malformed",
            f"the VSchema {role}.json is not usable: {error}",
            remedy="correct the file; the fields are those of Vitess's vschema.proto, Keyspace",
            exit=Exit.CONFIG,
        ) from None


def plain(vschema: VSchema) -> dict[str, Any]:
    """As plain JSON data, ready for ApplyVSchema."""
    return cast(dict[str, Any], msgspec.to_builtins(vschema))
