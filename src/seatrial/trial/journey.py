"""The table of steps: what each reads, what it leaves, and the stage that does it."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from seatrial.domain.address import Address
from seatrial.domain.comparison import Equality, Verification
from seatrial.domain.evidence import Exhibit
from seatrial.domain.exhibits import Exhibits
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.movement import Loaded
from seatrial.domain.naming import MAIN, SCRATCH
from seatrial.domain.vschema import VSchemas, unsharded
from seatrial.dossier.store import Dossier
from seatrial.facts.criteria import default_criteria, load_criteria
from seatrial.stages.assess import assess
from seatrial.stages.collect import collect
from seatrial.stages.cutover import gates as cutover_gates
from seatrial.stages.cutover.rehearse import Terms, rehearse
from seatrial.stages.cutover.traffic import Group
from seatrial.stages.judge import judge
from seatrial.stages.load import gates
from seatrial.stages.load.copy import load
from seatrial.stages.load.order import Order, order
from seatrial.stages.load.scratch import copy_scratch, drop
from seatrial.stages.provision import planned, provision
from seatrial.stages.verify.sample import Draw
from seatrial.stages.verify.whole import verify
from seatrial.trial.bench import Bench, Step
from seatrial.trial.scratch import last_acted
from seatrial.trial.settings import Settings
from seatrial.trial.workload import REPLAY, WORKLOAD, without_recording

AFTER_REHEARSAL = "verify/after-rehearsal"
ELSEWHERE = {
    "recorded": (f"digest/{SCRATCH}", f"digest/{MAIN}"),
    "replay": (f"replay/{SCRATCH}",),
    "observe": ("digest/target",),
    "tried": (f"try/{SCRATCH}",),
}
"""Exhibits that lie under an instance of their own: the first that is there is shown."""


def _collect(bench: Bench) -> Mapping[str, Any]:
    with bench.wiring.questions() as source:
        return {"collect": collect(source, now=bench.now, tell=bench.tell)}


def _assess(bench: Bench) -> Mapping[str, Any]:
    collected = bench.read("collect")
    return {
        "assess": assess(
            collected.body, evidence_of=lambda at: msgspec.structs.replace(collected.evidence(), pointer=at)
        )
    }


def _collected(bench: Bench) -> Any:
    """The collection a target is made from: for a scratch copy the main one, since its own tells where a log began."""
    exhibit = bench.read_at(Address("collect")) if bench.instance == SCRATCH else bench.read("collect")
    return exhibit.body


def vschemas(bench: Bench) -> VSchemas:
    """The VSchemas of the trial's folder; without one, those of the plan; without a plan, everything unsharded."""
    if (people_s := bench.vschemas()) is not None:
        return people_s
    if (planned_ones := bench.read_if_there("plan")) is not None:
        placed: VSchemas = planned_ones.body.placed()
        return placed
    return unsharded(_collected(bench).schema)


def _provision(bench: Bench) -> Mapping[str, Any]:
    gates.assessed(bench.read("assess").body, bench.settings.accept)
    wanted = planned(_collected(bench), vschemas(bench), bench.naming, bench.settings.shards)
    made = provision(wanted, bench.settings.target, bench.wiring.cluster(), bench.wiring.tablets(), bench.tell)
    return {"provision": made}


def load_order(bench: Bench, *, defer_keys: bool | None = None) -> Order:
    """What `load` is to do, from what was collected and provisioned."""
    return order(
        _collected(bench),
        bench.read("provision").body,
        bench.naming,
        bench.settings.brake,
        defer_keys=defer_keys,
    )


def _load(bench: Bench) -> Mapping[str, Any]:
    gates.assessed(bench.read("assess").body, bench.settings.accept)
    wanted = load_order(bench)
    wires: dict[str, Any] = {
        "cluster": bench.wiring.cluster(),
        "tablets": bench.wiring.tablets(),
        "now": bench.now,
        "tell": bench.tell,
    }
    with bench.wiring.mover() as mover, bench.wiring.source() as source:
        reader = bench.settings.source_address.user
        gates.mover_is_fit(mover, wanted, reader, bench.settings.mover, bench.settings.accept, bench.tell)
        if bench.instance == SCRATCH:
            return {"load": copy_scratch(wanted, source=source, mover=mover, **wires)}
        return {"load": load(wanted, source=source, **wires)}


