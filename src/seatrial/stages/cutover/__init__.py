"""Moves the traffic: rehearsed on what nobody depends on, done for real behind gates, always with a way back.

The point of no return of a single switch is Vitess's own: the journals in the sidecar's `resharding_journal` are
written; before, a failed switch is undone by Vitess, afterwards it is carried to its end. The cutover's point of no
return would be `MoveTables complete`, which is not in this software: until then `reverse` leads back.
"""

POINT_OF_NO_RETURN = "MoveTables complete"
