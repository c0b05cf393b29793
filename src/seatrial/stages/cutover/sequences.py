"""Sequences against the tables they number (rule R6)."""

from contextlib import closing

from seatrial.domain.identifier import quote
from seatrial.domain.movement import Provisioned
from seatrial.domain.ports import Cluster, Tablets
from seatrial.domain.rehearsal import SequenceCheck


def check(provisioned: Provisioned, cluster: Cluster, tablets: Tablets) -> tuple[SequenceCheck, ...]:
    """Each sequence's next value, and the largest value its column holds on any shard."""
    found = []
    for keyspace in provisioned.keyspaces:
        for table, entry in keyspace.vschema.tables.items():
            if entry.auto_increment is None:
                continue
            home, _, sequence = entry.auto_increment.sequence.rpartition(".")
            column = entry.auto_increment.column
            # the table first: a sequence only grows, so a look at it later can but be kinder by its cache
            largest = _each(
                keyspace.name, f"SELECT COALESCE(MAX({quote(column)}), 0) FROM {quote(table)}", cluster, tablets
            )
            next_values = _each(home or keyspace.name, f"SELECT next_id FROM {quote(sequence)}", cluster, tablets)
            found.append(
                SequenceCheck(
                    sequence=entry.auto_increment.sequence,
                    table=table,
                    column=column,
                    next_value=max(next_values, default=0),
                    max_value=max(largest, default=0),
                )
            )
    return tuple(found)


def _each(keyspace: str, statement: str, cluster: Cluster, tablets: Tablets) -> list[int]:
    values = []
    for tablet in cluster.tablets(keyspace):
        if tablet.primary:
            with closing(tablets.sql(tablet.alias)) as sql:
                values.append(int(sql.query(statement)[0][0]))
    return values
