"""The port `Planner`: the pinned Vitess, started for as long as it is asked."""

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from seatrial.adapters.mysql.client import Connection
from seatrial.domain.event import Progress, Tell
from seatrial.domain.fault import Fault
from seatrial.domain.ports import PlanAnswer
from seatrial.domain.vschema import VSchema
from seatrial.lab import engine
from seatrial.lab.planner import Planner as RunningPlanner
from seatrial.lab.planner import planner

_TELL_EVERY_S = 0.2


class LabPlanner:
    """Asks a planner of the lab on one connection, as an application has it: without a default database, so that
    names are found over all keyspaces."""

    def __init__(self, running: RunningPlanner, connection: Connection) -> None:
        self._running = running
        self._connection = connection

    def version(self) -> str:
        """Vitess's own, such as 24.0.3."""
        ((said,),) = self._connection.query("SELECT @@version_comment")
        found = re.search(r"Version: (\S+)", str(said))
        return found[1] if found else str(said)

    def adopt(self, vschemas: Mapping[str, VSchema], shards: int, tell: Tell) -> None:
        # Sequences and the sources of reference tables must be there before those who name them.
        for keyspace, vschema in sorted(vschemas.items(), key=lambda item: (item[1].sharded, item[0])):
            tell(Progress(phase="telling the planner the VSchemas", detail=keyspace))
            self._running.put(keyspace, shards, vschema, tell)

    def ask(self, statements: Sequence[str], tell: Tell) -> list[PlanAnswer]:
        answers: list[PlanAnswer] = []
        told = 0.0
        for statement in statements:
            if time.monotonic() - told >= _TELL_EVERY_S:
                progress = Progress(phase="asking Vitess's planner", done=len(answers), total=len(statements))
                tell(progress)
                told = time.monotonic()
            answers.append(self._asked(statement))
        return answers

    def _asked(self, statement: str) -> PlanAnswer:
        try:
            ((tree,),) = self._connection.query(f"vexplain plan {statement}")
        except Fault as fault:
            if fault.retry or fault.__cause__ is None:
                raise  # the planner itself is gone
            return PlanAnswer(error=str(fault.__cause__.args[-1]))
        return PlanAnswer(tree=json.loads(tree))


@contextmanager
def lab_planner(tell: Tell) -> Iterator[LabPlanner]:
    """A planner for as long as the block lasts."""
    with planner(engine.find(), None, tell) as running, Connection(running.login()) as connection:
        yield LabPlanner(running, connection)
