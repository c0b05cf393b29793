"""The criteria a trial is judged by: the documented defaults, and a trial's own file laid over them."""

import math
import tomllib
from importlib.resources import files
from typing import Any, get_args

import msgspec

from seatrial.domain.fault import Exit, Fault
from seatrial.domain.measure import Measure
from seatrial.domain.verdict import Compare, Criterion

_TEXTS = ("code", "title", "measure", "compare", "unit", "reason", "source")
_FIELDS = (*_TEXTS, "limit")
_NEEDED = ("title", "measure", "compare", "limit")
_COMPARES = get_args(Compare)


def default_criteria() -> tuple[Criterion, ...]:
    """The criteria of facts/criteria.toml, in its order."""
    return _overlaid((), files(__package__).joinpath("criteria.toml").read_bytes(), "facts/criteria.toml", "seatrial")


def load_criteria(text: bytes, *, name: str = "the criteria file") -> tuple[Criterion, ...]:
    """The defaults with a trial's own TOML file laid over them.

    Each `[[criterion]]` with the code of a default changes just the fields it gives; any other code is added and
    needs title, measure, compare and limit. Both are marked `set_by = "trial"`. A broken file is one Fault
    (`criteria.malformed`) that names the file, the criterion and the field.
    """
    return _overlaid(default_criteria(), text, name, "trial")


def _overlaid(base: tuple[Criterion, ...], text: bytes, name: str, set_by: str) -> tuple[Criterion, ...]:
    criteria = {criterion.code: criterion for criterion in base}
    seen: set[str] = set()
    for number, entry in enumerate(_entries(text, name), 1):
        code = entry.get("code") if isinstance(entry, dict) else None
        place = f"{name}, criterion {number}" + (f" ({code})" if isinstance(code, str) else "")
        given = _checked(entry, place)
        if given["code"] in seen:
            raise _broken(f"{place}: the code stands in the file twice")
        seen.add(given["code"])
        known = criteria.get(given["code"])
        if known is None and (missing := [field for field in _NEEDED if field not in given]):
            raise _broken(f"{place}: a new criterion needs {', '.join(missing)}")
        fields = (msgspec.structs.asdict(known) if known else {}) | given | {"set_by": set_by}
        if known and "limit" in given and "source" not in given:
            fields["source"] = ""  # it spoke of the limit that was replaced
        criteria[given["code"]] = msgspec.convert(fields, Criterion)
    return tuple(criteria.values())


def _entries(text: bytes, name: str) -> list[Any]:
    try:
        content = tomllib.loads(text.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _broken(f"{name}: {error}") from None
    if unknown := sorted(set(content) - {"criterion"}):
        raise _broken(f"{name}: {unknown[0]!r} is unknown; criteria stand under [[criterion]]")
    entries = content.get("criterion", [])
    if not isinstance(entries, list):
        raise _broken(f"{name}: write [[criterion]] with two brackets")
    return entries


def _checked(entry: Any, place: str) -> dict[str, Any]:
    """The entry's fields, each seen to be of its kind."""
    if not isinstance(entry, dict) or not entry.get("code"):
        raise _broken(f"{place}: there is no code")
    if unknown := sorted(set(entry) - set(_FIELDS)):
        raise _broken(f"{place}: {unknown[0]!r} is unknown; the fields are {', '.join(_FIELDS)}")
    for field in _TEXTS:
        if not isinstance(entry.get(field, ""), str):
            raise _broken(f"{place}: {field} is not a text")
    if "measure" in entry and entry["measure"] not in set(Measure):
        raise _broken(f"{place}: there is no measure {entry['measure']!r}; they are {', '.join(Measure)}")
    if "compare" in entry and entry["compare"] not in _COMPARES:
        raise _broken(f"{place}: compare is {entry['compare']!r}, not one of {' '.join(_COMPARES)}")
    limit = entry.get("limit", 0)
    if isinstance(limit, bool) or not isinstance(limit, int | float) or not math.isfinite(limit):
        raise _broken(f"{place}: limit is {limit!r}, not a number")
    return entry


def _broken(what: str) -> Fault:
    return Fault(
        "criteria.malformed",
        what,
        remedy="correct the file; docs/criteria.md shows one, and lists the measures",
        exit=Exit.CONFIG,
    )
