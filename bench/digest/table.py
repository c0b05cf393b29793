"""What was measured, as a table for a page."""

import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from statistics import median

from msgspec import Struct

from bench.digest.meter import Ran


class Measured(Struct, frozen=True, kw_only=True):
    """One way in one round. `events` it says it read; of one that was stopped, `share` is how much of the log it had
    read, and `events` as many of all."""

    ran: Ran
    events: float
    share: float = 1.0

    @property
    def known(self) -> bool:
        """Whether a rate can be told of it."""
        return self.events > 0


def machine() -> str:
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {platform.machine()}, {os.cpu_count()} cores, "
        f"load average {os.getloadavg()[0]:.1f} at the end"
    )


def table(title: str, size_bytes: int, rounds: Mapping[str, Sequence[Measured]], base: str) -> str:
    """A line a way, medians of its rounds, each held against the way `base`."""
    count = len(rounds[base])
    lines = [
        f"{title}, {size_bytes / 1e6:,.0f} MB; {count} {'round' if count == 1 else 'rounds, medians'}",
        "",
        "| way | events | s (least–most) | MB/s | events/s | CPU s | MB of memory (largest) | by the clock | by CPU |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        *(_row(name, measured, size_bytes, rounds[base]) for name, measured in rounds.items()),
    ]
    return "\n".join(lines)


def _row(name: str, measured: Sequence[Measured], size_bytes: int, base: Sequence[Measured]) -> str:
    walls = [one.ran.wall_s for one in measured]
    spread = f"{median(walls):.1f}" + (f" ({min(walls):.1f}–{max(walls):.1f})" if len(walls) > 1 else "")
    stopped = next((one for one in measured if one.ran.stopped), None)
    if stopped is not None:
        read = f", {stopped.share:.0%} read" if stopped.known else ""
        spread += f", stopped at {stopped.ran.stopped}{read}"
    peak = max(one.ran.peak_bytes for one in measured) / 1e6
    largest = max(one.ran.largest_bytes for one in measured) / 1e6
    cells = [
        name,
        f"{'about ' if stopped else ''}{median(one.events for one in measured):,.0f}" if measured[0].known else "–",
        spread,
        _rate([one.share * size_bytes / 1e6 / one.ran.wall_s for one in measured if one.known], 1),
        _rate([one.events / one.ran.wall_s for one in measured if one.known], 0),
        f"{median(one.ran.cpu_s for one in measured):.1f}",
        f"{peak:,.0f} ({largest:,.0f})",
        _times(_per_event(measured, cpu=False), _per_event(base, cpu=False)),
        _times(_per_event(measured, cpu=True), _per_event(base, cpu=True)),
    ]
    return f"| {' | '.join(cells)} |"


def _per_event(measured: Sequence[Measured], *, cpu: bool) -> float | None:
    known = [(one.ran.cpu_s if cpu else one.ran.wall_s) / one.events for one in measured if one.known]
    return median(known) if known else None


def _times(one: float | None, base: float | None) -> str:
    if not one or not base:
        return "–"
    ratio = base / one
    return f"{ratio:.1f} ×" if ratio >= 1 else f"{ratio:.2g} ×"


def _rate(rates: Sequence[float], digits: int) -> str:
    return f"{median(rates):,.{digits}f}" if rates else "–"
