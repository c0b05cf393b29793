"""seatrial: prove a sharded MySQL platform on your own workload, then move there."""

__version__ = "0.1.0"
