"""The plan of the shop's workload: by customer, on two shards.

`tests.unit.factories` hands it on; tests ask that module alone.
"""

from seatrial.domain.plan import (
    Alternative,
    Answer,
    CrossTransaction,
    PlacedTable,
    Placement,
    Plan,
    PlannedQuery,
    Shares,
    Skew,
)
from seatrial.domain.vschema import AutoIncrement, ColumnVindex, Vindex, VSchema, VTable
from seatrial.domain.workload import Verb
from tests.unit.factories_workload import KNOWN, LOG_SECONDS, column, times, transaction


def vschemas() -> dict[str, VSchema]:
    by_key = {"customers": "id", "orders": "customer_id", "order_items": "customer_id", "invoices": "customer_id"}
    sharded = {
        name: VTable(
            column_vindexes=(ColumnVindex(name="hash", column=key),),
            auto_increment=AutoIncrement(column="id", sequence=f"unsharded.{name}_seq"),
        )
        for name, key in by_key.items()
    }
    return {
        "sharded": VSchema(
            sharded=True,
            vindexes={"hash": Vindex(type="xxhash")},
            tables=sharded | {"countries": VTable(type="reference", source="unsharded.countries")},
        ),
        "unsharded": VSchema(
            tables={name: VTable() for name in ("products", "countries", "订单备注")}
            | {f"{name}_seq": VTable(type="sequence") for name in by_key}
        ),
    }


def _shares(weights: dict[Answer, float]) -> Shares:
    total = sum(weights.values())
    return Shares(**{str(answer): weights.get(answer, 0) / total for answer in Answer})


def _placed(name: str, placement: Placement, reason: str, **given: object) -> PlacedTable:
    touching = [known for known in KNOWN.values() if name in known.tables.split()]
    writes = sum(known.count for known in touching if known.verb.writes)
    return PlacedTable(
        table=name,
        placement=placement,
        key=str(given.get("key", "")),
        sequence=str(given.get("sequence", "")),
        executions=sum(known.count for known in touching),
        writes=writes,
        writes_per_s=writes / LOG_SECONDS,
        reason=reason,
    )


def plan() -> Plan:
    """The shop by customer, on two shards; one query class is refused (see `ACCEPTED_QUERY`)."""
    known = sorted(KNOWN.values(), key=lambda each: -times(each.count, each.p50_us).total_us)
    by_executions: dict[Answer, float] = {}
    by_time: dict[Answer, float] = {}
    for each in known:
        if each.verb is Verb.SET:
            continue
        by_executions[each.answer] = by_executions.get(each.answer, 0) + each.count
        by_time[each.answer] = by_time.get(each.answer, 0) + times(each.count, each.p50_us).total_us
    sharded, seq = Placement.SHARDED, "unsharded.{}_seq"
    return Plan(
        shards=2,
        vschemas=vschemas(),
        tables=(
            _placed("customers", sharded, "it is the table of the key", key="id", sequence=seq.format("customers")),
            _placed("orders", sharded, "97 of 100 statements name customer_id",
                    key="customer_id", sequence=seq.format("orders")),
            _placed("order_items", sharded, "always met together with orders, by customer_id",
                    key="customer_id", sequence=seq.format("order_items")),
            _placed("invoices", sharded, "written in the transaction of its order",
                    key="customer_id", sequence=seq.format("invoices")),
            _placed("countries", Placement.REFERENCE, "249 rows, joined by sharded tables, never written in the log"),
            _placed("products", Placement.UNSHARDED, "no statement names a customer; joined by no sharded table"),
            _placed("订单备注", Placement.UNSHARDED, "no statement names a customer"),
        ),
        queries=tuple(
            PlannedQuery(
                query=each.id,
                answer=each.answer,
                variants=(each.variants,) if each.variants else (),
                keyspaces=("unsharded",) if each.variants == "Unsharded" else ("sharded",) if each.variants else (),
                said=each.said,
            )
            for each in known
        ),
        by_executions=_shares(by_executions),
        by_time=_shares(by_time),
        transactions_single=0.9871,
        crossing=(
            CrossTransaction(
                transaction=transaction(212, "transfer").id, count=212, crossing=212,
                because="customers.id has several values in one transaction",
            ),
            CrossTransaction(
                transaction=transaction(286, "status").id, count=286, crossing=83,
                because="orders is met by id, without customer_id",
            ),
        ),
        alternatives=(
            Alternative(
                key="customers.id", tables=4, transactions_single=0.9871, executions_bound=0.968,
                because="keeps 98.7% of the transactions in one place, and 96.8% of the executions name it",
            ),
            Alternative(
                key="orders.id", tables=3, transactions_single=0.7412, executions_bound=0.412,
                because="a customer's history would ask every shard",
            ),
            Alternative(
                key="products.id", tables=2, transactions_single=0.3307, executions_bound=0.271,
                because="an order holds several products",
            ),
        ),
        skew=(Skew(column=column("orders.customer_id"), distinct=3_802, top_share=0.021),),
        vitess_version="24.0.3",
        asked=len(known),
    )  # fmt: skip
