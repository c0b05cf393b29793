"""Which of a log's statements count: those of our database, and of no account of ours."""

from collections import Counter
from collections.abc import Collection

from seatrial.domain.executed import Batch


class Choice:
    """Counts what is left out: `our_statements`, of the accounts `ours`; and others by database."""

    def __init__(self, database: str, ours: frozenset[str]) -> None:
        self._database = database
        self._ours = ours
        quoted = database.encode()
        self._our_names = (quoted + b".", b"`" + quoted + b"`")
        self.our_statements = 0
        self.other_databases: Counter[str] = Counter()

    def of(self, batch: Batch) -> tuple[Collection[int], Collection[int]]:
        """The rows that do not count; and those of other databases that name ours, which may."""
        left_out: set[int] = set()
        foreign: set[int] = set()
        if not self._ours.isdisjoint(batch.user):
            left_out = {row for row, user in enumerate(batch.user) if user in self._ours}
            self.our_statements += len(left_out)
        if set(batch.database) <= {"", self._database}:
            return left_out, foreign
        commands = batch.command
        for row, database in enumerate(batch.database):
            if not database or database == self._database or row in left_out or (commands and commands[row]):
                continue
            if any(name in batch.sql[row] for name in self._our_names):
                foreign.add(row)
            else:
                left_out.add(row)
                self.other_databases[database] += 1
        return left_out, foreign