def drop_scratch(bench: Bench) -> None:
    """Take the scratch copy away, if there is one; its artifacts stay as evidence."""
    if bench.dossier.has(Address("provision", SCRATCH)):
        drop(bench.settings.naming(SCRATCH), bench.wiring.cluster(), bench.wiring.tablets(), bench.tell)


def _mend(bench: Bench) -> None:
    """Bring back every tablet of the trial that went away."""
    tablets = bench.wiring.tablets()
    for keyspace in bench.read("provision").body.keyspaces:
        tablets.serve(keyspace.name, keyspace.shards, bench.tell)
    tablets.attach(bench.naming.source_keyspace, bench.naming.source_sidecar, bench.tell)


def _verify(bench: Bench) -> Mapping[str, Any]:
    with bench.wiring.source() as source:
        verification, mismatches = verify(
            bench.read("load").body,
            bench.read("collect").body,
            cluster=bench.wiring.cluster(),
            tablets=bench.wiring.tablets(),
            source=source,
            mend=lambda: _mend(bench),
            now=bench.now,
            tell=bench.tell,
            draw=Draw(),
        )
    return {"verify": verification, "mismatches": mismatches}


def group(bench: Bench) -> Group:
    """The workflows of the load, in the order of switching."""
    loaded: Loaded = bench.read("load").body
    provisioned = bench.read("provision").body
    return Group.of(bench.naming, loaded.workflows, lambda role: provisioned.keyspace(role).vschema.sharded)


def last_verification(bench: Bench) -> Verification:
    """The newest look at every row: verify's own, or the one a rehearsal ended with."""
    newest: Verification = bench.read("verify").body
    after = Address.parse(AFTER_REHEARSAL)
    if bench.instance == MAIN and bench.dossier.has(after):
        newest = max(newest, bench.dossier.read(after).body, key=lambda each: each.taken_at)
    return newest


def last_moved(bench: Bench) -> datetime | None:
    """When a step of this dossier last set out to move traffic, by the journals of its runs; None if none did."""
    return last_acted(bench.dossier, (f"rehearse/{bench.instance}", f"cutover/{bench.instance}"))


def may_rehearse(bench: Bench) -> str:
    """Why a rehearsal is allowed here (rule R4); a Fault where it is not."""
    if bench.wiring.sample() is not None:
        return "sample"
    if bench.settings.rehearsal.clone:
        return f"declared a clone: {bench.settings.rehearsal.clone}"
    raise Fault(
        "rehearse.production",
        "a rehearsal switches writes, and this source is neither the sample nor declared a clone",
        remedy='rehearse on a clone: name it as the source and declare it in trial.toml, [rehearsal] clone = "…"; '
        "on production only `seatrial cutover switch --dry-run` looks ahead",
        exit=Exit.CONFIG,
    )


def _rehearse(bench: Bench) -> Mapping[str, Any]:
    allowed = may_rehearse(bench)
    wanted, settings = group(bench), bench.settings.rehearsal
    sample = bench.wiring.sample()
    if sample is None:
        raise Fault(
            "rehearse.no-traffic",
            "the source is a clone, and this version can only send the sample's traffic",
            remedy="send your own traffic through vtgate and use: seatrial cutover switch, then reverse",
            exit=Exit.CONFIG,
        )
    cluster, tablets = bench.wiring.cluster(), bench.wiring.tablets()
    provisioned = bench.read("provision").body
    with bench.wiring.source() as source:
        answers = cutover_gates.ask(
            wanted,
            last_verification(bench),
            msgspec.structs.replace(bench.settings.gates, quiet_s=min(5, bench.settings.gates.quiet_s)),
            bench.settings.ours,
            moved_at=last_moved(bench),
            cluster=cluster,
            source=source,
            now=bench.now,
            tell=bench.tell,
        )
        cutover_gates.insist(answers)
        terms = Terms(
            allowed_because=allowed,
            rate_per_s=settings.rate_per_s,
            settle_s=settings.settle_s,
            ours=bench.settings.ours,
            buffer=bench.wiring.buffer(),
        )
        application = bench.wiring.application(sample, settings.rate_per_s, bench.dossier.root / "rehearse")
        rehearsal = rehearse(
            wanted, terms, provisioned, application, cluster=cluster, tablets=tablets, source=source, tell=bench.tell
        )
    after = _verify(bench)["verify"]
    rehearsal = msgspec.structs.replace(rehearsal, equal_after=after.equality is Equality.EQUAL)
    return {"rehearse": rehearsal, AFTER_REHEARSAL: after}


