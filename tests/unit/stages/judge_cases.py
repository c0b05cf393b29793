"""Every measure in every outcome: exhibits, a limit, and what must follow on a machine of its own."""

from typing import Any

from msgspec.structs import replace

from seatrial.domain.collection import Gap
from seatrial.domain.comparison import Equality, SampleComparison, ShardComparison
from seatrial.domain.evidence import Exhibit
from seatrial.domain.exhibits import Exhibits
from seatrial.domain.finding import Assessment, Outcome
from seatrial.domain.measure import Measure
from seatrial.domain.verdict import Judgement
from tests.unit import factories as make

PASS, FAIL, OPEN = Judgement.PASS, Judgement.FAIL, Judgement.INCONCLUSIVE


def with_(field: str, **fields: Any) -> Exhibits:
    """A good trial but for these fields of one artifact's body."""
    exhibits = make.everything()
    exhibit: Exhibit[Any] = getattr(exhibits, field)
    body = replace(exhibit.body, **fields)
    return replace(exhibits, **{field: make.exhibit(exhibit.address.kind, body, exhibit.address.instance)})


def found(*outcomes: Outcome) -> Exhibits:
    findings = tuple(make.finding(f"check.{at}", outcome) for at, outcome in enumerate(outcomes))
    return replace(make.everything(), assess=make.exhibit("assess", Assessment(findings=findings)))


def table(**fields: Any) -> Exhibits:
    """The second table of the verification changed."""
    tables = list(make.verification().tables)
    tables[1] = replace(tables[1], **fields)
    return with_("verify", tables=tuple(tables))


def rows(**fields: Any) -> Exhibits:
    return table(rows=replace(make.verification().tables[1].rows, **fields))


def sample(mismatched: int, checked: int = 500) -> Exhibits:
    return table(sample=SampleComparison(rows_checked=checked, mismatched=mismatched, moved=0))


def traffic(**fields: Any) -> Exhibits:
    return with_("rehearse", traffic=replace(make.rehearsal().traffic, **fields))


def ledger(**fields: Any) -> Exhibits:
    kept = make.rehearsal().ledger
    assert kept is not None
    return with_("rehearse", ledger=replace(kept, **fields))


def collected(**schema: Any) -> Exhibits:
    return with_("collect", schema=replace(make.collection().schema, **schema))


def part_compared() -> Exhibits:
    shard = ShardComparison(shard="-80", rows_compared=1_000, mismatched=0, extra_source=0, extra_target=0)
    return table(shards=(shard,))


def sequence_behind() -> Exhibits:
    first, *others = make.rehearsal().sequences
    return with_("rehearse", sequences=(replace(first, next_value=first.max_value), *others))


GOOD = make.everything()
NOTHING = Exhibits()
BARE = replace(make.collection().schema, stored_objects=())

Case = tuple[Exhibits, str, float, float | None, Judgement]
"""Exhibits, compare, limit, and the value and judgement that must follow on a machine of its own."""

