"""What a verdict does not speak of, said in whole sentences."""

import re
from collections.abc import Iterator

from seatrial.domain.plan import Answer, Placement, Plan
from seatrial.domain.replaying import Replay
from seatrial.stages.judge.case import Case, counted
from seatrial.stages.judge.planning import query_code, short

_PLACED = (Answer.SINGLE, Answer.SEVERAL, Answer.SCATTER)
_NUMBERS = re.compile(r"\d+\.\d+(?:\.\d+)?")


def caveats(case: Case, *, lab: bool) -> tuple[str, ...]:
    """Every limit of the verdict that the exhibits show, the widest first."""
    return (
        *_sample(case),
        *_lab(lab),
        *_versions(case),
        *_looked(case),
        *_logged(case),
        *_queries(case),
        *_rehearsed(case),
        *_accepted(case),
    )


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
    collect, load, verify, replay = exhibits.collect, exhibits.load, exhibits.verify, exhibits.replay
    pairs: list[tuple[str, str, str]] = []
    if load is not None:
        pairs.append(("load", load.body.source_version, load.body.target_version))
    if verify is not None:
        pairs.append(("verification", verify.body.source_version, verify.body.target_version))
    if replay is not None:
        pairs.append(("replay", replay.body.source_version, replay.body.target_version))
    told: set[tuple[str, str]] = set()
    for step, source, target in pairs:
        if _numbers(source) != _numbers(target) and (_numbers(source), _numbers(target)) not in told:
            told.add((_numbers(source), _numbers(target)))
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


def _logged(case: Case) -> Iterator[str]:
    """Rule S8: what the log covers, and what it could not show."""
    if case.exhibits.digest is None:
        return
    digest = case.exhibits.digest.body
    yield (
        f"The workload is what the log holds: {digest.events:,} statements in {digest.seconds:,.0f} s from "
        f"{digest.first[:16].replace('T', ' ')} UTC on. What happens at other times was not seen."
    )
    for caveat in digest.caveats:
        yield f"Of the log: {caveat}"
    if missed := sum(each.count for each in digest.not_understood):
        yield f"{counted(missed, 'place')} in the log {'was' if missed == 1 else 'were'} not understood."


def _queries(case: Case) -> Iterator[str]:
    """Rule T1."""
    plan, replay = case.exhibits.plan, case.exhibits.replay
    if plan is not None and not any(table.placement is Placement.SHARDED for table in plan.body.tables):
        yield "The plan shards no table: that queries and transactions stay in one place says nothing of sharding."
    if plan is not None and replay is None:
        yield "The planner proves where a query goes, not that its answer is right: no query was executed on a copy."
    elif replay is not None:
        yield "The answers of reads were compared by their number of rows, not by what stands in them."
        if plan is not None and (only_planned := _not_run(plan.body, replay.body)):
            yield (
                f"{counted(only_planned, 'query class', 'query classes')} of the plan did not run on the copy: "
                "the planner proves where a query goes, not that its answer is right."
            )
    elif case.exhibits.load is not None:
        yield "Whether Vitess plans each of your queries, and answers them alike, was not examined."


def _not_run(plan: Plan, replay: Replay) -> int:
    """Classes that the planner gave a place and that the replay never executed with success."""
    ran = {each.query for each in replay.classes if each.count > each.errors}
    return sum(1 for each in plan.queries if each.answer in _PLACED and each.query not in ran)


def _accepted(case: Case) -> Iterator[str]:
    found = {finding.code for finding in case.exhibits.assess.body.findings} if case.exhibits.assess else set()
    queries = {query_code(each.id): each for each in case.exhibits.digest.body.classes} if case.exhibits.digest else {}
    for code, reason in sorted(case.accepted.items()):
        if code in queries:
            yield f"Accepted in advance: the query class {code}, {short(queries[code])} (“{reason}”)."
        elif code in found:
            yield f"Accepted in advance: {code} (“{reason}”)."
        else:
            yield f"Accepted in advance, but no finding and no query class has this code: {code} (“{reason}”)."


def _numbers(version: str) -> str:
    match = _NUMBERS.search(version)
    return match[0] if match else version
