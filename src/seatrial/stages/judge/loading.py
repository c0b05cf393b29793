"""Measures of the source, of what was found about it, and of what was loaded from it."""

from collections.abc import Callable

from seatrial.domain.evidence import Evidence, pointer
from seatrial.domain.finding import Outcome
from seatrial.domain.question import Question
from seatrial.stages.judge.case import Case, Reading, counted, listed

NAMED_EVIDENCE = 10
"""At most so many single places are named for one number; beyond that the list they stand in is."""

_STORED = (Question.VIEWS, Question.TRIGGERS, Question.EVENTS, Question.ROUTINES)


def blocking_findings(case: Case) -> Reading:
    return _open_findings(case, Outcome.BLOCK, lambda n: f"{counted(n, 'finding')} {'blocks' if n < 2 else 'block'}")


def unanswered_checks(case: Case) -> Reading:
    def say(count: int) -> str:
        return f"{counted(count, 'check')} could not look" if count else "every check could look"

    return _open_findings(case, Outcome.COULD_NOT_LOOK, say)


def _open_findings(case: Case, outcome: Outcome, say: Callable[[int], str]) -> Reading:
    exhibit = case.assess
    concerned = [(at, f) for at, f in enumerate(exhibit.body.findings) if f.outcome is outcome]
    open_ = [(at, f) for at, f in concerned if f.code not in case.accepted]
    places = tuple(exhibit.evidence("findings", at, "outcome") for at, _ in open_[:NAMED_EVIDENCE])
    because = say(len(open_))
    if open_:
        because += ": " + listed([finding.code for _, finding in open_])
    if len(concerned) > len(open_):
        because += f" ({len(concerned) - len(open_)} accepted)"
    return Reading(len(open_), because, places or (exhibit.evidence("findings"),))


def left_behind(case: Case) -> Reading:
    """Rule W5. An object is settled when an accepted finding rests on it as evidence."""
    collect, findings = case.collect, case.assess.body.findings
    objects = list(enumerate(collect.body.schema.stored_objects))
    accepted = [evidence for f in findings if f.code in case.accepted for evidence in f.evidence]
    if objects and any(evidence.sha256 != collect.sha256 for evidence in accepted):
        return Reading(None, "the assessment is of an earlier collection: run seatrial assess", (collect.evidence(),))
    settled = {evidence.pointer for evidence in accepted}
    open_ = [(at, o) for at, o in objects if pointer("schema", "stored_objects", at) not in settled]
    unseen = [str(question) for question in _STORED if collect.body.gap(question) is not None]
    if open_:
        names = listed([f"{o.kind} {o.name}" for _, o in open_])
        places = tuple(collect.evidence("schema", "stored_objects", at) for at, _ in open_[:NAMED_EVIDENCE])
        return Reading(len(open_), f"{counted(len(open_), 'object')} would stay behind, not accepted: {names}", places)
    if unseen:
        return Reading(None, "the source did not list its " + listed(unseen), (collect.evidence("gaps"),))
    because = f"all {len(objects)} that stay behind were accepted" if objects else "no object would stay behind"
    return Reading(0, because, (collect.evidence("schema", "stored_objects"),))


def tables_not_loaded(case: Case) -> Reading:
    collect, load = case.collect, case.load
    loaded = {table.table for table in load.body.tables}
    missing = [table.name for table in collect.body.schema.tables if table.name not in loaded]
    total = len(collect.body.schema.tables)
    because = f"{total - len(missing):,} of {counted(total, 'table')} loaded" if total else "the source has no table"
    if missing:
        because += "; not loaded: " + listed(missing)
    return Reading(len(missing), because, (collect.evidence("schema", "tables"), load.evidence("tables")))


def rows_loaded(case: Case) -> Reading:
    load = case.load
    because = f"{counted(load.body.rows, 'row')} in {counted(len(load.body.tables), 'table')}"
    return Reading(load.body.rows, because, (load.evidence("rows"),))


def copy_seconds(case: Case) -> Reading:
    load = case.load
    if load.body.resumed:
        return Reading(None, "the copy was found under way, its beginning was not timed", (load.evidence("resumed"),))
    because = f"the copy took {load.body.copy_seconds:,.0f} s"
    if load.body.braked_seconds:
        because += f", {load.body.braked_seconds:,.0f} s of them braked to spare the source"
    places: tuple[Evidence, ...] = (load.evidence("copy_seconds"), load.evidence("braked_seconds"))
    return Reading(load.body.copy_seconds, because, places)
