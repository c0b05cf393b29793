"""The golden dossier, made by a real run: it reads, judges and reports the same as on the day it was made."""

import html
import re
import shlex
from datetime import datetime
from typing import Any

import pytest

from seatrial.domain.address import Address
from seatrial.domain.evidence import Evidence
from seatrial.domain.exhibits import Exhibits
from seatrial.dossier.store import Dossier
from seatrial.facts.criteria import default_criteria
from seatrial.report.page import page
from seatrial.stages.judge import judge
from seatrial.trial import settings
from seatrial.trial.explain import explain
from seatrial.trial.journey import ELSEWHERE
from tests.golden import DOSSIER


@pytest.fixture(scope="module")
def dossier() -> Dossier:
    return Dossier.open(DOSSIER)


@pytest.fixture(scope="module")
def exhibits(dossier: Dossier) -> Exhibits:
    def read(field: str) -> Any:
        places = [Address.parse(place) for place in ELSEWHERE.get(field, (f"{field}/main",))]
        return next((dossier.read(place) for place in places if dossier.has(place)), None)

    return Exhibits(**{field: read(field) for field in Exhibits.__struct_fields__})


def test_every_artifact_reads_and_its_hash_holds(dossier: Dossier) -> None:
    kinds = {address.kind for address in dossier.addresses()}
    assert {"collect", "assess", "provision", "load", "verify", "rehearse", "judge", "detach"} <= kinds
    for address in dossier.addresses():
        dossier.read(address)


def test_the_verdict_comes_out_again(dossier: Dossier, exhibits: Exhibits) -> None:
    stored = dossier.read(Address("judge"))
    again = judge(
        exhibits,
        default_criteria(),
        now=datetime.fromisoformat(stored.created),
        lab=True,
        accepted=settings.read(DOSSIER).accept,
    )
    assert [(j.criterion.code, j.judgement) for j in again.criteria] == [
        (j.criterion.code, j.judgement) for j in stored.body.criteria
    ]


def test_nothing_was_lost_in_it(exhibits: Exhibits) -> None:
    assert exhibits.rehearse is not None
    rehearsal = exhibits.rehearse.body
    assert rehearsal.ledger is not None
    assert (rehearsal.ledger.lost, rehearsal.ledger.doubled) == (0, 0)
    assert rehearsal.ledger.committed > 100
    assert rehearsal.equal_after
    assert rehearsal.routing_restored


def test_every_reference_of_the_report_can_be_explained(dossier: Dossier, exhibits: Exhibits) -> None:
    verdict: Any = dossier.read(Address("judge"))
    made = datetime.fromisoformat(verdict.created)
    shown = page(exhibits, verdict, trial="demo", generated=made)
    commands = {html.unescape(title) for title in re.findall(r'title="(seatrial explain [^"]*)"', shown)}
    references = {shlex.split(command)[2] for command in commands}
    assert len(references) > 50
    for reference in references:
        explain(Evidence.parse(reference), dossier)
