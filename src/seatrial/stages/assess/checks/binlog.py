"""What the binary log holds, and in which form."""

from seatrial.domain.evidence import pointer
from seatrial.domain.finding import Outcome
from seatrial.stages.assess.check import Answer, Case, Check, at_variable, blocks, passed, warns


def _written(case: Case) -> Answer:
    value, at = case.variable("log_bin"), at_variable("log_bin")
    if value not in ("ON", "1"):
        return blocks("the server writes no binary log", at, subjects=["log_bin"])
    return passed("the server writes a binary log", at)


def _format(case: Case) -> Answer:
    value, at = case.variable("binlog_format"), at_variable("binlog_format")
    if value != "ROW":
        return blocks(f"binlog_format is {value}", at, subjects=["binlog_format"])
    return passed("binlog_format is ROW", at)


def _row_image(case: Case) -> Answer:
    value, at = case.variable("binlog_row_image"), at_variable("binlog_row_image")
    if value == "FULL":
        return passed("binlog_row_image is FULL", at)
    if value == "NOBLOB":
        return warns("binlog_row_image is NOBLOB: moving tables works, reference tables cannot be kept up to date", at)
    return blocks(f"binlog_row_image is {value}: updates lack the columns they did not change", at)


def _partial_json(case: Case) -> Answer:
    value = case.known("binlog_row_value_options")
    if value is None:
        case.unknown_before((8, 0, 3), "binlog_row_value_options")
        return passed("this version always writes JSON values whole", pointer("server", "version_text"))
    at = at_variable("binlog_row_value_options")
    if "PARTIAL_JSON" in value:
        return warns("updates of JSON columns are logged as differences", at, subjects=["binlog_row_value_options"])
    return passed("JSON values are logged whole", at)


def _compression(case: Case) -> Answer:
    value = case.known("binlog_transaction_compression", "log_bin_compress")
    if value is None:
        case.unknown_before((8, 0, 20), "binlog_transaction_compression")
        return passed("this version does not compress transactions", pointer("server", "version_text"))
    name = "binlog_transaction_compression"
    at = at_variable(name if name in case.collection.server.variables else "log_bin_compress")
    if value in ("ON", "1"):
        return warns("transactions are compressed in the binary log", at, subjects=[at.rsplit("/", 1)[-1]])
    return passed("transactions are not compressed in the binary log", at)


CHECKS = (
    Check(
        code="SRV-BINLOG",
        title="The server writes a binary log",
        why="What changes while tables are being copied is read from the binary log. Without one there is no import.",
        outcomes={Outcome.BLOCK: "log_bin is OFF"},
        remedy="Set log_bin in the option file and restart the server; or import from a replica that writes one.",
        look=_written,
    ),
    Check(
        code="SRV-BINFMT",
        title="The binary log holds rows",
        why="Changes are applied row by row. A statement in the log cannot be applied to a shard that has other rows.",
        outcomes={Outcome.BLOCK: "binlog_format is STATEMENT or MIXED"},
        remedy=(
            "SET GLOBAL binlog_format = 'ROW'; and in the option file. It holds for new sessions: let old ones "
            "end first."
        ),
        look=_format,
    ),
    Check(
        code="SRV-ROWIMG",
        title="The binary log holds whole rows",
        why=(
            "To find a row on the target, and to know which shard it belongs to before and after, the log must "
            "carry all "
            "its columns."
        ),
        outcomes={
            Outcome.BLOCK: "binlog_row_image is MINIMAL",
            Outcome.WARN: "binlog_row_image is NOBLOB: enough for moving tables, not for materialized reference tables",
        },
        remedy="SET GLOBAL binlog_row_image = 'FULL'; and in the option file. It holds for new sessions.",
        look=_row_image,
    ),
    Check(
        code="SRV-PARTJSON",
        title="JSON updates are logged whole",
        why=(
            "A partial update of a JSON document is understood by newer Vitess only, and only where the row's "
            "old image is there."
        ),
        outcomes={Outcome.WARN: "binlog_row_value_options has PARTIAL_JSON"},
        remedy="SET GLOBAL binlog_row_value_options = ''; and in the option file; or stay with Vitess 22 or later.",
        look=_partial_json,
    ),
    Check(
        code="SRV-BINCOMP",
        title="The binary log is not compressed",
        why=(
            "A compressed transaction is unpacked in the tablet's memory as a whole; other tools that read the "
            "log, such "
            "as change-data readers, often refuse it."
        ),
        outcomes={Outcome.WARN: "binlog_transaction_compression (MariaDB: log_bin_compress) is ON"},
        remedy="SET GLOBAL binlog_transaction_compression = OFF; during the import, if memory or other readers suffer.",
        look=_compression,
    ),
)
