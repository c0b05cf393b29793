"""Every measure in every outcome, and how outcomes become a verdict."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from seatrial.domain.evidence import Evidence, resolve
from seatrial.domain.exhibits import Exhibits
from seatrial.domain.finding import Outcome
from seatrial.domain.measure import Measure
from seatrial.domain.plan import Placement
from seatrial.domain.replaying import Divergence
from seatrial.domain.verdict import Criterion, Judged, Judgement, Verdict
from seatrial.facts.criteria import default_criteria
from seatrial.stages.judge import judge
from seatrial.stages.judge.case import Nature
from seatrial.stages.judge.registry import MEASURES
from tests.unit import factories as make
from tests.unit.factories_workload import MERGE
from tests.unit.stages.judge_cases import CASES as JOURNEY_CASES
from tests.unit.stages.judge_cases import FAIL, GOOD, NOTHING, OPEN, PASS, found, ledger, part_compared, rows, with_
from tests.unit.stages.judge_workload_cases import CASES as WORKLOAD_CASES
from tests.unit.stages.judge_workload_cases import HISTORY, apart, differing, replayed, slow

NOW = datetime.fromisoformat(make.NOW)


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


CASES = JOURNEY_CASES | WORKLOAD_CASES
FLAT = [(measure, *case) for measure, cases in CASES.items() for case in cases]


def one(exhibits: Exhibits, wanted: Criterion, **given: Any) -> Judged:
    (only,) = judged(exhibits, wanted, **given).criteria
    return only


def resolved(exhibits: Exhibits, evidence: Evidence) -> Any:
    every = [getattr(exhibits, field) for field in Exhibits.__struct_fields__]
    exhibit, *_ = [e for e in every if e and (e.address, e.sha256) == (evidence.address, evidence.sha256)]
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
    assert [c.criterion.measure for c in verdict.criteria if c.judgement is not PASS] == [
        Measure.SLOWER_CLASSES,
        Measure.STALL_P99_MS,
    ]


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


def test_a_query_class_that_is_refused_must_be_accepted_by_its_code() -> None:
    refused = one(GOOD, criterion(Measure.UNSUPPORTED_PERCENT), accepted={})
    assert refused.judgement is FAIL
    assert f"QUERY-{MERGE} (UPDATE `customers` SET `id`" in refused.because
    failed = one(GOOD, criterion(Measure.REPLAY_FAILED_PERCENT, "<=", 0.01), accepted={})
    assert (failed.judgement, failed.value) == (FAIL, round(800 / make.replay().transactions, 4))
    assert "VT12001" in failed.because


def test_an_accepted_class_may_answer_otherwise_but_not_be_slow() -> None:
    accepted = {f"QUERY-{HISTORY}": "known"}
    otherwise = replayed(HISTORY, rows_differ=4_000)
    assert one(otherwise, criterion(Measure.CLASSES_ANSWERED_OTHERWISE)).judgement is FAIL
    assert one(otherwise, criterion(Measure.CLASSES_ANSWERED_OTHERWISE), accepted=accepted).judgement is PASS
    assert otherwise.replay is not None
    body = replace(otherwise.replay.body, reads_differ=4_000)
    differ = replace(otherwise, replay=make.exhibit("replay", body))
    assert one(differ, criterion(Measure.READS_DIFFER_PERCENT, "<=", 1)).judgement is FAIL
    assert one(differ, criterion(Measure.READS_DIFFER_PERCENT, "<=", 1), accepted=accepted).judgement is PASS
    assert one(slow(), criterion(Measure.SLOWER_CLASSES), accepted=accepted).judgement is FAIL


def test_times_of_a_late_generator_count_nowhere() -> None:
    late = with_("replay", honest=False, because="the workers used 2.0 of 2 cores")
    for measure in (Measure.SLOWER_CLASSES, Measure.LATENCY_P50_RATIO, Measure.LATENCY_P99_RATIO):
        for limit in (0, 1_000):
            answer = one(late, criterion(measure, "<=", limit))
            assert (answer.judgement, answer.value is None) == (OPEN, False)
            assert "not to be believed: the workers used 2.0 of 2 cores" in answer.because


def test_between_two_bounds_a_criterion_is_decided_when_both_agree() -> None:
    moved = apart(12, **differing(Divergence.STARTING_STATE, Divergence.ERROR))
    assert one(moved, criterion(Measure.REPLAY_FAILED_PERCENT, "<=", 0.1)).judgement is FAIL
    assert one(moved, criterion(Measure.REPLAY_FAILED_PERCENT, "<=", 0.6)).judgement is OPEN
    assert one(moved, criterion(Measure.REPLAY_FAILED_PERCENT, "<=", 5)).judgement is PASS


def test_without_a_log_the_first_step_is_named() -> None:
    for measure in (Measure.UNSUPPORTED_PERCENT, Measure.SCATTER_PERCENT, Measure.REPLAYED_TRANSACTIONS):
        assert "run seatrial digest LOG" in one(NOTHING, criterion(measure)).because


def test_a_class_the_plan_does_not_know_is_unplanned() -> None:
    without = with_("plan", queries=make.plan().queries[1:])
    answer = one(replace(without, replay=None), criterion(Measure.UNPLANNED_PERCENT))
    assert answer.value is not None and answer.value > 0
    assert {evidence.address.kind for evidence in answer.evidence} == {"digest", "plan"}


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
    (
        "queries",
        lambda: judged(replace(GOOD, digest=None, recorded=None, plan=None, replay=None)),
        "each of your queries",
    ),
    ("planned only", lambda: judged(replace(GOOD, replay=None)), "not that its answer is right: no query was executed"),
    ("planned, not run", lambda: judged(with_("replay", classes=())), "13 query classes of the plan did not run"),
    (
        "nothing sharded",
        lambda: judged(
            with_("plan", tables=tuple(replace(t, placement=Placement.UNSHARDED) for t in make.plan().tables))
        ),
        "The plan shards no table",
    ),
    ("rows of reads", lambda: judged(GOOD), "by their number of rows, not by what stands in them"),
    ("the log's time", lambda: judged(GOOD), "44,798 statements in 600 s from 2026-11-20 08:50 UTC on"),
    ("the log's own", lambda: judged(GOOD), "Of the log: The log has no SET"),
    ("not understood", lambda: judged(GOOD), "2 places in the log were not understood"),
    ("replay's versions", lambda: judged(with_("replay", source_version="8.0.36")), "in the replay the source ran 8.0"),
    ("accepted query", lambda: judged(GOOD), f"the query class QUERY-{MERGE}, UPDATE `customers` SET `id` = ? WHERE"),
    ("accepted", lambda: judged(GOOD), "SRV-RETAIN (“the copy takes 20 min”)"),
    (
        "accepted in vain",
        lambda: judged(GOOD, accepted={"no.such": "x"}),
        "no finding and no query class has this code: no.such",
    ),
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
