"""The plan of a real log, by the real planner: what an expert would write, accepted by Vitess."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from seatrial.adapters.mysql.client import Connection
from seatrial.adapters.mysql.source import MySqlSource
from seatrial.domain.collection import Collection
from seatrial.domain.event import silent
from seatrial.domain.fault import Fault
from seatrial.domain.plan import Answer, Placement, Plan
from seatrial.domain.vschema import Vindex, VSchema, VSchemas, parse
from seatrial.domain.workload import Digest
from seatrial.lab.engine import Engine
from seatrial.sample import slow_log
from seatrial.sample.load import vschema_folder
from seatrial.sample.server import Sample
from seatrial.sample.setup import ROOT
from seatrial.sample.traffic import Order, run
from seatrial.stages.collect import collect
from seatrial.stages.digest import Log, digest
from seatrial.stages.plan import plan
from seatrial.trial.planner import LabPlanner, lab_planner

pytestmark = pytest.mark.engine

SINGLE = 0.97


@pytest.fixture(scope="module")
def expert() -> VSchemas:
    return VSchemas({file.stem: parse(file.stem, file.read_bytes()) for file in vschema_folder().glob("*.json")})


@pytest.fixture(scope="module")
def collection(shop: Sample) -> Collection:
    with MySqlSource(shop.login(ROOT)) as source:
        return collect(source, now=lambda: datetime.now(UTC), tell=silent)


@pytest.fixture(scope="module")
def workload(shop: Sample, collection: Collection, tmp_path_factory: pytest.TempPathFactory) -> Digest:
    """Ten seconds of the sample's users, the awkward ones among them, as its server logged them."""
    path = slow_log.start(shop, "planned.log", silent)
    truth: Path = tmp_path_factory.mktemp("plan") / "truth.jsonl"
    run(Order(login=shop.login("app"), rate_per_s=60, seconds=10, seed=11, awkward=True), silent, truth)
    slow_log.stop(shop, silent)
    with path.open("rb") as stream:
        logs = [Log(name=path.name, stream=stream, bytes=None)]
        schema = collection.schema
        return digest(logs, database="shop", schema=schema, keep=None, now=datetime.now(UTC), tell=silent)


@pytest.fixture(scope="module")
def planner(engine: Engine) -> Iterator[LabPlanner]:
    with lab_planner(silent) as running:
        yield running


@pytest.fixture(scope="module")
def planned(workload: Digest, collection: Collection, planner: LabPlanner) -> Plan:
    return plan(workload, collection, shards=2, given=None, planner=planner, tell=silent)


def said(vschema: VSchema) -> dict[str, object]:
    return {
        name: (entry.type, entry.source, [v.all_columns for v in entry.column_vindexes], entry.auto_increment)
        for name, entry in vschema.tables.items()
    }


def test_the_plan_is_the_expert_s(planned: Plan, expert: VSchemas) -> None:
    assert planned.vschemas.keys() == expert.roles.keys()
    for role, vschema in expert.roles.items():
        assert said(planned.vschemas[role]) == said(vschema)
    assert planned.alternatives[0].key == "shop_id"
    assert {each.table for each in planned.tables if each.placement is Placement.REFERENCE} == {
        "currencies",
        "countries",
    }


def test_nearly_every_execution_asks_one_shard(planned: Plan) -> None:
    assert planned.by_executions.single >= SINGLE
    assert planned.transactions_single >= SINGLE
    assert sum(getattr(planned.by_time, name) for name in planned.by_time.__struct_fields__) == pytest.approx(
        1, abs=1e-4
    )
    assert planned.vitess_version == "24.0.3"


def test_what_vitess_refuses_is_named(planned: Plan, workload: Digest) -> None:
    refused = {
        workload.query(each.query).shape: each.said for each in planned.queries if each.answer is Answer.UNSUPPORTED
    }
    (rollup,) = [words for shape, words in refused.items() if "ROLLUP" in shape]
    (key,) = [words for shape, words in refused.items() if shape.startswith("UPDATE customers SET shop_id")]
    assert rollup.startswith("VT12001") and key.startswith("VT12001") and len(refused) == 2
    locks = [each for each in planned.queries if "GET_LOCK" in workload.query(each.query).shape]
    assert [each.answer for each in locks] == [Answer.SINGLE]
    assert any("more than one value" in each.because for each in planned.crossing)  # stock goes from shop to shop


