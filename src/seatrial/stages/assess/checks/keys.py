"""Whether each row can be told from the others: the ground of every change that is replicated (rule W6)."""

from seatrial.domain.finding import Outcome
from seatrial.domain.identifier import quote
from seatrial.domain.schema import Column, Table
from seatrial.stages.assess.check import Answer, Case, Check, blocks, counted, passed, warns

_FLOATING = ("float", "double", "real")


def _primary(table: Table) -> tuple[Column, ...]:
    """Columns of the key that replication will use: the primary key, or what takes its place."""
    chosen = next((index for index in table.indexes if index.primary), table.identity)
    if chosen is None:
        return ()
    return tuple(table.column(part.column) for part in chosen.parts if part.column is not None)


def _unique(case: Case) -> Answer:
    without = [t for t in case.tables if t.identity is None and not any(index.primary for index in t.indexes)]
    if not without:
        return passed("every table has a primary key, or a unique key over NOT NULL columns")
    at = case.at_tables(without)
    risky = [table for table in without if any(column.nullable for column in table.columns)]
    big = [table for table in without if table.rows_estimate > case.rule.number("few_rows")]
    detail = f"{counted(len(without), 'table')} without a key that tells rows apart"
    if risky:
        detail += "; a change to a row with a NULL may match no row, or more than one, on the target"
    if big:
        detail += f"; {counted(len(big), 'of them is', 'of them are')} large, and each change scans it"
    remedy = " ".join(
        f"ALTER TABLE {quote(t.name)} ADD COLUMN id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY;"
        for t in without[:10]
    )
    return warns(detail, *at, subjects=[table.name for table in without], remedy=remedy)


def _floating(case: Case) -> Answer:
    affected = [t for t in case.tables if any(column.data_type in _FLOATING for column in _primary(t))]
    if not affected:
        return passed("no key that replication uses holds FLOAT or DOUBLE")
    return blocks(
        f"{counted(len(affected), 'table')} with FLOAT or DOUBLE in the key: updates would be lost without an error",
        *case.at_tables(affected),
        subjects=[table.name for table in affected],
    )


def _partial(case: Case) -> Answer:
    affected = [
        table
        for table in case.tables
        if any(index.primary and any(part.prefix is not None for part in index.parts) for index in table.indexes)
    ]
    if affected:
        return blocks(
            f"{counted(len(affected), 'table')} whose primary key covers only the beginning of a column",
            *case.at_tables(affected),
            subjects=[table.name for table in affected],
        )
    others = [
        (table, index.name)
        for table in case.tables
        for index in table.indexes
        if index.unique and not index.primary and any(part.prefix is not None for part in index.parts)
    ]
    if others:
        return warns(
            f"{counted(len(others), 'unique key')} over the beginning of a column: some platforms refuse the schema",
            *case.at_tables(table for table, _ in others),
            subjects=[f"{table.name}.{name}" for table, name in others],
        )
    return passed("no unique key covers only the beginning of a column")


def _invisible_key(case: Case) -> Answer:
    affected = [table for table in case.tables if any(c.name == "my_row_id" and c.invisible for c in _primary(table))]
    if not affected:
        return passed("no table has a primary key that the server generated")
    return warns(
        f"{counted(len(affected), 'table')} whose primary key the server generated and hides",
        *case.at_tables(affected),
        subjects=[table.name for table in affected],
    )


CHECKS = (
    Check(
        code="SCH-FLOATPK",
        title="No key holds FLOAT or DOUBLE",
        why=(
            "A change finds its row on the target by the key's value. A FLOAT read and written as text is not the same "
            "number again: the row is not found, the update is lost, and nothing reports an error."
        ),
        outcomes={Outcome.BLOCK: "FLOAT, DOUBLE or REAL in the primary key, or in the unique key that takes its place"},
        remedy="Change the column to DECIMAL, or give the table another primary key, before the import.",
        look=_floating,
    ),
    Check(
        code="SCH-BLOBPK",
        title="Keys cover whole columns",
        why="Two rows that differ only after the prefix are one and the same to a key that covers the beginning.",
        outcomes={
            Outcome.BLOCK: "the primary key has a prefix (as every BLOB or TEXT in a key has)",
            Outcome.WARN: "another unique key has one: Vitess copies it, some platforms refuse the schema",
        },
        remedy="Make the column a VARCHAR short enough for the key, or use another column as the key.",
        look=_partial,
    ),
    Check(
        code="SCH-UNIQ",
        title="Every table has a key that tells rows apart",
        why=(
            "Rows are copied in the key's order and changed by the key's values. Without a key Vitess compares all "
            "columns: slow on large tables, and not sure where NULLs or duplicate rows occur."
        ),
        outcomes={
            Outcome.WARN: (
                "no primary key and no unique key over whole, NOT NULL columns. Platforms that lint the schema refuse "
                "it; Vitess itself copied a small table of this kind correctly, and has open reports of lost changes"
            )
        },
        remedy="Add a primary key.",
        look=_unique,
    ),
    Check(
        code="SCH-GIPK",
        title="Primary keys are visible",
        why="A key the server generated and hides is left out by SELECT * and by tools that do not ask for it.",
        outcomes={Outcome.WARN: "a table has the generated invisible primary key my_row_id"},
        remedy="ALTER TABLE … ALTER COLUMN my_row_id SET VISIBLE; or give the table a primary key of its own.",
        look=_invisible_key,
    ),
)
