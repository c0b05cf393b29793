"""One order of the shop's load, and a cluster in which its workflows run."""

from typing import Any

import msgspec
from msgspec.structs import replace

from seatrial.domain.movement import BrakeLimits, Provisioned, Workflow
from seatrial.domain.naming import SCRATCH, Naming
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


SCRATCH_NAMING = Naming("shop", SCRATCH)
SCRATCH_SHARDS = {"shop__scratch_sharded": ("-80", "80-"), "shop__scratch_unsharded": ("0",)}


def scratch_provisioned() -> Provisioned:
    """The shop provisioned once more, as a scratch instance."""
    text = msgspec.json.encode(factories.provisioned()).decode()
    text = text.replace('"x"', '"shop_sharded.x"')
    for role in ("sharded", "unsharded"):
        text = text.replace(f"shop_{role}", SCRATCH_NAMING.keyspace(role))
    return msgspec.json.decode(text, type=Provisioned)


def scratch_order(**given: Any) -> Order:
    made = order(factories.collection(), scratch_provisioned(), SCRATCH_NAMING, BrakeLimits(), defer_keys=None)
    return replace(made, **given)


def with_scratch(cluster: FakeCluster) -> FakeCluster:
    """The cluster with the scratch copy's keyspaces in it, served and with their VSchemas."""
    cluster.shards_of |= SCRATCH_SHARDS
    cluster.vschemas |= {keyspace.name: keyspace.vschema for keyspace in scratch_provisioned().keyspaces}
    return cluster


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
