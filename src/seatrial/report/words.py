"""Values as a reader sees them: numbers, sizes, times, and names that may hold anything."""

import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime

from seatrial.domain.evidence import Evidence
from seatrial.domain.verdict import Criterion, Judgement

_SIGNS = {"<=": "≤", ">=": "≥", "==": "="}

MARKS = {Judgement.PASS: "✓", Judgement.FAIL: "✗", Judgement.INCONCLUSIVE: "?"}


def whole(number: float | None) -> str:
    """`1,204,377`; a dash for what is not known."""
    return "–" if number is None else f"{number:,.0f}"


def short(number: float | None) -> str:
    """A measured number with no digit that means nothing: `1,204`, `26.4`, `0.05`."""
    if number is None:
        return "–"
    if number == int(number) or abs(number) >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}" if abs(number) >= 10 else f"{number:.3g}"


def millis(us: float | None) -> str:
    """Microseconds as milliseconds, without the unit: `0.64`, `182`."""
    return "–" if us is None else short(us / 1000)


def percent(share: float | None) -> str:
    """A share from 0 to 1: `95.1 %`, `0.02 %`."""
    return "–" if share is None else f"{short(100 * share)} %"


def size(number: float | None) -> str:
    """Bytes in decimal units: `236 MB`."""
    if number is None:
        return "–"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if abs(number) < 1000 or unit == "TB":
            break
        number /= 1000
    return f"{short(number)} {unit}"


def duration(seconds: float | None) -> str:
    """`0.8 s`, `41.6 s`, `4 min 12 s`, `3 h 05 min`, `2 d 4 h`."""
    if seconds is None:
        return "–"
    if 0 < seconds < 0.01:
        return "< 0.01 s"
    if seconds < 59.995:
        return f"{short(round(seconds, 2))} s"
    rest = round(seconds)
    if rest < 3600:
        return f"{rest // 60} min {rest % 60:02d} s"
    if rest < 86_400:
        return f"{rest // 3600} h {rest % 3600 // 60:02d} min"
    return f"{rest // 86_400} d {rest % 86_400 // 3600} h"


def moment(time: datetime | str) -> str:
    """`2026-11-20 09:12 UTC`; a text that is no time stays as it is."""
    if isinstance(time, str):
        try:
            return moment(datetime.fromisoformat(time))
        except ValueError:
            return time
    aware = time if time.tzinfo else time.replace(tzinfo=UTC)
    return aware.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def yes(value: bool) -> str:
    return "yes" if value else "no"


def measured(value: float | None, unit: str) -> str:
    """A criterion's value with its unit: `1,104 ms`, `0 rows`, `yes`."""
    if value is None:
        return "not measured"
    if unit == "yes/no":
        return yes(bool(value))
    if value == 1 and len(unit) > 2:
        unit = unit.removesuffix("s")  # `1 table`; the short ones are `s`, `ms`, `h`
    return f"{short(value)} {unit}".rstrip()


def limit(criterion: Criterion) -> str:
    """`≤ 10,000`, `= yes`: the unit stands with the value."""
    unit = criterion.unit if criterion.unit == "yes/no" else ""
    return f"{_SIGNS[criterion.compare]} {measured(criterion.limit, unit)}"


def listed(names: Sequence[str], limit: int) -> str:
    """The first few names, and how many more there are."""
    more = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {more:,} more" if more > 0 else "")


def reference(evidence: Evidence) -> str:
    """Evidence as a reader sees it: without the hash, which stands once in the index of artifacts."""
    return f"{evidence.artifact}#{evidence.pointer}"


def safe(text: str) -> str:
    """The text with characters that would act on a terminal or reorder a page made visible: `\\x1b`, `\\u202e`.

    Names come from the source and may hold anything.
    """
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character == "\n" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
