"""Criteria and what they came to."""

from enum import StrEnum
from typing import Literal

from msgspec import Struct

from seatrial.domain.evidence import Evidence
from seatrial.domain.measure import Measure


class Judgement(StrEnum):
    PASS = "pass"  # noqa: S105 – a verdict, not a password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


Compare = Literal["<=", "==", ">="]


class Criterion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`measure` names what judge knows how to find; it passes when `measure compare limit` holds.

    `source` says where a limit comes from that is not ours; `set_by` is `seatrial` for an untouched default,
    else `trial`.
    """

    code: str
    title: str
    measure: Measure
    compare: Compare
    limit: float
    unit: str = ""  # "yes/no" for a measure that is 1 or 0
    reason: str = ""
    source: str = ""
    set_by: Literal["seatrial", "trial"] = "seatrial"


class Judged(Struct, frozen=True, kw_only=True):
    """One criterion's outcome. `value` is None when it could not be measured; `because` is one sentence."""

    criterion: Criterion
    judgement: Judgement
    value: float | None
    because: str
    evidence: tuple[Evidence, ...]


class Verdict(Struct, frozen=True, kw_only=True):
    """Fail if any criterion fails, else inconclusive if any is, else pass. `caveats` limit what it speaks of."""

    judgement: Judgement
    criteria: tuple[Judged, ...]
    caveats: tuple[str, ...]
