"""The port `Tablets`: in the lab they are started and stopped, on a foreign cluster they are asked for."""

import shutil
from collections.abc import Callable, Sequence
from typing import Any

from seatrial.adapters.mysql.client import Connection, Login
from seatrial.adapters.vitess.cluster import VitessCluster
from seatrial.domain.address import SourceAddress
from seatrial.domain.event import Progress, Tell, rest
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.ports import Sql
from seatrial.lab import attach
from seatrial.lab import cluster as labs
from seatrial.lab.lab import Lab


class LabTablets:
    """Tablets of the embedded lab."""

    def __init__(self, lab: Lab, source: Callable[[], Login], session: Sequence[str]) -> None:
        self._lab = lab
        self._source = source
        self._session = session

    def serve(self, keyspace: str, shards: Sequence[str], tell: Tell) -> None:
        labs.ensure_keyspace(self._lab, keyspace, shards, tell)

    def attach(self, keyspace: str, sidecar: str, tell: Tell) -> None:
        attach.attach_source(self._lab, keyspace, sidecar, self._source(), tell)

    def detach(self, keyspace: str, tell: Tell) -> None:
        attach.detach_source(self._lab, keyspace, tell)

    def remove(self, keyspace: str, tell: Tell) -> None:
        labs.remove_keyspace(self._lab, keyspace, tell)

    def room_bytes(self) -> int | None:
        return shutil.disk_usage(self._lab.folder).free

    def sql(self, alias: str) -> Sql:
        return Connection(self._lab.tablet_login(alias), init=self._session)


class ForeignTablets:
    """Tablets of a cluster that others operate: what is missing is named, with the command that makes it."""

    def __init__(self, cluster: VitessCluster, source: SourceAddress, mover: str) -> None:
        self._cluster = cluster
        self._source = source
        self._mover = mover

    def serve(self, keyspace: str, shards: Sequence[str], tell: Tell) -> None:
        tell(Progress(phase=f"looking for keyspace {keyspace}"))
        there = self._cluster.shards(keyspace) if keyspace in self._cluster.keyspaces() else ()
        if there and set(there) != set(shards):
            raise Fault(
                "target.other-shards",
                f"keyspace {keyspace} has the shards {', '.join(there)}, wanted are {', '.join(shards)}",
                remedy="set `shards` in trial.toml to what is there, or give the trial another name",
                exit=Exit.CONFIG,
            )
        serving = {tablet.shard for tablet in self._cluster.tablets(keyspace) if tablet.primary} if there else set()
        missing = [shard for shard in shards if shard not in serving]
        if missing:
            raise Fault(
                "target.no-tablets",
                f"keyspace {keyspace} lacks a serving primary on {', '.join(missing)}",
                remedy=f"ask the cluster's operators for tablets with --init-keyspace {keyspace} and --init-shard "
                f"{' / '.join(missing)} (CreateKeyspace --durability-policy=…, PlannedReparentShard), then run again",
                retry=True,
            )

    def attach(self, keyspace: str, sidecar: str, tell: Tell) -> None:
        if keyspace in self._cluster.keyspaces() and any(t.primary for t in self._cluster.tablets(keyspace)):
            while not self._streams_can_start(keyspace):
                tell(Progress(phase="waiting for the source's tablet"))
                rest(tell, 1)
            return
        raise Fault(
            "target.attach-by-operators",
            f"the source is not attached, and on a foreign cluster we may not start its tablet; VTOrc must not watch "
            f"keyspace {keyspace} (rule S4)",
            remedy=f"ask its operators to run: vtctldclient CreateKeyspace --sidecar-db-name {sidecar} {keyspace}; "
            f"vttablet --unmanaged --db-host {self._source.host} --db-port {self._source.port} "
            f"--db-credentials-file FILE --db-app-user {self._mover} (and dba, repl, filtered, allprivs) "
            f"--init-db-name-override {self._source.database} --init-keyspace {keyspace} --init-shard 0 "
            "--init-tablet-type replica …; vtctldclient TabletExternallyReparented ALIAS; then run again",
            retry=True,
        )

    def detach(self, keyspace: str, tell: Tell) -> None:
        if keyspace in self._cluster.keyspaces():
            raise Fault(
                "target.detach-by-operators",
                f"the source's tablet of keyspace {keyspace} is run by the cluster's operators",
                remedy=f"ask them to stop it and for vtctldclient DeleteKeyspace --recursive {keyspace}; run again",
                retry=True,
            )
        tell(Progress(phase=f"keyspace {keyspace} is gone"))

    def remove(self, keyspace: str, tell: Tell) -> None:
        if keyspace in self._cluster.keyspaces():
            raise Fault(
                "target.remove-by-operators",
                f"the tablets of keyspace {keyspace} are run by the cluster's operators",
                remedy="ask them to stop its tablets and run: "
                f"vtctldclient DeleteKeyspace --recursive {keyspace}; then run again",
                retry=True,
            )
        tell(Progress(phase=f"keyspace {keyspace} is gone"))

    def room_bytes(self) -> int | None:
        return None

    def sql(self, alias: str) -> Sql:
        return ThroughVtctld(self._cluster, alias)

    def _streams_can_start(self, keyspace: str) -> bool:
        try:
            self._cluster.workflows(keyspace)
        except Fault as fault:
            if fault.retry or "closed" in fault.what:
                return False
            raise
        return True


class ThroughVtctld:
    """A tablet's own MySQL where only vtctld can be reached. Values come as JSON has them: binary ones garbled,
    so that a comparison of such rows says different where a direct look would not."""

    def __init__(self, cluster: VitessCluster, alias: str) -> None:
        self._cluster = cluster
        self._alias = alias

    def query(self, sql: str, args: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self.dicts(sql, args)]

    def dicts(self, sql: str, args: Sequence[Any] | None = None) -> list[dict[str, Any]]:
        if args:
            raise Fault(
                "target.no-values-through-vtctld",
                "rows cannot be read by key through vtctld: the keys would stand on a command line",
                remedy="run seatrial where the tablets' MySQL can be reached",
            )
        return self._cluster.execute_on(self._alias, sql)

    def stream(self, sql: str, args: Sequence[Any] | None = None) -> Any:
        return iter(self.query(sql, args))

    def execute(self, sql: str, args: Sequence[Any] | None = None) -> int:
        if sql.startswith("SET SESSION"):
            return 0  # every statement has a connection of its own there
        return len(self.query(sql, args))

    def close(self) -> None:
        """Nothing is open."""
