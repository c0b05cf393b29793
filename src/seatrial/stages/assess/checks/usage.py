"""What the application uses of SQL, as far as the server's own counters tell."""

from functools import partial

from seatrial.domain.finding import Outcome
from seatrial.stages.assess.check import Answer, Case, Check, counted, passed, warns


def _used(case: Case, *, counter: str, what: str) -> Answer:
    times = int(case.counter(counter))
    if times:
        return warns(f"{what}: {counted(times, 'time')} since the server started", case.at_counter(counter))
    return passed(f"{what}: not once since the server started", case.at_counter(counter))


CHECKS = (
    Check(
        code="SQL-XA",
        title="The application uses no XA transactions",
        why="vtgate offers clients no XA; a transaction over several shards is committed shard by shard.",
        outcomes={Outcome.WARN: "Com_xa_start is not 0 (another database of the server may be the one that uses it)"},
        remedy="Find who uses it; within one database a plain transaction does the same.",
        look=partial(_used, counter="com_xa_start", what="XA START"),
    ),
    Check(
        code="SQL-LOCK",
        title="The application takes no table locks",
        why="vtgate accepts LOCK TABLES and ignores it: two sessions that rely on it then run at the same time.",
        outcomes={Outcome.WARN: "Com_lock_tables is not 0 (backup tools lock tables, too)"},
        remedy="Find who uses it in the slow or general log; use SELECT … FOR UPDATE instead.",
        look=partial(_used, counter="com_lock_tables", what="LOCK TABLES"),
    ),
    Check(
        code="SQL-LOAD",
        title="The application loads no files",
        why="LOAD DATA is not available on sharded keyspaces.",
        outcomes={Outcome.WARN: "Com_load is not 0"},
        remedy="Insert in batches, each in one transaction.",
        look=partial(_used, counter="com_load", what="LOAD DATA"),
    ),
)