def test_no_class_fails_for_the_way_it_was_asked(planned: Plan, workload: Digest) -> None:
    for each in planned.queries:
        if workload.query(each.query).verb.touches_rows:
            assert each.answer is not Answer.UNPLANNED, (workload.query(each.query).shape, each.said)


def test_people_s_own_vschemas_get_the_same_figures(
    workload: Digest, collection: Collection, planner: LabPlanner, planned: Plan, expert: VSchemas
) -> None:
    proved = plan(workload, collection, shards=2, given=expert, planner=planner, tell=silent)
    assert proved.by_executions == planned.by_executions
    assert proved.transactions_single == planned.transactions_single


STATEMENTS = {
    "SELECT DATE_FORMAT(placed_at, :v1) FROM orders WHERE shop_id = :v2": Answer.SINGLE,
    "SELECT CAST(total AS CHAR(:v1)) FROM orders WHERE shop_id = :v2": Answer.SINGLE,
    "SELECT id FROM orders WHERE shop_id = :v1 AND placed_at > TIMESTAMP :v2": Answer.SINGLE,
    "SELECT GROUP_CONCAT(id SEPARATOR :v1) FROM orders WHERE shop_id = :v2": Answer.SINGLE,
    "SELECT id FROM orders WHERE shop_id = :v1 UNION ALL SELECT id FROM orders WHERE shop_id = :v2": Answer.SEVERAL,
    "SELECT id FROM orders WHERE shop_id IN (:v1, :v2)": Answer.SEVERAL,
    "SELECT COUNT(DISTINCT customer_id) FROM orders": Answer.SCATTER,
    "SELECT shop_id, ROW_NUMBER() OVER (ORDER BY id) FROM orders": Answer.UNSUPPORTED,
    "REPLACE INTO orders (shop_id, id) VALUES (:v1, :v2)": Answer.UNSUPPORTED,
    "SELECT id FROM shop.orders WHERE shop_id = :v1": Answer.UNSUPPORTED,
    "UPDATE orders SET note = :v1 ORDER BY id LIMIT :v2": Answer.UNPLANNED,  # wants a server's primary keys
    "SELECT NOW()": Answer.SINGLE,
    "SELECT e.id FROM platform_events e JOIN orders o ON o.id = e.id WHERE o.shop_id = :v1": Answer.SEVERAL,
    "SELECT c.name FROM currencies c JOIN orders o ON o.currency = c.code WHERE o.shop_id = :v1": Answer.SINGLE,
}


def test_answers_are_read_off_vitess_s_plans(
    workload: Digest, collection: Collection, planner: LabPlanner, expert: VSchemas
) -> None:
    first = next(each for each in workload.classes if each.verb.reads)
    classes = tuple(
        msgspec.structs.replace(first, id=f"{number:016x}", shape=shape) for number, shape in enumerate(STATEMENTS)
    )
    bare = msgspec.structs.replace(workload, classes=classes, transactions=())
    made = plan(bare, collection, shards=4, given=expert, planner=planner, tell=silent)
    assert dict(zip(STATEMENTS, (each.answer for each in made.queries), strict=True)) == STATEMENTS


def test_equal_values_are_planned_as_vtgate_plans_equal_literals(planner: LabPlanner) -> None:
    one = "SELECT o.id FROM orders o JOIN order_lines l ON l.order_id = o.id WHERE o.shop_id = {} AND l.shop_id = {}"
    literal, apart, alike = planner.ask([one.format(5, 5), one.format(":v1", ":v2"), one.format(":v1", ":v1")], silent)
    assert literal.tree is not None and apart.tree is not None and alike.tree is not None
    assert literal.tree["OperatorType"] == alike.tree["OperatorType"] == "Route"
    assert apart.tree["OperatorType"] == "Join"


def test_a_vschema_that_vitess_only_warns_of_is_refused(planner: LabPlanner) -> None:
    odd = VSchema(sharded=True, vindexes={"x": Vindex(type="xxhash", params={"nonsense": "1"})})
    with pytest.raises(Fault, match="nonsense"):
        planner.adopt({"odd": odd}, 2, silent)


def test_the_planner_takes_no_connection_for_an_answer(engine: Engine) -> None:
    with lab_planner(silent) as running:
        with Connection(running._running.login()) as other:
            other.execute("SELECT 1")
        running._connection.close()
        with pytest.raises(Fault):
            running.ask(["SELECT 1"], silent)
