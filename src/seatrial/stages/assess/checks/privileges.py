"""What an import needs to be allowed, and what we were not allowed to see."""

from seatrial.domain.accounts import MOVER_DATABASE, MOVER_GLOBAL, Grant, pattern
from seatrial.domain.evidence import pointer
from seatrial.domain.finding import Outcome
from seatrial.stages.assess.check import Answer, Case, Check, CouldNotLook, counted, passed, warns

_IMPORTER = "importer"
_ON_SIDECAR = frozenset(("SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "ALTER", "INDEX"))


def _needed(case: Case) -> Answer:
    held, at = case.collection.privileges, pointer("privileges")
    if not held.could_look:
        raise CouldNotLook("the account's grants could not be read", at)
    missing = []
    if globally := tuple(name for name in MOVER_GLOBAL if name not in held.everywhere):
        missing.append(Grant(user=_IMPORTER, privileges=globally, database=None, why=""))
    if here := tuple(name for name in MOVER_DATABASE if name not in held.database):
        name = pattern(case.collection.schema.database)
        missing.append(Grant(user=_IMPORTER, privileges=here, database=name, why=""))
    if not held.sidecar >= _ON_SIDECAR:
        missing.append(Grant(user=_IMPORTER, privileges=("ALL",), database=r"\_vt%", why=""))
    if not missing:
        return passed("the account this was collected with holds every privilege an import needs", at)
    return warns(
        "the account this was collected with is not enough for an import",
        at,
        subjects=[f"{', '.join(grant.privileges)} on {grant.on}" for grant in missing],
        remedy="Better an account of its own for the import than more rights for this one. It lacks: "
        + " ".join(grant.sql() for grant in missing),
    )


def _blind_spots(case: Case) -> Answer:
    gaps = case.collection.gaps
    if not gaps:
        return passed("every question was answered", pointer("gaps"))
    return warns(
        f"{counted(len(gaps), 'question')} had no answer, or no whole one",
        *(pointer("gaps", index) for index in range(len(gaps))),
        subjects=[f"{gap.question}: {gap.reason}" for gap in gaps],
    )


CHECKS = (
    Check(
        code="PRV-GRANTS",
        title="The import's privileges are there",
        why=(
            "An import reads the tables, takes short locks, follows the binary log and keeps its books in a "
            "database of "
            "its own. A privilege that is missing shows as error 1045, half-way."
        ),
        outcomes={
            Outcome.WARN: "the collecting account lacks some: only a warning, for another account should do the import",
            Outcome.COULD_NOT_LOOK: "SHOW GRANTS gave no answer",
        },
        remedy="Grant what is missing.",
        look=_needed,
    ),
    Check(
        code="PRV-SELF",
        title="Everything could be looked at",
        why="What could not be seen is not absent. Checks that need it say so, each by itself.",
        outcomes={Outcome.WARN: "a statement was refused, unknown to this version or cut off by its time cap"},
        remedy="Grant what the reasons name and collect again.",
        look=_blind_spots,
    ),
)
