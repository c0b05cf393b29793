"""How charts are drawn: Vega-Lite specifications rendered to SVG on this machine, without a browser or a network.

Colours are written as the light palette's hexadecimal values; the page's style sheet maps each to the dark one.
"""

import html
from collections.abc import Sequence
from typing import Any

import vl_convert
from msgspec import Struct

from seatrial.domain.rehearsal import Pace
from seatrial.report import words

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


def seconds(axis: bool) -> Row:
    shown: Row = {"title": "seconds"} if axis else {"labels": False, "ticks": False, "title": None}
    return {"field": "s", "type": "quantitative", "axis": shown, "scale": {"nice": False, "zero": True}}


def y(field: str, unit: str, *, format: str = "~s") -> Row:
    return {"field": field, "type": "quantitative", "axis": {"title": unit, "tickCount": 4, "format": format}}


def paced(paces: Sequence[Pace]) -> list[Row]:
    """The values of `rates` and `latencies`."""
    return [
        {
            "s": p.second,
            "end": p.second + p.slice_s,
            "committed": p.committed / p.slice_s if p.slice_s else 0,
            "failed": p.failed / p.slice_s if p.slice_s else 0,
            "p50": p.latency_p50_ms,
            "max": p.latency_max_ms,
        }
        for p in _slices(paces)
    ]


def timed(paces: Sequence[Pace]) -> bool:
    """Whether there is any latency: a logarithmic scale of nothing cannot be drawn."""
    return any(pace.latency_max_ms for pace in paces)


def rates(unit: str, *, axis: bool, behind: Sequence[Row] = ()) -> Row:
    """A panel of what was committed (a line) and what failed (bars) a second."""
    committed: Row = {
        "mark": {"type": "line", "interpolate": "step-after", "color": BLUE, "strokeWidth": 1.4},
        "encoding": {"x": seconds(axis), "y": y("committed", unit)},
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
    return {"layer": [*behind, committed, failed]}


def latencies(*, behind: Sequence[Row] = ()) -> Row:
    """A panel of the median and the slowest, on a logarithmic scale."""

    def line(field: str, colour: str, width: float) -> Row:
        scale = y(field, "latency, ms", format=",~r") | {"scale": {"type": "log", "nice": True}}
        return {
            "transform": [{"filter": f"datum['{field}'] == null || datum['{field}'] > 0"}],
            "mark": {"type": "line", "color": colour, "strokeWidth": width, "invalid": "break-paths-show-path-domains"},
            "encoding": {"x": seconds(True), "y": scale},
        }

    return {"layer": [*behind, line("max", RED, 1.1), line("p50", BLUE, 1.4)]}


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


def chart(
    name: str,
    title: str,
    panels: Sequence[tuple[Row, int]],
    values: Sequence[Row],
    *,
    left: tuple[int, int] = (40, 40),
) -> Chart:
    """Panels of these heights under each other over one x axis; `left` is the room of the y axis, wide and narrow.

    Texts among the values may hold anything: a control character would end the renderer, and us with it.
    """
    shown = [
        {name: words.safe(each) if isinstance(each, str) else each for name, each in row.items()} for row in values
    ]

    def drawn(width: int, room: int, variant: str) -> str:
        spec = {
            "$schema": _SCHEMA,
            "data": {"values": shown},
            "spacing": 10,
            "resolve": {"scale": {"x": "shared"}},
            "vconcat": [panel | {"width": width - room - 22, "height": height} for panel, height in panels],
            "config": _config(width, room),
        }
        return _embedded(vl_convert.vegalite_to_svg(spec, vl_version=_VEGA_LITE), f"{name}-{variant}", title)

    return Chart(title=title, wide=drawn(WIDE, left[0], "wide"), narrow=drawn(NARROW, left[1], "narrow"))


def _config(width: int, room: int) -> Row:
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
        "axisY": {"minExtent": room, "maxExtent": room, "labelLimit": room - 8},
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
