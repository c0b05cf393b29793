"""Every check on a source that is fine, on one that is not, and on a collection that does not tell."""

import msgspec
import pytest
from msgspec.structs import replace

from seatrial.domain.collection import Collection, Gap, Privileges
from seatrial.domain.evidence import Evidence, resolve
from seatrial.domain.finding import Assessment, Finding, Outcome
from seatrial.domain.schema import StoredObject
from seatrial.stages.assess import assess
from seatrial.stages.assess.check import Check
from seatrial.stages.assess.checks import CHECKS
from tests.unit.stages.assess_cases import (
    BLIND,
    BLOCK,
    CASES,
    KEY_ON_FLOAT,
    PASS,
    WARN,
    Change,
    both,
    gap,
    healthy,
    objects,
    table,
    tables,
)

NEVER = {
    "SRV-DISK": {PASS, WARN, BLOCK},  # SQL does not show free disk
    "PRV-SELF": {BLIND},  # what it looks at is the list of what could not be looked at
}


def assessed(collection: Collection) -> Assessment:
    """The assessment, after a look that every pointer of it leads somewhere."""
    body = msgspec.json.decode(msgspec.json.encode(collection))

    def evidence_of(at: str) -> Evidence:
        resolve(body, at)
        return Evidence("collect/main", "", at)

    return assess(collection, evidence_of=evidence_of)


def finding(assessment: Assessment, code: str) -> Finding:
    (found,) = [one for one in assessment.findings if one.code == code]
    return found


@pytest.mark.parametrize(
    ("code", "outcome", "change"), CASES, ids=[f"{code}-{o}-{n}" for n, (code, o, _) in enumerate(CASES)]
)
def test_a_check_sees_the_difference(code: str, outcome: Outcome, change: Change) -> None:
    found = finding(assessed(change(healthy())), code)
    assert found.outcome is outcome, found.detail
    assert found.detail and found.source
    assert bool(found.remedy) == (outcome is not PASS)


def test_a_healthy_source_passes_every_check_that_can_pass() -> None:
    findings = assessed(healthy()).findings
    assert {one.code for one in findings if one.outcome is not PASS} == {"SRV-DISK"}
    assert [one.code for one in findings if not one.remedy and one.outcome is not PASS] == []


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)
def test_every_check_is_tried_in_all_its_outcomes(check: Check) -> None:
    tried = {outcome for code, outcome, _ in CASES if code == check.code}
    never = NEVER.get(check.code, set())
    assert BLIND in tried or BLIND in never
    assert tried & {WARN, BLOCK} or {WARN, BLOCK} <= never
    assert set(check.outcomes) <= tried


def test_findings_come_gravest_first_and_the_same_each_time() -> None:
    source = both(tables(KEY_ON_FLOAT, table("x", indexes=())), gap("events"))(healthy())
    first = assessed(source)
    gravity = [list(reversed(Outcome)).index(one.outcome) for one in first.findings]
    assert gravity == sorted(gravity)
    assert first == assessed(source)
    assert [one.code for one in first.blocking] == ["SCH-FLOATPK"]
    assert len(first.findings) == len(CHECKS)


def test_a_collection_that_holds_nothing_passes_nothing_it_did_not_see() -> None:
    refused = [
        "binlogs", "columns", "connections", "events", "foreign_key_columns", "foreign_keys", "grants", "history_list",
        "indexes", "long_transactions", "partitions", "replica_status", "routines", "sidecars", "status", "tables",
        "triggers", "views",
    ]  # fmt: skip
    nothing = replace(
        healthy(),
        status=(), replication=None, writers=None, long_transactions=None, history_list_length=None, sidecars=None,
        privileges=Privileges(everywhere=frozenset(), database=frozenset(), could_look=False),
        gaps=tuple(Gap(question=question, reason="refused") for question in refused),
    )  # fmt: skip
    blind = replace(nothing, server=replace(nothing.server, variables={}))
    findings = assessed(blind).findings
    assert {one.code for one in findings if one.outcome is PASS} == {"SRV-VERSION"}
    assert {one.code for one in findings if one.outcome is WARN} == {"PRV-SELF"}


def test_missing_privileges_are_given_as_sql_to_paste() -> None:
    held = Privileges(everywhere=frozenset({"PROCESS"}), database=frozenset({"SELECT"}))
    found = finding(assessed(replace(healthy(), privileges=held)), "PRV-GRANTS")
    assert "GRANT RELOAD, REPLICATION CLIENT, REPLICATION SLAVE ON *.* TO 'importer'@'%';" in found.remedy
    assert "GRANT INSERT, UPDATE, DELETE, LOCK TABLES, SHOW VIEW ON `shop`.* TO" in found.remedy
    assert "DROP" not in found.remedy


def test_what_stays_behind_is_listed_one_by_one_with_owner_and_action() -> None:
    left = [StoredObject(kind=kind, name=f"the_{kind}", definer="account-2") for kind in
            ("view", "trigger", "event", "procedure", "function")]  # fmt: skip
    found = finding(assessed(objects(*left)(healthy())), "OBJ-LEFT")
    assert len(found.subjects) == len(found.evidence) == 5
    assert all("account-2" in subject and ":" in subject for subject in found.subjects)
