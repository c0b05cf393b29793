"""The scratch copy as replay and try find it: whole, and whether somebody wrote on it since it was loaded."""

from collections.abc import Collection
from datetime import datetime, timedelta

from seatrial.domain.address import Address
from seatrial.domain.event import Acting, Started
from seatrial.domain.evidence import Exhibit
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.movement import Loaded
from seatrial.domain.naming import SCRATCH
from seatrial.dossier.runs import lines
from seatrial.dossier.store import Dossier
from seatrial.trial.bench import Bench

_SECOND = timedelta(seconds=1)
"""Artifacts tell their moment in whole seconds, runs in µs."""

_LOAD = f"load/{SCRATCH}"
_WRITING = (f"replay/{SCRATCH}", f"try/{SCRATCH}")


def last_acted(dossier: Dossier, addresses: Collection[str]) -> datetime | None:
    """When a step of these artifacts last set out to act, by the journals of this dossier's runs; None if none did."""
    moments = [
        line.at
        for path in dossier.runs.glob("*.jsonl")
        if (run := list(lines(path))) and isinstance(run[0].event, Started) and run[0].event.address in addresses
        for line in run
        if isinstance(line.event, Acting)
    ]
    return datetime.fromisoformat(max(moments)) if moments else None


def copied(bench: Bench) -> Exhibit[Loaded]:
    """The load of the scratch copy. Faults: `scratch.none`; `scratch.half-made`, when a later load did not end."""
    address = Address("load", SCRATCH)
    if not bench.dossier.has(address):
        raise Fault(
            "scratch.none",
            "there is no scratch copy",
            remedy="make one: seatrial provision --instance scratch, then seatrial load --instance scratch",
            exit=Exit.CONFIG,
        )
    loaded = bench.read_at(address)
    if _later(last_acted(bench.dossier, (_LOAD,)), loaded):
        raise Fault(
            "scratch.half-made",
            "the scratch copy was begun anew after it was last whole, and that load did not end",
            remedy="seatrial load --instance scratch; after a cancel, seatrial provision --instance scratch before it",
            exit=Exit.CONFIG,
        )
    return loaded


def written_at(dossier: Dossier, loaded: Exhibit[Loaded]) -> datetime | None:
    """When a replay or a try last wrote on the copy, if one did since it was loaded."""
    moment = last_acted(dossier, _WRITING)
    return moment if _later(moment, loaded) else None


def _later(moment: datetime | None, loaded: Exhibit[Loaded]) -> bool:
    return moment is not None and moment > datetime.fromisoformat(loaded.created) + _SECOND
