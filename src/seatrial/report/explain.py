"""What a reference names, shown with its surroundings and the artifact's origin."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from seatrial.domain.evidence import Evidence, resolve
from seatrial.report import words

MOST_LINES = 40
MOST_SIBLINGS = 12
_LONGEST = 80


def explain(
    evidence: Evidence,
    body: Any,
    *,
    sha256: str,
    created: str,
    producer: str,
    inputs: Mapping[str, str],
    options: Mapping[str, str] | None = None,
) -> str:
    """The value, the path to it with what stands beside each step, and who made the artifact of what.

    `body` is the artifact's plain body, `sha256` its hash as it is now. A pointer that leads nowhere raises
    KeyError: whoever found the artifact can say better what to do.
    """
    value = resolve(body, evidence.pointer)
    lines = [
        words.reference(evidence),
        *(f"  {line}" for line in _whole(value)),
        "",
        "where it stands",
        *_walk(evidence.pointer, body),
        "",
        f"artifact  {evidence.artifact}",
        f"sha256    {sha256}",
        f"created   {words.moment(created)}",
        f"made by   {producer}",
        *_listed("options", options or {}),
        *_listed("made of", inputs),
    ]
    return words.safe("\n".join(lines)) + "\n"


def _walk(pointer: str, body: Any) -> Iterator[str]:
    """One line a step of the pointer, each with the plain values that stand beside the next step."""
    value, indent = body, "  "
    yield f"{indent}(body) {_beside(value)}".rstrip()
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        count = f" (0 to {len(value) - 1})" if isinstance(value, list) else ""
        value = value[int(name)] if isinstance(value, list) else value[name]
        indent += "  "
        yield f"{indent}{name}{count} {_beside(value)}".rstrip()


def _beside(value: Any) -> str:
    if isinstance(value, list):
        return f"list of {len(value):,}"
    if not isinstance(value, dict):
        return f"= {_short(value)}   <--"
    plain = [f"{name}={_short(each)}" for name, each in value.items() if not isinstance(each, dict | list)]
    more = f" and {len(plain) - MOST_SIBLINGS} more" if len(plain) > MOST_SIBLINGS else ""
    return " ".join(plain[:MOST_SIBLINGS]) + more


def _whole(value: Any) -> list[str]:
    lines = msgspec.json.format(msgspec.json.encode(value), indent=2).decode().splitlines()
    if len(lines) > MOST_LINES:
        return [*lines[:MOST_LINES], f"… and {len(lines) - MOST_LINES:,} more lines"]
    return lines


def _short(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _listed(title: str, items: Mapping[str, str]) -> Iterator[str]:
    for at, (name, value) in enumerate(sorted(items.items())):
        yield f"{title if at == 0 else '':<9} {name} {value}"
