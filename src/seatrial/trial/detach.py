"""The step that leaves the certificate; outside the journey, because it ends one."""

from collections.abc import Mapping
from typing import Any

from seatrial.domain.address import Address
from seatrial.domain.naming import SCRATCH
from seatrial.stages.load.leave import detach
from seatrial.trial.bench import Bench, Step
from seatrial.trial.journey import load_order


def _detach(bench: Bench) -> Mapping[str, Any]:
    """The names of an order are the trial's, whichever instance was provisioned: a scratch copy attaches too."""
    only_scratch = not bench.dossier.has(Address("provision")) and bench.dossier.has(Address("provision", SCRATCH))
    with bench.wiring.mover() as mover:
        certificate = detach(
            load_order(bench.of(SCRATCH) if only_scratch else bench),
            bench.wiring.cluster(),
            bench.wiring.tablets(),
            mover,
            reader=bench.settings.source_address.user,
            user=bench.settings.mover,
            tell=bench.tell,
        )
    return {"detach": certificate}


DETACH = Step(
    kind="detach",
    command="load detach",
    title="leave nothing on the source",
    reads=("collect", "provision"),
    run=_detach,
    settings=lambda _: {},
    acting=True,
)
