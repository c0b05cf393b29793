"""From a reference back to the number and its origin, or a Fault that says why not."""

from pathlib import Path

import pytest

from seatrial.domain.address import Address
from seatrial.domain.evidence import Evidence
from seatrial.domain.fault import Exit, Fault
from seatrial.dossier.store import Dossier
from seatrial.trial.explain import explain
from tests.unit import factories
from tests.unit.trial import bodies


@pytest.fixture
def dossier(tmp_path: Path) -> Dossier:
    made = bodies.dossier(tmp_path)
    inputs = {"load/main": "ab" * 32}
    made.write(Address("verify"), factories.verification(), trial="a", created="t", inputs=inputs, options={"x": "1"})
    return made


def test_it_walks_to_the_number_its_surroundings_and_its_origin(dossier: Dossier) -> None:
    sha256 = dossier.head(Address("verify")).sha256
    found = explain(Evidence("verify/main", sha256[:12], "/tables/0/rows/target"), dossier)
    assert found.value == factories.ROWS["customers"]
    assert found.surroundings["source_before"] == factories.ROWS["customers"]
    assert (found.sha256, found.inputs, found.options) == (sha256, {"load/main": "ab" * 32}, {"x": "1"})


def test_every_number_of_a_body_can_be_explained(dossier: Dossier) -> None:
    exhibit = dossier.read(Address("verify"))
    for position, table in enumerate(exhibit.body.tables):
        assert explain(exhibit.evidence("tables", position, "rows", "target"), dossier).value == table.rows.target


def test_the_whole_body(dossier: Dossier) -> None:
    found = explain(Evidence.parse("verify/main#"), dossier)
    assert found.surroundings is None
    assert found.value == factories.plain(factories.verification())


@pytest.mark.parametrize(
    ("reference", "code", "exit"),
    [
        ("verify/main#/tables/99/rows", "evidence.nowhere", Exit.USAGE),
        ("verify/main@00000000#/mismatches", "evidence.another", Exit.CONFIG),
        ("load/main#/rows", "dossier.missing", Exit.CONFIG),
        ("nothing/main#/rows", "dossier.no-such-kind", Exit.USAGE),
    ],
)
def test_a_reference_that_leads_nowhere_is_a_fault(dossier: Dossier, reference: str, code: str, exit: Exit) -> None:
    with pytest.raises(Fault) as fault:
        explain(Evidence.parse(reference), dossier)
    assert (fault.value.code, fault.value.exit) == (code, exit)
