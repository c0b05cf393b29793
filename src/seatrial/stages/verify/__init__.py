"""Is every row there and equal: Vitess's VDiff, rows accounted for, and a second opinion of our own."""
