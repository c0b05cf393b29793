"""Whether copy and recording begin at the same state of the source (rule T4)."""

from datetime import datetime, timedelta

from seatrial.domain import gtid
from seatrial.domain.collection import Collection
from seatrial.domain.fault import Fault
from seatrial.domain.movement import Loaded
from seatrial.domain.replaying import StartingState
from seatrial.domain.workload import Recording

CLOCKS = timedelta(seconds=2)
"""How far the clocks of source and collector may be apart before the order of the two moments is in doubt."""


UNSEEN = timedelta(minutes=1)
"""How long after `collect` looked the recording may begin: what is committed in between stands in neither."""


def starting_state(
    collection: Collection, recording: Recording, loaded: Loaded, written_at: datetime | None = None
) -> StartingState:
    """By GTIDs: where each stream of the copy stopped, and where the source stood when `collect` read it, which
    should be when the log began. `written_at`: when a replay or a try wrote on the copy since."""
    stood = loaded.stood_still
    positions: tuple[str, ...] = ()
    if stood is not None:
        positions = (stood.settled,) if stood.settled else stood.positions
    recorded = collection.replication.gtid_executed if collection.replication else ""
    read_at = collection.status[-1].at if collection.status else ""
    apart, because = _apart(positions, recorded, read_at, recording.began)
    if written_at is not None:
        apart, because = None, f"a replay or a try wrote on the copy at {written_at:%Y-%m-%d %H:%M} UTC: load it anew"
    return StartingState(
        copied_at=stood.at if stood else "",
        copied_gtid="; ".join(sorted(set(positions))),
        recorded_from=recording.began,
        recorded_gtid=recorded,
        apart=apart,
        because=because,
    )


def _apart(copied: tuple[str, ...], recorded: str, read_at: str, began: str) -> tuple[int | None, str]:
    if not copied:
        return None, "the copy does not say where it stood still"
    if not recorded:
        return None, "collect saw no GTID position on the source"
    if read_at and began:
        waited = datetime.fromisoformat(began) - datetime.fromisoformat(read_at)
        if waited < -CLOCKS:
            return None, f"collect read the position at {read_at}, after the recording began at {began}"
        if waited > UNSEEN:
            return None, (
                f"collect read the position {waited.total_seconds():,.0f} s before the recording began at {began}; "
                "what the source committed in between is not known"
            )
    try:
        there = gtid.parse(recorded)
        far = max(gtid.apart(gtid.parse(position), there) for position in copied)
    except Fault as fault:
        return None, fault.what
    if not far:
        return 0, "every stream of the copy stood still at the position that collect read before the recording began"
    ahead = max(gtid.lacking(gtid.parse(position), there) for position in copied)
    where = "past" if ahead else "before"
    return far, (
        f"the copy stood still {where} the position that collect read before the recording began: duplicate keys and "
        "missing rows say nothing about the target"
    )
