"""Workload, plan and replay on the page: what matters first, long queries folded, poor evidence bearable."""

from datetime import datetime
from typing import Any

import pytest
from msgspec.structs import replace

from seatrial.domain.exhibits import Exhibits
from seatrial.domain.plan import Answer
from seatrial.domain.replaying import Difference, Divergence
from seatrial.domain.sketch import Sketch
from seatrial.domain.workload import Digest, Verb
from seatrial.facts.criteria import default_criteria
from seatrial.report.page import page
from seatrial.report.workload import ANSWERS, DIVERGENCES, asked, compared, differences, label
from seatrial.report.workload_charts import (
    MOST_CLASSES,
    heat_map,
    latency_chart,
    replay_chart,
    shares_chart,
    workload_chart,
)
from seatrial.report.workload_text import workload as workload_lines
from seatrial.stages.judge import judge
from tests.unit import factories as make
from tests.unit.factories_workload import KNOWN, times
from tests.unit.report.test_page import HOSTILE, Parsed

NOW = datetime.fromisoformat(make.NOW)
GOOD = make.everything()


def written(exhibits: Exhibits) -> str:
    body = judge(exhibits, default_criteria(), now=NOW, lab=True, accepted=make.ACCEPTED)
    return page(exhibits, make.exhibit("judge", body), trial="shop", generated=NOW)


def section(text: str, name: str) -> str:
    return text.partition(f'id="{name}-section"')[2].partition("</section>")[0]


def said(part: str) -> str:
    return " ".join("".join(Parsed(part).text).split())


def with_replay(**fields: Any) -> Exhibits:
    return replace(GOOD, replay=make.exhibit("replay", replace(make.replay(), **fields), "scratch"))


@pytest.fixture(scope="module")
def whole() -> str:
    return written(GOOD)


def test_the_sections_stand_in_the_order_of_the_journey(whole: str) -> None:
    order = ["verdict-section", "examined", "workload-section", "plan-section", "topology", "load-section"]
    order += ["verify-section", "replay-section", "rehearse-section", "evidence"]
    places = [whole.index(f'id="{name}"') for name in order]
    assert places == sorted(places)


def test_the_workload_says_what_it_holds_and_what_it_does_not(whole: str) -> None:
    text = said(section(whole, "workload"))
    for words in (
        "44,798",
        "22,868",
        "Of the time",
        "SELECT orders, countries → SELECT order_items",
        "The log has no SET",
    ):
        assert words in text
    assert "Not understood: a header that is no event, 2 times, first at byte 0 of slow.log" in text


def test_what_vitess_refuses_comes_first_with_its_words(whole: str) -> None:
    text = section(whole, "plan")
    assert text.index("VT12001: unsupported") < text.index("WITH ROLLUP") < text.index("FROM `products`")
    assert "249 rows, joined by sharded tables" in text and "a customer&#39;s history would ask every shard" in text


def test_every_answer_and_every_divergence_has_words_and_a_place() -> None:
    assert set(ANSWERS) == set(Answer) and set(DIVERGENCES) == set(Divergence)
    order = [row.planned.answer for row in asked(GOOD)]
    assert order == sorted(order, key=list(ANSWERS).index)
    mixed = tuple(
        Difference(kind=kind, query="x", number=0, message="", count=count)
        for count, kind in enumerate(reversed(Divergence))
    )
    assert [each.kind for _, each in differences(with_replay(differences=mixed))] == list(DIVERGENCES)


def test_source_and_target_stand_beside_each_other(whole: str) -> None:
    text = section(whole, "replay")
    (history,) = [row for row in compared(GOOD) if row.replayed.query == KNOWN["history"].id]
    assert history.ratio_p99 is not None and 1.6 < history.ratio_p99 < 1.8
    assert history.shards_a_query == 1
    at = f"/classes/{history.at}/response/p99_us"
    assert f'<span title="digest/main#/classes/{history.query_at}/times/p99_us">2.19</span> →' in text
    assert f'<span title="replay/scratch#{at}">3.75</span>' in text
    assert "digest/target#/classes" in text


