"""Keyspaces, sequences, tables and VSchema on the target: made where missing, never changed where different."""

import re
from collections.abc import Iterator
from contextlib import closing

from msgspec.structs import replace

from seatrial.domain.collection import Collection
from seatrial.domain.event import Acted, Acting, Note, Tell
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.identifier import quote
from seatrial.domain.movement import Provisioned, ServedKeyspace
from seatrial.domain.naming import MAIN, Naming
from seatrial.domain.ports import Cluster, Tablets
from seatrial.domain.schema import Schema, Table, same_definition
from seatrial.domain.topology import UNSHARDED_RANGE, shard_names
from seatrial.domain.vschema import VSchema, VSchemas

SEQUENCE_CACHE = 1000
"""Ids a tablet takes at once (vitess.io, reference/features/vitess-sequences, v22)."""


def planned(collection: Collection, vschemas: VSchemas, naming: Naming, shards: int) -> tuple[ServedKeyspace, ...]:
    """What provision would make, before it makes it. Faults name a VSchema that does not fit the schema.

    Only the main instance's tables answer to their bare names (rule R2)."""
    vschemas.check(collection.schema)
    placed = {
        keyspace: replace(vschema, require_explicit_routing=naming.instance != MAIN)
        for keyspace, vschema in vschemas.placed(naming.keyspace).items()
    }
    return tuple(
        ServedKeyspace(
            role=role,
            name=naming.keyspace(role),
            shards=shard_names(shards) if vschema.sharded else (UNSHARDED_RANGE,),
            vschema=placed[naming.keyspace(role)],
            ddl=tuple(_ddl(collection.schema, vschema)),
        )
        for role, vschema in sorted(vschemas.roles.items(), key=lambda item: item[1].sharded)
    )


def provision(
    wanted: tuple[ServedKeyspace, ...], target: str, cluster: Cluster, tablets: Tablets, tell: Tell
) -> Provisioned:
    """Bring the target to what is wanted. Run again, it finds its work done; a table that exists otherwise than
    wanted is a Fault, never an ALTER."""
    for keyspace in wanted:
        act = f"serve keyspace {keyspace.name} on shards {', '.join(keyspace.shards)}"
        tell(Acting(act=act, undo=f"remove keyspace {keyspace.name}"))
        tablets.serve(keyspace.name, keyspace.shards, tell)
        tell(Acted(act=act))
    for keyspace in wanted:
        _tables(keyspace, cluster, tell)
    for keyspace in wanted:
        tell(Acting(act=f"apply the VSchema of {keyspace.name}", undo="apply an empty VSchema"))
        cluster.apply_vschema(keyspace.name, keyspace.vschema)
        tell(Acted(act=f"apply the VSchema of {keyspace.name}"))
    for keyspace in wanted:
        _sequence_rows(keyspace, cluster, tablets)
    return Provisioned(
        target=target,
        keyspaces=wanted,
        vitess_version=cluster.version(),
        mysql_version=_mysql_version(wanted[0].name, cluster, tablets),
    )


def _mysql_version(keyspace: str, cluster: Cluster, tablets: Tablets) -> str:
    with closing(tablets.sql(_primary(keyspace, cluster))) as sql:
        return str(sql.query("SELECT @@version")[0][0])


def _primary(keyspace: str, cluster: Cluster) -> str:
    return next(tablet.alias for tablet in cluster.tablets(keyspace) if tablet.primary)


def _tables(keyspace: ServedKeyspace, cluster: Cluster, tell: Tell) -> None:
    there = cluster.table_ddl(keyspace.name)
    names = [_created(statement) for statement in keyspace.ddl]
    missing = [ddl for name, ddl in zip(names, keyspace.ddl, strict=True) if name not in there]
    for name, ddl in zip(names, keyspace.ddl, strict=True):
        if name in there and not same_definition(there[name], ddl):
            raise Fault(
                "provision.table-differs",
                f"{keyspace.name} already has a table {name} that is made otherwise",
                remedy=f"look at SHOW CREATE TABLE on both sides; drop {keyspace.name}.{name} if nobody needs it, "
                "or give the trial another name",
                exit=Exit.CONFIG,
            )
    strangers = sorted(set(there) - set(names))
    if strangers:
        tell(Note(text=f"{keyspace.name} also holds {', '.join(strangers[:5])}: left alone", warning=True))
    for ddl in missing:
        tell(Acting(act=f"create table {_created(ddl)} in {keyspace.name}", undo="drop it while empty"))
        cluster.apply_schema(keyspace.name, ddl)
        tell(Acted(act=f"create table {_created(ddl)} in {keyspace.name}"))


def _sequence_rows(keyspace: ServedKeyspace, cluster: Cluster, tablets: Tablets) -> None:
    """The one row of every sequence; `switch` sets its next value from the tables later."""
    if not keyspace.vschema.sequences:
        return
    with closing(tablets.sql(_primary(keyspace.name, cluster))) as sql:
        for name in keyspace.vschema.sequences:
            sql.execute(f"INSERT IGNORE INTO {quote(name)} (id, next_id, cache) VALUES (0, 1, {SEQUENCE_CACHE})")


def _ddl(schema: Schema, vschema: VSchema) -> Iterator[str]:
    for name in vschema.sequences:
        yield (
            f"CREATE TABLE {quote(name)} (\n  `id` int NOT NULL,\n  `next_id` bigint DEFAULT NULL,\n"
            "  `cache` bigint DEFAULT NULL,\n  PRIMARY KEY (`id`)\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 "
            "COLLATE=utf8mb4_0900_ai_ci COMMENT='vitess_sequence'"
        )
    for name, entry in vschema.tables.items():
        if entry.type != "sequence":
            yield table_ddl(schema.table(name), sharded=vschema.sharded)


def table_ddl(table: Table, *, sharded: bool) -> str:
    """The source's own CREATE TABLE without its AUTO_INCREMENT position; sharded, without AUTO_INCREMENT itself,
    which a sequence replaces."""
    if not table.ddl:
        raise Fault(
            "provision.no-ddl",
            f"how table {table.name} was made is not known: collect could not look",
            remedy="grant SELECT on the database to the reading account, then collect again",
            exit=Exit.CONFIG,
        )
    head, parenthesis, tail = table.ddl.rpartition("\n)")
    tail = re.sub(r" AUTO_INCREMENT=\d+", "", tail)
    if sharded and (column := table.auto_increment) is not None:
        line = re.compile(rf"^(\s*{re.escape(quote(column.name))} .*?) AUTO_INCREMENT(?=[ ,]|$)", re.MULTILINE)
        head = line.sub(r"\1", head, count=1)
    return head + parenthesis + tail


def _created(ddl: str) -> str:
    match = re.match(r"CREATE TABLE `((?:[^`]|``)+)`", ddl)
    if match is None:
        raise ValueError(f"not a CREATE TABLE: {ddl[:60]}")
    return match[1].replace("``", "`")
