"""What is to be loaded: workflows, their options with reasons, and the page of everything that will be done."""

from collections.abc import Iterator

from msgspec import Struct

from seatrial.domain.collection import Collection
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.movement import Act, BrakeLimits, Choice, Materialization, Provisioned, ServedKeyspace, Workflow
from seatrial.domain.naming import MAIN, SCRATCH, Naming
from seatrial.domain.schema import Table

DEFER_KEYS_FROM_BYTES = 5 << 30
"""Below this a copy with its secondary keys costs little, and a killed copy then owes no ALTER (rule W3)."""


class Order(Struct, frozen=True, kw_only=True):
    """One load, whole: names follow from trial and instance, so the same order finds its own work again."""

    naming: Naming
    database: str
    tables: tuple[Table, ...]
    workflows: tuple[Workflow, ...]
    materializations: tuple[Materialization, ...]
    brake: BrakeLimits
    is_replica: bool
    source_version: str
    provisioned: Provisioned

    @property
    def scratch(self) -> bool:
        """Whether the copy is to stand still, outside every global routing rule."""
        return self.naming.instance == SCRATCH

    def table(self, name: str) -> Table:
        return next(table for table in self.tables if table.name == name)


def order(
    collection: Collection, provisioned: Provisioned, naming: Naming, brake: BrakeLimits, *, defer_keys: bool | None
) -> Order:
    """Plan the load of what was collected into what was provisioned: one workflow a keyspace (rule W1)."""
    _insist_on_own_keyspaces(provisioned, naming)
    schema = collection.schema
    workflows = tuple(
        Workflow(
            name=naming.workflow(keyspace.role),
            role=keyspace.role,
            keyspace=keyspace.name,
            tables=keyspace.vschema.held,
            choices=tuple(_choices([schema.table(name) for name in keyspace.vschema.held], defer_keys, naming)),
        )
        for keyspace in provisioned.keyspaces
        if keyspace.vschema.held
    )
    return Order(
        naming=naming,
        database=schema.database,
        tables=schema.tables,
        workflows=workflows,
        materializations=tuple(
            materialization for keyspace in provisioned.keyspaces for materialization in _references(keyspace, naming)
        ),
        brake=brake,
        is_replica=bool(collection.replication and collection.replication.is_replica),
        source_version=collection.server.version_text,
        provisioned=provisioned,
    )


def _insist_on_own_keyspaces(provisioned: Provisioned, naming: Naming) -> None:
    """An instance without an artifact of its own is shown the main one: never load into its keyspaces."""
    if any(keyspace.name != naming.keyspace(keyspace.role) for keyspace in provisioned.keyspaces):
        option = "" if naming.instance == MAIN else f" --instance {naming.instance}"
        raise Fault(
            "load.not-provisioned",
            f"nothing is provisioned for instance {naming.instance} of trial {naming.trial}: what there is are the "
            f"keyspaces {', '.join(keyspace.name for keyspace in provisioned.keyspaces)}",
            remedy=f"seatrial provision{option}",
            exit=Exit.CONFIG,
        )


def _references(keyspace: ServedKeyspace, naming: Naming) -> Iterator[Materialization]:
    by_source: dict[str, list[str]] = {}
    for table, source in keyspace.vschema.materialised.items():
        by_source.setdefault(source.partition(".")[0], []).append(table)
    for number, (source, tables) in enumerate(sorted(by_source.items())):
        name = naming.materialization(keyspace.role) + (f"_{number}" if number else "")
        yield Materialization(name=name, source_keyspace=source, keyspace=keyspace.name, tables=tuple(tables))


def _choices(tables: list[Table], defer_keys: bool | None, naming: Naming) -> Iterator[Choice]:
    if naming.instance == SCRATCH:
        yield Choice(
            option="--no-routing-rules",
            value="true",
            reason="the tables' names keep meaning what they meant: nobody is sent to this copy unasked",
        )
        yield Choice(
            option="--stop-after-copy",
            value="true",
            reason="the copy is to be written by a replay, so it must not follow the source",
        )
    yield Choice(
        option="--on-ddl",
        value="IGNORE",
        reason="STOP halts at any DDL of the server, a CREATE USER too; verify and the gates compare the schemas",
    )
    yield Choice(
        option="--sharded-auto-increment-handling",
        value="LEAVE",
        reason="provision made the tables already; sequences stand where the VSchema names them",
    )
    yield _key_choice(tables, defer_keys)
    foreign = sorted(table.name for table in tables if table.foreign_keys)
    if foreign:
        yield Choice(
            option="--atomic-copy",
            value="true",
            reason=f"foreign keys of {', '.join(foreign[:3])}: one snapshot for all tables, begun anew after any break",
        )


