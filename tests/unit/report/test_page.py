"""The page: whole, escaped, self-contained, and every number traceable."""

import re
from datetime import datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from msgspec.structs import replace

from seatrial.domain.comparison import Equality
from seatrial.domain.evidence import Evidence, Exhibit, resolve
from seatrial.domain.exhibits import Exhibits
from seatrial.domain.finding import Assessment, Outcome
from seatrial.domain.movement import Loaded
from seatrial.domain.verdict import Verdict
from seatrial.facts.criteria import default_criteria
from seatrial.report.order import STEPS, present
from seatrial.report.page import page
from seatrial.stages.judge import judge
from tests.unit import factories as make

NOW = datetime.fromisoformat(make.NOW)
HOSTILE = (
    "<script>alert(1)</script>",
    '" onmouseover="alert(1)',
    "a'b&c</pre>",
    "\x1b[31mred",
    "\u202egnp.exe",
    "订单",
)


class Parsed(HTMLParser):
    """What a browser would see of a page: tags with attributes, text, and the content of <style>."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def every(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag in names]


def verdict_of(exhibits: Exhibits) -> Exhibit[Verdict]:
    body = judge(exhibits, default_criteria(), now=NOW, lab=True, accepted=make.ACCEPTED)
    return make.exhibit("judge", body)


def written(exhibits: Exhibits) -> str:
    return page(exhibits, verdict_of(exhibits), trial="shop", generated=NOW)


def references(parsed: Parsed) -> list[Evidence]:
    """All references that the page's tooltips name."""
    titles = [attributes.get("title") or "" for _, attributes in parsed.tags]
    named = [title.removeprefix("seatrial explain '").removesuffix("'") for title in titles if "#/" in title]
    return [Evidence.parse(name) for name in named]


@pytest.fixture(scope="module")
def whole() -> str:
    return written(make.everything())


def test_it_shows_the_verdict_and_every_section(whole: str) -> None:
    parsed = Parsed(whole)
    said = " ".join("".join(parsed.text).split())
    assert "Inconclusive" in said and "35 of 37 criteria pass, none fails, 2 stay open." in said
    for heading in ("What was examined", "Findings", "Where the tables live", "Load", "Verification", "Rehearsal"):
        assert heading in said
    for number in ("2,055,415", "403 MB", "1,104 ms", "5,484", "1 min 24 s"):
        assert number in said
    assert "SET PERSIST binlog_expire_logs_seconds = 259200;" in said
    assert "订单备注" in said


def test_every_reference_leads_to_a_value(whole: str) -> None:
    exhibits = make.everything()
    bodies = {
        exhibit.address: (exhibit.sha256, make.plain(exhibit.body))
        for exhibit in present(exhibits, verdict_of(exhibits))
    }
    found = references(Parsed(whole))
    assert len(found) > 500
    for evidence in found:
        sha256, body = bodies[evidence.address]
        resolve(body, evidence.pointer)
        assert sha256.startswith(evidence.sha256)


def test_every_fact_stands_beside_its_reference(whole: str) -> None:
    facts = re.findall(r"<dd><b.*?</dd>", whole, re.DOTALL)
    assert len(facts) > 80
    assert all('class="ev"' in fact for fact in facts)


def test_references_lead_to_the_index_of_artifacts(whole: str) -> None:
    parsed = Parsed(whole)
    ids = {attributes["id"] for _, attributes in parsed.tags if "id" in attributes}
    anchors = {attributes["href"] for attributes in parsed.every("a")}
    assert anchors and all(anchor and anchor[0] == "#" and anchor[1:] in ids for anchor in anchors)
    for exhibit in present(make.everything(), None):
        assert exhibit.sha256 in whole


def test_nothing_is_fetched_and_nothing_runs() -> None:
    exhibits = make.everything()
    remedy = make.finding("web", Outcome.WARN, remedy="SELECT 'https://example.invalid/';")
    text = written(replace(exhibits, assess=make.exhibit("assess", Assessment(findings=(remedy,)))))
    parsed = Parsed(text)
    assert not parsed.every("script", "link", "img", "image", "iframe", "object", "embed", "base", "form")
    for tag, attributes in parsed.tags:
        assert not any(name.startswith("on") for name in attributes), tag
        assert not {"src", "srcset", "xlink:href"} & set(attributes)
    style = text.partition("<style>")[2].partition("</style>")[0]
    assert "url(" not in style and "@import" not in style
    assert "http" not in re.sub(r"<pre.*?</pre>|http-equiv", "", text, flags=re.DOTALL)


def test_it_can_be_read_without_seeing_it(whole: str) -> None:
    parsed = Parsed(whole)
    assert [tag for tag, _ in parsed.tags].count("h1") == 1
    assert dict(parsed.tags)["html"] == {"lang": "en"}
    charts = parsed.every("svg")
    ids = [attributes["id"] for _, attributes in parsed.tags if attributes.get("id")]
    assert len(charts) == 14 and len(ids) == len(set(ids))
    assert all(chart["role"] == "img" and chart["aria-labelledby"] in ids for chart in charts)
    assert whole.count("<caption>") == whole.count("<table") - whole.count(", continued")


