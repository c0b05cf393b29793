"""Reads and writes artifacts: whole or not at all, and never an edited one unnoticed."""

import errno
import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from seatrial import __version__
from seatrial.domain.address import Address
from seatrial.domain.evidence import Exhibit
from seatrial.domain.fault import Exit, Fault
from seatrial.dossier.envelope import DataFile, Envelope, seal
from seatrial.dossier.kinds import KINDS, Sensitivity, kind_of

PRIVATE = "private"


class Dossier:
    """A trial's folder. Reading needs no lock; writing is for the holder of `dossier.lock.held`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def open(cls, root: Path) -> "Dossier":
        """The dossier in that folder; a Fault if the folder is none."""
        if not (root / "trial.toml").is_file():
            raise Fault(
                "dossier.none",
                f"{root} is not a dossier: it has no trial.toml",
                remedy=f"make one with: seatrial init -d {root} --source mysql://USER@HOST:PORT/DATABASE",
                exit=Exit.CONFIG,
            )
        return cls(root)

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def private(self) -> Path:
        """The folder for what must not leave: made 0700 when first asked for."""
        folder = self.root / PRIVATE
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)
        return folder

    def path(self, address: Address) -> Path:
        """Where the artifact's head lies."""
        private = kind_of(address.kind).sensitivity is Sensitivity.PRIVATE
        return (self.root / PRIVATE if private else self.root) / address.kind / f"{address.instance}.json"

    def addresses(self) -> list[Address]:
        """All artifacts there are, in the order of the table of kinds."""
        return [
            Address(kind, head.stem)
            for kind in KINDS
            for head in sorted(self.path(Address(kind)).parent.glob("*.json"))
        ]

    def has(self, address: Address) -> bool:
        return self.path(address).is_file()

    def head(self, address: Address) -> Envelope:
        """The envelope with its body as plain data, proved unchanged; Faults name what is wrong and the way out."""
        path = self.path(address)
        kind = kind_of(address.kind)
        again = f"run seatrial {kind.step} again to make it anew"
        try:
            text = path.read_bytes()
        except PermissionError:
            raise Fault(
                "dossier.not-readable",
                f"{path} may not be read by this user",
                remedy="correct the folder's rights, or run as the user who made it",
                exit=Exit.CONFIG,
            ) from None
        except FileNotFoundError:
            raise Fault(
                "dossier.missing",
                f"the dossier has no {address}",
                remedy=f"run: seatrial {kind.step} -d {self.root}",
                exit=Exit.CONFIG,
            ) from None
        try:
            envelope = msgspec.json.decode(text, type=Envelope)
        except msgspec.DecodeError as error:
            raise Fault("dossier.unreadable", f"{path} cannot be read: {error}", remedy=again) from None
        if envelope.version != kind.version:
            raise Fault(
                "dossier.version",
                f"{address} was written in version {envelope.version} (by {envelope.producer}); "
                f"this seatrial reads version {kind.version}",
                remedy=again,
                exit=Exit.CONFIG,
            )
        sealed = seal(kind.name, envelope.version, envelope.body, envelope.files)  # the kind of its place, not its word
        if sealed != envelope.sha256:
            raise Fault(
                "dossier.edited",
                f"{path} was changed after it was written: its hash does not fit",
                remedy=f"restore the file, or {again}",
                exit=Exit.CONFIG,
            )
        return envelope

    def read(self, address: Address) -> Exhibit[Any]:
        """The artifact with its typed body."""
        envelope = self.head(address)
        try:
            body = msgspec.convert(envelope.body, type=kind_of(address.kind).body, strict=True)
        except msgspec.ValidationError as error:
            raise Fault(
                "dossier.unreadable",
                f"{self.path(address)} does not hold a {address.kind}: {error}",
                remedy=f"run seatrial {kind_of(address.kind).step} again to make it anew",
            ) from None
        return Exhibit(address=address, sha256=envelope.sha256, created=envelope.created, body=body)

    def write(
        self,
        address: Address,
        body: Any,
        *,
        trial: str,
        created: str,
        inputs: Mapping[str, str],
        options: Mapping[str, str],
        files: Sequence[DataFile] = (),
    ) -> Envelope:
        """Store an artifact (its data files were made before): after a crash or a full disk there is the old one or
        the new one, never a part."""
        kind = kind_of(address.kind)
        plain = msgspec.json.decode(msgspec.json.encode(body, order="deterministic"))
        envelope = Envelope(
            kind=kind.name,
            version=kind.version,
            instance=address.instance,
            trial=trial,
            created=created,
            producer=f"seatrial {__version__}",
            sensitivity=kind.sensitivity,
            sha256=seal(kind.name, kind.version, plain, tuple(files)),
            options=dict(options),
            inputs=dict(inputs),
            files=tuple(files),
            body=plain,
        )
        if kind.sensitivity is Sensitivity.PRIVATE:
            self.private  # noqa: B018 – makes the folder with its mode
        write_whole(self.path(address), msgspec.json.format(msgspec.json.encode(envelope), indent=1))
        return envelope

    @contextmanager
    def data_file(self, address: Address, name: str) -> Iterator["DataWriter"]:
        """A data file beside the artifact's head, written line by line; it appears whole when the block ends well,
        and not at all otherwise."""
        if kind_of(address.kind).sensitivity is Sensitivity.PRIVATE:
            self.private  # noqa: B018 – makes the folder with its mode
        path = self.path(address).parent / name
        with said_if_full(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{name}.")
            try:
                with os.fdopen(handle, "wb", buffering=1 << 20) as file:
                    writer = DataWriter(file, name)
                    yield writer
                    file.flush()
                    os.fsync(file.fileno())
                Path(temporary).replace(path)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise

    def data_lines(self, address: Address) -> Iterator[bytes]:
        """The lines of the artifact's one data file, read as they are wanted; proved unchanged at the end of it."""
        (file,) = self.head(address).files
        path = self.path(address).parent / file.path
        digest = hashlib.sha256()
        try:
            with path.open("rb") as lines:
                for line in lines:
                    digest.update(line)
                    yield line
        except FileNotFoundError:
            raise Fault(
                "dossier.missing",
                f"{path} is gone, though {address} says it is there",
                remedy=f"run seatrial {kind_of(address.kind).step} again to make it anew",
                exit=Exit.CONFIG,
            ) from None
        if digest.hexdigest() != file.sha256:
            raise Fault(
                "dossier.edited",
                f"{path} was changed after it was written: its hash does not fit",
                remedy=f"restore the file, or run seatrial {kind_of(address.kind).step} again to make it anew",
                exit=Exit.CONFIG,
            )


class DataWriter:
    """Takes the lines of a data file, and knows what to say of it in the head."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self._name = name
        self._digest = hashlib.sha256()
        self._bytes = 0
        self._rows = 0

    def line(self, content: bytes) -> None:
        """Write one line; the newline is added."""
        whole = content + b"\n"
        self._file.write(whole)
        self._digest.update(whole)
        self._bytes += len(whole)
        self._rows += 1

    @property
    def told(self) -> DataFile:
        return DataFile(path=self._name, sha256=self._digest.hexdigest(), bytes=self._bytes, rows=self._rows)


def write_whole(path: Path, content: bytes, *, private: bool = False) -> None:
    """Put the file there in one move, on the disk when this returns; the old one stays if anything fails. A `private`
    one is for this user alone, as all in a dossier's private part are."""
    with said_if_full(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if not private and PRIVATE not in path.parts:
                Path(temporary).chmod(0o666 & ~_umask())  # mkstemp's 0600 is for what is private
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


@contextmanager
def said_if_full(path: Path) -> Iterator[None]:
    """Turns the disk's refusals into faults."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Fault(
                "dossier.disk-full",
                f"no space left on the disk of {path}; what was there before is unharmed",
                remedy="make room, then run the same command again",
                retry=True,
            ) from None
        if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
            raise Fault(
                "dossier.not-writable",
                f"{path} cannot be written: {error.strerror}",
                remedy="correct the folder's rights, or choose another dossier with -d",
                exit=Exit.CONFIG,
            ) from None
        raise
