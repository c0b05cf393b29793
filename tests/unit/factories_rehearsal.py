"""A rehearsed cutover of the shop: ninety seconds there and back.

`tests.unit.factories` hands it on; tests ask that module alone.
"""

import math

from seatrial.domain.rehearsal import Ledger, Pace, Rehearsal, SequenceCheck, Switch, TrafficCount

SHARDED = "shop_sharded"
UNSHARDED = "shop_unsharded"
_IN_USE = {"customers": 48_422, "orders": 391_766, "order_items": 1_204_589, "invoices": 389_114}


def _paces() -> tuple[Pace, ...]:
    def pace(slot: int) -> Pace:
        second = slot / 2
        stalled = 33.0 <= second < 34.0 or 61.5 <= second < 62.5
        draining = second in (34.0, 62.5)
        ripple = 3 * math.sin(slot * 1.7)
        return Pace(
            second=second,
            slice_s=0.5,
            committed=0 if stalled else 72 if draining else round(30 + ripple),
            failed=2 if second == 33.5 else 0,
            latency_p50_ms=None if stalled else 820.0 if draining else 7.5 + ripple / 3,
            latency_max_ms=None if stalled else 1240.0 if draining else 24.0 + ripple * 2,
        )

    return tuple(pace(slot) for slot in range(184))


def rehearsal() -> Rehearsal:
    paces = _paces()
    committed = sum(pace.committed for pace in paces)
    return Rehearsal(
        allowed_because="sample",
        rate_per_s=60,
        switches=(
            Switch(what="reads", keyspace=UNSHARDED, began_s=28.0, ended_s=28.4),
            Switch(what="reads", keyspace=SHARDED, began_s=28.4, ended_s=28.9),
            Switch(what="writes", keyspace=UNSHARDED, began_s=32.9, ended_s=33.4),
            Switch(what="writes", keyspace=SHARDED, began_s=33.4, ended_s=34.0),
            Switch(what="reverse", keyspace=UNSHARDED, began_s=61.4, ended_s=61.9),
            Switch(what="reverse", keyspace=SHARDED, began_s=61.9, ended_s=62.5),
        ),
        traffic=TrafficCount(
            transactions=committed + 21,
            committed=committed,
            rolled_back=19,
            failed=2,
            half=0,
            unknown=0,
            errors={"1105: target: shop.0.primary: transaction ended": 2},
        ),
        pause_switch_ms=1_104.0,
        pause_reverse_ms=1_036.0,
        stall_p99_ms=1_212.0,
        stall_max_ms=1_240.0,
        baseline_p99_ms=26.4,
        sequences=tuple(
            SequenceCheck(
                sequence=f"{UNSHARDED}.{name}_seq",
                table=name,
                column="id",
                next_value=in_use + 788,
                max_value=in_use,
            )
            for name, in_use in _IN_USE.items()
        ),
        ledger=Ledger(committed=committed, found=committed, lost=0, doubled=0, surplus=0),
        flowed_back=True,
        equal_after=True,
        routing_restored=True,
        pace=paces,
        seconds=92.0,
        buffer="window 10 s, 1,000 requests",
    )
