"""How long the source keeps its binary logs against how long a copy takes (rule S9)."""

from msgspec import Struct

from seatrial.domain.evidence import pointer
from seatrial.domain.finding import Outcome
from seatrial.domain.question import Question
from seatrial.stages.assess.check import (
    Answer,
    Case,
    Check,
    CouldNotLook,
    at_variable,
    blocks,
    counted,
    passed,
    warns,
)

_DAY_S = 86_400


class _Kept(Struct, frozen=True, kw_only=True):
    seconds: float | None  # None: the server purges nothing by itself
    at: tuple[str, ...]


def _kept(case: Case) -> _Kept:
    """The retention in force: seconds win over days, and zero of both means for ever."""
    if case.known("binlog_expire_logs_auto_purge") in ("OFF", "0"):
        return _Kept(seconds=None, at=(at_variable("binlog_expire_logs_auto_purge"),))
    found = [name for name in ("binlog_expire_logs_seconds", "expire_logs_days") if case.known(name) is not None]
    if not found:
        raise CouldNotLook(
            "the server has no setting for how long it keeps binary logs", pointer("server", "variables")
        )
    for name in found:
        if (value := case.number(name)) > 0:
            return _Kept(seconds=value * (_DAY_S if name.endswith("days") else 1), at=(at_variable(name),))
    return _Kept(seconds=None, at=tuple(at_variable(name) for name in found))


def _copy_s(case: Case) -> float:
    copied = sum(table.data_bytes + table.index_bytes for table in case.tables)
    return copied / case.rule.number("copy_bytes_s")


def _runway(case: Case) -> Answer:
    if _on_rds(case):
        raise CouldNotLook(
            "on RDS the logs are purged by a setting of its own; ask `CALL mysql.rds_show_configuration` and look for "
            "'binlog retention hours': it should be 48 or more",
            at_variable("basedir"),
        )
    kept, copy_s = _kept(case), _copy_s(case)
    estimate = f"the copy of {counted(len(case.tables), 'table')} is estimated at {_hours(copy_s)}"
    if (limited := _by_size(case)) is not None:
        return warns(f"binary logs are purged by size, {limited}; {estimate}", *kept.at)
    if kept.seconds is None:
        return passed(f"the server purges no binary log by itself; {estimate}", *kept.at)
    said = f"binary logs are kept for {_hours(kept.seconds)}; {estimate}"
    atomic = any(table.foreign_keys for table in case.tables)
    if kept.seconds < case.rule.number("least_s"):
        return blocks(f"{said}; that is shorter than two rounds of copying and catching up", *kept.at)
    if atomic and kept.seconds < copy_s * case.rule.number("copy_margin"):
        return blocks(f"{said}; with foreign keys the copy is atomic and needs the logs of its whole span", *kept.at)
    if kept.seconds < max(case.rule.number("wanted_s"), copy_s * case.rule.number("copy_margin")):
        return warns(f"{said}; an interrupted import could not resume after that time", *kept.at)
    return passed(said, *kept.at)


def _on_rds(case: Case) -> bool:
    variables = case.collection.server.variables
    return "rdsdb" in variables.get("basedir", "") + variables.get("datadir", "")


def _by_size(case: Case) -> str | None:
    for name in ("max_binlog_total_size", "binlog_space_limit"):
        if case.known(name) is not None and (limit := case.number(name)) > 0:
            replication = case.collection.replication
            rate = replication.binlog_rate_bytes_s if replication else None
            lasts = f", which lasts {_hours(limit / rate)} at the rate measured" if rate else ""
            return f"{name} is {limit / 1e9:,.1f} GB{lasts}"
    return None


def _disk(case: Case) -> Answer:
    case.answered(Question.BINLOGS)
    replication = case.collection.replication
    held = sum(file.size_bytes for file in replication.binlogs) if replication else 0
    rate = replication.binlog_rate_bytes_s if replication else None
    daily = f", growing by {rate * _DAY_S / 1e9:,.1f} GB a day at the rate measured" if rate is not None else ""
    raise CouldNotLook(
        f"free disk cannot be seen through SQL; the binary logs hold {held / 1e9:,.2f} GB now{daily}",
        pointer("replication", "binlogs") if replication else pointer("replication"),
    )


def _hours(seconds: float) -> str:
    if seconds < 3600:
        return f"{seconds / 60:,.0f} min"
    return f"{seconds / 3600:,.1f} h" if seconds < 3 * _DAY_S else f"{seconds / _DAY_S:,.1f} days"


CHECKS = (
    Check(
        code="SRV-RETAIN",
        title="Binary logs are kept long enough",
        why=(
            "An import that was interrupted goes on from its position in the binary log. Once the server has "
            "purged that "
            "log, the import begins again from zero. A plain copy catches up about every hour; an atomic one, "
            "needed for "
            "foreign keys, holds one position for its whole span. The copy's time here is an estimate from table sizes."
        ),
        outcomes={
            Outcome.BLOCK: (
                "kept for less than two hours, or, with foreign keys, for less than twice the copy's estimate"
            ),
            Outcome.WARN: "kept for less than 48 hours or twice the copy's estimate, or purged by size",
            Outcome.COULD_NOT_LOOK: "on RDS, whose own setting SQL variables do not show",
        },
        remedy=(
            "SET GLOBAL binlog_expire_logs_seconds = 259200; (5.7: SET GLOBAL expire_logs_days = 3;) and in the option "
            "file, after a look at the free disk."
        ),
        look=_runway,
    ),
    Check(
        code="SRV-DISK",
        title="The source's disk has room for the binary logs",
        why="Logs kept longer for the import fill the source's disk; a full disk stops production.",
        outcomes={Outcome.COULD_NOT_LOOK: "always: SQL does not show free disk. The sizes and the rate are given"},
        remedy="",
        look=_disk,
    ),
)
