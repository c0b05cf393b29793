"""Charts: drawn offline, bounded, and true to their extremes."""

import pytest
from msgspec.structs import replace

from seatrial.domain.movement import ProgressPoint
from seatrial.domain.rehearsal import Pace, Rehearsal, Switch
from seatrial.report.charts import load_chart, rehearsal_chart
from seatrial.report.drawing import MOST_POINTS
from tests.unit import factories as make


def paces(count: int) -> tuple[Pace, ...]:
    return tuple(
        Pace(
            second=float(at),
            slice_s=1,
            committed=50,
            failed=0,
            latency_p50_ms=None if at % 7 == 0 else 5.0,
            latency_max_ms=None if at % 7 == 0 else 9_000.0 if at == count // 2 else 30.0,
        )
        for at in range(count)
    )


def test_both_drawings_are_named_and_carry_no_address() -> None:
    chart = rehearsal_chart(make.rehearsal())
    assert "1,104 ms" in chart.title
    for svg, variant in ((chart.wide, "wide"), (chart.narrow, "narrow")):
        assert svg.startswith('<svg role="img"') and svg.endswith("</svg>")
        assert f'<title id="rehearsal-chart-{variant}">' in svg
        assert "http" not in svg
    for label in ("reads switched, 0.9 s", "writes switched, 1.1 s", "traffic switched back, 1.1 s"):
        assert label in chart.wide
    assert "seconds" in chart.wide and "committed/s" in chart.wide and "latency, ms" in chart.wide


def test_a_long_run_is_thinned_without_losing_its_peak() -> None:
    short = replace(make.rehearsal(), pace=paces(300), seconds=300)
    long = replace(make.rehearsal(), pace=paces(50_000), seconds=50_000)
    assert len(rehearsal_chart(long).wide) < 3 * len(rehearsal_chart(short).wide)
    points = tuple(ProgressPoint(second=float(at), rows=at, bytes=at) for at in range(100 * MOST_POINTS))
    assert len(load_chart(points).wide) < 200_000


@pytest.mark.parametrize(
    "rehearsal",
    [
        replace(make.rehearsal(), switches=()),
        replace(make.rehearsal(), pace=paces(1)),
        replace(
            make.rehearsal(), pace=tuple(replace(pace, latency_p50_ms=None, latency_max_ms=None) for pace in paces(9))
        ),
        replace(make.rehearsal(), pace=tuple(replace(pace, committed=0) for pace in paces(9))),
        replace(make.rehearsal(), switches=(Switch(what="<b>", keyspace="k", began_s=0, ended_s=1),)),
    ],
    ids=["no switch", "one slice", "no latency", "no commit", "unknown switch"],
)
def test_a_poor_rehearsal_still_has_a_chart(rehearsal: Rehearsal) -> None:
    chart = rehearsal_chart(rehearsal)
    assert "NaN" not in chart.wide and "<b>" not in chart.wide


def test_an_empty_load_still_has_a_chart() -> None:
    points = tuple(ProgressPoint(second=float(at), rows=0, bytes=0) for at in range(2))
    assert "NaN" not in load_chart(points).wide
