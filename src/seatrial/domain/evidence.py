"""A reference from a number to the artifact that holds it."""

import re
from typing import Any, Generic, TypeVar

from msgspec import Struct

from seatrial.domain.address import Address
from seatrial.domain.fault import Exit, Fault

T = TypeVar("T")

_WRITTEN = re.compile(r"(?P<address>[\w-]+/[\w-]+)(?:@(?P<sha256>[0-9a-f]{8,64}))?#(?P<pointer>(?:/.*)?)")


class Evidence(Struct, frozen=True):
    """(artifact, sha256, JSON pointer), written `verify/main@1f2e3d4c#/tables/3/mismatches`.

    The hash is the artifact's own; a shortened one (at least 8 digits) still checks. The pointer is RFC 6901,
    into the artifact's body.
    """

    artifact: str
    sha256: str
    pointer: str

    def __str__(self) -> str:
        return (
            f"{self.artifact}@{self.sha256[:12]}#{self.pointer}" if self.sha256 else f"{self.artifact}#{self.pointer}"
        )

    @property
    def address(self) -> Address:
        return Address.parse(self.artifact)

    @classmethod
    def parse(cls, text: str) -> "Evidence":
        """Read the written form, the hash optional; anything else is a Fault."""
        match = _WRITTEN.fullmatch(text)
        if match is None:
            raise Fault(
                "evidence.malformed",
                f"{text!r} is not a reference to evidence",
                remedy="write kind/instance#/path/in/body, as the report prints it",
                exit=Exit.USAGE,
            )
        return cls(match["address"], match["sha256"] or "", match["pointer"])


def pointer(*steps: str | int) -> str:
    """A JSON pointer (RFC 6901) from its steps."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def resolve(body: Any, at: str) -> Any:
    """What the pointer names in plain JSON data; KeyError if it leads nowhere."""
    value = body
    for step in at.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        try:
            value = value[_position(name)] if isinstance(value, list) else value[name]
        except (KeyError, IndexError, TypeError, ValueError):
            raise KeyError(at) from None
    return value


def _position(step: str) -> int:
    if not (step.isascii() and step.isdigit()):  # int() would also take -1, +1, 1_0 and blanks
        raise ValueError(step)
    return int(step)


class Exhibit(Struct, Generic[T], frozen=True, kw_only=True):
    """An artifact in the hands of a stage: its body, and enough to refer to any number in it."""

    address: Address
    sha256: str
    created: str  # UTC, ISO 8601
    body: T

    def evidence(self, *steps: str | int) -> Evidence:
        """A reference to one place in the body."""
        return Evidence(str(self.address), self.sha256, pointer(*steps))
