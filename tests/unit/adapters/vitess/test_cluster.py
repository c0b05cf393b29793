"""What the cluster is told, word for word, where a word too few would cost somebody's routing or rows."""

import json
from pathlib import Path
from typing import Any

from seatrial.adapters.mysql.client import Login
from seatrial.adapters.vitess.cluster import VitessCluster
from seatrial.adapters.vitess.vtctldclient import Vtctldclient


class Recording(Vtctldclient):
    """Keeps the commands; a file that is named by one is read while it is there."""

    def __init__(self) -> None:
        super().__init__(Path("vtctldclient"), "127.0.0.1:1")
        self.said: list[tuple[str, ...]] = []
        self.files: list[str] = []

    def text(self, *arguments: str, **_: Any) -> str:
        self.said.append(arguments)
        self.files += [Path(word).read_text() for word in arguments if word.startswith("/") and Path(word).is_file()]
        return ""

    def json(self, *arguments: str, **_: Any) -> Any:
        self.said.append(arguments)
        return {}


def told() -> tuple[VitessCluster, Recording]:
    client = Recording()
    return VitessCluster(client, Login(user="anybody")), client


def test_a_cancel_keeps_the_rows_and_a_scratch_copys_keeps_the_main_imports_rules() -> None:
    cluster, client = told()
    cluster.cancel("w", "k")
    cluster.cancel("w", "k", keep_rules=True)
    first, second = [words for words in client.said if "cancel" in words]
    assert "--keep-data" in first and "--keep-routing-rules" not in first
    assert "--keep-data" in second and "--keep-routing-rules" in second


def test_ending_a_materialize_takes_neither_rows_nor_rules() -> None:
    cluster, client = told()
    cluster.delete_workflow("w", "k")
    assert {"--keep-data", "--keep-routing-rules"} < set(client.said[0])


def test_routing_rules_go_by_a_file_for_they_may_be_many() -> None:
    cluster, client = told()
    rules = {"rules": [{"from_table": f"k.t{n}", "to_tables": [f"o.t{n}"]} for n in range(5000)]}
    cluster.apply_routing_rules(rules)
    ((command, flag, _),) = client.said
    assert (command, flag) == ("ApplyRoutingRules", "--rules-file")
    assert json.loads(client.files[0]) == rules
