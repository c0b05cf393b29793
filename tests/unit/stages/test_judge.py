"""Every measure in every outcome, and how outcomes become a verdict."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from seatrial.domain.collection import Gap
from seatrial.domain.comparison import Equality, SampleComparison, ShardComparison
from seatrial.domain.evidence import Evidence, resolve
from seatrial.domain.exhibits import Exhibits
from seatrial.domain.finding import Assessment, Outcome
from seatrial.domain.measure import Measure
from seatrial.domain.verdict import Criterion, Judged, Judgement, Verdict
from seatrial.facts.criteria import default_criteria
from seatrial.stages.judge import judge
from seatrial.stages.judge.case import Nature
from seatrial.stages.judge.registry import MEASURES
from tests.unit import factories as make

NOW = datetime.fromisoformat(make.NOW)
PASS, FAIL, OPEN = Judgement.PASS, Judgement.FAIL, Judgement.INCONCLUSIVE


def judged(exhibits: Exhibits, *criteria: Criterion, lab: bool = False, **given: Any) -> Verdict:
    return judge(
        exhibits,
        criteria or default_criteria(),
        now=given.get("now", NOW),
        lab=lab,
        accepted=given.get("accepted", make.ACCEPTED),
    )


def criterion(measure: Measure, compare: Any = "==", limit: float = 0) -> Criterion:
    return Criterion(code="c", title="C", measure=measure, compare=compare, limit=limit)


def with_(kind: str, **fields: Any) -> Exhibits:
    """A good trial but for these fields of one artifact's body."""
    exhibits = make.everything()
    return replace(exhibits, **{kind: make.exhibit(kind, replace(getattr(exhibits, kind).body, **fields))})


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

FLAT = [(measure, *case) for measure, cases in CASES.items() for case in cases]


def one(exhibits: Exhibits, wanted: Criterion, **given: Any) -> Judged:
    (only,) = judged(exhibits, wanted, **given).criteria
    return only


def resolved(exhibits: Exhibits, evidence: Evidence) -> Any:
    exhibit = getattr(exhibits, evidence.address.kind)
    assert exhibit.sha256 == evidence.sha256
    return resolve(make.plain(exhibit.body), evidence.pointer)


@pytest.mark.parametrize(("measure", "exhibits", "compare", "limit", "value", "judgement"), FLAT)
def test_measure(
    measure: Measure, exhibits: Exhibits, compare: str, limit: float, value: float | None, judgement: Judgement
) -> None:
    answer = one(exhibits, criterion(measure, compare, limit))
    assert (answer.value, answer.judgement) == (value, judgement)
    assert answer.because.endswith(".")
    assert answer.because[0].isupper() or not answer.because[0].isalpha()
    assert answer.evidence
    for evidence in answer.evidence:
        resolved(exhibits, evidence)


def test_every_measure_is_registered_and_tried_in_every_outcome() -> None:
    assert set(MEASURES) == set(Measure) == set(CASES)
    for measure, cases in CASES.items():
        nature, _ = MEASURES[measure]
        missed = OPEN if nature is Nature.COVERAGE else FAIL
        assert any(judgement is PASS for *_, judgement in cases), measure
        assert any(judgement is missed and value is not None for *_, value, judgement in cases), measure


@pytest.mark.parametrize("measure", Measure)
def test_a_missing_artifact_is_inconclusive_and_names_the_step(measure: Measure) -> None:
    answer = one(NOTHING, criterion(measure))
    assert (answer.value, answer.judgement, answer.evidence) == (None, OPEN, ())
    assert "run seatrial " in answer.because


@pytest.mark.parametrize("measure", [m for m, (nature, _) in MEASURES.items() if nature is Nature.PERFORMANCE])
def test_a_shared_lab_never_judges_performance(measure: Measure) -> None:
    for exhibits, compare, limit, value, _ in CASES[measure]:
        answer = one(exhibits, criterion(measure, compare, limit), lab=True)
        assert (answer.judgement, answer.value) == (OPEN, value)
        assert value is None or "shares its machine" in answer.because


def test_on_a_shared_lab_the_pause_may_pass_but_not_fail() -> None:
    wanted = criterion(Measure.PAUSE_MS, "<=", 10_000)
    assert one(GOOD, wanted, lab=True).judgement is PASS
    slow = one(with_("rehearse", pause_switch_ms=12_000.0), wanted, lab=True)
    assert (slow.judgement, slow.value) == (OPEN, 12_000)


def test_on_a_shared_lab_what_happened_to_rows_still_counts() -> None:
    assert one(ledger(lost=1), criterion(Measure.ROWS_LOST), lab=True).judgement is FAIL
    assert one(GOOD, criterion(Measure.ROWS_LOST), lab=True).judgement is PASS


def test_a_trial_in_which_all_went_well_passes_on_machines_of_its_own() -> None:
    assert judged(GOOD).judgement is PASS


