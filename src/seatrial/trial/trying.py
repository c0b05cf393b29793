"""The step `try`: a command of the customer's on the scratch copy, watched through vtgate's query log (rule T8)."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from seatrial.adapters.command import run_command
from seatrial.adapters.mysql.client import Login
from seatrial.domain.event import Acted, Acting, Event, Note, rest
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.naming import SCRATCH
from seatrial.domain.ports import QueryLog
from seatrial.domain.replaying import Tried
from seatrial.stages.replay.guard import guard, insist_on_rows
from seatrial.stages.replay.tried import Failures
from seatrial.trial.bench import Bench, Step
from seatrial.trial.scratch import copied

_LOG_DELAY_S = 0.3
"""vtgate tells a statement a moment after its answer."""


def environment(gate: Login, keyspace: str) -> dict[str, str]:
    """How a command finds the scratch copy: ours, those of MySQL's own clients, and the URL of many frameworks."""
    return {
        "SEATRIAL_HOST": gate.host,
        "SEATRIAL_PORT": str(gate.port),
        "SEATRIAL_USER": gate.user,
        "SEATRIAL_DATABASE": keyspace,
        "MYSQL_HOST": gate.host,
        "MYSQL_TCP_PORT": str(gate.port),
        "DATABASE_URL": f"mysql://{gate.user}@{gate.host}:{gate.port}/{keyspace}",
    }


def trying(command: Sequence[str], show: Callable[[bytes], None]) -> Step:
    """The step that runs this command; `show` gets its output as it comes."""
    return Step(
        kind="try",
        instance=SCRATCH,
        title="a command of yours on the scratch copy",
        reads=("provision", "load"),
        run=lambda bench: _try(bench, command, show),
        settings=lambda _: {},
        acting=True,
    )


def _try(bench: Bench, command: Sequence[str], show: Callable[[bytes], None]) -> Mapping[str, Any]:
    loaded = copied(bench).body
    provisioned = bench.read("provision").body
    guarded = guard(provisioned, bench.wiring.cluster(), bench.tell)
    insist_on_rows(loaded, provisioned, bench.wiring.cluster())
    keyspace = provisioned.home.name
    folder = bench.dossier.private / "try"
    folder.mkdir(mode=0o700, exist_ok=True)
    output = folder / f"{bench.instance}.log"
    failures = Failures()
    act = f"run {PurePath(command[0]).name} on {keyspace}"
    with bench.wiring.scratch_gate(guarded.keyspaces, bench.tell) as gate:
        log = gate.log
        if not gate.confined and bench.wiring.sample() is None and not bench.settings.rehearsal.clone:
            raise Fault(
                "try.production",
                "on a foreign cluster its vtgate knows the attached source too, and what a command sends is not ours "
                "to look at first (rule R1)",
                remedy="try it on a clone, declared in trial.toml, [rehearsal] clone; or on a lab",
                exit=Exit.CONFIG,
            )

        def tell(event: Event) -> None:
            _hear(log, failures, guarded.keyspaces)
            bench.tell(event)

        # told only now: it marks the copy as written on
        bench.tell(Acting(act=act, undo="seatrial load --instance scratch makes the copy anew"))
        ran = run_command(command, env=environment(gate.login, keyspace), output=output, show=show, tell=tell)
        rest(tell, _LOG_DELAY_S)
        _hear(log, failures, guarded.keyspaces)
        lost = log.lost if log is not None else 0
    bench.tell(Acted(act=act))
    if lost:
        bench.tell(Note(text=f"{lost:,} statements went unheard: failures may be more than those listed", warning=True))
    tried = Tried(
        program=PurePath(command[0]).name,
        command_sha256=hashlib.sha256("\0".join(command).encode(errors="surrogateescape")).hexdigest(),
        exit=ran.exit,
        seconds=ran.seconds,
        statements=failures.statements if log is not None else None,
        failures=failures.found,
        output_lines=ran.lines,
        output=str(output.relative_to(bench.dossier.root)),
        guard=guarded,
    )
    return {"try": tried}


def _hear(log: QueryLog | None, failures: Failures, keyspaces: Sequence[str]) -> None:
    # a transaction's own words have no keyspace in the log; other keyspaces are somebody else's
    if log is not None:
        failures.add(each for each in log.take() if not each.database or each.database in keyspaces)
