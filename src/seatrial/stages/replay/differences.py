"""What went otherwise than on the source, and of what kind it is (rule T4)."""

import re
from collections import Counter
from collections.abc import Callable, Iterable

from seatrial.domain.generator import WorkerError, WorkerReport
from seatrial.domain.replaying import Difference, Divergence

OTHER_ROWS = "another number of rows"

_REFUSED_BY_VITESS = re.compile(
    r"VT(?:03|05|07|09|12|13)\d{3}\b|syntax error at position|\bunsupported\b", re.IGNORECASE
)
_NOT_SUPPORTED = frozenset({1235, 1295})  # ER_NOT_SUPPORTED_YET, ER_UNSUPPORTED_PS
_OF_ANOTHER_STATE = frozenset({1032, 1062, 1216, 1217, 1451, 1452})
"""A row that is not there, a key that is there already, a row that another one points at or should."""


def differences(
    reports: Iterable[WorkerReport], *, same_state: bool, generated: Callable[[str], bool]
) -> tuple[Difference, ...]:
    """All of them, the most frequent first. `same_state`: the copy is known to begin where the recording does;
    `generated`: whether a query class meets ids that the server generates, which may come in another order."""
    counts: Counter[tuple[Divergence, str, int, str]] = Counter()
    for report in reports:
        for error in report.errors:
            told = error.expected if not error.number else error.number
            counts[kind(error, same_state, generated), error.query, told, error.message] += error.count
        for of_class in report.classes:
            if of_class.rows_differ:
                counts[Divergence.ROWS, of_class.query, 0, OTHER_ROWS] += of_class.rows_differ
    return tuple(
        Difference(kind=kind, query=query, number=number, message=message, count=count)
        for (kind, query, number, message), count in sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    )


def kind(error: WorkerError, same_state: bool, generated: Callable[[str], bool]) -> Divergence:
    """What an error of the target, or the lack of one, says."""
    if not error.number:
        return Divergence.NO_ERROR
    if error.number in _NOT_SUPPORTED or _REFUSED_BY_VITESS.search(error.message):
        return Divergence.UNSUPPORTED
    if error.number in _OF_ANOTHER_STATE and (not same_state or generated(error.query)):
        return Divergence.STARTING_STATE
    return Divergence.ERROR
