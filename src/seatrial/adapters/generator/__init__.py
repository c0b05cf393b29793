"""The generator of a replay: worker processes that send recorded statements at their recorded times."""

from seatrial.adapters.generator.workers import Workers as Workers
