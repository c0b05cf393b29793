"""What a check found: pass, warn, block, or that it could not look."""

from enum import StrEnum

from msgspec import Struct

from seatrial.domain.evidence import Evidence


class Outcome(StrEnum):
    """In the order of gravity. A check that could not look never passes silently."""

    PASS = "pass"  # noqa: S105 – a verdict, not a password
    WARN = "warn"
    COULD_NOT_LOOK = "could-not-look"
    BLOCK = "block"


class Finding(Struct, frozen=True, kw_only=True):
    """One check's answer. `subjects` are the tables, variables or accounts it is about; `remedy` is SQL or a
    sentence to act on ("" when it passed); `source` says where the rule comes from, with its date."""

    code: str
    outcome: Outcome
    title: str
    detail: str
    subjects: tuple[str, ...] = ()
    remedy: str = ""
    evidence: tuple[Evidence, ...] = ()
    source: str = ""


class Assessment(Struct, frozen=True, kw_only=True):
    """All findings about one source, gravest first."""

    findings: tuple[Finding, ...]

    @property
    def blocking(self) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.outcome is Outcome.BLOCK)
