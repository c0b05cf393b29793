"""Generated ids on a scratch copy go on where the source's would (what a recording says of ids then holds there)."""

from collections.abc import Mapping

from seatrial.domain.event import Acted, Acting, Note, Tell
from seatrial.domain.fault import Fault
from seatrial.domain.identifier import quote
from seatrial.domain.movement import ServedKeyspace
from seatrial.domain.ports import Cluster, Sql
from seatrial.stages.load.count import Shards
from seatrial.stages.load.order import Order

UNKNOWN_VARIABLE = "mysql.error-1193"


def of_source(order: Order, source: Sql, tell: Tell) -> Mapping[str, int]:
    """The id that each table of the source would generate next, by table."""
    try:
        # else the answer is a day old (information_schema_stats_expiry's default); before 8.0 it is always fresh
        source.execute("SET SESSION information_schema_stats_expiry = 0")
    except Fault as fault:
        if fault.code != UNKNOWN_VARIABLE:
            raise
    ((step,),) = source.query("SELECT @@GLOBAL.auto_increment_increment")
    if int(step) != 1:
        tell(Note(text=f"ids on the source go by steps of {step}; on the scratch copy they go by 1", warning=True))
    rows = source.query(
        "SELECT table_name, auto_increment FROM information_schema.tables "
        "WHERE table_schema = %s AND auto_increment IS NOT NULL",
        (order.database,),
    )
    return {str(table): int(value) for table, value in rows}


def carry_on(order: Order, next_ids: Mapping[str, int], cluster: Cluster, shards: Shards, tell: Tell) -> None:
    """Let every sequence, and every AUTO_INCREMENT of an unsharded table, generate the source's next id next, but
    none that a copied row has already."""
    by_sequence: dict[str, dict[str, int]] = {}
    for keyspace in order.provisioned.keyspaces:
        for table, entry in keyspace.vschema.tables.items():
            if entry.auto_increment is not None:
                home, _, sequence = entry.auto_increment.sequence.rpartition(".")
                value = max(next_ids.get(table, 1), _largest(keyspace, table, entry.auto_increment.column, shards) + 1)
                values = by_sequence.setdefault(home or keyspace.name, {})
                values[sequence] = max(value, values.get(sequence, 0))
            elif not keyspace.vschema.sharded and table in next_ids:
                for sql in shards.of(keyspace.name):  # InnoDB itself goes no lower than the largest
                    sql.execute(f"ALTER TABLE {quote(table)} AUTO_INCREMENT = {next_ids[table]}")
    for home, values in by_sequence.items():
        _begin_at(home, values, cluster, shards, tell)


def _largest(keyspace: ServedKeyspace, table: str, column: str, shards: Shards) -> int:
    statement = f"SELECT COALESCE(MAX({quote(column)}), 0) FROM {quote(table)}"
    return max(int(sql.query(statement)[0][0]) for sql in shards.of(keyspace.name))


def _begin_at(keyspace: str, values: Mapping[str, int], cluster: Cluster, shards: Shards, tell: Tell) -> None:
    act = f"set {len(values)} sequences of {keyspace} to the source's next ids"
    tell(Acting(act=act, undo="seatrial load cancel --instance scratch"))
    # A tablet hands out the ids it has taken already, and never goes back. Only of a table that was made anew does
    # it forget them (met with 24.0.3).
    cluster.apply_schema(keyspace, ";\n".join(f"ALTER TABLE {quote(name)} ENGINE = InnoDB" for name in sorted(values)))
    for sql in shards.of(keyspace):
        for name, value in values.items():
            sql.execute(f"UPDATE {quote(name)} SET next_id = {value} WHERE id = 0")
    tell(Acted(act=act))