def _key_choice(tables: list[Table], wanted: bool | None) -> Choice:
    keyless = sorted(table.name for table in tables if not any(index.primary for index in table.indexes))
    size = sum(table.data_bytes + table.index_bytes for table in tables)

    def choice(value: str, reason: str) -> Choice:
        return Choice(option="--defer-secondary-keys", value=value, reason=reason)

    if keyless:
        return choice("false", f"{keyless[0]} has no primary key: deferring would drop the only key it has (rule W3)")
    if any(table.foreign_keys for table in tables):
        return choice("false", "foreign keys need their indexes")
    if wanted is not None:
        return choice(str(wanted).lower(), "asked for on the command line")
    if size >= DEFER_KEYS_FROM_BYTES:
        return choice("true", f"{size / 1e9:.0f} GB: keys are built faster once a table is whole")
    return choice("false", f"{size / 1e6:.0f} MB: too small to gain, and a broken copy owes no ALTER")


def acts(wanted: Order) -> tuple[Act, ...]:
    """The page "everything we will do to your server" (rule S1), in the order of doing."""
    return _scratch_acts(wanted) if wanted.scratch else _acts(wanted)


def _attach_act(wanted: Order) -> Act:
    return Act(
        when="attach",
        where="source",
        reads="server variables, GTID position, schema of the database",
        locks="none",
        writes=f"creates the database {wanted.naming.source_sidecar} (Vitess's bookkeeping, about 20 small tables), "
        "unless it is there, and nothing else",
        undo="seatrial load detach drops it and proves that it is gone",
    )


def _copy_act(wanted: Order, *, then: str, undo: str) -> Act:
    return Act(
        when="copy",
        where="source",
        reads=f"every row of {sum(len(w.tables) for w in wanted.workflows)} tables of {wanted.database}, in the order "
        f"of the primary key, inside one consistent snapshot a cycle; the binary log, {then}",
        locks="LOCK TABLES … READ on the one table for milliseconds at each snapshot; FLUSH BINARY LOGS may follow",
        writes="none to your tables",
        undo=undo,
    )


def _scratch_acts(wanted: Order) -> tuple[Act, ...]:
    undo = f"seatrial load cancel --instance {wanted.naming.instance}"
    return (
        _attach_act(wanted),
        _copy_act(
            wanted,
            then="until every table is copied, and not after that",
            undo=f"Ctrl-C ends it and nothing reads the source any more; {undo}",
        ),
        Act(
            when="continue ids",
            where="source",
            reads="the next AUTO_INCREMENT of each table, from information_schema",
            locks="none",
            writes="none",
            undo="nothing to undo",
        ),
        Act(
            when="load",
            where="target",
            reads="none",
            locks="none",
            writes=f"keyspaces {', '.join(w.keyspace for w in wanted.workflows)}: rows, and routing rules between "
            f"them; the keyspace {wanted.naming.source_keyspace} in the topology, unless it is there",
            undo=f"{undo} removes these keyspaces with their tablets, rows and rules",
        ),
    )


def _acts(wanted: Order) -> tuple[Act, ...]:
    sidecar, mover = wanted.naming.source_sidecar, wanted.naming.source_keyspace
    tables = f"{sum(len(w.tables) for w in wanted.workflows)} tables of {wanted.database}"
    undo = "seatrial load cancel, then seatrial load detach"
    return (
        _attach_act(wanted),
        _copy_act(wanted, then="from then on", undo="seatrial load pause stops it within a second; " + undo),
        Act(
            when="follow",
            where="source",
            reads="the binary log, as a replica does",
            locks="none",
            writes="none",
            undo=undo,
        ),
        Act(
            when="verify",
            where="source",
            reads=f"every row of {tables} once more, from a consistent snapshot; counts; a sample of rows by key",
            locks="LOCK TABLES … READ for milliseconds at the snapshot",
            writes=f"rows in {sidecar}",
            undo="seatrial verify stopped by Ctrl-C stops Vitess's comparison too",
        ),
        Act(
            when="cutover (only by its own command)",
            where="source",
            reads="the binary log",
            locks="writes through vtgate are held for the length of the pause",
            writes=f"{sidecar}.resharding_journal; after the switch, the way back writes your tables so that they "
            "stay current",
            undo="seatrial cutover reverse",
        ),
        Act(
            when="load",
            where="target",
            reads="none",
            locks="none",
            writes=f"keyspaces {', '.join(w.keyspace for w in wanted.workflows)}: rows; routing rules for the table "
            f"names; the keyspace {mover} in the topology",
            undo="seatrial load cancel empties the tables and removes rules and workflows",
        ),
    )