def test_a_long_query_is_folded_and_whole_inside(whole: str) -> None:
    fingerprint = KNOWN["history"].sql
    assert f"<code>{fingerprint[:88]}…</code></summary><code>{fingerprint}</code></details>" in whole
    assert f'<code class="sql">{KNOWN["customer"].sql}</code>' in whole


def test_times_that_cannot_be_believed_and_states_apart_are_marked() -> None:
    state = replace(make.replay().state, apart=12, because="the log began later")
    text = said(section(written(with_replay(honest=False, because="the machine was starved", state=state)), "replay"))
    assert "Its times are not to be believed: the machine was starved" in text
    assert "Starting state: 12 transactions apart: the log began later" in text
    unknown = said(section(written(with_replay(state=replace(state, apart=None))), "replay"))
    assert "Starting state: unknown" in unknown


def test_reads_that_differ_are_listed() -> None:
    classes = (replace(make.replay().classes[0], rows_differ=64), *make.replay().classes[1:])
    assert "Reads with another number of rows" in written(with_replay(classes=classes, reads_differ=64))


def test_what_failed_in_a_try_is_listed() -> None:
    exhibits = replace(GOOD, tried=make.exhibit("try", make.failed_try(), "scratch"))
    text = section(written(exhibits), "replay")
    assert "Statements that failed meanwhile" in text and "VT12001" in text
    assert "A command tried" not in written(replace(GOOD, tried=None))


def test_empty_artifacts_make_sections() -> None:
    digest = replace(
        make.digest(), classes=(), transactions=(), series=(), files=(), caveats=(), not_understood=(), query_time_us=0
    )
    plan = replace(
        make.plan(),
        tables=(),
        queries=(),
        alternatives=(),
        skew=(),
        crossing=(),
        by_executions=type(make.plan().by_time)(),
    )
    replay = replace(make.replay(), classes=(), differences=(), pace=(), transactions=0, reads=0)
    exhibits = Exhibits(
        digest=make.exhibit("digest", digest),
        plan=make.exhibit("plan", plan),
        replay=make.exhibit("replay", replay, "scratch"),
    )
    text = written(exhibits)
    for words in ("The log holds no query.", "The plan holds no table.", "The replay holds no query class."):
        assert words in text
    assert "NaN" not in text


@pytest.mark.parametrize("kept", ["digest", "plan", "replay", "observe", "tried"])
def test_each_may_be_all_there_is(kept: str) -> None:
    text = written(Exhibits(**{kept: getattr(GOOD, kept)}))
    assert "NaN" not in text


def test_five_thousand_classes_stay_one_page() -> None:
    text = written(make.many_classes(5_000))
    assert len(text.encode()) < 20_000_000
    assert "4,988 more query classes" in text
    assert text.count(f"{4_999:016x}") >= 4


def test_texts_from_log_and_server_stay_texts() -> None:
    query = make.digest().classes[0]
    classes = tuple(
        replace(query, id=f"{at:016x}", fingerprint=name * 20, tables=(name,), not_parsed=name)
        for at, name in enumerate(HOSTILE)
    )
    digest = replace(make.digest(), classes=classes, caveats=HOSTILE, dialect=HOSTILE[0])
    plan = make.plan()
    planned = tuple(replace(plan.queries[0], query=each.id, said=each.not_parsed, variants=HOSTILE) for each in classes)
    placed = tuple(replace(plan.tables[0], table=name, key=name, reason=name, sequence=name) for name in HOSTILE)
    replay = make.replay()
    sent = tuple(replace(replay.classes[0], query=each.id, rows_differ=1) for each in classes)
    wrong = tuple(
        Difference(kind=Divergence.ERROR, query=each.id, number=1, message=each.not_parsed, count=1) for each in classes
    )
    tried = replace(make.failed_try(), program=HOSTILE[0])
    exhibits = replace(
        GOOD,
        digest=make.exhibit("digest", digest),
        recorded=make.exhibit("digest", digest),
        plan=make.exhibit("plan", replace(plan, queries=planned, tables=placed)),
        replay=make.exhibit("replay", replace(replay, classes=sent, differences=wrong, because=HOSTILE[0]), "scratch"),
        tried=make.exhibit("try", tried, "scratch"),
    )
    text = written(exhibits)
    parsed = Parsed(text)
    assert not parsed.every("script")
    assert not any("onmouseover" in attributes for _, attributes in parsed.tags)
    assert "\x1b" not in text and "\u202e" not in text


