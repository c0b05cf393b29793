"""A check as a page of documentation: what it asks, why, what each outcome means, what to do, who says so."""

from seatrial.domain.finding import Outcome
from seatrial.stages.assess.check import Check

_ORDER = (Outcome.BLOCK, Outcome.COULD_NOT_LOOK, Outcome.WARN, Outcome.PASS)
_USUAL = {
    Outcome.COULD_NOT_LOOK: "the collection has no answer to what the check needs; its reason is given",
    Outcome.PASS: "none of the above",
}


def page(check: Check) -> str:
    """The page in Markdown; `docs/checks/CODE.md` holds exactly this."""
    said = {**_USUAL, **check.outcomes}
    outcomes = [f"| **{outcome}** | {said[outcome]} |" for outcome in _ORDER if outcome in said]
    limits = [f"| `{name}` | {_value(value)} |" for name, value in check.rule.limits.items()]
    lines = [f"# {check.code}: {check.title}", "", check.why, "", "| outcome | when |", "| --- | --- |", *outcomes, ""]
    if check.remedy:
        lines += ["## What to do", "", check.remedy, ""]
    if limits:
        lines += ["## Limits", "", "| limit | value |", "| --- | --- |", *limits, ""]
    lines += ["## Who says so", ""]
    lines += [f"- {one.says} ({one.at}, {one.read.isoformat()})" for one in check.rule.source]
    return "\n".join(lines) + "\n"


def _value(value: int | float | str | list[str]) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return f"{value:,}" if isinstance(value, int) else str(value)
