"""Charts of the workload: its course, where the planner sends it, how long it took on both sides, its replay."""

import math
from collections.abc import Sequence

from seatrial.domain.plan import Plan
from seatrial.domain.replaying import Replay
from seatrial.domain.sketch import value_of
from seatrial.domain.workload import QueryClass, Slice
from seatrial.report import words
from seatrial.report.drawing import (
    BAND,
    BLUE,
    FAINT,
    INK,
    MOST_POINTS,
    RED,
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
from seatrial.report.workload import Compared, label

MOST_CLASSES = 20
"""Rows of the chart of latencies: what a screen shows at once."""

STEPS_A_DECADE = 8
"""Of the heat map: a third more time a step, which an eye can tell apart."""

_NAMES = {"title": None, "ticks": False, "domain": False, "labelColor": INK}

_ANSWERS = (
    ("single", "one shard", BLUE),
    ("several", "some shards", TEAL),
    ("scatter", "every shard", BAND),
    ("unsupported", "refused", RED),
    ("unplanned", "not planned", FAINT),
)


def workload_chart(series: Sequence[Slice]) -> Chart:
    """Queries a second, how many ran at once, and the slowest, over the time of the log."""
    last = series[-1]
    span = last.second + last.seconds
    title = f"Queries a second, queries that run at once and the slowest, over {span:,.0f} seconds of the log"
    values = [
        {
            "s": each.second,
            "rate": each.queries / each.seconds if each.seconds else 0,
            "busy": each.busy_us / 1e6 / each.seconds if each.seconds else 0,
            "slowest": each.max_us / 1e3 or None,  # a moment without queries has none
        }
        for each in _joined(series)
    ]

    def panel(field: str, unit: str, colour: str, *, axis: bool, format: str = "~s") -> Row:
        line = {"color": colour, "strokeWidth": 1.4, "interpolate": "step-after"}
        mark = {"type": "area", "color": colour, "opacity": 0.13, "line": line, "interpolate": "step-after"}
        return {"mark": mark, "encoding": {"x": seconds(axis), "y": y(field, unit, format=format)}}

    rate = panel("rate", "queries/s", BLUE, axis=False)
    if not any(row["slowest"] for row in values):
        busy = panel("busy", "at once", TEAL, axis=True, format="~r")
        return chart("workload-chart", title, [(rate, 110), (busy, 80)], values)
    busy = panel("busy", "at once", TEAL, axis=False, format="~r")
    powers = [10.0**power for power in range(-3, 8)]
    axis = {"title": "slowest, ms", "values": powers, "format": ",~r"}
    scale = {"field": "slowest", "type": "quantitative", "axis": axis, "scale": {"type": "log", "nice": True}}
    mark = {"type": "line", "color": RED, "strokeWidth": 1.2, "interpolate": "step-after"}
    slowest: Row = {
        "mark": mark | {"invalid": "break-paths-show-path-domains"},
        "encoding": {"x": seconds(True), "y": scale},
    }
    return chart("workload-chart", title, [(rate, 110), (busy, 80), (slowest, 80)], values)


def heat_map(classes: Sequence[QueryClass]) -> Chart:
    """A row a query class: the shares of its executions by how long they took, on a logarithmic scale."""
    shown = [(at, query) for at, query in enumerate(classes) if query.times.sketch.count][:MOST_CLASSES]
    cells: list[Row] = []
    marks: list[Row] = []
    for at, query in shown:
        name = words.safe(f"{at} · {label(query)}")  # the marks are data of their own
        for step, share in sorted(_steps(query).items()):
            low, high = 10 ** (step / STEPS_A_DECADE), 10 ** ((step + 1) / STEPS_A_DECADE)
            cells.append({"class": name, "low": low / 1e3, "high": high / 1e3, "share": share})
        marks.append({"class": name, "p99": max(query.times.p99_us, 1) / 1e3})
    title = f"How long the executions of {len(shown)} query classes took, by share of the class, in milliseconds"
    edges = [each[edge] for each in cells for edge in ("low", "high")]
    axis = {"title": "milliseconds", "values": _ticks(edges), "format": ",~r"}
    scale = {"type": "log", "nice": False, "domain": [min(edges), max(edges)]}
    place: Row = {"field": "class", "type": "nominal", "sort": None, "axis": _NAMES}
    darkest = max(each["share"] for each in cells)
    shade = {"type": "sqrt", "range": [0.06, 1], "domain": [0, darkest]}
    boxes: Row = {
        "mark": {"type": "rect", "color": BLUE},
        "encoding": {
            "x": {"field": "low", "type": "quantitative", "scale": scale, "axis": axis},
            "x2": {"field": "high"},
            "y": place,
            "opacity": {"field": "share", "type": "quantitative", "scale": shade, "legend": None},
        },
    }
    ends: Row = {
        "data": {"values": marks},
        "mark": {"type": "tick", "color": RED, "thickness": 2, "height": 14},
        "encoding": {"x": {"field": "p99", "type": "quantitative", "scale": scale}, "y": place},
    }
    return chart("heat-map", title, [({"layer": [boxes, ends]}, 20 * len(shown))], cells, left=(230, 136))


def _steps(query: QueryClass) -> dict[int, float]:
    """The sketch in steps of equal width on a logarithmic scale, each with its share."""
    sketch = query.times.sketch
    shares: dict[int, float] = {}
    for bucket, count in zip(sketch.buckets, sketch.counts, strict=True):
        step = math.floor(math.log10(max(value_of(bucket), 1)) * STEPS_A_DECADE)
        shares[step] = shares.get(step, 0.0) + count / sketch.count
    return shares


def shares_chart(plan: Plan) -> Chart:
    """Two bars: the shares of executions and of time that stay on a shard, scatter, or are refused."""
    weights = (("executions", plan.by_executions), ("time", plan.by_time))
    values = [
        {"by": by, "what": words, "order": order, "share": 100 * getattr(shares, name)}
        for by, shares in weights
        for order, (name, words, _) in enumerate(_ANSWERS)
    ]
    title = "Shares of the workload by what the planner says: " + "; ".join(
        f"of the {by} {100 * shares.single:.0f} % on one shard, {100 * shares.scatter:.0f} % on every shard, "
        f"{100 * shares.unsupported:.2g} % refused"
        for by, shares in weights
    )
    colours = {"domain": [words for _, words, _ in _ANSWERS], "range": [colour for *_, colour in _ANSWERS]}
    bars: Row = {
        "mark": {"type": "bar", "height": {"band": 0.62}},
        "encoding": {
            "x": {
                "field": "share",
                "type": "quantitative",
                "stack": "zero",
                "scale": {"domain": [0, 100], "nice": False},
                "axis": {"title": "percent", "tickCount": 5},
            },
            "y": {
                "field": "by",
                "type": "nominal",
                "sort": None,
                "axis": {"title": None, "ticks": False, "domain": False, "labelColor": INK},
            },
            "color": {"field": "what", "type": "nominal", "sort": None, "scale": colours, "legend": None},
            "order": {"field": "order", "type": "quantitative"},
        },
    }
    return chart("shares-chart", title, [(bars, 64)], values, left=(70, 70))


def latency_chart(rows: Sequence[Compared]) -> Chart:
    """A row a query class: median and 99th percentile on the source and on the target, on a logarithmic scale."""
    shown = [row for row in rows if row.query and row.ratio_p99 is not None][:MOST_CLASSES]
    values: list[Row] = []
    for row in shown:
        assert row.query is not None  # noqa: S101 – chosen so
        name = f"{row.at} · {row.label}"
        for which, then, now in (
            ("p50", row.query.times.p50_us, row.replayed.response.p50_us),
            ("p99", row.query.times.p99_us, row.replayed.response.p99_us),
        ):
            values.append({"class": name, "which": which, "then": max(then, 1) / 1e3, "now": max(now, 1) / 1e3})
    title = f"Median and 99th percentile of {len(shown)} query classes on source and target, in milliseconds" + (
        f"; {sum(1 for row in shown if (row.ratio_p99 or 0) > 1)} are slower on the target" if shown else ""
    )
    scale = {"type": "log", "nice": False, "padding": 8}
    place: Row = {
        "y": {
            "field": "class",
            "type": "nominal",
            "sort": None,
            "axis": {
                "title": None,
                "ticks": False,
                "domain": False,
                "grid": True,
                "labelColor": INK,
                "tickBand": "extent",
            },
        },
        "yOffset": {"field": "which", "type": "nominal", "sort": ["p50", "p99"]},
    }
    ticks = _ticks([each[moment] for each in values for moment in ("then", "now")])
    axis = {"title": "milliseconds", "values": ticks, "format": ",~r"}

    def x(field: str) -> Row:
        return {"field": field, "type": "quantitative", "scale": scale, "axis": axis}

    def dots(field: str, colour: str, which: str, *, filled: bool) -> Row:
        mark = {"type": "point", "size": 42, "filled": filled, "color": colour, "opacity": 1, "strokeWidth": 1.4}
        return {
            "transform": [{"filter": f"datum.which == '{which}'"}],
            "mark": mark,
            "encoding": {"x": x(field), **place},
        }

    bar: Row = {
        "mark": {"type": "rule", "strokeWidth": 1.6, "color": FAINT, "opacity": 0.45},
        "encoding": {"x": x("then"), "x2": {"field": "now"}, **place},
    }
    layers = [
        bar,
        *(
            dots(field, colour, which, filled=which == "p99")
            for field, colour in (("then", FAINT), ("now", BLUE))
            for which in ("p50", "p99")
        ),
    ]
    return chart("latency-chart", title, [({"layer": layers}, 26 * max(len(shown), 1))], values, left=(230, 128))


def replay_chart(replay: Replay) -> Chart:
    """Committed and failed transactions a second and their latency, over the time of the replay."""
    title = f"Replayed transactions a second and their latency over {replay.seconds:,.0f} seconds"
    slow = timed(replay.pace)
    panels = [(rates("committed/s", axis=not slow), 110)]
    if slow:
        panels.append((latencies(), 100))
    return chart("replay-chart", title, panels, paced(replay.pace))


def _ticks(times_ms: Sequence[float]) -> list[float]:
    """Powers of ten that span the times; their doubles and halves too where there are few of them."""
    if not times_ms:
        return []
    low, high = math.floor(math.log10(min(times_ms))), math.ceil(math.log10(max(times_ms)))
    steps = (1,) if high - low > 2 else (1, 2, 5)
    return [step * 10.0**power for power in range(low, high + 1) for step in steps]


def _joined(series: Sequence[Slice]) -> list[Slice]:
    """Neighbouring slices put together until they are few enough."""
    step = max(-(-len(series) // MOST_POINTS), 1)
    return [
        Slice(
            second=some[0].second,
            seconds=sum(each.seconds for each in some),
            queries=sum(each.queries for each in some),
            errors=sum(each.errors for each in some),
            busy_us=sum(each.busy_us for each in some),
            max_us=max(each.max_us for each in some),
        )
        for some in (series[at : at + step] for at in range(0, len(series), step))
    ]
