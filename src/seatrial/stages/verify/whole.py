"""The verification of a load: all tables, three ways, and what they came to."""

import time
from collections.abc import Callable, Mapping, Sequence

from seatrial.domain.collection import Collection
from seatrial.domain.comparison import (
    Equality,
    Mismatch,
    Mismatches,
    RowAccount,
    SampleComparison,
    ShardComparison,
    TableComparison,
    Verification,
)
from seatrial.domain.event import Found, Note, Tell
from seatrial.domain.fault import Fault
from seatrial.domain.movement import Loaded
from seatrial.domain.ports import Cluster, Now, Sql, Tablets
from seatrial.domain.schema import Table, same_definition
from seatrial.domain.vitess import VDiffShard
from seatrial.stages.verify import rows
from seatrial.stages.verify.sample import Draw, compare
from seatrial.stages.verify.shards import open_primaries
from seatrial.stages.verify.vdiff import run_vdiff


def verify(
    loaded: Loaded,
    collection: Collection,
    *,
    cluster: Cluster,
    tablets: Tablets,
    source: Sql,
    mend: Callable[[], None],
    now: Now,
    tell: Tell,
    draw: Draw,
) -> tuple[Verification, Mismatches]:
    """Compare every table of the load. Reads the source (one scan by VDiff, one count before and after, the drawn
    keys) and the tablets' own MySQL; never vtgate, which would answer for both sides from one (rule R1).

    `mend` brings back tablets that went away while comparing."""
    began = time.monotonic()
    groups = [(w.name, w.keyspace, w.tables) for w in loaded.workflows]
    groups += [(m.name, m.keyspace, m.tables) for m in loaded.materializations]
    compared: list[TableComparison] = []
    differing: list[Mismatch] = []
    for workflow, keyspace, names in groups:
        reference = any(workflow == m.name for m in loaded.materializations)
        schema = collection.schema
        before = rows.counts(source, names, tell)
        activity = rows.activity(source, schema.database, names)
        reports = run_vdiff(workflow, keyspace, names, cluster, mend, tell)
        with open_primaries(keyspace, cluster, tablets) as primaries:
            target = {name: sum(rows.count(sql, name, tell) for sql in primaries.values()) for name in names}
            after = rows.counts(source, names, tell)
            bounds = rows.bounds(activity, rows.activity(source, schema.database, names), names)
            for name in names:
                account = RowAccount(
                    source_before=before[name],
                    source_after=after[name],
                    target=target[name],
                    copies=len(primaries) if reference else 1,
                    bound=bounds[name],
                )
                mine = [report for report in reports if report.table == name]
                comparison, found = _table(schema.table(name), keyspace, source, primaries, mine, account, draw, tell)
                compared.append(comparison)
                differing += found
    return (
        Verification(
            tables=tuple(compared),
            rows_compared=sum(table.rows_compared for table in compared),
            mismatches=sum(table.mismatches for table in compared),
            seconds=round(time.monotonic() - began, 2),
            taken_at=now().isoformat(timespec="seconds"),
            source_version=loaded.source_version,
            target_version=loaded.target_version,
        ),
        Mismatches(tuple(differing)),
    )


def _table(
    table: Table,
    keyspace: str,
    source: Sql,
    primaries: Mapping[str, Sql],
    reports: Sequence[VDiffShard],
    account: RowAccount,
    draw: Draw,
    tell: Tell,
) -> tuple[TableComparison, list[Mismatch]]:
    """One table's second opinion and conclusion, and the rows that differ by either."""
    try:
        sample, found = compare(table, keyspace, source, primaries, account.copies, draw, tell)
    except Fault as fault:
        if fault.code != "target.no-values-through-vtctld":
            raise
        sample, found = None, []
        tell(Note(text=f"{table.name}: no drawn rows read: {fault.what}", warning=True))
    changed = not same_definition(table.ddl, rows.definition(source, table.name))
    comparison = conclude(table, keyspace, reports, account, sample, changed=changed)
    tell(Found(code=table.name, outcome=_shown(comparison.equality), title=_line(comparison)))
    return comparison, found + _vdiff_rows(table, keyspace, reports)


def conclude(
    table: Table,
    keyspace: str,
    reports: Sequence[VDiffShard],
    account: RowAccount,
    sample: SampleComparison | None,
    *,
    changed: bool = False,
) -> TableComparison:
    """What the three ways come to for one table. Equal only if every way that could look says so."""
    bad = sum(r.mismatched + r.extra_source + r.extra_target for r in reports)
    unfinished = [r for r in reports if r.state != "completed"]
    covered = sum(r.rows_compared for r in reports)
    equality, reason = Equality.EQUAL, ""
    if bad:
        equality, reason = Equality.DIFFERENT, f"VDiff found {bad:,} differing rows"
    elif sample is not None and sample.mismatched:
        equality, reason = Equality.DIFFERENT, f"{sample.mismatched} of {sample.rows_checked} drawn rows differ"
    elif account.balanced is False:
        equality = Equality.DIFFERENT
        reason = f"{account.target:,} rows on the target, {account.source_after:,} × {account.copies} on the source"
    elif changed:
        equality, reason = Equality.COULD_NOT_LOOK, "the source's table was altered since it was collected"
    elif not reports or unfinished:
        equality = Equality.COULD_NOT_LOOK
        reason = f"VDiff did not end: {unfinished[0].error or unfinished[0].state}" if unfinished else "no VDiff report"
    elif account.balanced is None:
        equality, reason = Equality.COULD_NOT_LOOK, "rows came and went, and how many could not be seen"
    elif not _covers(covered, account):
        equality = Equality.COULD_NOT_LOOK
        reason = f"VDiff compared {covered:,} rows of {account.target:,}"
    return TableComparison(
        table=table.name,
        keyspace=keyspace,
        equality=equality,
        shards=tuple(
            ShardComparison(
                shard=r.shard,
                rows_compared=r.rows_compared,
                mismatched=r.mismatched,
                extra_source=r.extra_source,
                extra_target=r.extra_target,
            )
            for r in reports
        ),
        rows=account,
        sample=sample,
        reason=reason,
    )


def _covers(compared: int, account: RowAccount) -> bool:
    """Whether VDiff looked at as many rows as there are, within the same bound."""
    slack = (account.bound or 0) * account.copies
    low = min(account.source_before, account.source_after) * account.copies
    return compared >= low - slack


def _vdiff_rows(table: Table, keyspace: str, reports: Sequence[VDiffShard]) -> list[Mismatch]:
    def key(row: Mapping[str, str]) -> dict[str, str]:
        return {column: row[column] for column in table.identity_columns if column in row}

    found = []
    for report in reports:
        sides: list[tuple[dict[str, str] | None, dict[str, str] | None]] = [*report.differing]
        sides += [(row, None) for row in report.only_source]
        sides += [(None, row) for row in report.only_target]
        for source, target in sides:
            found.append(
                Mismatch(
                    table=table.name,
                    keyspace=keyspace,
                    shard=report.shard,
                    key=key(source or target or {}),
                    source=source,
                    target=target,
                )
            )
    return found


def _shown(equality: Equality) -> str:
    return {Equality.EQUAL: "pass", Equality.DIFFERENT: "block"}.get(equality, "could-not-look")


def _line(comparison: TableComparison) -> str:
    said = f"{comparison.rows_compared:,} rows compared, {comparison.mismatches:,} differ"
    if comparison.sample is not None:
        said += f"; {comparison.sample.rows_checked} drawn rows read again"
    return f"{said}{'; ' + comparison.reason if comparison.reason else ''}"
