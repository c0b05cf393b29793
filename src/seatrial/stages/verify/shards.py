"""The primaries' own MySQL of one keyspace."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager

from seatrial.domain.ports import Cluster, Sql, Tablets


@contextmanager
def open_primaries(keyspace: str, cluster: Cluster, tablets: Tablets) -> Iterator[Mapping[str, Sql]]:
    """A connection to each shard's primary MySQL, by shard."""
    with ExitStack() as stack:
        yield {
            tablet.shard: stack.enter_context(closing(tablets.sql(tablet.alias)))
            for tablet in cluster.tablets(keyspace)
            if tablet.primary
        }
