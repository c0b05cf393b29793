"""Single columns and indexes: what a target refuses to create, or treats differently."""

import re

from seatrial.domain.evidence import pointer
from seatrial.domain.finding import Outcome
from seatrial.stages.assess.check import Answer, Case, Check, blocks, counted, passed, warns

_VALUES = re.compile(r"'((?:[^']|'')*)'")
_DATES = ("date", "datetime", "timestamp")


def _enum(case: Case) -> Answer:
    found = []
    for at, table, column in case.columns:
        if column.data_type in ("enum", "set"):
            values = [value.rstrip().lower() for value in _VALUES.findall(column.type)]
            if len(values) != len(set(values)):
                found.append((at, f"{table.name}.{column.name}"))
    if found:
        detail = f"{counted(len(found), 'column')} with the same value twice in its list"
        return blocks(detail, *(at for at, _ in found), subjects=[name for _, name in found])
    return passed("no ENUM or SET lists a value twice")


def _zero_dates(case: Case) -> Answer:
    found = [
        (at, f"{table.name}.{column.name}")
        for at, table, column in case.columns
        if column.data_type in _DATES and re.match(r"'?(0000-|\d{4}-00|\d{4}-\d\d-00)", column.default or "")
    ]
    if found:
        detail = f"{counted(len(found), 'column')} with a date of zero as default: a strict target refuses the table"
        return blocks(detail, *(at for at, _ in found), subjects=[name for _, name in found])
    return passed("no column has a date of zero as its default")


def _generated(case: Case) -> Answer:
    generated = [(at, f"{t.name}.{c.name} ({c.generated})") for at, t, c in case.columns if c.generated]
    hidden = [(at, f"{t.name}.{c.name} (invisible)") for at, t, c in case.columns if c.invisible]
    by_expression = [
        (at, f"{table.name}.{index.name} (expression)")
        for at, table in ((pointer("schema", "tables", i), table) for i, table in enumerate(case.tables))
        for index in table.indexes
        if any(part.column is None for part in index.parts)
    ]
    found = generated + hidden + by_expression
    if found:
        detail = "columns that are generated, invisible or indexed by expression: verify these tables row by row"
        return warns(detail, *(at for at, _ in found), subjects=[name for _, name in found])
    return passed("no column is generated or invisible, and no index is over an expression")


def _fulltext(case: Case) -> Answer:
    found = [
        (table, f"{table.name}.{index.name} ({index.kind})")
        for table in case.tables
        for index in table.indexes
        if index.kind in ("FULLTEXT", "SPATIAL")
    ]
    if found:
        detail = f"{counted(len(found), 'full-text or spatial index', 'full-text and spatial indexes')}"
        return warns(detail, *case.at_tables(table for table, _ in found), subjects=[name for _, name in found])
    return passed("no index is full-text or spatial")


CHECKS = (
    Check(
        code="SCH-ENUM",
        title="ENUM and SET list each value once",
        why="A list with a value twice was accepted by a lenient server; a strict one refuses to create the table.",
        outcomes={Outcome.BLOCK: "a value occurs twice in the list, compared without case and trailing blanks"},
        remedy="ALTER TABLE … MODIFY the column with each value once, after moving rows off the second.",
        look=_enum,
    ),
    Check(
        code="SCH-ZERODATE",
        title="No default is a date of zero",
        why="Targets run with NO_ZERO_DATE: CREATE TABLE fails with `Invalid default value`.",
        outcomes={Outcome.BLOCK: "a DATE, DATETIME or TIMESTAMP whose default has a zero year, month or day"},
        remedy="ALTER TABLE … ALTER COLUMN … DROP DEFAULT; or set a date that exists, or NULL.",
        look=_zero_dates,
    ),
    Check(
        code="SCH-GENCOL",
        title="Columns hold what was written to them",
        why=(
            "Generated and invisible columns have been copied wrongly by older versions of Vitess. The version "
            "tried here "
            "copied them right; a comparison of these tables is the proof."
        ),
        outcomes={Outcome.WARN: "a column is generated or invisible, or an index is over an expression"},
        remedy="Nothing beforehand; make sure that `verify` compares these tables.",
        look=_generated,
    ),
    Check(
        code="SCH-FULLTEXT",
        title="No index is full-text or spatial",
        why=(
            "Each shard searches its own rows: relevance is computed within a shard, and such a search asks all"
            " of them."
        ),
        outcomes={Outcome.WARN: "a FULLTEXT or SPATIAL index exists"},
        remedy="Test those searches on the sharded target and compare the order of results; or search elsewhere.",
        look=_fulltext,
    ),
)
