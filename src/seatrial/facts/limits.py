"""The limits a target puts on queries and transactions, by profile."""

import tomllib
from datetime import date
from importlib.resources import files

import msgspec
from msgspec import Struct

from seatrial.domain.fault import Exit, Fault
from seatrial.domain.forecast import Bounds


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One profile. None means: the program's own default, or not limited."""

    title: str
    source: str
    checked_on: date
    max_rows: int
    query_timeout_s: int
    transaction_timeout_s: int
    write_timeout_s: int | None = None  # where it differs from a query's; a tablet's one flag cannot tell them apart
    max_result_bytes: int | None = None
    transaction_pool: int | None = None
    of_a_target: bool = True  # False: for rehearsals alone, no workload is held against it

    @property
    def bounds(self) -> Bounds:
        return Bounds(
            rows=self.max_rows,
            result_bytes=self.max_result_bytes,
            read_us=self.query_timeout_s * 1_000_000,
            write_us=(self.write_timeout_s or self.query_timeout_s) * 1_000_000,
            transaction_us=self.transaction_timeout_s * 1_000_000,
        )


def profiles() -> dict[str, Limits]:
    """All profiles by name."""
    text = files("seatrial.facts").joinpath("limits.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, Limits])


def targets() -> dict[str, Limits]:
    """The profiles that a workload is held against when none is named."""
    return {name: profile for name, profile in profiles().items() if profile.of_a_target}


def limits(name: str) -> Limits:
    """The profile of that name, or a Fault that lists them."""
    known = profiles()
    if name not in known:
        raise Fault(
            "facts.limits",
            f"there is no limits profile {name!r}; known are {', '.join(known)}",
            remedy="name one of them with --limits",
            exit=Exit.USAGE,
        )
    return known[name]
