"""The import rules: per check its limits, and who says so, with the day it was read."""

from datetime import date
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import Struct


class Citation(Struct, frozen=True, kw_only=True):
    """One source of a rule: what it says, where, and when we read or tried it."""

    says: str
    at: str
    read: date

    def __str__(self) -> str:
        return f"{self.says} ({self.at}, {self.read.isoformat()})"


class Rule(Struct, frozen=True, kw_only=True):
    """A check's limits by name (units in the names) and its sources; where two conflict, both are listed."""

    source: tuple[Citation, ...]
    limits: dict[str, int | float | str | list[str]] = {}

    def number(self, name: str) -> float:
        """A limit that is a number."""
        value = self.limits[name]
        if not isinstance(value, (int, float)):
            raise TypeError(name)
        return value

    def words(self, name: str) -> tuple[str, ...]:
        """A limit that is a list of names."""
        value = self.limits[name]
        if not isinstance(value, list):
            raise TypeError(name)
        return tuple(value)

    @property
    def cited(self) -> str:
        """All sources in one line."""
        return "; ".join(str(citation) for citation in self.source)


@cache
def import_rules() -> dict[str, Rule]:
    """Every rule by its check's code."""
    text = files("seatrial.facts").joinpath("import_rules.toml").read_bytes()
    return msgspec.toml.decode(text, type=dict[str, Rule])
