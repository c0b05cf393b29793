"""Runs every check on one collection."""

from collections.abc import Callable

from seatrial.domain.collection import Collection
from seatrial.domain.evidence import Evidence
from seatrial.domain.finding import Assessment, Finding, Outcome
from seatrial.stages.assess.check import Answer, Case, Check, CouldNotLook
from seatrial.stages.assess.checks import CHECKS

_GRAVEST_FIRST = list(reversed(Outcome))


def assess(collection: Collection, *, evidence_of: Callable[[str], Evidence]) -> Assessment:
    """Every check's finding, gravest first, then in the registry's order.

    `evidence_of` turns a JSON pointer into the collection's body into evidence. Pure: the same collection gives
    the same findings.
    """
    found = [_finding(check, _look(check, collection), evidence_of) for check in CHECKS]
    return Assessment(findings=tuple(sorted(found, key=lambda finding: _GRAVEST_FIRST.index(finding.outcome))))


def _look(check: Check, collection: Collection) -> Answer:
    try:
        return check.look(Case(collection, check.rule))
    except CouldNotLook as blind:
        return Answer(outcome=Outcome.COULD_NOT_LOOK, detail=blind.reason, at=blind.at)


def _finding(check: Check, answer: Answer, evidence_of: Callable[[str], Evidence]) -> Finding:
    remedy = ""
    if answer.outcome is Outcome.COULD_NOT_LOOK:
        remedy = answer.remedy or "remove the reason and run `seatrial collect` again"
    elif answer.outcome is not Outcome.PASS:
        remedy = answer.remedy or check.remedy
    return Finding(
        code=check.code,
        outcome=answer.outcome,
        title=check.title,
        detail=answer.detail,
        subjects=answer.subjects,
        remedy=remedy,
        evidence=tuple(evidence_of(at) for at in answer.at),
        source=check.rule.cited,
    )
