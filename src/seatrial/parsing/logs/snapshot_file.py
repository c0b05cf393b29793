"""A snapshot of performance_schema's statement digests, kept in a file (domain/statements.py)."""

import re
from collections.abc import Iterator

import msgspec

from seatrial.domain.executed import Executed
from seatrial.domain.statements import DIALECT, FORMAT, VERSION, Snapshot
from seatrial.parsing.logs.reader import Reader

_FORMAT = re.compile(rb'"format"\s*:\s*"' + FORMAT.encode() + rb'"')  # in a string of JSON its quotes would be escaped
_BEGINS = re.compile(rb"(?:\xef\xbb\xbf)?\s*\{")


class _Head(msgspec.Struct):
    format: str
    version: int


class SnapshotFile(Reader):
    """It holds no event: two of them are read as a whole (stages/digest/statements.py)."""

    dialect = DIALECT

    def __iter__(self) -> Iterator[Executed]:
        return iter(())


def is_snapshot(begins: bytes) -> bool:
    """Whether a file is one, by how it begins."""
    return _BEGINS.match(begins) is not None and _FORMAT.search(begins) is not None


def snapshot_of(content: bytes) -> Snapshot | str:
    """The snapshot; or in words why the content is none."""
    content = content.removeprefix(b"\xef\xbb\xbf")
    try:
        head = msgspec.json.decode(content, type=_Head)
    except msgspec.MsgspecError:
        return "it is cut or damaged"
    if head.format != FORMAT:
        return "it is no snapshot"
    if head.version != VERSION:
        return f"it is of version {head.version}, and this program reads version {VERSION}"
    try:
        return msgspec.json.decode(content, type=Snapshot)
    except msgspec.MsgspecError as error:
        return f"a field of it is not as it should be: {error}"


def written(snapshot: Snapshot) -> str:
    """The snapshot as its file's content: JSON, a row a line, so that two of them can be compared by eye."""
    head = msgspec.json.encode(msgspec.structs.replace(snapshot, statements=())).decode().removesuffix("[]}")
    rows = ",\n".join(msgspec.json.encode(each).decode() for each in snapshot.statements)
    return f"{head}[\n{rows}\n]}}" if rows else f"{head}[]}}"
