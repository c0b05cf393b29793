"""A tarball of a dossier's shareable part, to send: what is private stays out by its kind, not by its name."""

import gzip
import io
import tarfile
from pathlib import Path

from seatrial.domain.fault import Exit, Fault
from seatrial.dossier.kinds import Sensitivity, kind_of
from seatrial.dossier.store import Dossier, write_whole


def pack(dossier: Dossier, path: Path, trial: str) -> tuple[str, ...]:
    """Write the bundle; the artifacts in it, with their hashes in its MANIFEST. The same artifacts give the same
    bytes. `trial.toml`, runs and reports stay out: they name hosts and accounts."""
    shareable = [a for a in dossier.addresses() if kind_of(a.kind).sensitivity is Sensitivity.SHAREABLE]
    if not shareable:
        raise Fault(
            "bundle.empty",
            f"{dossier.root} holds no artifact yet",
            remedy=f"run: seatrial collect -d {dossier.root}",
            exit=Exit.CONFIG,
        )
    heads = {str(address): dossier.head(address) for address in shareable}
    manifest = "".join(f"{head.sha256}  {name}\n" for name, head in heads.items())
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w") as tar:
        _add(tar, f"{trial}/MANIFEST", manifest.encode())
        for address in shareable:
            _add(tar, f"{trial}/{address}.json", dossier.path(address).read_bytes())
    write_whole(path, packed.getvalue())
    return tuple(heads)


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    entry.mode = 0o644
    tar.addfile(entry, io.BytesIO(content))
