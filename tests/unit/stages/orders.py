"""One order of the shop's load, and a cluster in which its workflows run."""

from typing import Any

from msgspec.structs import replace

from seatrial.domain.movement import BrakeLimits, Workflow
from seatrial.domain.naming import Naming
from seatrial.stages.cutover.traffic import Group
from seatrial.stages.load.order import Order, order
from tests.unit import factories
from tests.unit.fakes import FakeCluster, FakeTablets

NAMING = Naming("shop")
SHARDS = {"shop_sharded": ("-80", "80-"), "shop_unsharded": ("0",), "shop_source": ("0",)}


def the_order(**given: Any) -> Order:
    return replace(
        order(factories.collection(), factories.provisioned(), NAMING, BrakeLimits(), defer_keys=None), **given
    )


def cluster(*, running: bool = True) -> FakeCluster:
    made = FakeCluster(SHARDS)
    if running:
        for workflow in the_order().workflows:
            made.add_workflow(workflow.name, workflow.keyspace)
        for copy in the_order().materializations:
            made.add_workflow(copy.name, copy.keyspace, copy.source_keyspace)
    return made


def tablets(cluster: FakeCluster, **answers: Any) -> FakeTablets:
    return FakeTablets(cluster, answers)


def group() -> Group:
    workflows: tuple[Workflow, ...] = the_order().workflows
    return Group.of(NAMING, workflows, lambda role: role == "sharded")
