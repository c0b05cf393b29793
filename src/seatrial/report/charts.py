"""Charts of the load and of the rehearsed cutover."""

import itertools
from collections.abc import Sequence

from seatrial.domain.movement import ProgressPoint
from seatrial.domain.rehearsal import Rehearsal, Switch
from seatrial.report.drawing import (
    BAND,
    BLUE,
    INK,
    MOST_POINTS,
    TEAL,
    Chart,
    Row,
    chart,
    latencies,
    paced,
    rates,
    seconds,
    timed,
    y,
)


def load_chart(points: Sequence[ProgressPoint]) -> Chart:
    """Rows and megabytes on the target over the time of the copy."""
    last = points[-1]
    title = f"Rows and megabytes on the target over {last.second:,.0f} seconds of copying, up to {last.rows:,} rows"
    values = [{"s": p.second, "rows": p.rows, "mb": p.bytes / 1e6} for p in _thinned(points)]

    def panel(field: str, unit: str, colour: str, axis: bool) -> Row:
        mark = {"type": "area", "color": colour, "opacity": 0.13, "line": {"color": colour, "strokeWidth": 1.6}}
        return {"mark": mark, "encoding": {"x": seconds(axis), "y": y(field, unit)}}

    panels = [(panel("rows", "rows", BLUE, False), 120), (panel("mb", "MB", TEAL, True), 90)]
    return chart("load-chart", title, panels, values)


def rehearsal_chart(rehearsal: Rehearsal) -> Chart:
    """Committed and failed transactions a second and their latency, over the time of the switches."""
    title = (
        f"Committed transactions a second and their latency over {rehearsal.seconds:,.0f} seconds, "
        f"with the switches there and back; longest pause {rehearsal.pause_ms:,.0f} ms"
    )
    marks = _switch_marks(rehearsal.switches, rehearsal.seconds)
    band: Row = {
        "data": {"values": marks},
        "mark": {"type": "rect", "color": BAND, "opacity": 0.28},
        "encoding": {"x": {"field": "began", "type": "quantitative"}, "x2": {"field": "ended"}},
    }
    slow = timed(rehearsal.pace)
    panels = [(_switches(marks), 15 * max(len(marks), 1)), (rates("committed/s", axis=not slow, behind=[band]), 120)]
    if slow:
        panels.append((latencies(behind=[band]), 110))
    return chart("rehearsal-chart", title, panels, paced(rehearsal.pace))


def _switches(marks: list[Row]) -> Row:
    """A strip above the panels that names each switch."""
    y = {"field": "what", "type": "nominal", "sort": None, "axis": None}
    bar = {
        "mark": {"type": "rect", "color": BAND},
        "encoding": {"x": seconds(False) | {"field": "began", "axis": None}, "x2": {"field": "ended"}, "y": y},
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


def _thinned(points: Sequence[ProgressPoint]) -> list[ProgressPoint]:
    step = -(-len(points) // MOST_POINTS)
    kept = list(points[::step])
    return kept if kept[-1] is points[-1] else [*kept, points[-1]]
