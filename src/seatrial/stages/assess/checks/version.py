"""Can Vitess attach this server at all (rule W7)."""

from seatrial.domain.evidence import pointer
from seatrial.domain.finding import Outcome
from seatrial.stages.assess.check import Answer, Case, Check, CouldNotLook, blocks, passed, warns


def _look(case: Case) -> Answer:
    server = case.collection.server
    at = pointer("server", "version_text")
    oldest = tuple(int(part) for part in case.rule.words("oldest_attachable"))
    tried = tuple(int(part) for part in case.rule.words("newest_tried"))
    if server.flavour == "mariadb":
        return blocks(f"the source is MariaDB ({server.version_text}); its GTIDs are not MySQL's", at)
    if server.flavour == "unknown" or server.version == (0, 0, 0):
        raise CouldNotLook(f"the server's version could not be read from {server.version_text!r}", at)
    if server.version < oldest:
        return blocks(f"the source runs {server.version_text}: Vitess cannot attach it, and says so unclearly", at)
    if server.version[:2] > tried:
        return warns(f"the source runs {server.version_text}, which is newer than what was tried", at)
    if server.version < (8, 0, 0):
        detail = f"the source runs {server.version_text}: as a source it works, the target will run a later version"
        return warns(detail, at, remedy="Test the application on the target's version too: defaults changed in 8.0.")
    return passed(f"the source runs {server.flavour} {server.version_text}", at)


CHECKS = (
    Check(
        code="SRV-VERSION",
        title="The source's version can be attached",
        why=(
            "Vitess keeps its bookkeeping on the source in tables with JSON columns, which MySQL knows since "
            "5.7.8, and "
            "follows the source by MySQL's GTIDs, which MariaDB's are not. On such a server the attachment fails with "
            "messages that do not name the reason."
        ),
        outcomes={
            Outcome.BLOCK: "MySQL older than 5.7.8, or MariaDB",
            Outcome.WARN: "MySQL 5.7 (the target's version differs), or newer than any version tried",
        },
        remedy=(
            "Make a replica of 5.7.8 or later, better 8.0, with log_replica_updates (log_slave_updates) and GTIDs, and "
            "import from it."
        ),
        look=_look,
    ),
)