def exhibits(bench: Bench) -> Exhibits:
    """What there is of the trial so far."""

    def read(field: str) -> Exhibit[Any] | None:
        if field not in ELSEWHERE:
            return bench.read_if_there(field)
        named = _replayed_log(bench.dossier) if field == "recorded" else ()
        places = [Address.parse(place) for place in named or ELSEWHERE[field]]
        return next((bench.read_at(place) for place in places if bench.dossier.has(place)), None)

    return Exhibits(**{field: read(field) for field in Exhibits.__struct_fields__})


def _replayed_log(dossier: Dossier) -> tuple[str, ...]:
    """The digest that the replay was made with, by the replay's own word; nothing where there is no replay."""
    replay = Address("replay", SCRATCH)
    inputs = dossier.head(replay).inputs if dossier.has(replay) else {}
    return tuple(name for name in inputs if name.startswith("digest/"))


def _judge(bench: Bench) -> Mapping[str, Any]:
    settings = bench.settings
    criteria = load_criteria(bench.file(settings.criteria)) if settings.criteria else default_criteria()
    verdict = judge(exhibits(bench), criteria, now=bench.now(), lab=bench.wiring.on_lab, accepted=settings.accept)
    return {"judge": verdict}


def _named(address: str) -> str:
    """An address by its hash: artifacts may be sent, and the address names a host and an account."""
    return "sha256:" + hashlib.sha256(address.encode()).hexdigest()[:16]


def _provision_settings(settings: Settings) -> Mapping[str, str]:
    return {"target": settings.target, "shards": str(settings.shards), "vschema": settings.vschema}


def _nothing(_: Settings) -> Mapping[str, str]:
    return {}


JOURNEY: tuple[Step, ...] = (
    Step(
        kind="collect",
        title="look at the source, read-only",
        reads=(),
        run=_collect,
        settings=lambda s: {"source": _named(s.source)},
    ),
    Step(kind="assess", title="can this be imported", reads=("collect",), run=_assess, settings=_nothing),
    *WORKLOAD,
    Step(
        kind="provision",
        title="keyspaces, tables, VSchema on the target",
        reads=("collect", "assess", "plan"),
        run=_provision,
        settings=_provision_settings,
        acting=True,
    ),
    Step(
        kind="load",
        title="attach, copy, follow",
        reads=("collect", "assess", "provision"),
        run=_load,
        settings=lambda s: {"target": s.target},
        acting=True,
    ),
    Step(kind="verify", title="every row there and equal", reads=("collect", "load"), run=_verify, settings=_nothing),
    Step(
        kind="provision",
        instance=SCRATCH,
        title="keyspaces for a copy to write on",
        reads=("collect", "assess", "plan"),
        run=_provision,
        settings=_provision_settings,
        acting=True,
        skip=without_recording,
    ),
    Step(
        kind="load",
        instance=SCRATCH,
        title="a copy outside every workflow",
        reads=("collect", "assess", "provision"),
        run=_load,
        settings=lambda s: {"target": s.target},
        acting=True,
        skip=without_recording,
    ),
    REPLAY,
    Step(
        kind="rehearse",
        command="cutover rehearse",
        title="cut over and back under traffic",
        reads=("provision", "load", "verify"),
        run=_rehearse,
        settings=lambda s: {"rate_per_s": f"{s.rehearsal.rate_per_s:g}"},
        acting=True,
    ),
    Step(
        kind="judge",
        title="the verdict against the criteria",
        reads=("collect", "assess", "digest", "plan", "provision", "load", "verify", "replay", "rehearse"),
        run=_judge,
        settings=lambda s: {"criteria": s.criteria, **{f"accept.{code}": why for code, why in s.accept.items()}},
    ),
)


def step(name: str) -> Step:
    """The step of that name, kind or kind/instance; KeyError if there is none."""
    for candidate in JOURNEY:
        if candidate.name == name:
            return candidate
    raise KeyError(name)
