"""Parts of a log joined: neighbours to a larger part, all of them to the digest that reading it whole would give."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from seatrial.domain.workload import Digest, LogFile, NotUnderstood
from seatrial.stages.digest.digester import Digester
from seatrial.stages.digest.part import Part


def joined(parts: Iterable[Part]) -> Part:
    """The part that these, neighbours in the log's order, are together; they are used up by it."""
    return _over(parts).part()


def merged(
    parts: Iterable[Part],
    *,
    dialect: str,
    now: datetime,
    files: Sequence[LogFile] = (),
    not_understood: Sequence[NotUnderstood] = (),
    caveats: Sequence[str] = (),
) -> Digest:
    """The digest of a log from all of its parts, in its order; they are used up by it. Logs of several servers may
    follow each other, in any order: a part that does not continue leaves the connections before it behind.

    The parts must be of one key (Digester.hashed), else the values of one are not known again in another.
    """
    return _over(parts, dialect).done(now, files, not_understood, caveats)


def _over(parts: Iterable[Part], dialect: str = "") -> Digester:
    over: Digester | None = None
    for part in parts:
        if over is None:
            over = Digester(dialect=dialect, database="", schema=None, continues=part.continues)
        over.take(part)
    return over if over is not None else Digester(dialect=dialect, database="", schema=None)
