"""What a trial has produced so far, laid side by side for the judge and the report."""

from msgspec import Struct

from seatrial.domain.collection import Collection
from seatrial.domain.comparison import Verification
from seatrial.domain.evidence import Exhibit
from seatrial.domain.finding import Assessment
from seatrial.domain.movement import Loaded, Provisioned
from seatrial.domain.plan import Plan
from seatrial.domain.rehearsal import Rehearsal
from seatrial.domain.replaying import Replay, Tried
from seatrial.domain.workload import Digest


class Exhibits(Struct, frozen=True, kw_only=True):
    """One exhibit a kind, None where the step has not been run."""

    collect: Exhibit[Collection] | None = None
    assess: Exhibit[Assessment] | None = None
    digest: Exhibit[Digest] | None = None
    plan: Exhibit[Plan] | None = None
    provision: Exhibit[Provisioned] | None = None
    load: Exhibit[Loaded] | None = None
    verify: Exhibit[Verification] | None = None
    recorded: Exhibit[Digest] | None = None  # the log that was replayed, as the source ran it
    replay: Exhibit[Replay] | None = None
    observe: Exhibit[Digest] | None = None  # digest/target: what vtgate saw of the replay
    tried: Exhibit[Tried] | None = None
    rehearse: Exhibit[Rehearsal] | None = None
