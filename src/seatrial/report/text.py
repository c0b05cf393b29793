"""The report as plain text for a terminal: at most 100 columns, no colour, the verdict first. It decides nothing."""

from collections.abc import Iterator
from typing import Any

from rich.cells import cell_len, chop_cells

from seatrial.domain.collection import Collection
from seatrial.domain.comparison import Equality, Verification
from seatrial.domain.evidence import Evidence, Exhibit
from seatrial.domain.exhibits import Exhibits
from seatrial.domain.finding import Assessment, Outcome
from seatrial.domain.movement import Loaded
from seatrial.domain.rehearsal import Rehearsal
from seatrial.domain.verdict import Judged, Judgement, Verdict
from seatrial.report import words, workload_text
from seatrial.report.order import STEPS, TITLES, by_gravity, gravest_tables, present, tally

WIDTH = 100
MOST_TABLES = 20
MOST_FINDINGS = 50
MOST_ERRORS = 5
SHORT_HASH = 16

_MARKS = {Outcome.BLOCK: "✗", Outcome.COULD_NOT_LOOK: "?", Outcome.WARN: "!"}


def terminal(exhibits: Exhibits, verdict: Exhibit[Verdict] | None) -> str:
    """Every section of the report; one whose step was not run names the command to run."""
    sections: tuple[tuple[str, Iterator[str]], ...] = (
        ("Verdict", _verdict(verdict)),
        ("Source", _collect(exhibits.collect)),
        ("Findings", _findings(exhibits.assess)),
        ("Workload", _lines("digest", workload_text.workload(exhibits))),
        ("Plan", _lines("plan", workload_text.plan(exhibits))),
        ("Load", _load(exhibits.load)),
        ("Verification", _verify(exhibits.verify)),
        ("Replay on a scratch copy", _lines("replay", workload_text.replay(exhibits))),
        ("Rehearsal of the cutover", _rehearse(exhibits.rehearse)),
        ("Evidence", _evidence(exhibits, verdict)),
    )
    blocks = ["\n".join([title.upper(), *lines]) for title, lines in sections]
    return "\n\n".join(blocks) + "\n\nseatrial explain REF walks back from any reference printed here.\n"


def _verdict(exhibit: Exhibit[Verdict] | None) -> Iterator[str]:
    if exhibit is None:
        yield _missing("judge")
        return
    verdict = exhibit.body
    yield f"  {words.MARKS[verdict.judgement]} {verdict.judgement.upper()}: {tally(verdict)}"
    for caveat in verdict.caveats:
        yield from _wrapped(caveat, first="  - ", then="    ")
    yield ""
    yield _row("  ", "", "Value", "Limit")
    for _, one in by_gravity(verdict):
        yield from _criterion(one)


def _criterion(one: Judged) -> Iterator[str]:
    criterion = one.criterion
    value = words.measured(one.value, criterion.unit)
    yield _row(f"  {words.MARKS[one.judgement]} ", criterion.title, value, words.limit(criterion))
    if one.judgement is not Judgement.PASS:
        yield from _wrapped(one.because, first="      ")
    if one.evidence:
        yield from _wrapped("  ".join(_reference(evidence) for evidence in one.evidence), first="      ")


def _collect(exhibit: Exhibit[Collection] | None) -> Iterator[str]:
    if exhibit is None:
        yield _missing("collect")
        return
    body = exhibit.body
    tables = body.schema.tables
    yield _fact("server", f"{body.server.flavour} {body.server.version_text}", exhibit, "server", "version_text")
    yield _fact("database", body.schema.database, exhibit, "schema", "database")
    yield _fact("tables", words.whole(len(tables)), exhibit, "schema", "tables")
    yield _fact(
        "data, estimated", words.size(sum(t.data_bytes + t.index_bytes for t in tables)), exhibit, "schema", "tables"
    )
    yield _fact(
        "views, triggers, events, routines",
        words.whole(len(body.schema.stored_objects)),
        exhibit,
        "schema",
        "stored_objects",
    )
    for at, gap in enumerate(body.gaps):
        yield from _wrapped(
            f"could not see {gap.question}: {gap.reason}  {_reference(exhibit.evidence('gaps', at))}", first="  ? "
        )


