"""From a reference back to the number, what surrounds it, and what it was made of."""

from typing import Any

from msgspec import Struct

from seatrial.domain.evidence import Evidence, resolve
from seatrial.domain.fault import Exit, Fault
from seatrial.dossier.store import Dossier


class Explanation(Struct, frozen=True, kw_only=True):
    """What a reference names, where it stands, and the artifact's own origin."""

    evidence: str
    value: Any
    surroundings: Any
    artifact: str
    sha256: str
    created: str
    producer: str
    inputs: dict[str, str]
    options: dict[str, str]


def explain(evidence: Evidence, dossier: Dossier) -> Explanation:
    """Walk the reference. A Fault if it leads nowhere, or to an artifact that is another by now."""
    head = dossier.head(evidence.address)
    if evidence.sha256 and not head.sha256.startswith(evidence.sha256):
        raise Fault(
            "evidence.another",
            f"{evidence.artifact} is another now ({head.sha256[:12]}) than the reference's ({evidence.sha256[:12]})",
            remedy=f"leave the hash out to see what {evidence.artifact} says now, or make the report again",
            exit=Exit.CONFIG,
        )
    try:
        value = resolve(head.body, evidence.pointer)
    except KeyError:
        raise Fault(
            "evidence.nowhere",
            f"{evidence.artifact} has nothing at {evidence.pointer!r}",
            remedy=f"look at the artifact: {dossier.path(evidence.address)}",
            exit=Exit.USAGE,
        ) from None
    parent = evidence.pointer.rpartition("/")[0]
    return Explanation(
        evidence=str(evidence),
        value=value,
        surroundings=resolve(head.body, parent) if evidence.pointer else None,
        artifact=str(evidence.address),
        sha256=head.sha256,
        created=head.created,
        producer=head.producer,
        inputs=head.inputs,
        options=head.options,
    )