CASES: dict[Measure, list[Case]] = {
    Measure.BLOCKING_FINDINGS: [
        (GOOD, "==", 0, 0, PASS),
        (found(Outcome.BLOCK, Outcome.PASS, Outcome.BLOCK), "==", 0, 2, FAIL),
    ],
    Measure.UNANSWERED_CHECKS: [
        (GOOD, "==", 0, 0, PASS),
        (found(Outcome.COULD_NOT_LOOK), "==", 0, 1, OPEN),
    ],
    Measure.LEFT_BEHIND: [
        (GOOD, "==", 0, 0, PASS),
        (collected(stored_objects=()), "==", 0, 0, PASS),
        (found(Outcome.PASS), "==", 0, 2, FAIL),
        (collected(charset="latin1"), "==", 0, None, OPEN),  # the assessment is of an earlier collection
        (
            with_("collect", schema=BARE, gaps=(Gap(question="events", reason="no EVENT privilege"),)),
            "==",
            0,
            None,
            OPEN,
        ),
    ],
    Measure.TABLES_NOT_LOADED: [
        (GOOD, "==", 0, 0, PASS),
        (with_("load", tables=make.loaded().tables[:5]), "==", 0, 2, FAIL),
    ],
    Measure.ROWS_LOADED: [
        (GOOD, ">=", 1, sum(make.ROWS.values()), PASS),
        (with_("load", rows=0), ">=", 1, 0, OPEN),
    ],
    Measure.COPY_SECONDS: [
        (GOOD, "<=", 100, 84, PASS),
        (with_("load", copy_seconds=101.0), "<=", 100, 101, FAIL),
        (with_("load", resumed=True), "<=", 100, None, OPEN),
    ],
    Measure.ROWS_MISMATCHED: [
        (GOOD, "==", 0, 0, PASS),
        (with_("verify", mismatches=1), "==", 0, 1, FAIL),
        (with_("verify", rows_compared=0), "==", 0, None, OPEN),
    ],
    Measure.SAMPLE_MISMATCHED: [
        (GOOD, "==", 0, 0, PASS),
        (sample(3), "==", 0, 3, FAIL),
        (
            with_("verify", tables=tuple(replace(t, sample=None) for t in make.verification().tables)),
            "==",
            0,
            None,
            OPEN,
        ),
    ],
    Measure.TABLES_DIFFERENT: [
        (GOOD, "==", 0, 0, PASS),
        (table(equality=Equality.DIFFERENT), "==", 0, 1, FAIL),
        (with_("verify", tables=()), "==", 0, None, OPEN),
    ],
    Measure.TABLES_UNPROVED: [
        (GOOD, "==", 0, 0, PASS),
        (table(equality=Equality.COULD_NOT_LOOK), "==", 0, 1, OPEN),
        (with_("verify", tables=make.verification().tables[:5]), "==", 0, 2, OPEN),
    ],
    Measure.TABLES_OFF_BALANCE: [
        (GOOD, "==", 0, 0, PASS),
        (rows(target=391_553), "==", 0, 1, FAIL),
        (rows(bound=None, target=391_553), "==", 0, None, OPEN),
    ],
    Measure.TABLES_PARTLY_COMPARED: [
        (GOOD, "==", 0, 0, PASS),
        (part_compared(), "==", 0, 1, OPEN),
    ],
    Measure.VERIFICATION_AGE_HOURS: [
        (GOOD, "<=", 24, 6, PASS),
        (with_("verify", taken_at="2026-11-19T09:30:00"), "<=", 24, 30, OPEN),
        (with_("verify", taken_at="2026-11-21T09:30:00Z"), "<=", 24, None, OPEN),
    ],
    Measure.COMMITTED_TRANSACTIONS: [
        (GOOD, ">=", 100, make.rehearsal().traffic.committed, PASS),
        (traffic(committed=99), ">=", 100, 99, OPEN),
    ],
    Measure.COMMITTED_PER_S: [
        (traffic(committed=9_200), ">=", 100, 100, PASS),
        (traffic(committed=4_600), ">=", 100, 50, FAIL),
        (with_("rehearse", seconds=0.0), ">=", 100, None, OPEN),
    ],
    Measure.PAUSE_MS: [
        (GOOD, "<=", 10_000, 1_104, PASS),
        (with_("rehearse", pause_reverse_ms=10_001.0), "<=", 10_000, 10_001, FAIL),
    ],
    Measure.STALL_P99_MS: [
        (GOOD, "<=", 10_000, 1_212, PASS),
        (with_("rehearse", stall_p99_ms=11_000.0), "<=", 10_000, 11_000, FAIL),
    ],
    Measure.STALL_MAX_MS: [
        (GOOD, "<=", 10_000, 1_240, PASS),
        (with_("rehearse", stall_max_ms=11_000.0), "<=", 10_000, 11_000, FAIL),
    ],
    Measure.FAILED_PERCENT: [
        (traffic(transactions=1_000, failed=10), "<=", 1, 1, PASS),
        (traffic(transactions=1_000, failed=11), "<=", 1, 1.1, FAIL),
        (traffic(transactions=0, failed=0), "<=", 1, None, OPEN),
    ],
    Measure.HALF_COMMITTED: [
        (GOOD, "==", 0, 0, PASS),
        (traffic(half=1), "==", 0, 1, FAIL),
        (traffic(transactions=0), "==", 0, None, OPEN),
    ],
    Measure.UNKNOWN_OUTCOME: [
        (GOOD, "==", 0, 0, PASS),
        (traffic(unknown=1), "==", 0, 1, OPEN),
        (traffic(transactions=0), "==", 0, None, OPEN),
    ],
    Measure.ROWS_LOST: [
        (GOOD, "==", 0, 0, PASS),
        (ledger(lost=1), "==", 0, 1, FAIL),
        (with_("rehearse", ledger=None), "==", 0, None, OPEN),
        (ledger(committed=0), "==", 0, None, OPEN),
    ],
    Measure.ROWS_DOUBLED: [(GOOD, "==", 0, 0, PASS), (ledger(doubled=1), "==", 0, 1, FAIL)],
    Measure.ROWS_SURPLUS: [(GOOD, "==", 0, 0, PASS), (ledger(surplus=1), "==", 0, 1, FAIL)],
    Measure.SEQUENCES_BEHIND: [
        (GOOD, "==", 0, 0, PASS),
        (sequence_behind(), "==", 0, 1, FAIL),
        (with_("rehearse", sequences=()), "==", 0, None, OPEN),
        (
            replace(with_("rehearse", sequences=()), provision=make.exhibit("provision", make.provisioned(()))),
            "==",
            0,
            0,
            PASS,
        ),
    ],
    Measure.FLOWED_BACK: [(GOOD, "==", 1, 1, PASS), (with_("rehearse", flowed_back=False), "==", 1, 0, FAIL)],
    Measure.EQUAL_AFTER: [(GOOD, "==", 1, 1, PASS), (with_("rehearse", equal_after=False), "==", 1, 0, FAIL)],
    Measure.ROUTING_RESTORED: [(GOOD, "==", 1, 1, PASS), (with_("rehearse", routing_restored=False), "==", 1, 0, FAIL)],
}
