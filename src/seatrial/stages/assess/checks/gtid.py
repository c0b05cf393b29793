"""GTIDs: the positions that an import resumes from."""

from seatrial.domain.finding import Outcome
from seatrial.stages.assess.check import Answer, Case, Check, at_variable, blocks, passed, warns


def _look(case: Case) -> Answer:
    mode = case.variable("gtid_mode")
    at = at_variable("gtid_mode")
    if mode != "ON":
        return blocks(f"gtid_mode is {mode}", at, subjects=["gtid_mode"])
    enforced = case.variable("enforce_gtid_consistency")
    if enforced not in ("ON", "1"):
        detail = f"gtid_mode is ON, but enforce_gtid_consistency is {enforced}"
        return warns(detail, at, at_variable("enforce_gtid_consistency"), subjects=["enforce_gtid_consistency"])
    return passed("gtid_mode and enforce_gtid_consistency are ON", at, at_variable("enforce_gtid_consistency"))


CHECKS = (
    Check(
        code="SRV-GTID",
        title="GTIDs are on",
        why=(
            "The copy and the change stream note where they are as a GTID set. Without GTIDs there is no position to "
            "begin from, to resume at, or to compare two copies at."
        ),
        outcomes={
            Outcome.BLOCK: "gtid_mode is not ON",
            Outcome.WARN: "enforce_gtid_consistency is not ON: a statement may come that cannot be logged with a GTID",
        },
        remedy=(
            "One after the other, on the primary and every replica, waiting for replicas to follow: "
            "SET GLOBAL enforce_gtid_consistency = WARN; (watch the error log for a day) "
            "SET GLOBAL enforce_gtid_consistency = ON; SET GLOBAL gtid_mode = OFF_PERMISSIVE; "
            "SET GLOBAL gtid_mode = ON_PERMISSIVE; (wait until Ongoing_anonymous_transaction_count is 0) "
            "SET GLOBAL gtid_mode = ON; then write all of it into the option file."
        ),
        look=_look,
    ),
)
