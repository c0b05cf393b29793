"""Charts: Vega-Lite specifications rendered to SVG on this machine, without a browser or a network.

Colours are written as the light palette's hexadecimal values; the page's style sheet maps each to the dark one.
"""

import html
import itertools
from collections.abc import Sequence
from typing import Any

import vl_convert
from msgspec import Struct

from seatrial.domain.movement import ProgressPoint
from seatrial.domain.rehearsal import Pace, Rehearsal, Switch

INK, FAINT, GRID = "#3d4652", "#6b7480", "#dfe3e8"
BLUE, TEAL, RED, BAND = "#1f5f99", "#2f8f83", "#b3372f", "#c9a227"

WIDE, NARROW = 1080, 330
"""Pixels: one drawing for a screen or paper, one for a telephone."""

MOST_POINTS = 400
"""More than a line on paper can show."""

_SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"  # a name, never fetched
_VEGA_LITE = "5.20"

Row = dict[str, Any]


class Chart(Struct, frozen=True, kw_only=True):
    """One chart as two drawings; `title` says what is seen, for those who cannot see it."""

    title: str
    wide: str
    narrow: str


def load_chart(points: Sequence[ProgressPoint]) -> Chart:
    """Rows and megabytes on the target over the time of the copy."""
    last = points[-1]
    title = f"Rows and megabytes on the target over {last.second:,.0f} seconds of copying, up to {last.rows:,} rows"
    values = [{"s": p.second, "rows": p.rows, "mb": p.bytes / 1e6} for p in _thinned(points)]

    def panel(field: str, unit: str, colour: str, axis: bool) -> Row:
        mark = {"type": "area", "color": colour, "opacity": 0.13, "line": {"color": colour, "strokeWidth": 1.6}}
        return {"mark": mark, "encoding": {"x": _seconds(axis), "y": _y(field, unit)}}

    panels = [(panel("rows", "rows", BLUE, False), 120), (panel("mb", "MB", TEAL, True), 90)]
    return _chart("load-chart", title, panels, values)


def rehearsal_chart(rehearsal: Rehearsal) -> Chart:
    """Committed and failed transactions a second and their latency, over the time of the switches."""
    title = (
        f"Committed transactions a second and their latency over {rehearsal.seconds:,.0f} seconds, "
        f"with the switches there and back; longest pause {rehearsal.pause_ms:,.0f} ms"
    )
    values = [
        {
            "s": p.second,
            "end": p.second + p.slice_s,
            "committed": p.committed / p.slice_s if p.slice_s else 0,
            "failed": p.failed / p.slice_s if p.slice_s else 0,
            "p50": p.latency_p50_ms,
            "max": p.latency_max_ms,
        }
        for p in _slices(rehearsal.pace)
    ]
    marks = _switch_marks(rehearsal.switches, rehearsal.seconds)
    band: Row = {
        "data": {"values": marks},
        "mark": {"type": "rect", "color": BAND, "opacity": 0.28},
        "encoding": {"x": {"field": "began", "type": "quantitative"}, "x2": {"field": "ended"}},
    }
    timed = any(p.latency_max_ms for p in rehearsal.pace)  # a logarithmic scale of nothing cannot be drawn
    panels = [(_switches(marks), 15 * max(len(marks), 1)), (_commits(band, axis=not timed), 120)]
    if timed:
        panels.append((_latency(band), 110))
    return _chart("rehearsal-chart", title, panels, values)


def _switches(marks: list[Row]) -> Row:
    """A strip above the panels that names each switch."""
    y = {"field": "what", "type": "nominal", "sort": None, "axis": None}
    bar = {
        "mark": {"type": "rect", "color": BAND},
        "encoding": {"x": _seconds(False) | {"field": "began", "axis": None}, "x2": {"field": "ended"}, "y": y},
    }
    texts = [
        {
            "transform": [{"filter": f"datum.late == {str(late).lower()}"}],
            "mark": {"type": "text", "align": align, "dx": gap, "color": INK, "fontSize": 11},
            "encoding": {"x": {"field": edge, "type": "quantitative"}, "y": y, "text": {"field": "label"}},
        }
        for late, align, gap, edge in ((False, "left", 5, "ended"), (True, "right", -5, "began"))
    ]
    return {"data": {"values": marks}, "layer": [bar, *texts]}


def _commits(band: Row, *, axis: bool) -> Row:
    committed: Row = {
        "mark": {"type": "line", "interpolate": "step-after", "color": BLUE, "strokeWidth": 1.4},
        "encoding": {"x": _seconds(axis), "y": _y("committed", "committed/s")},
    }
    failed: Row = {
        "transform": [{"filter": "datum.failed > 0"}],
        "mark": {"type": "rect", "color": RED},
        "encoding": {
            "x": {"field": "s", "type": "quantitative"},
            "x2": {"field": "end"},
            "y": {"field": "failed", "type": "quantitative"},
            "y2": {"datum": 0},
        },
    }
    return {"layer": [band, committed, failed]}


