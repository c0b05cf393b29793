"""Which kind of log a text is, and whether it is in a wrapping, told by how it begins."""

import re
from enum import StrEnum

from seatrial.parsing.logs.general_log import LINE
from seatrial.parsing.logs.slow_table import header, is_row
from seatrial.parsing.logs.snapshot_file import is_snapshot
from seatrial.parsing.logs.wrapped import Wrapping, wrapping_of
from seatrial.parsing.vtgate_log import executed

HEAD_BYTES = 1 << 18
"""How much of a log's beginning is looked at."""


class Form(StrEnum):
    """The kinds of logs that are read, by the names `--format` takes."""

    SLOW = "slow"  # of MySQL 8 and 9, and of 5.7: one form, read fast
    SLOW_ANY = "slow-any"  # of any server
    SLOW_TABLE = "slow-table"  # mysql.slow_log as CSV
    GENERAL = "general"
    VTGATE = "vtgate"  # its log of queries in JSON
    STATEMENTS = "statements"  # no log: a snapshot of performance_schema's digests, of which two make a pair


_SLOW = re.compile(rb"^\0*# (?:Time|User@Host|Query_time): ", re.MULTILINE)
_BANNER = re.compile(rb"^\0*[^\r\n]*, Version: [^\r\n]*started with:", re.MULTILINE)
_QUERY_TIME = re.compile(rb"^# Query_time: ", re.MULTILINE)
_TIME = re.compile(rb"^# Time: ([^\r\n]*)", re.MULTILINE)
_ISO = re.compile(rb"\d{4}-\d\d-\d\dT")
_AS_MYSQL_8 = re.compile(
    rb"^# User@Host: [^\n]*\n(?=# Query_time: )[^\n]*\n(?:use [^\n]*;\r?\n)?SET (?:[a-z_]+=\d+,)*timestamp=",
    re.MULTILINE,
)


def wrapping(begins: bytes) -> Wrapping | None:
    """What is around a log, by its first HEAD_BYTES; None for a log that stands by itself, and for what is none."""
    if is_snapshot(begins) or executed(begins.lstrip().partition(b"\n")[0]) is not None:
        return None
    return wrapping_of(begins)


def recognise(begins: bytes) -> Form | None:
    """The form of a log by its first HEAD_BYTES; None for what is no log that is known."""
    if is_snapshot(begins):
        return Form.STATEMENTS
    line = begins.lstrip(b"\0\r\n").partition(b"\n")[0]
    if line.startswith(b"{"):
        return Form.VTGATE if executed(line) is not None else None
    if header(line) is not None or is_row(line):
        return Form.SLOW_TABLE
    slow, general = _SLOW.search(begins), LINE.search(begins)
    if general is not None and (slow is None or general.start() < slow.start()):
        return Form.GENERAL
    if slow is not None or _BANNER.search(begins) is not None:
        return _slow(begins)
    return Form.SLOW_ANY if begins and not begins.strip(b"\0") else None


def _slow(begins: bytes) -> Form:
    """MySQL 8's form, where the first heading is of that; and where there is none, as nothing speaks against it."""
    if (first := _QUERY_TIME.search(begins)) is None:
        time = _TIME.search(begins)
        return Form.SLOW if time is None or _ISO.match(time[1]) else Form.SLOW_ANY
    heading, time = _AS_MYSQL_8.search(begins), _TIME.search(begins)
    if heading is None or not heading.start() < first.start() < heading.end():
        return Form.SLOW_ANY
    return Form.SLOW if time is not None and _ISO.match(time[1]) else Form.SLOW_ANY
