"""Address to adapter: the one place where stages meet drivers."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

from seatrial.adapters.crew import Crew as LocalCrew
from seatrial.adapters.generator import Workers
from seatrial.adapters.mysql.client import Connection, Login
from seatrial.adapters.mysql.source import MySqlSource
from seatrial.adapters.vitess.cluster import VitessCluster
from seatrial.adapters.vitess.query_log import VtgateQueryLog
from seatrial.adapters.vitess.vtctldclient import Vtctldclient
from seatrial.domain.address import LabAddress
from seatrial.domain.event import Tell
from seatrial.domain.ports import Application, Cluster, Crew, Generator, QueryLog, Tablets
from seatrial.domain.secret import Secret
from seatrial.lab import cluster as labs
from seatrial.lab import engine
from seatrial.lab.confined import confined_gate
from seatrial.sample.server import Sample, samples_folder
from seatrial.trial.application import SampleApplication
from seatrial.trial.settings import Settings
from seatrial.trial.tablets import ForeignTablets, LabTablets

SESSION = ("SET SESSION time_zone = '+00:00'",)
"""Both sides of a comparison show TIMESTAMP in UTC."""


class Passwords(Protocol):
    """Where passwords come from: option file, environment or prompt; never an argument."""

    def of(self, user: str) -> Secret | None: ...


class ScratchGate(NamedTuple):
    """Where clients of the scratch copy connect; `log` is what it executes, None where it cannot be heard;
    `confined` whether it can lead nowhere else."""

    login: Login
    log: QueryLog | None
    confined: bool

    def generator(self) -> Generator:
        """The workers of a replay."""
        return Workers(self.login)


class Wiring:
    """Makes what a step asks for, when it asks."""

    def __init__(self, settings: Settings, passwords: Passwords) -> None:
        self._settings = settings
        self._passwords = passwords

    @contextmanager
    def questions(self) -> Iterator[MySqlSource]:
        """The source in a read-only session, for `collect`."""
        with MySqlSource(self.reader_login()) as source:
            yield source

    @contextmanager
    def counts(self) -> Iterator[MySqlSource]:
        """The source in such a session outside its database, for `digest snapshot`."""
        with MySqlSource(self.reader_login(), inside=False) as source:
            yield source

    @contextmanager
    def source(self) -> Iterator[Connection]:
        """The reading account's connection to the source."""
        with Connection(self.reader_login(), init=SESSION) as connection:
            yield connection

    @contextmanager
    def mover(self) -> Iterator[Connection]:
        """The moving account's own connection to the source."""
        with Connection(self.mover_login()) as connection:
            yield connection

    def reader_login(self) -> Login:
        address = self._settings.source_address
        return Login.to_source(address, self._passwords.of(address.user))

    def mover_login(self) -> Login:
        address = self._settings.source_address
        login = Login.to_source(address, self._passwords.of(self._settings.mover))
        return Login(
            user=self._settings.mover,
            password=login.password,
            host=login.host,
            port=login.port,
            database=login.database,
            tls=login.tls,
            ca=login.ca,
        )

    def cluster(self) -> Cluster:
        """The target, lab or foreign, through vtctld and vtgate."""
        return VitessCluster(self._client(), self._gate())

    def tablets(self) -> Tablets:
        """Who runs tablets on the target."""
        address = self._settings.target_address
        if isinstance(address, LabAddress):
            return LabTablets(labs.open_lab(address.name), self.mover_login, SESSION)
        cluster = VitessCluster(self._client(), self._gate())
        return ForeignTablets(cluster, self._settings.source_address, self._settings.mover)

    @property
    def on_lab(self) -> bool:
        """Whether source, target and traffic share this machine (rule T6)."""
        return isinstance(self._settings.target_address, LabAddress)

    def buffer(self) -> str:
        """How the target's vtgate holds queries during a switch, as far as we know."""
        if isinstance(address := self._settings.target_address, LabAddress):
            state = labs.open_lab(address.name).state
            return f"{state.buffer_requests} requests, {state.buffer_window_s} s"
        return "unknown; ask the cluster's operators for vtgate's --buffer- flags"

    def sample(self) -> Sample | None:
        """The sample that the source's address is; None for any other MySQL."""
        address = self._settings.source_address
        for folder in sorted(samples_folder().glob("*")) if samples_folder().is_dir() else []:
            status = Sample(folder.name).status()
            if status.running and status.address.partition("@")[2].startswith(f"{address.host}:{address.port}/"):
                return Sample(folder.name)
        return None

    def application(self, sample: Sample, rate_per_s: float, folder: Path) -> Application:
        """The sample's traffic through the target's vtgate."""
        return SampleApplication(sample, self._gate(), rate_per_s, folder)

    def crew(self) -> Crew:
        """Processes of ours, one a core."""
        return LocalCrew()

    @contextmanager
    def query_log(self) -> Iterator[QueryLog | None]:
        """vtgate's query log while the block lasts; None on a foreign cluster, whose vtgate's page we do not know."""
        address = self._settings.target_address
        if not isinstance(address, LabAddress):
            yield None
            return
        log = VtgateQueryLog(labs.open_lab(address.name).vtgate_http)
        try:
            yield log
        finally:
            log.close()

    @contextmanager
    def scratch_gate(self, keyspaces: Collection[str], tell: Tell) -> Iterator["ScratchGate"]:
        """A way to the scratch copy and, in the lab, to nothing else: a vtgate that knows these keyspaces alone
        (rule R1). On a foreign cluster it is the cluster's own vtgate, and the guard is all there is."""
        address = self._settings.target_address
        if not isinstance(address, LabAddress):
            yield ScratchGate(login=self._gate(), log=None, confined=False)
            return
        with confined_gate(labs.open_lab(address.name), keyspaces, tell) as gate:
            log = VtgateQueryLog(gate.http)
            try:
                yield ScratchGate(login=gate.login, log=log, confined=True)
            finally:
                log.close()

    def _gate(self) -> Login:
        address = self._settings.target_address
        host, port = (
            labs.open_lab(address.name).vtgate if isinstance(address, LabAddress) else (address.host, address.port)
        )
        return Login(user="seatrial", host=host, port=port)

    def _client(self) -> Vtctldclient:
        address = self._settings.target_address
        if isinstance(address, LabAddress):
            return labs.open_lab(address.name).vtctl
        return Vtctldclient(engine.find().vtctldclient, address.vtctld)
