"""Aligned plain text: headings, name and value, columns; wide characters count for two."""

import textwrap
import unicodedata
from collections.abc import Iterable, Sequence

WIDTH = 100

_NAME_WIDTH = 34
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def heading(title: str, underline: str = "-", note: str = "") -> list[str]:
    """A title over a line of its own; the note stands behind it in brackets."""
    text = title + (f" ({note})" if note else "")
    return [*([] if underline == "=" else [""]), fitted(text, WIDTH), underline * WIDTH]


def pairs(rows: Iterable[tuple[str, str]]) -> list[str]:
    """Name and value, values under each other, long ones wrapped."""
    lines = []
    for name, value in rows:
        first, *more = textwrap.wrap(value, WIDTH - _NAME_WIDTH - 3, break_on_hyphens=False) or [""]
        lines.append(f"  {padded(fitted(name, _NAME_WIDTH), _NAME_WIDTH)} {first}".rstrip())
        lines += [" " * (_NAME_WIDTH + 3) + line for line in more]
    return lines


def columns(titles: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> list[str]:
    """A table whose first column gives way when the line would be too long."""
    widths = [max(width_of(row[i]) for row in (titles, *rows)) for i in range(len(titles))]
    free = WIDTH - 2 - 2 * (len(widths) - 1)
    widest = max((i for i in range(len(widths)) if i not in right), key=lambda i: widths[i], default=0)
    widths[widest] = max(8, min(widths[widest], free - sum(w for i, w in enumerate(widths) if i != widest)))
    return [_line(row, widths, right) for row in (titles, *rows)]


def wrapped(text: str, width: int) -> list[str]:
    """A paragraph, indented by two, continued by four."""
    return textwrap.wrap(text, width, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)


def bytes_text(number: float) -> str:
    """A size with its unit, three digits: `512 B`, `1.50 GiB`."""
    size = float(number)
    for unit in _UNITS:
        if size < 1024 or unit == _UNITS[-1]:
            return f"{size:,.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.2f} {unit}"
        size /= 1024
    raise AssertionError("unreachable")


def amount(rate: float | None) -> str:
    """A rate in as many digits as it deserves; `-` where there is none."""
    if rate is None:
        return "-"
    if rate >= 100 or rate == 0:
        return f"{rate:,.0f}"
    return f"{rate:.1f}" if rate >= 1 else f"{rate:.4f}"


def duration(seconds: float) -> str:
    """`3 d 4 h 5 min`; seconds below a minute."""
    minutes, hours, days = int(seconds // 60) % 60, int(seconds // 3600) % 24, int(seconds // 86_400)
    parts = [f"{n} {unit}" for n, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if n]
    return " ".join(parts) or f"{seconds:.0f} s"


def width_of(text: str) -> int:
    """Columns the text takes on a terminal."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def padded(text: str, width: int, right: bool = False) -> str:
    """The text filled with blanks to that width."""
    blanks = " " * max(0, width - width_of(text))
    return blanks + text if right else text + blanks


def fitted(text: str, width: int) -> str:
    """The text cut to that width, with a dot for what was cut."""
    if width_of(text) <= width:
        return text
    kept = text
    while width_of(kept) > width - 1:
        kept = kept[:-1]
    return kept + "…"


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[int]) -> str:
    fields = [padded(fitted(cell, widths[i]), widths[i], i in right) for i, cell in enumerate(cells)]
    return ("  " + "  ".join(fields)).rstrip()
