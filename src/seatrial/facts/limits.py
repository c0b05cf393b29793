"""The limits a target puts on queries and transactions, by profile."""

import tomllib
from datetime import date
from importlib.resources import files

import msgspec
from msgspec import Struct

from seatrial.domain.fault import Exit, Fault


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One profile. None means: the program's own default, or not limited."""

    title: str
    source: str
    checked_on: date
    max_rows: int
    query_timeout_s: int
    transaction_timeout_s: int
    max_result_bytes: int | None = None
    transaction_pool: int | None = None


def profiles() -> dict[str, Limits]:
    """All profiles by name."""
    text = files("seatrial.facts").joinpath("limits.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, Limits])


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
