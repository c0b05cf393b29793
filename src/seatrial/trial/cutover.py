"""The steps of a real cutover; outside the journey, because nobody should run them in passing."""

from collections.abc import Mapping
from typing import Any

from seatrial.domain.rehearsal import TrafficState
from seatrial.stages.cutover import gates, real, traffic
from seatrial.trial.bench import Bench, Step
from seatrial.trial.journey import group, last_moved, last_verification


def _switch(bench: Bench) -> Mapping[str, Any]:
    wanted, cluster = group(bench), bench.wiring.cluster()
    real.must_be_otherwise(traffic.state(wanted, cluster), TrafficState.TARGET, "the target serves everything already")
    with bench.wiring.source() as source:
        answers = gates.ask(
            wanted,
            last_verification(bench),
            bench.settings.gates,
            bench.settings.ours,
            moved_at=last_moved(bench),
            cluster=cluster,
            source=source,
            now=bench.now,
            tell=bench.tell,
        )
    gates.insist(answers)
    return {"cutover": real.switch(wanted, cluster, answers, bench.tell)}


def _reverse(bench: Bench) -> Mapping[str, Any]:
    wanted, cluster = group(bench), bench.wiring.cluster()
    real.must_be_otherwise(traffic.state(wanted, cluster), TrafficState.SOURCE, "the source serves everything already")
    return {"cutover": real.reverse(wanted, cluster, bench.tell)}


def _recover(bench: Bench) -> Mapping[str, Any]:
    return {"cutover": real.recover(group(bench), bench.wiring.cluster(), bench.tell)}


def _step(command: str, title: str, act: Any) -> Step:
    return Step(
        kind="cutover",
        command=f"cutover {command}",
        title=title,
        reads=("provision", "load", "verify"),
        run=act,
        settings=lambda _: {},
        acting=True,
    )


SWITCH = _step("switch", "send traffic to the target", _switch)
REVERSE = _step("reverse", "send traffic back to the source", _reverse)
RECOVER = _step("recover", "name the state and mend it", _recover)
