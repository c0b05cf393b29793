"""An embedded Vitess on this machine: the engine's programs, clusters of them, and a planner without tablets."""
