"""`collect`: what the source is, read without reading a row of it. Rules S1 and (2) of the safety notes."""

from seatrial.stages.collect.collect import SECONDS_BETWEEN_SAMPLES, collect

__all__ = ["SECONDS_BETWEEN_SAMPLES", "collect"]
