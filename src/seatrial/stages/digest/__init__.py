"""Digest: a log of statements made into query classes and transactions, without one literal of them."""

from seatrial.stages.digest.digester import Digester
from seatrial.stages.digest.fleet import Partial, merged_partials, told
from seatrial.stages.digest.key import Key
from seatrial.stages.digest.merging import joined, merged
from seatrial.stages.digest.opening import Log
from seatrial.stages.digest.part import Part
from seatrial.stages.digest.part_file import packed, unpacked
from seatrial.stages.digest.reading import digest

__all__ = [
    "Digester",
    "Key",
    "Log",
    "Part",
    "Partial",
    "digest",
    "joined",
    "merged",
    "merged_partials",
    "packed",
    "told",
    "unpacked",
]
