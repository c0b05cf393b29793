"""Measures of the verification: are all rows there, and equal?"""

from collections.abc import Callable
from datetime import UTC, datetime

from seatrial.domain.comparison import Equality, RowAccount, TableComparison, Verification
from seatrial.domain.evidence import Evidence, Exhibit
from seatrial.stages.judge.case import Case, Reading, counted, listed
from seatrial.stages.judge.loading import NAMED_EVIDENCE


def rows_mismatched(case: Case) -> Reading:
    verify = case.verify
    because = f"{counted(verify.body.mismatches, 'row')} of {verify.body.rows_compared:,} compared differs"
    if verify.body.mismatches > 1:
        because = because.removesuffix("differs") + "differ"
    if not verify.body.rows_compared:
        return Reading(None, "not one row was compared", (verify.evidence("rows_compared"),))
    return Reading(verify.body.mismatches, because, (verify.evidence("mismatches"), verify.evidence("rows_compared")))


def sample_mismatched(case: Case) -> Reading:
    verify = case.verify
    samples = [(at, table.sample) for at, table in enumerate(verify.body.tables) if table.sample is not None]
    checked = sum(sample.rows_checked for _, sample in samples)
    wrong = sum(sample.mismatched for _, sample in samples)
    if not checked:
        return Reading(None, "no table gave a row to the second check", (verify.evidence("tables"),))
    bad = [at for at, sample in samples if sample.mismatched]
    places = tuple(verify.evidence("tables", at, "sample", "mismatched") for at in bad[:NAMED_EVIDENCE])
    because = f"of {counted(checked, 'row')} read beside VDiff, {wrong:,} differed twice"
    return Reading(wrong, because, places or (verify.evidence("tables"),))


def tables_different(case: Case) -> Reading:
    verify = case.verify
    different = _tables(verify.body, lambda table: table.equality is Equality.DIFFERENT)
    because = f"{counted(len(different), 'table')} of {len(verify.body.tables):,} {_is(len(different))} different"
    return _count(verify, different, because, "equality")


def tables_unproved(case: Case) -> Reading:
    """Tables that were loaded but not compared, or where the comparison could not look."""
    verify, load = case.verify, case.load
    blind = _tables(verify.body, lambda table: table.equality is Equality.COULD_NOT_LOOK)
    compared = {(table.keyspace, table.table) for table in verify.body.tables}
    absent = [t.table for t in load.body.tables if (t.keyspace, t.table) not in compared]
    because = f"{counted(len(load.body.tables), 'table')} loaded, {len(verify.body.tables):,} looked at"
    if absent:
        because += "; never looked at: " + listed(absent)
    if blind:
        because += "; could not look: " + listed([table.table for _, table in blind])
    places = tuple(verify.evidence("tables", at, "equality") for at, _ in blind[:NAMED_EVIDENCE])
    return Reading(len(blind) + len(absent), because, (*places, verify.evidence("tables"), load.evidence("tables")))


def tables_off_balance(case: Case) -> Reading:
    verify = case.verify
    off = _tables(verify.body, lambda table: table.rows.balanced is False)
    unknown = _tables(verify.body, lambda table: table.rows.balanced is None)
    if unknown and not off:
        names = listed([table.table for _, table in unknown])
        places = tuple(verify.evidence("tables", at, "rows", "bound") for at, _ in unknown[:NAMED_EVIDENCE])
        return Reading(None, f"how much moved while counting is unknown for {names}", places)
    because = f"{counted(len(off), 'table')} of {len(verify.body.tables):,} {_has(len(off))} rows missing or too many"
    return _count(verify, off, because, "rows")


def tables_partly_compared(case: Case) -> Reading:
    """Tables of which fewer rows were compared than both sides have (rule T3; vitessio/vitess #14777)."""
    verify = case.verify
    partly = _tables(
        verify.body,
        lambda t: t.equality is not Equality.COULD_NOT_LOOK and t.rows_compared < _least_rows(t.rows),
    )
    because = f"{counted(len(partly), 'table')} of {len(verify.body.tables):,} {_is(len(partly))} compared only in part"
    return _count(verify, partly, because, "shards")


def verification_age_hours(case: Case) -> Reading:
    verify = case.verify
    taken = datetime.fromisoformat(verify.body.taken_at)
    age = case.now - (taken if taken.tzinfo else taken.replace(tzinfo=UTC))
    hours = age.total_seconds() / 3600
    places = (verify.evidence("taken_at"),)
    if hours < 0:
        return Reading(None, f"the verification ended at {verify.body.taken_at}, which is yet to come", places)
    ago = f"{hours:.1f} hours" if hours >= 1 else f"{hours * 60:.0f} minutes"
    return Reading(round(hours, 2), f"the verification ended {ago} before this verdict", places)


def _least_rows(rows: RowAccount) -> int:
    """How many rows a complete comparison sees at the least."""
    return min(rows.source_before - (rows.bound or 0), rows.source_after - (rows.bound or 0)) * rows.copies


def _tables(body: Verification, such: Callable[[TableComparison], bool]) -> list[tuple[int, TableComparison]]:
    return [(at, table) for at, table in enumerate(body.tables) if such(table)]


def _count(
    verify: Exhibit[Verification], found: list[tuple[int, TableComparison]], because: str, field: str
) -> Reading:
    if not verify.body.tables:
        return Reading(None, "the verification holds no table", (verify.evidence("tables"),))
    if found:
        because += ": " + listed([table.table for _, table in found])
    places: tuple[Evidence, ...] = tuple(verify.evidence("tables", at, field) for at, _ in found[:NAMED_EVIDENCE])
    return Reading(len(found), because, places or (verify.evidence("tables"),))


def _is(count: int) -> str:
    return "is" if count < 2 else "are"


def _has(count: int) -> str:
    return "has" if count < 2 else "have"
