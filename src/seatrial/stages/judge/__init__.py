"""From exhibits to a verdict: pure, so the same evidence always gets the same answer.

How a value becomes pass, fail or inconclusive is the measure's nature (docs/criteria.md).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from seatrial.domain.exhibits import Exhibits
from seatrial.domain.verdict import Criterion, Judged, Judgement, Verdict
from seatrial.stages.judge.case import Case, Missing, Nature, Reading
from seatrial.stages.judge.caveats import caveats
from seatrial.stages.judge.registry import MEASURES


def judge(
    exhibits: Exhibits,
    criteria: Sequence[Criterion],
    *,
    now: datetime,
    lab: bool,
    accepted: Mapping[str, str],
) -> Verdict:
    """The verdict over everything that was found.

    `now` carries its time zone. `lab` says that source, target and traffic share one machine: then no time
    passes (rule T6). `accepted` maps the code of a finding to the reason why it was accepted. An artifact that
    is missing makes its criteria inconclusive, and so does a verdict without any criterion.
    """
    case = Case(exhibits=exhibits, now=now, accepted=accepted)
    judged = tuple(_judged(case, criterion, lab) for criterion in criteria)
    return Verdict(judgement=_gravest(judged), criteria=judged, caveats=caveats(case, lab=lab))


def _judged(case: Case, criterion: Criterion, lab: bool) -> Judged:
    nature, read = MEASURES[criterion.measure]
    try:
        reading = read(case)
    except Missing as missing:
        reading = Reading(None, str(missing))
    judgement = _judgement(criterion, nature, reading, lab)
    because = reading.because
    if lab and reading.value is not None and judgement is Judgement.INCONCLUSIVE and nature.wants_own_machine:
        because += "; on a lab that shares its machine with the source and the traffic this time proves nothing"
    return Judged(
        criterion=criterion,
        judgement=judgement,
        value=reading.value,
        because=because[0].upper() + because[1:] + ".",
        evidence=reading.evidence,
    )


def _judgement(criterion: Criterion, nature: Nature, reading: Reading, lab: bool) -> Judgement:
    value = reading.value
    if value is None or reading.proves_nothing or (lab and nature is Nature.PERFORMANCE):
        return Judgement.INCONCLUSIVE
    holds = _holds(value, criterion)
    if reading.at_most is not None and holds is not _holds(reading.at_most, criterion):
        return Judgement.INCONCLUSIVE
    if holds:
        return Judgement.PASS
    if nature is Nature.COVERAGE or (lab and nature is Nature.PROTOCOL):
        return Judgement.INCONCLUSIVE
    return Judgement.FAIL


def _holds(value: float, criterion: Criterion) -> bool:
    match criterion.compare:
        case "<=":
            return value <= criterion.limit
        case ">=":
            return value >= criterion.limit
        case "==":
            return value == criterion.limit


def _gravest(judged: tuple[Judged, ...]) -> Judgement:
    seen = {one.judgement for one in judged}
    for judgement in (Judgement.FAIL, Judgement.INCONCLUSIVE):
        if judgement in seen:
            return judgement
    return Judgement.PASS if seen else Judgement.INCONCLUSIVE
