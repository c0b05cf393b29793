"""Rows and bytes on the target, counted by us on the tablets' own MySQL: Vitess's percentages are guesses."""

from collections.abc import Iterable, Mapping
from contextlib import ExitStack, closing

from msgspec import Struct

from seatrial.domain.event import Progress, Tell
from seatrial.domain.identifier import quote
from seatrial.domain.ports import Cluster, Sql, Tablets


class Size(Struct, frozen=True):
    rows: int
    bytes: int


class Shards:
    """Connections to the primaries' own MySQL of some keyspaces, kept open; close it, or use it in `with`."""

    def __init__(self, keyspaces: Iterable[str], cluster: Cluster, tablets: Tablets) -> None:
        self._stack = ExitStack()
        self._tablets = tablets
        self._aliases = {
            keyspace: [tablet.alias for tablet in cluster.tablets(keyspace) if tablet.primary] for keyspace in keyspaces
        }
        self._open: dict[str, Sql] = {}

    def of(self, keyspace: str) -> list[Sql]:
        """One connection a shard."""
        return [self._sql(alias) for alias in self._aliases[keyspace]]

    def _sql(self, alias: str) -> Sql:
        if alias not in self._open:
            sql = self._stack.enter_context(closing(self._tablets.sql(alias)))
            # else InnoDB's figures are a day old: information_schema_stats_expiry's default
            sql.execute("SET SESSION information_schema_stats_expiry = 0")
            self._open[alias] = sql
        return self._open[alias]

    def forget(self) -> None:
        """Drop the connections, after a tablet went away; the next use opens new ones."""
        self._stack.close()
        self._open.clear()

    def __enter__(self) -> "Shards":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def sizes(keyspace: str, shards: Shards) -> Mapping[str, Size]:
    """Size by table over all shards, as InnoDB keeps it while rows come in: cheap, and near enough to watch."""
    total: dict[str, Size] = {}
    for sql in shards.of(keyspace):
        for name, rows, size in sql.query(
            "SELECT table_name, COALESCE(table_rows, 0), COALESCE(data_length, 0) + COALESCE(index_length, 0) "
            "FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'"
        ):
            before = total.get(name, Size(0, 0))
            total[name] = Size(before.rows + int(rows), before.bytes + int(size))
    return total


def exact_rows(keyspace: str, table: str, shards: Shards, tell: Tell) -> int:
    """Rows of one table over all shards, counted."""
    tell(Progress(phase="counting rows on the target", detail=f"{keyspace}.{table}"))
    return sum(int(sql.query(f"SELECT COUNT(*) FROM {quote(table)}")[0][0]) for sql in shards.of(keyspace))


def measure(keyspace: str, tables: Iterable[str], shards: Shards) -> None:
    """Let InnoDB measure its tables anew, on the target only: its sizes lag far behind a fast copy."""
    for sql in shards.of(keyspace):
        sql.query(f"ANALYZE LOCAL TABLE {', '.join(quote(table) for table in tables)}")
