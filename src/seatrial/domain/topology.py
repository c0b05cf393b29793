"""Shards as Vitess names them."""

import itertools

from seatrial.domain.fault import Exit, Fault

UNSHARDED_RANGE = "0"
"""The one shard of an unsharded keyspace is named `0`."""

MAX_SHARDS = 256


def shard_names(shards: int) -> tuple[str, ...]:
    """Equal key ranges for a power of two of shards: 1 → `-`, 4 → `-40`, `40-80`, `80-c0`, `c0-`."""
    if shards < 1 or shards > MAX_SHARDS or shards & (shards - 1):
        raise Fault(
            "topology.shards",
            f"{shards} shards are not a power of two from 1 to {MAX_SHARDS}",
            remedy="give 1, 2, 4, 8, …",
            exit=Exit.USAGE,
        )
    bounds = [""] + [f"{256 * i // shards:02x}" for i in range(1, shards)] + [""]
    return tuple(f"{low}-{high}" for low, high in itertools.pairwise(bounds))
