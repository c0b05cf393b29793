"""Settings a session lives under: modes, time zone, timeouts, packets."""

from seatrial.domain.finding import Outcome
from seatrial.stages.assess.check import Answer, Case, Check, at_variable, named, passed, warns

_TIMEOUTS = ("net_read_timeout", "net_write_timeout", "wait_timeout")


def _sql_mode(case: Case) -> Answer:
    modes, at = set(case.variable("sql_mode").split(",")), at_variable("sql_mode")
    misread = [mode for mode in case.rule.words("misread") if mode in modes]
    if misread:
        return warns(f"sql_mode has {named(misread)}, which vtgate's parser does not follow", at, subjects=misread)
    if not modes & set(case.rule.words("strict")):
        detail = "sql_mode is not strict: the source takes values that a strict target refuses"
        return warns(detail, at, subjects=["sql_mode"])
    return passed("sql_mode is strict and changes nothing about how SQL is read", at)


def _time_zone(case: Case) -> Answer:
    zone, utc = case.variable("time_zone"), {name.upper() for name in case.rule.words("utc")}
    at = at_variable("time_zone")
    if zone == "SYSTEM":
        at = at_variable("system_time_zone")
        zone = case.variable("system_time_zone")
    if zone in utc:
        return passed(f"the server's time zone is {zone}", at)
    affected = sorted(
        {table.name for _, table, column in case.columns if column.data_type in ("datetime", "timestamp")}
    )
    if not affected:
        return passed(f"the server's time zone is {zone}, and no column holds a time", at)
    detail = f"the server's time zone is {zone}; targets run in UTC, and NOW() will differ"
    return warns(detail, at, subjects=affected)


def _timeouts(case: Case) -> Answer:
    least = case.rule.number("least_s")
    # net_read and net_write are 30 and 60 by default: what ends a stream in practice is what was set lower than that
    usual = {"net_read_timeout": 30.0, "net_write_timeout": 60.0, "wait_timeout": least}
    short = [name for name in _TIMEOUTS if case.number(name) < usual[name]]
    caps = {"max_execution_time": 1000.0, "max_statement_time": 1.0}
    for name, per_second in caps.items():
        if case.known(name) is not None and 0 < case.number(name) < least * per_second:
            short.append(name)
    if short:
        return warns(f"{named(short)} may end a copy stream", *map(at_variable, short), subjects=short)
    return passed("no timeout is shorter than a copy stream needs", *map(at_variable, _TIMEOUTS))


def _packet(case: Case) -> Answer:
    value, at = case.number("max_allowed_packet"), at_variable("max_allowed_packet")
    if value < case.rule.number("least_bytes"):
        return warns(f"max_allowed_packet is {value / 2**20:,.0f} MiB", at, subjects=["max_allowed_packet"])
    long = [f"{table.name}.{column.name}" for _, table, column in case.columns if column.data_type.startswith("long")]
    if long and value > case.rule.number("grpc_bytes"):
        detail = f"{named(long)} may hold values above the 64 MiB that fit into one message between Vitess's parts"
        return warns(detail, at, subjects=long)
    return passed(f"max_allowed_packet is {value / 2**20:,.0f} MiB", at)


CHECKS = (
    Check(
        code="SRV-SQLMODE",
        title="sql_mode is one that Vitess understands",
        why=(
            "vtgate reads SQL by itself: modes that change what SQL means are not followed. A source that is "
            "not strict "
            "may hold, and be sent, values which a strict target refuses."
        ),
        outcomes={Outcome.WARN: "a mode that changes parsing is set, or no strict mode is"},
        remedy=(
            "Take ANSI_QUOTES, PIPES_AS_CONCAT and the like out of sql_mode and test the application; set "
            "STRICT_TRANS_TABLES on the source first, where its own behaviour shows what breaks."
        ),
        look=_sql_mode,
    ),
    Check(
        code="SRV-TZ",
        title="The server runs in UTC",
        why="Targets run in UTC. NOW() and DATETIME defaults then differ from what the application is used to.",
        outcomes={Outcome.WARN: "the time zone is not UTC and a table has DATETIME or TIMESTAMP columns"},
        remedy=(
            "Let the application set its time zone in each session; or import with --source-time-zone, which converts "
            "DATETIME values to UTC on the way."
        ),
        look=_time_zone,
    ),
    Check(
        code="SRV-TIMEOUT",
        title="Timeouts leave a copy stream alone",
        why="A copy holds one connection for long. A server that ends it early makes the copy start that round again.",
        outcomes={
            Outcome.WARN: (
                "wait_timeout or a cap on statements is below 300 s, or a network timeout below MySQL's default"
            )
        },
        remedy=(
            "SET GLOBAL wait_timeout = 28800, net_read_timeout = 300, net_write_timeout = 300, max_execution_time = 0;"
        ),
        look=_timeouts,
    ),
    Check(
        code="SRV-PACKET",
        title="Packets hold the largest row",
        why=(
            "A row must fit into one packet on the source, and into one message of 64 MiB between Vitess's "
            "parts. Which "
            "values are really that long can only be seen in the rows, which are not read here."
        ),
        outcomes={Outcome.WARN: "max_allowed_packet is below 16 MiB, or above 64 MiB with LONG columns in the schema"},
        remedy=(
            "SET GLOBAL max_allowed_packet = 67108864; and look for longer values: SELECT MAX(LENGTH(column)) "
            "on a replica."
        ),
        look=_packet,
    ),
)
