"""`collect`: what the source is, read without reading a row of it. Rule S1: it writes nothing."""

from seatrial.stages.collect.collect import SECONDS_BETWEEN_SAMPLES, collect

__all__ = ["SECONDS_BETWEEN_SAMPLES", "collect"]
