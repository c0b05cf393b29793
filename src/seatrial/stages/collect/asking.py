"""Asks the source and remembers where it got no answer."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from seatrial.domain.collection import Gap
from seatrial.domain.event import Progress, Tell
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.ports import Source, Unanswered
from seatrial.domain.question import REQUIRED, Question

Rows = list[dict[str, Any]]


class Asking:
    """One collection's questions to one source; unanswered ones become gaps, required ones faults."""

    def __init__(self, source: Source, tell: Tell) -> None:
        self._source = source
        self._tell = tell
        self._gaps: dict[str, str] = {}

    @property
    def gaps(self) -> tuple[Gap, ...]:
        return tuple(Gap(question=question, reason=reason) for question, reason in sorted(self._gaps.items()))

    def gap(self, question: Question, reason: str) -> None:
        """Remember that this has no (or no whole) answer; the first reason stays."""
        self._gaps.setdefault(question.value, reason)

    def rows(self, question: Question) -> Rows | None:
        """The answer, or None with a gap; a Fault where nothing works without it."""
        self._tell(Progress(phase="reading the source", detail=question.value.replace("_", " ")))
        try:
            return self._source.ask(question)
        except Unanswered as unanswered:
            if question in REQUIRED:
                raise _needed(question, self._source.database, unanswered.reason) from unanswered
            self.gap(question, unanswered.reason)
            return None

    def rows_or_none(self, question: Question) -> Rows:
        """The answer, or no rows with a gap: for lists whose gap the checks look at."""
        return self.rows(question) or []

    def need(self, question: Question) -> Rows:
        """The answer to a required question."""
        assert question in REQUIRED  # noqa: S101 – which questions are required is ours to know
        return self.rows(question) or []

    def each_table(self, tables: list[str], clean: Callable[[str], str]) -> dict[str, str]:
        """SHOW CREATE TABLE by table, cleaned; the tables it failed for become one gap."""
        found: dict[str, str] = {}
        failed: dict[str, list[str]] = defaultdict(list)
        for done, table in enumerate(tables):
            self._tell(Progress(phase="table definitions", done=done, total=len(tables), unit="tables", detail=table))
            try:
                row = self._source.ask(Question.CREATE_TABLE, table=table)[0]
                found[table] = clean(str(row["create table"]))
            except Unanswered as unanswered:
                failed[unanswered.reason].append(table)
            except (IndexError, KeyError):
                failed["the server answered with something else than a table's definition"].append(table)
        if failed:
            why = "; ".join(f"{some(names)}: {reason}" for reason, names in failed.items())
            self.gap(Question.CREATE_TABLE, why)
        return found


def some(names: list[str], limit: int = 5) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more


def _needed(question: Question, database: str, reason: str) -> Fault:
    what = question.value.replace("_", " ")
    if "time cap" in reason:
        return Fault(
            "collect.too-slow",
            f"the source gave no answer about its {what}: {reason}",
            remedy="run it again at a quieter hour, or with a longer time cap",
            retry=True,
        )
    return Fault(
        "collect.no-answer",
        f"nothing can be said about {database!r} without its {what}: {reason}",
        remedy="grant what it names (see `--dry-run` for each statement and its reason), then run it again",
        exit=Exit.CONFIG,
    )
