"""Partial digests on the disk: written of a machine's logs, merged into a dossier or a larger one; and their key."""

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from seatrial.domain.event import Note, Progress, Tell
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.workload import Digest
from seatrial.dossier.store import Dossier, said_if_full, write_whole
from seatrial.stages.digest import Key, Partial, digest, merged_partials, packed, told, unpacked
from seatrial.stages.digest.part_file import MAGIC
from seatrial.trial.bench import Bench, Step
from seatrial.trial.workload import named_logs

KEY_FILE = "digest.key"
"""In the private part."""


def key_of(dossier: Dossier) -> Key:
    """The dossier's key, made when it is first asked for. Fault: `digest.key-malformed`."""
    path = dossier.private / KEY_FILE
    if not path.exists():
        with said_if_full(path):
            handle, whole = tempfile.mkstemp(dir=path.parent, prefix=f".{KEY_FILE}.")
            try:
                with os.fdopen(handle, "w") as file:
                    file.write(f"{Key.made().written}\n")
                    file.flush()
                    os.fsync(file.fileno())
                os.link(whole, path)  # of two that make one at once, both get the first
            except FileExistsError:
                pass
            finally:
                Path(whole).unlink()
    return read_key(path, lambda _: None)


def read_key(path: Path, tell: Tell) -> Key:
    """The key in a file; that others may read it is told. Faults: `digest.no-key`, `digest.key-malformed`."""
    try:
        with path.open("rb") as file:
            open_to_others = os.fstat(file.fileno()).st_mode & 0o077 and path.is_file()
            text = file.read(1_000)
    except OSError as error:
        raise Fault(
            "digest.no-key",
            f"the key {path} cannot be read: {error.strerror}",
            remedy="make one with: seatrial digest key -d DOSSIER > fleet.key; the same for the whole fleet",
            exit=Exit.CONFIG,
        ) from None
    key = Key.parse(text, str(path))
    if open_to_others:
        tell(Note(text=f"{path} may be read by others: chmod 600 {path}", warning=True))
    return key


def write_part(bench: Bench, path: Path, *, database: str, key: Key | None, ours: frozenset[str]) -> Digest:
    """Digest the logs of the settings into a partial digest; what it tells by itself. With the dossier's schema, where
    it was collected. Fault: `digest.part-in-the-way`, before anything is read."""
    _insist_on_room(path)
    collected = bench.read_if_there("collect")
    with ExitStack() as stack:
        return digest(
            named_logs(bench, stack),
            database=database,
            schema=collected.body.schema if collected is not None else None,
            keep=None,
            now=bench.now(),
            tell=bench.tell,
            ours=ours,
            form=bench.settings.workload.format,
            crew=bench.wiring.crew(),
            values=bench.settings.workload.values,
            key=key,
            filters=bench.settings.workload.filters,
            merge_numbered=bench.settings.workload.merge_numbered_tables,
            partial=lambda content: write_whole(path, content, private=True),
        )


def merge_into(path: Path, parts: Sequence[Path], tell: Tell) -> Digest:
    """Merge parts into a larger one, in a file; what it tells by itself. Fault: `digest.part-in-the-way`."""
    _insist_on_room(path)
    content = packed(merged_partials(_read(parts, tell)))
    made = told(unpacked(content, str(path)))
    write_whole(path, content, private=True)
    return made


def merging(parts: Sequence[Path]) -> Step:
    """The step that leaves the digest of all these parts."""
    return Step(
        kind="digest",
        title="what the logs of the fleet say of the workload",
        reads=(),
        run=lambda bench: _merge(bench, parts),
        settings=lambda _: {},
    )


def _merge(bench: Bench, parts: Sequence[Path]) -> Mapping[str, Any]:
    database = bench.settings.source_address.database
    merged = merged_partials(_read(parts, bench.tell))
    if merged.database != database:
        raise Fault(
            "digest.part-database",
            f"the parts are of the database {merged.database}, and the dossier's source is {database}",
            remedy="merge them into the dossier of their own source, or make them anew with --database",
            exit=Exit.CONFIG,
        )
    made = told(merged)
    for caveat in made.caveats:
        bench.tell(Note(text=caveat, warning=True))
    return {"digest": made}


def _insist_on_room(path: Path) -> None:
    """A part may be written where none is, or a part; a log named by mistake stays what it is."""
    try:
        with path.open("rb") as file:
            is_part = file.read(len(MAGIC)) == MAGIC
    except FileNotFoundError:
        return
    except OSError:
        is_part = False
    if not is_part:
        raise Fault(
            "digest.part-in-the-way",
            f"{path} is there already and is no partial digest",
            remedy="name another file behind --part, or move that one away",
            exit=Exit.CONFIG,
        )


def _read(parts: Sequence[Path], tell: Tell) -> Iterator[tuple[str, Partial]]:
    """One after the other, so that no more than one is held besides their sum."""
    for number, path in enumerate(parts):
        tell(Progress(phase="merge", done=number, total=len(parts), unit="parts", detail=path.name))
        try:
            content = path.read_bytes()
        except OSError as error:
            raise Fault(
                "digest.no-part",
                f"{path} cannot be read: {error.strerror}",
                remedy="name files that seatrial digest LOG --part FILE has written, and that this user may read",
                exit=Exit.CONFIG,
            ) from None
        yield str(path), unpacked(content, str(path))
    tell(Progress(phase="merge", done=len(parts), total=len(parts), unit="parts"))