def _findings(exhibit: Exhibit[Assessment] | None) -> Iterator[str]:
    if exhibit is None:
        yield _missing("assess")
        return
    findings = list(enumerate(exhibit.body.findings))
    concerned = [(at, f) for at, f in findings if f.outcome in _MARKS]
    concerned.sort(key=lambda found: list(_MARKS).index(found[1].outcome))
    for at, finding in concerned[:MOST_FINDINGS]:
        yield from _wrapped(f"{finding.title} [{finding.code}]", first=f"  {_MARKS[finding.outcome]} ", then="    ")
        yield from _wrapped(f"{finding.detail}  {_reference(exhibit.evidence('findings', at))}", first="    ")
        if finding.subjects:
            yield from _wrapped("about " + words.listed(finding.subjects, 10), first="    ")
        for line in finding.remedy.splitlines():
            yield from _wrapped(line, first="      ")
    if len(concerned) > MOST_FINDINGS:
        yield f"  and {len(concerned) - MOST_FINDINGS:,} more: see the artifact assess"
    passed = len(findings) - len(concerned)
    yield f"  ✓ {words.whole(passed)} passed  {_reference(exhibit.evidence('findings'))}"


def _load(exhibit: Exhibit[Loaded] | None) -> Iterator[str]:
    if exhibit is None:
        yield _missing("load")
        return
    body = exhibit.body
    yield _fact("rows", words.whole(body.rows), exhibit, "rows")
    yield _fact("size on the target", words.size(body.bytes), exhibit, "bytes")
    yield _fact("copy", words.duration(body.copy_seconds), exhibit, "copy_seconds")
    yield _fact("braked to spare the source", words.duration(body.braked_seconds), exhibit, "braked_seconds")
    yield _fact("source, target", f"{body.source_version}, {body.target_version}", exhibit, "source_version")
    biggest = sorted(enumerate(body.tables), key=lambda table: -table[1].bytes)
    for at, table in biggest[:MOST_TABLES]:
        name = f"{table.keyspace}.{table.table}"
        yield _fact(name, f"{words.whole(table.rows)} rows, {words.size(table.bytes)}", exhibit, "tables", at)
    if len(biggest) > MOST_TABLES:
        yield f"  and {len(biggest) - MOST_TABLES:,} smaller tables"


def _verify(exhibit: Exhibit[Verification] | None) -> Iterator[str]:
    if exhibit is None:
        yield _missing("verify")
        return
    body = exhibit.body
    equal = sum(1 for table in body.tables if table.equality is Equality.EQUAL)
    yield _fact("rows compared", words.whole(body.rows_compared), exhibit, "rows_compared")
    yield _fact("rows that differ", words.whole(body.mismatches), exhibit, "mismatches")
    yield _fact("tables equal", f"{equal:,} of {len(body.tables):,}", exhibit, "tables")
    yield _fact("ended", words.moment(body.taken_at), exhibit, "taken_at")
    unequal = [(at, table) for at, table in gravest_tables(body) if table.equality is not Equality.EQUAL]
    for at, table in unequal[:MOST_TABLES]:
        mark = "✗" if table.equality is Equality.DIFFERENT else "?"
        said = f"{table.keyspace}.{table.table}: {table.equality}, {table.mismatches:,} rows differ. {table.reason}"
        yield from _wrapped(f"{said}  {_reference(exhibit.evidence('tables', at))}", first=f"  {mark} ", then="    ")
    if len(unequal) > MOST_TABLES:
        yield f"  and {len(unequal) - MOST_TABLES:,} more tables that are not proved equal"


