"""Query classes as a table for the terminal: what is compared as a bar, and as many columns as there is room for."""

import shutil
from collections.abc import Iterator, Sequence

from msgspec import Struct

from seatrial.domain.workload import Digest, QueryClass
from seatrial.report import words
from seatrial.report.plain import fitted, padded, width_of
from seatrial.stages.digest.views import Order, figure, id_length

WIDTH_ELSEWHERE = 120
"""Where the output is no terminal."""

_BAR = 10
_TEXT = 32
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_HEIGHTS = " ▁▂▃▄▅▆▇█"
_SPARK = 60


class _Column(Struct, frozen=True, kw_only=True):
    title: str
    cells: Sequence[str]
    keep: int  # the lowest goes first where there is no room
    right: bool = True

    @property
    def width(self) -> int:
        return max(width_of(text) for text in (self.title, *self.cells))


def terminal_width() -> int:
    return shutil.get_terminal_size((WIDTH_ELSEWHERE, 24)).columns


def bar(share: float, width: int = _BAR) -> str:
    """A bar of that share of the width, to an eighth of a character; what is more than nothing shows."""
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    if share > 0:
        eighths = max(eighths, 1)
    full, part = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[part] if part else "")


def sparkline(counts: Sequence[int], width: int = _SPARK) -> str:
    """A character for each count, its height the share of the largest; neighbours are added where they are too many."""
    step = max(1, -(-len(counts) // width))
    sums = [sum(counts[at : at + step]) for at in range(0, len(counts), step)]
    most = max(sums, default=0)
    return "".join(_HEIGHTS[-(-count * 8 // most)] if count else "·" for count in sums)


def table(digest: Digest, classes: Sequence[QueryClass], order: Order, width: int) -> Iterator[str]:
    """A line a class, in the order given; none is longer than the width unless that is below 40."""
    columns = _columns(digest, classes, order)
    while len(columns) > 2 and _taken(columns) + _TEXT > width:
        least = min(columns, key=lambda column: column.keep)
        columns = [column for column in columns if column is not least]
    room = max(width - _taken(columns), 8)
    texts = [fitted(text_of(query), room) for query in classes]
    rows = zip(*(column.cells for column in columns), texts, strict=True) if classes else ()
    for *cells, text in ([*(column.title for column in columns), "class"], *rows):
        fields = [padded(cell, column.width, column.right) for cell, column in zip(cells, columns, strict=True)]
        yield "  ".join((*fields, text)).rstrip()


def text_of(query: QueryClass) -> str:
    """The fingerprint on one line, with nothing in it that acts on a terminal."""
    return words.safe(" ".join(query.fingerprint.split()))


def _taken(columns: Sequence[_Column]) -> int:
    return sum(column.width + 2 for column in columns)


def _columns(digest: Digest, classes: Sequence[QueryClass], order: Order) -> list[_Column]:
    digits = id_length(digest)
    most = max((figure(query, order) for query in classes), default=0) or 1
    total = digest.query_time_us or 1
    first = {order: 9}  # what the table is ordered by stays

    def numbers(title: str, keep: int, texts: Sequence[str]) -> _Column:
        return _Column(title=title, cells=texts, keep=keep)

    bars = [bar(figure(query, order) / most) for query in classes]
    return [
        _Column(title="id", cells=[query.id[:digits] for query in classes], keep=10, right=False),
        _Column(title=f"by {order}", cells=bars, keep=8, right=False),
        numbers("share", 3, [f"{query.times.total_us / total:.1%}" for query in classes]),
        numbers("total s", first.get(Order.TIME, 7), [f"{query.times.total_us / 1e6:,.2f}" for query in classes]),
        numbers("count", first.get(Order.COUNT, 6), [f"{query.count:,}" for query in classes]),
        numbers("p50 ms", 4, [f"{query.times.p50_us / 1e3:,.2f}" for query in classes]),
        numbers("p99 ms", first.get(Order.P99, 5), [f"{query.times.p99_us / 1e3:,.2f}" for query in classes]),
        numbers(
            "rows",
            first.get(Order.ROWS, 2),
            [f"{figure(query, Order.ROWS):,}" for query in classes],
        ),
        numbers("errors", first.get(Order.ERRORS, 1), [f"{query.errors:,}" for query in classes]),
    ]
