"""Digest: a log of statements made into query classes and transactions, without one literal of them."""

from seatrial.stages.digest.digester import Digester
from seatrial.stages.digest.reading import Log, digest

__all__ = ["Digester", "Log", "digest"]
