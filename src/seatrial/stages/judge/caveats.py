"""What a verdict does not speak of, said in whole sentences."""

import re
from collections.abc import Iterator

from seatrial.stages.judge.case import Case, counted

_NUMBERS = re.compile(r"\d+\.\d+(?:\.\d+)?")


def caveats(case: Case, *, lab: bool) -> tuple[str, ...]:
    """Every limit of the verdict that the exhibits show, the widest first."""
    return (*_sample(case), *_lab(lab), *_versions(case), *_looked(case), *_rehearsed(case), *_accepted(case))


def _sample(case: Case) -> Iterator[str]:
    rehearse = case.exhibits.rehearse
    if rehearse is None:
        return
    allowed = rehearse.body.allowed_because
    if allowed == "sample":
        yield "The source is the sample that seatrial makes itself: nothing here speaks of your data."
    else:
        yield f"The rehearsal ran on what was declared to be a copy, not on production: “{allowed}”."


def _lab(lab: bool) -> Iterator[str]:
    if lab:
        yield (
            "Source, target and traffic shared one machine. What happened to rows and transactions is proved by it; "
            "times and rates are shown, but none of them counts as a pass."
        )


def _versions(case: Case) -> Iterator[str]:
    """Rule T5: equal versions on both sides hide what the customer's own would show."""
    exhibits = case.exhibits
    collect, load, verify = exhibits.collect, exhibits.load, exhibits.verify
    pairs: list[tuple[str, str, str]] = []
    if load is not None:
        pairs.append(("load", load.body.source_version, load.body.target_version))
    if verify is not None:
        pairs.append(("verification", verify.body.source_version, verify.body.target_version))
    told: set[tuple[str, str]] = set()
    for step, source, target in pairs:
        if _numbers(source) != _numbers(target) and (source, target) not in told:
            told.add((source, target))
            yield (
                f"Not one version: in the {step} the source ran {source} and the target {target}. "
                "On the way back, rows written by the newer version flow into the older one."
            )
    if collect is None:
        return
    if collect.body.server.flavour not in ("mysql", "unknown"):
        yield f"Not stock MySQL: the source is {collect.body.server.flavour} {collect.body.server.version_text}."
    yours = ".".join(map(str, collect.body.server.version))
    for step, source, _ in pairs:
        if _numbers(source) != _numbers(yours):
            yield f"Not your version: the server that was examined runs {yours}, the source of the {step} ran {source}."
            return
    rehearsed_on_sample = exhibits.rehearse is not None and exhibits.rehearse.body.allowed_because == "sample"
    if pairs and rehearsed_on_sample and not told:
        yield (
            f"Both sides ran {yours}. If your production runs another version, "
            "what happens between the two was not seen here."
        )


def _looked(case: Case) -> Iterator[str]:
    collect, verify = case.exhibits.collect, case.exhibits.verify
    if collect is not None and (gaps := len(collect.body.gaps)):
        yield f"{counted(gaps, 'question')} to the source got no answer: see what was examined."
    if verify is not None:
        moving = sum(1 for table in verify.body.tables if table.rows.bound)
        if moving:
            yield (
                f"{counted(moving, 'table')} changed while being counted: their rows agree within a stated bound, "
                "not to the row."
            )


def _rehearsed(case: Case) -> Iterator[str]:
    rehearse = case.exhibits.rehearse
    if rehearse is not None:
        yield (
            f"The rehearsal asked for {rehearse.body.rate_per_s:g} transactions a second for "
            f"{rehearse.body.seconds:,.0f} s. A higher rate or a longer run was not tried."
        )
    if case.exhibits.load is not None:
        yield "Whether Vitess plans each of your queries, and answers them alike, was not examined."


def _accepted(case: Case) -> Iterator[str]:
    found = {finding.code for finding in case.exhibits.assess.body.findings} if case.exhibits.assess else set()
    for code, reason in sorted(case.accepted.items()):
        if code in found:
            yield f"Accepted in advance: {code} (“{reason}”)."
        else:
            yield f"Accepted in advance, but no finding has this code: {code} (“{reason}”)."


def _numbers(version: str) -> str:
    match = _NUMBERS.search(version)
    return match[0] if match else version
