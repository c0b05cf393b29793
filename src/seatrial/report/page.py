"""The report as one HTML page: no script, nothing fetched, for screen, telephone and paper. It decides nothing."""

from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files
from typing import Any, TypeVar

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from msgspec import Struct

from seatrial.domain.evidence import Exhibit
from seatrial.domain.exhibits import Exhibits
from seatrial.domain.movement import Loaded
from seatrial.domain.verdict import Verdict
from seatrial.domain.workload import Digest
from seatrial.report import words
from seatrial.report.charts import load_chart, rehearsal_chart
from seatrial.report.drawing import Chart
from seatrial.report.order import STEPS, TITLES, Placed, anchor, by_gravity, gravest_tables, groups, present, tally
from seatrial.report.workload import ANSWERS, DIVERGENCES, asked, compared, crossing, differences, label
from seatrial.report.workload_charts import heat_map, latency_chart, replay_chart, shares_chart, workload_chart
from seatrial.report.workload_limits import amount, breach_of, held, how_often

T = TypeVar("T")

MOST_ROWS = 5_000
"""More rows than these are left to the artifact."""


class Fold(Struct, frozen=True):
    """Rows of a long table, each with its place in the artifact: those shown, those folded, and how many are left."""

    shown: Sequence[tuple[int, Any]]
    folded: Sequence[tuple[int, Any]]
    left: int


def page(exhibits: Exhibits, verdict: Exhibit[Verdict] | None, *, trial: str, generated: datetime) -> str:
    """The whole report. A step that was not run is named in its section; a trial without anything is a page, too."""
    environment = Environment(
        loader=PackageLoader("seatrial.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "whole": words.whole,
        "short": words.short,
        "size": words.size,
        "duration": words.duration,
        "ms": words.millis,
        "percent": words.percent,
        "moment": words.moment,
        "safe_text": words.safe,
        "yes": words.yes,
        "enumerated": _enumerated,
    }
    environment.globals |= {
        "measured": words.measured,
        "limit": words.limit,
        "marks": words.MARKS,
        "steps": STEPS,
        "titles": TITLES,
        "tally": tally,
        "fold": _fold,
        "reference": words.reference,
        "breakable": _breakable,
        "anchor": anchor,
        "answers": ANSWERS,
        "divergences": DIVERGENCES,
        "labels": _labels,
        "amount": amount,
        "how_often": how_often,
        "breach_of": breach_of,
    }
    environment.finalize = _finalize
    load, rehearse = exhibits.load, exhibits.rehearse
    return environment.get_template("page.html.j2").render(
        trial=trial,
        generated=generated,
        style=Markup(files(__package__).joinpath("templates/style.css").read_text()),  # noqa: S704 – our own file
        verdict=verdict,
        exhibits=exhibits,
        artifacts=present(exhibits, verdict),
        gravest_criteria=by_gravity(verdict.body) if verdict else [],
        groups=groups(exhibits.assess.body) if exhibits.assess else [],
        biggest=_biggest(load),
        gravest_first=gravest_tables(exhibits.verify.body) if exhibits.verify else [],
        asked=asked(exhibits),
        compared=compared(exhibits),
        crossing=crossing(exhibits),
        differences=differences(exhibits),
        held=held(exhibits.digest.body) if exhibits.digest else [],
        **_workload_charts(exhibits),
        load_chart=_drawn(load_chart(load.body.points)) if load and len(load.body.points) > 1 else None,
        rehearsal_chart=_drawn(rehearsal_chart(rehearse.body)) if rehearse and rehearse.body.pace else None,
    )


def _breakable(text: str) -> Markup:
    """The text with places where a narrow column may break it."""
    return Markup("/<wbr>").join(words.safe(text).split("/"))  # join escapes the parts


def _finalize(value: Any) -> Any:
    """Every text of the page passes here, so that no name from the source can reorder or hide it."""
    return words.safe(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _drawn(chart: Chart) -> dict[str, Markup | str]:
    # vl-convert escapes the texts inside; the title is escaped where the SVG is embedded.
    return {"title": chart.title, "wide": Markup(chart.wide), "narrow": Markup(chart.narrow)}  # noqa: S704


def _workload_charts(exhibits: Exhibits) -> dict[str, Any]:
    digest, plan, replay = exhibits.digest, exhibits.plan, exhibits.replay
    rows = compared(exhibits)
    return {
        "workload_chart": _drawn(workload_chart(digest.body.series))
        if digest and len(digest.body.series) > 1
        else None,
        "heat_map": _drawn(heat_map(digest.body.classes))
        if digest and any(query.times.sketch.count for query in digest.body.classes)
        else None,
        "shares_chart": _drawn(shares_chart(plan.body)) if plan else None,
        "latency_chart": _drawn(latency_chart(rows)) if any(row.ratio_p99 is not None for row in rows) else None,
        "replay_chart": _drawn(replay_chart(replay.body)) if replay and replay.body.pace else None,
    }


def _labels(digest: Exhibit[Digest]) -> dict[str, str]:
    """What each query class does in few words, by its id."""
    return {query.id: label(query) for query in digest.body.classes}


def _biggest(load: Exhibit[Loaded] | None) -> Placed:
    return sorted(enumerate(load.body.tables), key=lambda table: -table[1].bytes) if load else []


def _fold(rows: Sequence[tuple[int, Any]], most: int) -> Fold:
    rows = list(rows)
    return Fold(rows[:most], rows[most:MOST_ROWS], max(len(rows) - MOST_ROWS, 0))


def _enumerated(rows: Sequence[Any]) -> Placed:
    return list(enumerate(rows))
