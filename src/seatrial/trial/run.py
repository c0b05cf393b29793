"""Runs one step: lock, journal, the step itself, its artifacts stored."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime

from seatrial.domain import event as ev
from seatrial.domain.address import Address
from seatrial.domain.evidence import Exhibit
from seatrial.domain.fault import Cancelled, Fault
from seatrial.dossier.lock import held
from seatrial.dossier.runs import RunLog
from seatrial.dossier.store import Dossier
from seatrial.trial.bench import Bench, Step
from seatrial.trial.settings import Settings
from seatrial.trial.wiring import Wiring


def utc_now() -> datetime:
    return datetime.now(UTC)


def run(
    step: Step, dossier: Dossier, settings: Settings, instance: str, wiring: Wiring, view: ev.Tell
) -> Exhibit[object]:
    """Run the step and store what it returns; its artifact. A Fault or Cancelled leaves the old artifacts alone,
    and stands in the run's journal."""
    address = step.address(instance)
    with held(dossier, step.kind), RunLog(dossier.runs, str(address), utc_now) as log:

        def tell(event: ev.Event) -> None:
            log(event)
            view(event)

        began = time.monotonic()
        try:
            tell(ev.Started(address=str(address)))
            bench = Bench(dossier, settings, address.instance, wiring, tell, utc_now)
            stored = _store(step, bench, step.run(bench))
        except Fault as fault:
            log(ev.Failed(code=fault.code, what=fault.what, remedy=fault.remedy, retry=fault.retry))
            raise
        except (Cancelled, KeyboardInterrupt):
            log(ev.Failed(code="run.cancelled", what="stopped by the user", remedy="run it again", retry=True))
            raise
        tell(ev.Done(address=str(address), sha256=stored[step.kind].sha256, seconds=time.monotonic() - began))
        return stored[step.kind]


def _store(step: Step, bench: Bench, bodies: Mapping[str, object]) -> dict[str, Exhibit[object]]:
    stored = {}
    for kind, body in bodies.items():
        address = Address.parse(kind) if "/" in kind else Address(kind, bench.instance)
        envelope = bench.dossier.write(
            address,
            body,
            trial=bench.settings.name,
            created=utc_now().isoformat(timespec="seconds"),
            inputs=bench.inputs,
            options=step.settings(bench.settings),
            files=bench.files.get(kind, ()),
        )
        stored[kind] = Exhibit(address=address, sha256=envelope.sha256, created=envelope.created, body=body)
    return stored
