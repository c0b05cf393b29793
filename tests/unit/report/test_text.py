"""The report on a terminal: narrow, without control characters, with a reference at every number."""

import re
from datetime import datetime

from msgspec.structs import replace
from rich.cells import cell_len

from seatrial.domain.comparison import Equality
from seatrial.domain.evidence import Evidence, resolve
from seatrial.domain.exhibits import Exhibits
from seatrial.domain.finding import Assessment, Outcome
from seatrial.facts.criteria import default_criteria
from seatrial.report.order import STEPS, present
from seatrial.report.text import WIDTH, terminal
from seatrial.stages.judge import judge
from tests.unit import factories as make

NOW = datetime.fromisoformat(make.NOW)


def written(exhibits: Exhibits) -> str:
    body = judge(exhibits, default_criteria(), now=NOW, lab=True, accepted=make.ACCEPTED)
    return terminal(exhibits, make.exhibit("judge", body))


def test_the_verdict_comes_first() -> None:
    head, verdict, *_ = written(make.everything()).splitlines()
    assert head == "VERDICT"
    assert verdict.startswith("  ? INCONCLUSIVE: 35 of 37 criteria pass")


def test_no_line_is_wider_than_promised() -> None:
    long = "x" * 64
    exhibits = make.everything()
    findings = (
        make.finding("a.b", Outcome.BLOCK, detail="测试" * 90, subjects=(long,) * 12, remedy="SELECT " + long * 3),
    )
    exhibits = replace(
        exhibits,
        assess=make.exhibit("assess", Assessment(findings=findings)),
        load=make.exhibit("load", make.loaded({long: 5, "订单" * 16: 7})),
        verify=make.exhibit(
            "verify",
            replace(
                make.verification(),
                tables=tuple(
                    replace(table, equality=Equality.DIFFERENT, reason=long * 2) for table in make.verification().tables
                ),
            ),
        ),
    )
    for text in (written(exhibits), written(make.many(3_000))):
        assert max(cell_len(line) for line in text.splitlines()) <= WIDTH


def test_three_thousand_tables_are_not_listed_one_by_one() -> None:
    text = written(make.many(3_000))
    assert len(text.splitlines()) < 280
    assert "and 2,980 smaller tables" in text


def test_every_reference_leads_to_a_value() -> None:
    exhibits = make.everything()
    bodies = {e.address: make.plain(e.body) for e in present(exhibits, None)}
    found = re.findall(r"\w+/\w+#\S+", written(exhibits))
    assert len(found) > 130
    assert any(reference.startswith("replay/scratch#") for reference in found)
    for written_reference in found:
        evidence = Evidence.parse(written_reference)
        resolve(bodies[evidence.address], evidence.pointer)


def test_without_anything_it_names_the_steps() -> None:
    text = terminal(Exhibits(), None)
    for kind, command in STEPS.items():
        assert kind == "provision" or f"Run: {command}" in text


def test_names_cannot_act_on_the_terminal() -> None:
    findings = (make.finding("\x1b]0;owned\x07", Outcome.BLOCK, detail="\u202e", remedy="\x9b31m"),)
    text = written(replace(make.everything(), assess=make.exhibit("assess", Assessment(findings=findings))))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)
    assert "\\x1b]0;owned\\x07" in text


def test_what_differs_is_named_with_its_reason() -> None:
    first, *others = make.verification().tables
    body = replace(
        make.verification(), tables=(*others, replace(first, equality=Equality.DIFFERENT, reason="2 rows are old"))
    )
    text = written(replace(make.everything(), verify=make.exhibit("verify", body)))
    assert "✗ shop_sharded.customers: different" in text and "2 rows are old" in text
    assert f"verify/main#/tables/{len(others)}" in text


def test_the_workload_is_told_in_short() -> None:
    text = written(make.everything())
    for said in (
        "sharded by                                      customers.id  plan/main#/alternatives/0/key",
        "✗ unsupported UPDATE customers: VT12001: unsupported: you cannot UPDATE primary vindex columns;",
        "p99 of SELECT orders, countries               2.19 → 3.75 ms  replay/scratch#/classes/1",
        "✗ 8 × unsupported, UPDATE customers: VT12001",
        "exit of pytest",
        "? The log has no SET",
    ):
        assert said in text


def test_many_query_classes_are_not_listed_one_by_one() -> None:
    text = written(make.many_classes(5_000))
    assert "and 4,990 more query classes" in text
    assert len(text.splitlines()) < 320
