"""`assess`: can this source be imported at all, and what must be done first. A pure stage."""

from seatrial.stages.assess.assess import assess

__all__ = ["assess"]
