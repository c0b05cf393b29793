"""Foreign keys: what an import, and then a sharded database, can do with them (rule W4)."""

from seatrial.domain.evidence import pointer
from seatrial.domain.finding import Outcome
from seatrial.domain.question import Question
from seatrial.domain.schema import ForeignKey, Table
from seatrial.stages.assess.check import Answer, Case, Check, blocks, counted, passed, warns

_SILENT = ("CASCADE", "SET NULL", "SET DEFAULT")


def _keys(case: Case) -> list[tuple[str, Table, ForeignKey]]:
    case.answered(Question.FOREIGN_KEYS, Question.FOREIGN_KEY_COLUMNS)
    return [
        (pointer("schema", "tables", i, "foreign_keys", j), table, key)
        for i, table in enumerate(case.tables)
        for j, key in enumerate(table.foreign_keys)
    ]


def _any(case: Case) -> Answer:
    found = _keys(case)
    if not found:
        return passed("no table has a foreign key")
    return blocks(
        f"{counted(len(found), 'foreign key')}: the database can be moved unsharded only, in one atomic copy that "
        "begins again from zero when it fails",
        *(at for at, _, _ in found),
        subjects=[f"{table.name}.{key.name} → {key.parent_table}" for _, table, key in found],
        remedy=" ".join(
            ["Into shards: let the application keep the rule, then drop the constraints on a copy or on the source:"]
            + [f"ALTER TABLE `{t.name}` DROP FOREIGN KEY `{k.name}`;" for _, t, k in found[:10]]
            + ["Or keep them and move the database unsharded, with --atomic-copy."]
        ),
    )


def _cascades(case: Case) -> Answer:
    found = [(at, table, key) for at, table, key in _keys(case) if key.on_delete in _SILENT or key.on_update in _SILENT]
    if not found:
        return passed("no foreign key changes child rows by itself")
    return warns(
        f"{counted(len(found), 'foreign key')} whose actions change child rows without a trace in the binary log",
        *(at for at, _, _ in found),
        subjects=[
            f"{table.name}.{key.name} (ON DELETE {key.on_delete}, ON UPDATE {key.on_update})" for _, table, key in found
        ],
    )


def _references(case: Case) -> Answer:
    keys = _keys(case)
    schema = case.collection.schema
    present = {table.name for table in schema.tables}
    outside = [(at, t, k) for at, t, k in keys if k.parent_schema != schema.database or k.parent_table not in present]
    if outside:
        return blocks(
            f"{counted(len(outside), 'foreign key')} pointing outside the tables to be moved",
            *(at for at, _, _ in outside),
            subjects=[f"{t.name}.{k.name} → {k.parent_schema}.{k.parent_table}" for _, t, k in outside],
        )
    circle = _cycle({t.name: {k.parent_table for _, u, k in keys if u is t} for _, t, _ in keys})
    if circle:
        return warns(
            f"foreign keys form a circle: {' → '.join(circle)}", *case.at_tables(schema.tables), subjects=circle
        )
    return passed("every foreign key points to a table that moves with it, and none in a circle")


def _cycle(parents: dict[str, set[str]]) -> tuple[str, ...]:
    """The first circle among tables, its start repeated at the end; a table that points to itself is none."""
    done: set[str] = set()
    for start in sorted(parents):
        trail: list[str] = []
        stack: list[tuple[str, int]] = [(start, 0)]
        while stack:
            name, depth = stack.pop()
            del trail[depth:]
            if name in trail:
                return (*trail[trail.index(name) :], name)
            if name in done:
                continue
            trail.append(name)
            ahead = sorted(parents.get(name, set()) - {name})
            if not ahead:
                done.add(name)
            stack += [(parent, depth + 1) for parent in ahead]
        done.add(start)
    return ()


CHECKS = (
    Check(
        code="SCH-FK",
        title="Tables have no foreign keys",
        why=(
            "Shards cannot enforce a constraint across one another. Unsharded, tables with foreign keys must be copied "
            "together under one snapshot: that copy cannot be resumed and keeps its position for its whole span."
        ),
        outcomes={
            Outcome.BLOCK: "any foreign key: blocks a sharded move; an unsharded, atomic one from zero is the other way"
        },
        remedy="Drop the constraints, or move the database unsharded with --atomic-copy.",
        look=_any,
    ),
    Check(
        code="SCH-FKCASC",
        title="Foreign keys change nothing by themselves",
        why=(
            "What ON DELETE CASCADE and the like do to child rows happens inside InnoDB and is not in the "
            "binary log: a "
            "target that follows the log never hears of it."
        ),
        outcomes={Outcome.WARN: "ON DELETE or ON UPDATE is CASCADE, SET NULL or SET DEFAULT"},
        remedy=(
            "Let the application delete or change child rows itself, then recreate the constraint without the action."
        ),
        look=_cascades,
    ),
    Check(
        code="SCH-FKREF",
        title="Foreign keys stay among the moved tables",
        why="A parent in another database does not move along; a circle leaves no order to copy and create tables in.",
        outcomes={
            Outcome.BLOCK: "a foreign key's parent is in another database, or missing",
            Outcome.WARN: "foreign keys form a circle over two or more tables",
        },
        remedy="Move the parent table into this database, or drop the constraint.",
        look=_references,
    ),
)