def test_a_trial_without_anything_names_the_steps() -> None:
    text = page(Exhibits(), None, trial="new", generated=NOW)
    for command in STEPS.values():
        assert f"<code>{command}</code>" in text


@pytest.mark.parametrize(
    "kind", ["collect", "assess", "digest", "plan", "provision", "load", "verify", "replay", "rehearse"]
)
def test_any_artifact_may_be_missing(kind: str) -> None:
    text = written(replace(make.everything(), **{kind: None}))
    assert f"<code>{STEPS[kind]}</code>" in text


def test_empty_artifacts_make_a_page() -> None:
    load = replace(make.loaded(), tables=(), points=(), acts=(), workflows=(), rows=0, bytes=0, runway=None)
    rehearse = replace(make.rehearsal(), pace=(), switches=(), sequences=(), ledger=None)
    exhibits = Exhibits(
        collect=make.exhibit("collect", replace(make.collection(), replication=None)),
        assess=make.exhibit("assess", Assessment(findings=())),
        provision=make.exhibit("provision", replace(make.provisioned(), keyspaces=())),
        load=make.exhibit("load", load),
        verify=make.exhibit("verify", replace(make.verification(), tables=(), rows_compared=0)),
        rehearse=make.exhibit("rehearse", rehearse),
    )
    text = written(exhibits)
    assert "The load holds no table." in text and "The verification holds no table." in text


def test_three_thousand_tables_stay_one_light_page() -> None:
    text = written(make.many(3_000))
    assert len(text.encode()) < 5_000_000
    assert "2,960 more tables" in text
    assert text.count("measurements_02999") >= 3  # where it lives, its load, its verification


def test_a_finding_about_everything_stays_readable() -> None:
    exhibits = make.many(3_000)
    assert exhibits.collect is not None
    places = tuple(exhibits.collect.evidence("schema", "tables", at) for at in range(3_000))
    finding = make.finding("SCH-X", Outcome.WARN, subjects=tuple(f"t{at}" for at in range(3_000)), evidence=places)
    text = written(replace(exhibits, assess=make.exhibit("assess", Assessment(findings=(finding,)))))
    assert "and 2,994 more places" in text and "and 2,970 more" in text


def test_beyond_the_most_rows_it_says_how_many_are_left() -> None:
    tables = make.loaded().tables * 1_000
    exhibits = replace(make.everything(), load=make.exhibit("load", replace(make.loaded(), tables=tables)))
    assert "and 2,000 more: see the artifact load." in written(exhibits)


def test_names_from_the_source_stay_text() -> None:
    exhibits = make.everything()
    load = make.loaded(dict.fromkeys(HOSTILE, 10))
    verify = make.verification(dict.fromkeys(HOSTILE, 10))
    collect = make.collection(dict.fromkeys(HOSTILE, 10))
    findings = tuple(
        make.finding(name, Outcome.BLOCK, title=name, detail=name, subjects=(name,), remedy=name, source=name)
        for name in HOSTILE
    )
    errors = replace(make.rehearsal().traffic, errors=dict.fromkeys(HOSTILE, 1))
    exhibits = replace(
        exhibits,
        collect=make.exhibit("collect", replace(collect, server=replace(collect.server, version_text=HOSTILE[0]))),
        assess=make.exhibit("assess", Assessment(findings=findings)),
        provision=make.exhibit("provision", make.provisioned(HOSTILE)),
        load=make.exhibit("load", load),
        verify=make.exhibit("verify", verify),
        rehearse=make.exhibit("rehearse", replace(make.rehearsal(), traffic=errors, buffer=HOSTILE[0])),
    )
    text = page(exhibits, verdict_of(exhibits), trial=HOSTILE[0], generated=NOW)
    parsed = Parsed(text)
    assert not parsed.every("script")
    assert not any("onmouseover" in attributes for _, attributes in parsed.tags)
    assert "\x1b" not in text and "\u202e" not in text
    assert "\\x1b[31mred" in text and "\\u202egnp.exe" in text
    assert HOSTILE[0] in "".join(parsed.text)


def test_what_differs_comes_first_and_is_marked() -> None:
    *others, last = make.verification().tables
    different = replace(last, equality=Equality.DIFFERENT, reason="3 rows only on the source")
    body = replace(make.verification(), tables=(*others, different), mismatches=3)
    text = written(replace(make.everything(), verify=make.exhibit("verify", body)))
    section = text.partition('id="verify-section"')[2]
    assert section.index("3 rows only on the source") < section.index("customers")
    assert '<tr class="bad">' in section


def test_the_copy_of_a_resumed_load_is_not_shown_as_its_whole_time() -> None:
    body: Any = replace(make.loaded(), resumed=True)
    exhibits = replace(make.everything(), load=make.exhibit("load", body))
    assert isinstance(body, Loaded)
    assert "since it was resumed" in written(exhibits)
