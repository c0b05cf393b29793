"""Names in Vitess follow from trial and instance, so that a killed step finds its own work again."""

from msgspec import Struct

from seatrial.domain.identifier import slug

MAIN = "main"
SHARDED = "sharded"
UNSHARDED = "unsharded"
SCRATCH = "scratch"
"""The instance whose keyspaces take a replay: a copy outside every workflow and every global routing rule."""

SOURCE = "source"
"""No role for a VSchema: the attached source's keyspace is called so."""


class Naming(Struct, frozen=True):
    """All names one trial's instance uses in a cluster. `trial` and `instance` are as people wrote them."""

    trial: str
    instance: str = MAIN

    @property
    def prefix(self) -> str:
        base = slug(self.trial)
        return base if self.instance == MAIN else f"{base}__{slug(self.instance, 12)}"

    def keyspace(self, role: str) -> str:
        """The keyspace for a role: the name of a VSchema file (`sharded`, `unsharded`, …)."""
        return f"{self.prefix}_{slug(role, 24)}"

    @property
    def source_keyspace(self) -> str:
        """The keyspace under which the source's own MySQL is attached; all instances of a trial share it."""
        return f"{slug(self.trial)}_{SOURCE}"

    @property
    def source_sidecar(self) -> str:
        """The sidecar database Vitess makes on the source: its own name, so two trials never share one."""
        return f"_vt_{slug(self.trial)}"

    def workflow(self, role: str) -> str:
        """The MoveTables workflow into the role's keyspace."""
        return f"{self.prefix}_{slug(role, 24)}_in"

    def materialization(self, role: str) -> str:
        """The Materialize workflow that keeps reference tables of the role's keyspace up to date."""
        return f"{self.prefix}_{slug(role, 24)}_ref"


def is_scratch(keyspace: str) -> bool:
    """Whether a keyspace of this name belongs to a trial's scratch instance."""
    trial, _, rest = keyspace.partition("__")  # which stands in no trial's name and in no role's
    return bool(trial) and rest.startswith(f"{SCRATCH}_")
