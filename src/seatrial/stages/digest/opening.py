"""Opens logs: unpacks and unwraps them, tells their form by their content, and puts them in the order of time."""

import io
from collections.abc import Sequence
from typing import BinaryIO, cast

from msgspec import Struct

from seatrial.domain.fault import Exit, Fault
from seatrial.parsing.logs.any_slow_log import AnySlowLog
from seatrial.parsing.logs.compressed import Unpacked
from seatrial.parsing.logs.general_log import GeneralLog
from seatrial.parsing.logs.pieced import Pieced
from seatrial.parsing.logs.reader import Reader
from seatrial.parsing.logs.recognise import HEAD_BYTES, Form, recognise, wrapping
from seatrial.parsing.logs.slow_table import SlowTable
from seatrial.parsing.logs.snapshot_file import SnapshotFile
from seatrial.parsing.logs.vtgate_file import VtgateFile
from seatrial.parsing.logs.wrapped import Unwrapped
from seatrial.parsing.slow_log import SlowLog

DIALECT = "mysql slow log"

_READERS: dict[Form, type[Reader]] = {
    Form.SLOW_ANY: AnySlowLog,
    Form.SLOW_TABLE: SlowTable,
    Form.GENERAL: GeneralLog,
    Form.VTGATE: VtgateFile,
    Form.STATEMENTS: SnapshotFile,
}


def _reader(form: Form, stream: BinaryIO, name: str) -> SlowLog | Reader:
    return SlowLog(stream, name) if form is Form.SLOW else _READERS[form](stream, name)


class Log(Struct, frozen=True, kw_only=True):
    """A log to read, from the stream's present place to its end. `bytes`: its size, where it is known."""

    name: str
    stream: BinaryIO
    bytes: int | None = None


class Opened(Struct, frozen=True, kw_only=True):
    """A log whose form is known. `content`: of its file. `wrapped`: the log in it, where there is something around it.
    `first_us`: when its first statement ended; 0 if its beginning has none. `against_its_looks`: it was said to be of
    that form, and seems to be of another or none."""

    log: Log
    content: Unpacked
    wrapped: Unwrapped | None = None
    form: Form
    first_us: int
    against_its_looks: bool = False

    @property
    def is_file(self) -> bool:
        """Whether the log's bytes are those of its file."""
        return not self.content.packing and self.wrapped is None

    @property
    def text(self) -> Pieced:
        return self.content if self.wrapped is None else self.wrapped

    @property
    def dialect(self) -> str:
        return DIALECT if self.form is Form.SLOW else _READERS[self.form].dialect

    def reader(self) -> SlowLog | Reader:
        return _reader(self.form, cast(BinaryIO, self.text), self.log.name)


def opened(log: Log, form: Form | None = None) -> Opened:
    """The log, of that form or of the one it seems to have. Faults: `digest.unreadable`, `digest.empty`,
    `digest.not-a-log`."""
    try:
        content = Unpacked(log.stream)
        begins = content.peek(HEAD_BYTES)
        wrapped = _wrapped(log, content, begins)
        if wrapped is not None:
            begins = wrapped.peek(HEAD_BYTES)
    except OSError as error:
        raise unreadable(log, error) from None
    if not begins and not content.damage:
        raise Fault(
            "digest.empty",
            f"{log.name} is empty",
            remedy="see that the server writes it: SHOW GLOBAL VARIABLES LIKE 'slow_query_log%'",
            exit=Exit.CONFIG,
        )
    looks = recognise(begins)
    against_its_looks = form is not None and form is not looks
    if (form := form or looks) is None:
        raise no_log(log, content, wrapped, begins)
    first = next((each for each in _reader(form, io.BytesIO(begins), log.name) if each.ended_us), None)
    return Opened(
        log=log,
        content=content,
        wrapped=wrapped,
        form=form,
        first_us=first.ended_us if first is not None else 0,
        against_its_looks=against_its_looks,
    )


def _wrapped(log: Log, content: Unpacked, begins: bytes) -> Unwrapped | None:
    """The log in its wrapping, if there is one."""
    if (around := wrapping(begins)) is None:
        return None
    wrapped = Unwrapped(content, around)
    if wrapped.peek(1):
        return wrapped
    if wrapped.damaged:
        raise no_log(log, content, wrapped, b"")
    if wrapped.others:
        raise no_log(log, content, None, begins)
    raise Fault(
        "digest.empty",
        f"{log.name} is JSON for the events of a log, and has none",
        remedy="ask for a time in which the server wrote, and see that its slow log is sent there",
        exit=Exit.CONFIG,
    )


def in_time_order(logs: Sequence[Opened]) -> list[Opened]:
    """By their first statements. A log that has none stays behind the one it was given behind."""
    placed: list[tuple[int, int, Opened]] = []
    known_us = 0
    for number, log in enumerate(logs):
        known_us = log.first_us or known_us
        placed.append((known_us, number, log))
    return [log for _, _, log in sorted(placed, key=lambda place: place[:2])]


def unreadable(log: Log, error: OSError) -> Fault:
    return Fault(
        "digest.unreadable",
        f"{log.name} cannot be read: {error.strerror or error}",
        remedy="give a file that this user may read, and that is no folder",
        exit=Exit.CONFIG,
    )


def no_log(log: Log, content: Unpacked, wrapped: Unwrapped | None, begins: bytes) -> Fault:
    """`begins`: of what is in it, unpacked and unwrapped."""
    words = []
    if content.packing:
        words.append(f"is packed with {content.packing}")
    if wrapped is not None:
        words.append("has the wrapping of a log's events" if begins else "is JSON that is cut or damaged")
    if begins or not words:
        words.append(f"what is in it {looks_like(begins)}" if words else looks_like(begins))
    what = f"it {', and '.join(words)}" + (f"; {content.damage}" if content.damage else "")
    return Fault(
        "digest.not-a-log",
        f"{log.name} is no log of statements that is known: {what}",
        remedy="give the file SHOW GLOBAL VARIABLES LIKE 'slow_query_log_file' names, or say with --format what it is",
        exit=Exit.CONFIG,
    )


_MAGIC = {
    b"PK\x03\x04": "is a zip archive",
    b"\xfd7zXZ": "is packed with xz",
    b"\x04\x22\x4d\x18": "is packed with lz4",
    b"\x1f\x8b": "is packed with gzip",
    b"\x28\xb5\x2f\xfd": "is packed with zstd",
    b"BZh": "is packed with bzip2",
    b"\xfebin": "is a binary log",
    b"{": "begins as JSON does",
    b"<": "begins as XML does",
    b"-- MySQL dump": "is a dump of mysqldump",
    b"seatrial partial digest": "is a partial digest (seatrial digest merge takes it)",
}


def looks_like(begins: bytes) -> str:
    """What a file seems to be, by its first bytes; of a text, letters as x and digits as 9: they may be anybody's."""
    for magic, what in _MAGIC.items():
        if begins.lstrip().startswith(magic):
            return what
    text = begins[:512].decode("utf-8", "replace")
    if sum(not character.isprintable() and not character.isspace() for character in text) > len(text) // 10:
        return "begins with binary data"
    line = next((line for line in text.splitlines() if line.strip()), "")[:40]
    hidden = "".join("x" if letter.isalpha() else "9" if letter.isdigit() else letter for letter in line)
    return f"begins like `{hidden}`"
