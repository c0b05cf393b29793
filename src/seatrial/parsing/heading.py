"""How a server writes what stands around the statements of a slow log: headings and banners, as MySQL 8 and 9 do."""

import re
from typing import Any

COMMAND = b"# administrator command: "

LONGEST_US = 1 << 53
"""A server whose clock was set back wrote durations around 2^64 µs."""

LONGEST_HEADING = 8192

# It begins with characters that must be there, so that the engine looks for them in C, and only then looks back. And
# [^\n] is passed over twice as fast as a set of two: a line's \r is taken for its own, and stripped where it matters.
HEADING = re.compile(
    rb"# (?<![^\n]# )(?:Time: (?P<time>[^\n]*+)\n# )?+"
    rb"User@Host: (?:(?P<who>[^\[\n]*+\[[^\]\n]*+\] @ [^\[\n]*+\[[^\]\n]*+\])|[^\r\n]*?)"
    rb"(?:[ \t]++Id: *+(?P<id>[0-9]{1,18}+))?[ \t]*+\r?\n"
    rb"# Query_time: (?P<took>[0-9]{1,18}+(?:\.[0-9]++)?+) ++Lock_time: (?P<lock>[0-9]{1,18}+(?:\.[0-9]++)?+)"
    rb" ++Rows_sent: (?P<sent>[0-9]{1,18}+) ++Rows_examined: (?P<examined>[0-9]{1,18}+)(?![0-9])"
    rb"(?: Thread_id: (?P<thread>[0-9]{1,18}+) Errno: (?P<errno>[0-9]{1,18}+)(?![0-9])"
    rb"(?: Killed: [0-9]++ Bytes_received: [0-9]++ Bytes_sent: (?P<bytes>[0-9]{1,18}+)(?![0-9])"
    rb"(?: Read_first: [0-9]++ Read_last: [0-9]++ Read_key: [0-9]++ Read_next: [0-9]++ Read_prev: [0-9]++"
    rb" Read_rnd: [0-9]++ Read_rnd_next: [0-9]++ Sort_merge_passes: [0-9]++ Sort_range_count: [0-9]++"
    rb" Sort_rows: [0-9]++ Sort_scan_count: [0-9]++ Created_tmp_disk_tables: (?P<on_disk>[0-9]{1,18}+)"
    rb" Created_tmp_tables: (?P<tables>[0-9]{1,18}+)(?![0-9]))?)?)?[^\n]*+\n"
    rb"(?:use (?P<database>[^\r\n]*+)(?<=;)\r?\n)?"
    rb"SET (?:last_insert_id=[0-9]++,)?(?:insert_id=[0-9]++,)?timestamp=(?P<stamp>[0-9]{1,11}+)[^;\n]*+;\r?\n"
)
BANNER = re.compile(
    rb"^[^\r\n]*, Version: (?P<version>[^\r\n]*?)\. started with:\r?\n"
    rb"(?:Tcp port:[^\r\n]*\r?\n)?(?:Time +Id +Command +Argument[^\r\n]*(?:\r?\n|\Z))?",
    re.MULTILINE,
)

Heading = tuple[bytes | Any, ...]
"""The groups of HEADING, None where a line or field is missing."""

_ENDED = re.compile(rb";\r?\n(?=# Time: )")


def border(content: bytes, at: int) -> re.Match[bytes] | None:
    """The first whole heading, from there on, that begins with its time behind a statement that has ended. A reader
    takes such a one for the next event whatever came before it."""
    for found in _ENDED.finditer(content, at):
        if (heading := _behind(content, found.start(), found.end())) is not None:
            return heading
    return None


def last_border(content: bytes, start: int) -> re.Match[bytes] | None:
    """The last such heading that begins behind there; not those of lines that end with \\r."""
    at = len(content)
    while (at := content.rfind(b";\n# Time: ", start, at)) >= 0:
        if (heading := _behind(content, at, at + 2)) is not None:
            return heading
    return None


def _behind(content: bytes, ended: int, begin: int) -> re.Match[bytes] | None:
    line = content.rfind(b"\n", 0, ended) + 1
    if content.startswith((b"SET ", b"use "), line):
        return None  # of a heading: one without a statement is damage
    return HEADING.match(content, begin)