def _latency(band: Row) -> Row:
    def line(field: str, colour: str, width: float) -> Row:
        y = _y(field, "latency, ms") | {"scale": {"type": "log", "nice": True}}
        return {
            "transform": [{"filter": f"datum['{field}'] == null || datum['{field}'] > 0"}],
            "mark": {"type": "line", "color": colour, "strokeWidth": width, "invalid": "break-paths-show-path-domains"},
            "encoding": {"x": _seconds(True), "y": y},
        }

    return {"layer": [band, line("max", RED, 1.1), line("p50", BLUE, 1.4)]}


def _switch_marks(switches: Sequence[Switch], seconds: float) -> list[Row]:
    """One mark a kind of switch: those of several keyspaces follow each other at once."""
    words = {"reads": "reads switched", "writes": "writes switched", "reverse": "traffic switched back"}
    marks: list[Row] = []
    for what, group in itertools.groupby(switches, key=lambda switch: switch.what):
        together = list(group)
        began, ended = min(s.began_s for s in together), max(s.ended_s for s in together)
        label = f"{words.get(what, what)}, {ended - began:.1f} s"
        marks.append(
            {"what": len(marks), "label": label, "began": began, "ended": ended, "late": began > 0.6 * seconds}
        )
    return marks


def _seconds(axis: bool) -> Row:
    shown: Row = {"title": "seconds"} if axis else {"labels": False, "ticks": False, "title": None}
    return {"field": "s", "type": "quantitative", "axis": shown, "scale": {"nice": False, "zero": True}}


def _y(field: str, unit: str) -> Row:
    return {"field": field, "type": "quantitative", "axis": {"title": unit, "tickCount": 4, "format": "~s"}}


def _thinned(points: Sequence[ProgressPoint]) -> list[ProgressPoint]:
    step = -(-len(points) // MOST_POINTS)
    kept = list(points[::step])
    return kept if kept[-1] is points[-1] else [*kept, points[-1]]


def _slices(paces: Sequence[Pace]) -> list[Pace]:
    """Neighbouring slices put together until they are few enough; a maximum stays a maximum."""
    step = max(-(-len(paces) // MOST_POINTS), 1)
    return [_joined(paces[at : at + step]) for at in range(0, len(paces), step)] if step > 1 else list(paces)


def _joined(paces: Sequence[Pace]) -> Pace:
    halves = sorted(p.latency_p50_ms for p in paces if p.latency_p50_ms is not None)
    return Pace(
        second=paces[0].second,
        slice_s=sum(p.slice_s for p in paces),
        committed=sum(p.committed for p in paces),
        failed=sum(p.failed for p in paces),
        latency_p50_ms=halves[len(halves) // 2] if halves else None,
        latency_max_ms=max((p.latency_max_ms for p in paces if p.latency_max_ms is not None), default=None),
    )


def _chart(name: str, title: str, panels: list[tuple[Row, int]], values: list[Row]) -> Chart:
    def drawn(width: int, variant: str) -> str:
        spec = {
            "$schema": _SCHEMA,
            "data": {"values": values},
            "spacing": 10,
            "resolve": {"scale": {"x": "shared"}},
            "vconcat": [panel | {"width": width - 62, "height": height} for panel, height in panels],
            "config": _config(width),
        }
        return _embedded(vl_convert.vegalite_to_svg(spec, vl_version=_VEGA_LITE), f"{name}-{variant}", title)

    return Chart(title=title, wide=drawn(WIDE, "wide"), narrow=drawn(NARROW, "narrow"))


def _config(width: int) -> Row:
    return {
        "background": None,
        "font": "system-ui, sans-serif",
        "padding": {"left": 0, "right": 8, "top": 2, "bottom": 0},
        "view": {"stroke": None},
        "axis": {
            "labelColor": FAINT,
            "titleColor": FAINT,
            "titleFontWeight": "normal",
            "labelFontSize": 11,
            "titleFontSize": 11,
            "gridColor": GRID,
            "domainColor": GRID,
            "tickColor": GRID,
        },
        "axisX": {"tickCount": 12 if width > 600 else 5},
        "axisY": {"minExtent": 40, "maxExtent": 40},
    }


def _embedded(svg: str, name: str, title: str) -> str:
    """The SVG as part of a page: named for those who cannot see it, without addresses of namespaces."""
    inside = svg.partition(">")[2]
    head = svg.partition(">")[0]
    sizes = " ".join(part for part in head.split(" ") if part.startswith(("width=", "height=")))
    box = head.partition('viewBox="')[2].partition('"')[0]
    return (
        f'<svg role="img" aria-labelledby="{name}" {sizes} viewBox="{box}">'
        f'<title id="{name}">{html.escape(title)}</title>{inside}'
    )
