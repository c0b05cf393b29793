"""The table of artifact kinds: body type, version, sensitivity."""

from enum import StrEnum
from typing import Any

from msgspec import Struct

from seatrial.domain.collection import Collection
from seatrial.domain.comparison import Mismatches, Verification
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.finding import Assessment
from seatrial.domain.movement import Detached, Loaded, Provisioned
from seatrial.domain.plan import Plan
from seatrial.domain.rehearsal import Cutover, Rehearsal
from seatrial.domain.replaying import Replay, Tried
from seatrial.domain.verdict import Verdict
from seatrial.domain.workload import Digest, Recording, Samples


class Sensitivity(StrEnum):
    SHAREABLE = "shareable"
    PRIVATE = "private"  # may hold values of rows: kept under private/, 0700, in no bundle


class Kind(Struct, frozen=True, kw_only=True):
    """`version` changes with every change of the body that an older reader would get wrong."""

    name: str
    version: int
    body: Any
    step: str  # the command that makes it
    sensitivity: Sensitivity = Sensitivity.SHAREABLE


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(name="collect", version=1, body=Collection, step="collect"),
        Kind(name="assess", version=1, body=Assessment, step="assess"),
        Kind(name="digest", version=1, body=Digest, step="digest"),
        Kind(name="recording", version=1, body=Recording, step="digest", sensitivity=Sensitivity.PRIVATE),
        Kind(name="samples", version=1, body=Samples, step="digest", sensitivity=Sensitivity.PRIVATE),
        Kind(name="plan", version=1, body=Plan, step="plan"),
        Kind(name="provision", version=1, body=Provisioned, step="provision"),
        Kind(name="load", version=1, body=Loaded, step="load"),
        Kind(name="verify", version=1, body=Verification, step="verify"),
        Kind(name="mismatches", version=1, body=Mismatches, step="verify", sensitivity=Sensitivity.PRIVATE),
        Kind(name="replay", version=1, body=Replay, step="replay"),
        Kind(name="try", version=1, body=Tried, step="try"),
        Kind(name="rehearse", version=1, body=Rehearsal, step="cutover rehearse"),
        Kind(name="cutover", version=1, body=Cutover, step="cutover switch"),
        Kind(name="detach", version=1, body=Detached, step="load detach"),
        Kind(name="judge", version=1, body=Verdict, step="judge"),
    )
}


def kind_of(name: str) -> Kind:
    """The kind of that name, or a Fault that lists those there are."""
    if name not in KINDS:
        raise Fault(
            "dossier.no-such-kind",
            f"there is no artifact kind {name!r}",
            remedy=f"the kinds are {', '.join(KINDS)}",
            exit=Exit.USAGE,
        )
    return KINDS[name]