def test_the_same_trial_on_a_shared_lab_stays_open_for_its_times_alone() -> None:
    verdict = judged(GOOD, lab=True)
    assert verdict.judgement is OPEN
    assert [c.criterion.measure for c in verdict.criteria if c.judgement is not PASS] == [Measure.STALL_P99_MS]


def test_one_failure_fails_the_verdict_whatever_stays_open() -> None:
    assert (
        judged(Exhibits(rehearse=make.exhibit("rehearse", replace(make.rehearsal(), equal_after=False)))).judgement
        is FAIL
    )


def test_nothing_judged_is_no_pass() -> None:
    assert judged(NOTHING).judgement is OPEN
    assert judge(GOOD, (), now=NOW, lab=False, accepted={}).judgement is OPEN


def test_accepting_settles_findings_and_what_they_name_but_nothing_else() -> None:
    blocked = found(Outcome.BLOCK, Outcome.BLOCK)
    assert one(blocked, criterion(Measure.BLOCKING_FINDINGS), accepted={"check.0": "known"}).value == 1
    assert one(GOOD, criterion(Measure.LEFT_BEHIND), accepted={}).value == 2
    assert one(GOOD, criterion(Measure.LEFT_BEHIND), accepted={"SRV-RETAIN": "known"}).value == 2


def test_a_moving_table_within_its_bound_is_balanced_and_wholly_compared() -> None:
    moving = rows(source_after=391_600, target=391_580, bound=60)
    assert one(moving, criterion(Measure.TABLES_OFF_BALANCE)).judgement is PASS
    assert one(moving, criterion(Measure.TABLES_PARTLY_COMPARED)).judgement is PASS
    assert any("within a stated bound" in caveat for caveat in judged(moving).caveats)


@pytest.mark.parametrize("fault", [("shards", "rows_compared"), ("rows", "target")])
def test_evidence_of_a_defect_leads_to_the_defect(fault: tuple[str, str]) -> None:
    exhibits, measure = {
        "shards": (part_compared(), Measure.TABLES_PARTLY_COMPARED),
        "rows": (rows(target=1), Measure.TABLES_OFF_BALANCE),
    }[fault[0]]
    (evidence,) = one(exhibits, criterion(measure)).evidence
    assert evidence.pointer == f"/tables/1/{fault[0]}"


CAVEATS: list[tuple[str, Callable[[], Verdict], str]] = [
    ("lab", lambda: judged(GOOD, lab=True), "shared one machine"),
    ("sample", lambda: judged(GOOD), "nothing here speaks of your data"),
    ("clone", lambda: judged(with_("rehearse", allowed_because="nightly copy of shop")), "“nightly copy of shop”"),
    ("versions differ", lambda: judged(with_("load", source_version="8.0.36")), "ran 8.0.36 and the target 9.7.4"),
    (
        "not the version that was examined",
        lambda: judged(
            with_("collect", server=replace(make.collection().server, version=(5, 7, 44), version_text="5.7.44-log"))
        ),
        "Not your version: the server that was examined runs 5.7.44",
    ),
    ("one version on the sample", lambda: judged(GOOD), "If your production runs another version"),
    (
        "flavour",
        lambda: judged(
            with_("collect", server=replace(make.collection().server, flavour="mariadb", version_text="11.4.2-MariaDB"))
        ),
        "mariadb 11.4.2-MariaDB",
    ),
    ("gaps", lambda: judged(GOOD), "1 question to the source got no answer"),
    ("rate", lambda: judged(GOOD), "60 transactions a second for 92 s"),
    ("queries", lambda: judged(GOOD), "each of your queries"),
    ("accepted", lambda: judged(GOOD), "SRV-RETAIN (“the copy takes 20 min”)"),
    ("accepted in vain", lambda: judged(GOOD, accepted={"no.such": "x"}), "no finding has this code: no.such"),
]


@pytest.mark.parametrize(("verdict", "said"), [case[1:] for case in CAVEATS], ids=[case[0] for case in CAVEATS])
def test_caveat(verdict: Callable[[], Verdict], said: str) -> None:
    assert any(said in caveat for caveat in verdict().caveats)


def test_a_trial_of_one_version_on_a_declared_copy_says_nothing_of_versions() -> None:
    caveats = judged(with_("rehearse", allowed_because="clone")).caveats
    assert not any("version" in caveat for caveat in caveats)


def test_the_same_evidence_gets_the_same_verdict() -> None:
    assert judged(GOOD) == judged(make.everything())
    assert judged(GOOD, now=NOW + timedelta(hours=30)).judgement is OPEN
    assert judged(GOOD, now=NOW.astimezone(UTC)) == judged(GOOD)


def test_a_verdict_survives_the_dossier() -> None:
    verdict = judged(GOOD, lab=True)
    assert msgspec.json.decode(msgspec.json.encode(verdict), type=Verdict) == verdict


def test_the_page_says_the_nature_of_every_measure() -> None:
    page = (Path(__file__).parents[3] / "docs" / "criteria.md").read_text()
    for measure, (nature, _) in MEASURES.items():
        assert f"| `{measure}` | {nature} |" in page
