"""`plan`: which table goes where, and what Vitess's own planner makes of the workload then. A pure stage."""

from seatrial.stages.plan.plan import plan

__all__ = ["plan"]
