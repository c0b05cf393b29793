"""What one run of a step may touch, and the note it takes of everything it read."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from seatrial.domain import vschema
from seatrial.domain.address import Address
from seatrial.domain.event import Tell
from seatrial.domain.evidence import Exhibit
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.naming import MAIN, Naming
from seatrial.domain.ports import Now
from seatrial.domain.vschema import VSchemas
from seatrial.dossier.envelope import DataFile
from seatrial.dossier.store import Dossier
from seatrial.trial.settings import Settings
from seatrial.trial.wiring import Wiring


class Bench:
    """Handed to a step: the dossier's artifacts to read, the adapters to act with, `tell` to speak.

    `inputs` fills with the hash of everything that was read.
    """

    def __init__(
        self, dossier: Dossier, settings: Settings, instance: str, wiring: Wiring, tell: Tell, now: Now
    ) -> None:
        self.dossier = dossier
        self.settings = settings
        self.instance = instance
        self.wiring = wiring
        self.tell = tell
        self.now = now
        self.inputs: dict[str, str] = {}
        self.files: dict[str, tuple[DataFile, ...]] = {}  # data files made for the artifact of a kind

    def of(self, instance: str) -> "Bench":
        """The same bench for another instance of the trial."""
        return Bench(self.dossier, self.settings, instance, self.wiring, self.tell, self.now)

    @property
    def naming(self) -> Naming:
        return self.settings.naming(self.instance)

    def read(self, kind: str) -> Exhibit[Any]:
        """The artifact of this instance, else the main one; a Fault says which step to run if there is none."""
        address = Address(kind, self.instance)
        if self.instance != MAIN and not self.dossier.has(address):
            address = Address(kind)
        return self.read_at(address)

    def read_at(self, address: Address) -> Exhibit[Any]:
        """The artifact of just this address."""
        exhibit = self.dossier.read(address)
        self.inputs[str(address)] = exhibit.sha256
        return exhibit

    def read_if_there(self, kind: str) -> Exhibit[Any] | None:
        """Like `read`, but None where there is none yet."""
        if not any(self.dossier.has(Address(kind, instance)) for instance in (self.instance, MAIN)):
            return None
        return self.read(kind)

    def file(self, name: str) -> bytes:
        """A file people wrote, named relative to the dossier."""
        try:
            content = (self.dossier.root / name).read_bytes()
        except OSError as error:
            raise Fault(
                "trial.no-file",
                f"{self.dossier.root / name} cannot be read: {error.strerror}",
                remedy="correct its name in trial.toml",
                exit=Exit.CONFIG,
            ) from None
        self.inputs[f"file:{name}"] = hashlib.sha256(content).hexdigest()
        return content

    def vschemas(self) -> VSchemas | None:
        """The VSchema folder of the settings, a file a role; None if the settings name none."""
        if not self.settings.vschema:
            return None
        folder = Path(self.settings.vschema)
        names = sorted(path.name for path in (self.dossier.root / folder).glob("*.json"))
        if not names:
            raise Fault(
                "vschema.none",
                f"the folder {self.dossier.root / folder} holds no VSchema (*.json)",
                remedy="put one file a role there, such as sharded.json, or empty the setting vschema",
                exit=Exit.CONFIG,
            )
        return VSchemas({Path(n).stem: vschema.parse(Path(n).stem, self.file(str(folder / n))) for n in names})


class Step(Struct, frozen=True, kw_only=True):
    """A step of the journey: what it makes of what, and the function that does it.

    `kind` is the artifact it leaves (and the command's name, unless `command` is given); `reads` are the kinds it
    wants; `settings` gives the settings it depends on, as text, for the look whether its artifact is stale;
    `instance` is its own where it does not go by the trial's; `skip` says why a walk passes it over, "" for go.
    """

    kind: str
    title: str
    reads: tuple[str, ...]
    run: Any  # Callable[[Bench], Mapping[str, Any]]: bodies by kind, the step's own among them
    settings: Any  # Callable[[Settings], Mapping[str, str]]
    acting: bool = False
    command: str = ""
    instance: str = ""
    skip: Any = None  # Callable[[Settings, Dossier], str]

    @property
    def name(self) -> str:
        """As people name it: the kind, or kind/instance where it has an instance of its own."""
        return f"{self.kind}/{self.instance}" if self.instance else self.kind

    def address(self, instance: str) -> Address:
        """Where its artifact lies in a trial's instance."""
        return Address(self.kind, self.instance or instance)


Bodies = Mapping[str, Any]