def breaking() -> Digest:
    """The shop's workload, its report with too many rows and its order too long."""
    digest = make.digest()
    rows = replace(digest.classes[0], rows_sent=2_900_000, rows_sent_max=240_000, bytes_sent=900_000_000)
    long = replace(digest.transactions[3], times=times(2_310, 9_000_000))
    transactions = (*digest.transactions[:3], long, *digest.transactions[4:])
    return replace(digest, classes=(rows, *digest.classes[1:]), transactions=transactions)


def test_what_breaks_a_limit_of_a_target_stands_on_the_page_with_its_place(whole: str) -> None:
    assert "Nothing of this log breaks a limit of planetscale" in said(section(whole, "workload"))
    exhibits = replace(GOOD, digest=make.exhibit("digest", breaking()))
    part = section(written(exhibits), "workload")
    assert "1 to 27 of 64" in said(part) and "about 74.5 MB" in said(part)
    assert 'title="digest/main#/classes/0/rows_sent_max"' in part
    assert 'title="digest/main#/transactions/3/times/max_us"' in part
    lines = [line for line in workload_lines(exhibits) if "the limit of planetscale" in line.name]
    assert [line.at.pointer for line in lines] == [
        "/classes/0/rows_sent_max",
        "/classes/0/bytes_sent",
        "/transactions/3/times/max_us",
    ]


def test_the_heat_map_has_a_row_a_class_and_survives_any_name() -> None:
    odd = tuple(replace(make.digest().classes[0], tables=(name,)) for name in HOSTILE)
    chart = heat_map((*make.digest().classes, *odd))
    assert f"of {min(len(odd) + 16, MOST_CLASSES)} query classes took" in chart.title
    for svg in (chart.wide, chart.narrow):
        assert "NaN" not in svg and "\x1b" not in svg and "<script" not in svg
    instant = replace(make.digest().classes[0].times, sketch=Sketch((0,), (3,)), p99_us=0)
    assert "NaN" not in heat_map((replace(make.digest().classes[0], times=instant),)).wide


def test_a_class_is_named_by_verb_and_tables() -> None:
    query = make.digest().query(KNOWN["history"].id)
    assert label(query) == "SELECT orders, countries"
    assert (
        label(replace(query, tables=())).startswith("SELECT `o`.`id`") and label(replace(query, tables=()))[-1] == "…"
    )
    assert label(replace(query, verb=Verb.OTHER, fingerprint="CALL `close_day`(?)")) == "CALL `close_day`(?)"


def test_the_charts_say_what_is_seen() -> None:
    for chart, words in (
        (workload_chart(make.digest().series), "Queries a second"),
        (heat_map(make.digest().classes), "16 query classes took"),
        (shares_chart(make.plan()), "of the executions 95 % on one shard"),
        (latency_chart(compared(GOOD)), "14 are slower on the target"),
        (replay_chart(make.replay()), "Replayed transactions a second"),
    ):
        assert words in chart.title
        for svg in (chart.wide, chart.narrow):
            assert svg.startswith('<svg role="img"') and "NaN" not in svg and "http" not in svg


def test_poor_evidence_still_has_charts() -> None:
    digest, replay = make.digest(), make.replay()
    still = tuple(replace(each, queries=0, busy_us=0, seconds=0.0) for each in digest.series)
    silent = tuple(replace(each, latency_p50_ms=None, latency_max_ms=None) for each in replay.pace)
    for chart in (
        workload_chart(still),
        workload_chart(digest.series * 200),
        replay_chart(replace(replay, pace=silent)),
        replay_chart(replace(replay, pace=replay.pace[:1])),
        latency_chart(compared(GOOD)[:1]),
    ):
        assert "NaN" not in chart.wide and len(chart.wide) < 300_000


def test_the_chart_of_latencies_shows_the_heaviest_classes() -> None:
    chart = latency_chart(compared(make.many_classes(200)))
    assert f"of {MOST_CLASSES} query classes" in chart.title
