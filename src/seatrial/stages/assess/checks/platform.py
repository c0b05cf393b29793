"""What else the server is: leftovers, name folding, TLS, a cloud's peculiarities."""

from seatrial.domain.evidence import pointer
from seatrial.domain.finding import Outcome
from seatrial.domain.identifier import quote
from seatrial.domain.question import Question
from seatrial.stages.assess.check import Answer, Case, Check, CouldNotLook, at_variable, blocks, named, passed, warns


def _leftovers(case: Case) -> Answer:
    case.answered(Question.SIDECARS)
    found, at = case.collection.sidecars, pointer("sidecars")
    if found is None:
        raise CouldNotLook("the collection holds nothing about other databases", at)
    if found:
        drops = " ".join(f"DROP DATABASE {quote(name)};" for name in found)
        remedy = f"If no import is under way and no Vitess runs on this server: {drops}"
        return warns(f"the server holds {named(found)}", at, subjects=found, remedy=remedy)
    return passed("no database of Vitess or of an earlier import is on the server", at)


def _tls(case: Case) -> Answer:
    have = case.known("have_ssl")
    if have is not None:
        at = at_variable("have_ssl")
        return passed("the server offers TLS", at) if have == "YES" else warns(f"have_ssl is {have}", at)
    versions, at = case.variable("tls_version"), at_variable("tls_version")
    if versions and (case.known("ssl_cert") or case.known("ssl_key")):
        return passed(f"the server offers {versions}", at)
    return warns("the server has no certificate: it offers no TLS", at)


def _name_folding(case: Case) -> Answer:
    value, at = case.variable("lower_case_table_names"), at_variable("lower_case_table_names")
    if value == "0":
        return passed("table names are compared by case, as on the target", at)
    detail = f"lower_case_table_names is {value}: queries may write a table's name in any case, the target's may not"
    return warns(detail, at, subjects=["lower_case_table_names"])


def _platform(case: Case) -> Answer:
    variables, at = case.collection.server.variables, pointer("server", "variables")
    text = f"{case.collection.server.version_text} {case.collection.server.version_comment}".lower()
    if not variables:
        raise CouldNotLook("the collection holds no variables", at)
    if variables.get("wsrep_on", "OFF").upper() == "ON":
        detail = "the server is a node of a Galera cluster: LOCK TABLES and GTIDs behave differently"
        return warns(detail, at_variable("wsrep_on"), remedy="Import from an asynchronous replica outside the cluster.")
    if "ndb_version" in variables or "-cluster" in text:
        return blocks("the server is a MySQL Cluster (NDB)", at, remedy="Import from an InnoDB replica of it.")
    if case.collection.server.flavour == "aurora":
        remedy = "Set binlog_format in the cluster's parameter group and use the cluster's writer endpoint."
        return warns(
            "the server is Amazon Aurora: only its writer serves a binary log",
            at_variable("aurora_version"),
            remedy=remedy,
        )
    if "rdsdb" in variables.get("basedir", "") + variables.get("datadir", ""):
        remedy = (
            "Change settings in the parameter group; CALL mysql.rds_set_configuration('binlog retention hours', 72);"
        )
        return warns(
            "the server is Amazon RDS: settings are changed there, not by SET GLOBAL",
            at_variable("basedir"),
            remedy=remedy,
        )
    if "-google" in text:
        remedy = "Change settings as the instance's database flags."
        return warns(
            "the server is Cloud SQL: settings are its flags", pointer("server", "version_text"), remedy=remedy
        )
    if "azure" in text or "azure" in " ".join(n for n in variables if n.startswith("azure")):
        remedy = "Change settings as the server's parameters."
        return warns("the server is Azure Database for MySQL: settings are its parameters", at, remedy=remedy)
    return passed("the server shows no sign of a managed service or of a cluster", at)


CHECKS = (
    Check(
        code="SRV-VTDB",
        title="Nothing is left of an earlier import",
        why="A bookkeeping database of an aborted import makes the next attachment find state that is not its own.",
        outcomes={Outcome.WARN: "a database `_vt`, `_vt_…` or `ps_import_…` is there"},
        remedy="Look whose it is, then drop it.",
        look=_leftovers,
    ),
    Check(
        code="SRV-TLS",
        title="The server offers TLS",
        why="All rows travel from the source to the target. Without TLS they can be read, and changed, on the way.",
        outcomes={Outcome.WARN: "the server has no certificate or TLS is off"},
        remedy=(
            "Give the server ssl_ca, ssl_cert and ssl_key; MySQL 5.7 and later make their own when it starts without."
        ),
        look=_tls,
    ),
    Check(
        code="SRV-LCTN",
        title="Table names are compared by case",
        why="Vitess finds a table by its exact name. Queries that write it in another case fail there.",
        outcomes={Outcome.WARN: "lower_case_table_names is 1 or 2"},
        remedy=(
            "Find the queries that spell a table differently (the digest lists tables by query class) and correct them."
        ),
        look=_name_folding,
    ),
    Check(
        code="SRV-CLOUD",
        title="The server is a plain MySQL",
        why="Managed services and clusters set, forbid or do some things their own way.",
        outcomes={
            Outcome.BLOCK: "MySQL Cluster (NDB)",
            Outcome.WARN: "RDS, Aurora, Cloud SQL, Azure or Galera: the remedies differ, as this finding says",
        },
        remedy="Follow the service's own way of changing settings.",
        look=_platform,
    ),
)
