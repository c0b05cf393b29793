"""A partial digest as a file: a line that says what it is, one that says who wrote it how, and the rest, packed.

The form is that of this program's own structs. A file in any other is refused, never misread.
"""

import hashlib
from enum import Enum
from functools import cache
from typing import Any, get_args

import msgspec
import zstandard
from msgspec import Struct

from seatrial import __version__
from seatrial.domain.fault import Exit, Fault
from seatrial.stages.digest.fleet import Partial

MAGIC = b"seatrial partial digest\n"
VERSION = 1
"""Changes when the same fields come to mean something else; that there are others, `layout` tells."""

_LONGEST_HEAD = 2_000
_AGAIN = "make it anew: seatrial digest LOG --part FILE"


class Head(Struct, frozen=True, kw_only=True):
    """What can be read of a file of any version. `bytes` and `sha256` are of what follows it."""

    version: int
    layout: str
    producer: str
    bytes: int
    sha256: str


def packed(partial: Partial) -> bytes:
    """The file's content."""
    content = zstandard.ZstdCompressor(level=6).compress(msgspec.msgpack.encode(partial))
    head = Head(
        version=VERSION,
        layout=layout(),
        producer=f"seatrial {__version__}",
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    return MAGIC + msgspec.json.encode(head) + b"\n" + content


def unpacked(content: bytes, name: str) -> Partial:
    """What `packed` made. Faults: `digest.not-a-part`, `digest.part-version`, `digest.part-cut`,
    `digest.part-damaged`."""
    head, packed = _head(content, name)
    if (head.version, head.layout) != (VERSION, layout()):
        raise Fault(
            "digest.part-version",
            f"{name} was written by {head.producer} in a form (version {head.version}, {head.layout}) that this "
            f"seatrial {__version__} (version {VERSION}, {layout()}) does not read",
            remedy=f"use the same seatrial on all machines, and {_AGAIN}",
            exit=Exit.CONFIG,
        )
    if len(packed) < head.bytes:
        raise Fault(
            "digest.part-cut",
            f"{name} is cut: {len(packed):,} of its {head.bytes:,} bytes are there",
            remedy=f"copy it again, or {_AGAIN}",
            exit=Exit.CONFIG,
        )
    if hashlib.sha256(packed).hexdigest() != head.sha256:
        raise _damaged(name, "its hash does not fit")
    try:
        return msgspec.msgpack.decode(zstandard.ZstdDecompressor().decompress(packed), type=Partial)
    except (zstandard.ZstdError, msgspec.DecodeError) as error:
        raise _damaged(name, str(error)) from None


def _head(content: bytes, name: str) -> tuple[Head, bytes]:
    line, newline, packed = content[len(MAGIC) :].partition(b"\n")
    if not content.startswith(MAGIC):
        raise Fault(
            "digest.not-a-part",
            f"{name} is no partial digest",
            remedy="name files that seatrial digest LOG --part FILE has written; logs are read by: seatrial digest LOG",
            exit=Exit.USAGE,
        )
    if not newline or len(line) > _LONGEST_HEAD:
        raise Fault(
            "digest.part-cut",
            f"{name} is cut within its first lines",
            remedy=f"copy it again, or {_AGAIN}",
            exit=Exit.CONFIG,
        )
    try:
        return msgspec.json.decode(line, type=Head), packed
    except msgspec.DecodeError as error:
        raise _damaged(name, str(error)) from None


def _damaged(name: str, how: str) -> Fault:
    return Fault(
        "digest.part-damaged",
        f"{name} is not as it was written: {how}",
        remedy=f"copy it again, or {_AGAIN}",
        exit=Exit.CONFIG,
    )


@cache
def layout() -> str:
    """The names, types and order of all fields in a part, as eight digits."""
    known: dict[str, list[str]] = {}
    _describe(Partial, known)
    return hashlib.sha256(repr(sorted(known.items())).encode()).hexdigest()[:8]


def _describe(kind: Any, known: dict[str, list[str]]) -> None:
    for inner in get_args(kind):
        _describe(inner, known)
    if not isinstance(kind, type) or kind.__name__ in known:
        return
    if issubclass(kind, Enum):
        known[kind.__name__] = [f"{each.name}={each.value}" for each in kind]
    elif issubclass(kind, Struct):
        known[kind.__name__] = lines = []
        for field in msgspec.structs.fields(kind):
            lines.append(f"{field.encode_name}: {field.type}")
            _describe(field.type, known)
