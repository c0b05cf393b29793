"""What surrounds a body on disk: who made it, of what, and the hash that proves it unchanged."""

import hashlib
from typing import Any

import msgspec
from msgspec import Struct, field

from seatrial.dossier.kinds import Sensitivity


class DataFile(Struct, frozen=True, kw_only=True):
    """A file beside the head, named relative to the head's folder."""

    path: str
    sha256: str
    bytes: int
    rows: int | None = None


class Envelope(Struct, frozen=True, kw_only=True):
    """The head of an artifact. `inputs` maps what was read (artifacts by address, files as `file:NAME`) to hashes;
    `sha256` covers kind, version, body and files, but not times, so that an identical re-run changes nothing."""

    kind: str
    version: int
    instance: str
    trial: str
    created: str
    producer: str
    sensitivity: Sensitivity
    sha256: str
    options: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)
    files: tuple[DataFile, ...] = ()
    body: Any = None


def seal(kind: str, version: int, body: Any, files: tuple[DataFile, ...]) -> str:
    """The hash of an artifact: SHA-256 over the canonical JSON (keys sorted, no blanks) of what it covers."""
    covered = {
        "kind": kind,
        "version": version,
        "files": sorted((file.path, file.sha256) for file in files),
        "body": body,
    }
    return hashlib.sha256(msgspec.json.encode(covered, order="sorted")).hexdigest()