def _rehearse(exhibit: Exhibit[Rehearsal] | None) -> Iterator[str]:
    if exhibit is None:
        yield _missing("rehearse")
        return
    body, traffic = exhibit.body, exhibit.body.traffic

    def fact(label: str, value: str, *steps: str) -> str:
        return _fact(label, value, exhibit, *steps)

    yield fact("pause at the switch", f"{words.short(body.pause_switch_ms)} ms", "pause_switch_ms")
    yield fact("pause on the way back", f"{words.short(body.pause_reverse_ms)} ms", "pause_reverse_ms")
    yield fact("99 of 100 around the switches", f"{words.short(body.stall_p99_ms)} ms", "stall_p99_ms")
    yield fact("99 of 100 otherwise", f"{words.short(body.baseline_p99_ms)} ms", "baseline_p99_ms")
    for name in ("transactions", "committed", "failed", "half", "unknown"):
        label = {"half": "committed by halves", "unknown": "outcome unknown"}.get(name, name)
        yield fact(label, words.whole(getattr(traffic, name)), "traffic", name)
    for error, count in sorted(traffic.errors.items(), key=lambda item: -item[1])[:MOST_ERRORS]:
        yield from _wrapped(f"{count:,} × {error}", first="    ")
    if traffic.errors:
        yield from _wrapped(_reference(exhibit.evidence("traffic", "errors")), first="    ")
    if body.ledger is not None:
        for name in ("lost", "doubled", "surplus"):
            yield fact(name, words.whole(getattr(body.ledger, name)), "ledger", name)
    ahead = sum(1 for check in body.sequences if check.ahead)
    yield fact("sequences ahead", f"{ahead} of {len(body.sequences)}", "sequences")
    yield fact("flowed back", words.yes(body.flowed_back), "flowed_back")
    yield fact("equal afterwards", words.yes(body.equal_after), "equal_after")
    yield fact("routing as before", words.yes(body.routing_restored), "routing_restored")


def _evidence(exhibits: Exhibits, verdict: Exhibit[Verdict] | None) -> Iterator[str]:
    for artifact in present(exhibits, verdict):
        yield f"  {_padded(str(artifact.address), 20)} {artifact.sha256[:SHORT_HASH]}  {words.moment(artifact.created)}"


def _lines(step: str, lines: Iterator[workload_text.Line]) -> Iterator[str]:
    nothing = True
    for line in lines:
        nothing = False
        if line.value:
            yield _placed(line.name, line.value, line.at)
        else:
            yield from _wrapped(f"{line.name}  {_reference(line.at)}", first=f"  {line.mark} ", then="    ")
    if nothing:
        yield _missing(step)


def _missing(step: str) -> str:
    return f"  {TITLES[step]} Run: {STEPS[step]}"


def _fact(label: str, value: str, exhibit: Exhibit[Any], *steps: str | int) -> str:
    return _placed(label, value, exhibit.evidence(*steps))


def _placed(label: str, value: str, at: Evidence) -> str:
    """`  rows compared            2,055,415  verify/main#/rows_compared`, the reference below if it does not fit."""
    *above, label = _wrapped(label, first="  ", width=WIDTH)
    if cell_len(label) > 35:
        above, label = [*above, label], ""
    line = f"{_padded(label, 35)} {words.safe(value).rjust(26)}"
    place = _reference(at)
    if cell_len(line) + 2 + cell_len(place) <= WIDTH:
        return "\n".join([*above, f"{line}  {place}"])
    return "\n".join([*above, line, *_wrapped(place, first="      ")])


def _row(mark: str, title: str, value: str, limit: str) -> str:
    *above, last = _wrapped(title, first=mark, then="    ", width=62) if title else iter([mark])
    return "\n".join([*above, f"{_padded(last, 62)} {value.rjust(22)}  {limit}".rstrip()])


def _padded(text: str, width: int) -> str:
    """The text at least that wide on a terminal, where a Chinese character takes two columns."""
    return text + " " * (width - cell_len(text))


def _reference(evidence: Evidence) -> str:
    return words.safe(words.reference(evidence))


def _wrapped(text: str, *, first: str, then: str | None = None, width: int = WIDTH) -> Iterator[str]:
    """Lines of at most `width` columns; what fits stays as it is, a word that is longer than a line is cut."""
    if cell_len(first) + cell_len(words.safe(text)) <= width:
        yield first + words.safe(text)
        return
    indent = first
    line = ""
    for word in words.safe(text).split():
        for piece in chop_cells(word, width - cell_len(first)) or [word]:
            if line and cell_len(indent) + cell_len(line) + 1 + cell_len(piece) > width:
                yield indent + line
                indent, line = (first if then is None else then), piece
            else:
                line = f"{line} {piece}" if line else piece
    if line:
        yield indent + line
