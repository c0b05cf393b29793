"""What page and terminal share: the order things are shown in, and the words for a step that was not run."""

from typing import Any

from seatrial.domain.address import Address
from seatrial.domain.comparison import Equality, TableComparison, Verification
from seatrial.domain.evidence import Exhibit
from seatrial.domain.exhibits import Exhibits
from seatrial.domain.finding import Assessment, Finding, Outcome
from seatrial.domain.verdict import Judged, Judgement, Verdict

STEPS = {
    "collect": "seatrial collect",
    "assess": "seatrial assess",
    "digest": "seatrial digest LOG",
    "plan": "seatrial plan",
    "provision": "seatrial provision",
    "load": "seatrial load",
    "verify": "seatrial verify",
    "replay": "seatrial replay",
    "rehearse": "seatrial cutover rehearse",
    "judge": "seatrial judge",
}
"""The command that makes what a section shows."""

TITLES = {
    "collect": "The source has not been looked at yet.",
    "assess": "The source has not been assessed yet.",
    "digest": "No slow log has been read yet.",
    "plan": "No plan has been made yet.",
    "provision": "No target has been set up yet.",
    "load": "Nothing has been attached or copied yet.",
    "verify": "Nothing has been compared yet.",
    "replay": "Nothing has been replayed yet.",
    "rehearse": "The cutover has not been rehearsed yet.",
    "judge": "No verdict has been given yet.",
}

_GROUPS = (
    (Outcome.BLOCK, "Blocks the move"),
    (Outcome.COULD_NOT_LOOK, "Could not look"),
    (Outcome.WARN, "To know before the move"),
    (Outcome.PASS, "Passed"),
)
_JUDGEMENTS = (Judgement.FAIL, Judgement.INCONCLUSIVE, Judgement.PASS)
_EQUALITIES = (Equality.DIFFERENT, Equality.COULD_NOT_LOOK, Equality.EQUAL)

Placed = list[tuple[int, Any]]
"""Items with their places in the artifact, which their evidence needs whatever the order on the page."""


def present(exhibits: Exhibits, verdict: Exhibit[Verdict] | None) -> list[Exhibit[Any]]:
    """The artifacts there are, each once, in the order of the journey."""
    every: tuple[Exhibit[Any] | None, ...] = (
        exhibits.collect,
        exhibits.assess,
        exhibits.digest,
        exhibits.plan,
        exhibits.provision,
        exhibits.load,
        exhibits.verify,
        exhibits.recorded,
        exhibits.replay,
        exhibits.observe,
        exhibits.tried,
        exhibits.rehearse,
        verdict,
    )
    return list({str(exhibit.address): exhibit for exhibit in every if exhibit is not None}.values())


def anchor(address: Address) -> str:
    """The name of an artifact's line in the index of evidence."""
    return f"{address.kind}-{address.instance}"


def tally(verdict: Verdict) -> str:
    """`24 of 25 criteria pass, none fails, 1 stays open.`"""
    judgements = [one.judgement for one in verdict.criteria]
    passed, failed, left = (
        judgements.count(judgement) for judgement in (Judgement.PASS, Judgement.FAIL, Judgement.INCONCLUSIVE)
    )
    return (
        f"{passed} of {len(judgements)} criteria pass, {failed or 'none'} {'fails' if failed < 2 else 'fail'}, "
        f"{left or 'none'} {'stays' if left < 2 else 'stay'} open."
    )


def by_gravity(verdict: Verdict) -> list[tuple[int, Judged]]:
    return sorted(enumerate(verdict.criteria), key=lambda placed: _JUDGEMENTS.index(placed[1].judgement))


def gravest_tables(verification: Verification) -> list[tuple[int, TableComparison]]:
    return sorted(enumerate(verification.tables), key=lambda placed: _EQUALITIES.index(placed[1].equality))


def groups(assessment: Assessment) -> list[tuple[Outcome, str, list[tuple[int, Finding]]]]:
    """The findings by outcome, gravest first; outcomes nobody has are left out."""
    placed = list(enumerate(assessment.findings))
    grouped = [(outcome, title, [f for f in placed if f[1].outcome is outcome]) for outcome, title in _GROUPS]
    return [group for group in grouped if group[2]]
