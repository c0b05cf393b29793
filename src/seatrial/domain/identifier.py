"""Names as MySQL has them: any Unicode of the basic plane, quoted with backticks, cased by the server's rule."""

import hashlib
import re

MAX_CHARACTERS = 64  # MySQL 9.7 Reference Manual, §11.2.1 Identifier Length Limits

_WORD = re.compile(r"[a-z0-9_]+")


def quote(name: str) -> str:
    """The name as a MySQL identifier: `` quote("a`b") == "`a``b`" ``. Empty and NUL names raise ValueError."""
    if not name or "\0" in name:
        raise ValueError(f"not a MySQL identifier: {name!r}")
    return "`" + name.replace("`", "``") + "`"


def qualified(*names: str) -> str:
    """`schema`.`table` and the like, each part quoted."""
    return ".".join(quote(name) for name in names)


def literal(text: str) -> str:
    """The text as a MySQL string literal, safe whether or not NO_BACKSLASH_ESCAPES is set.

    A text without backslash or quote stays readable; any other is written as a hexadecimal literal.
    """
    if "\\" in text or "'" in text or "\0" in text:
        return f"_utf8mb4 x'{text.encode().hex()}'"
    return f"'{text}'"


def folded(name: str, lower_case_table_names: int) -> str:
    """The name as table names are compared under the server's `lower_case_table_names` (0 keeps the case)."""
    return name if lower_case_table_names == 0 else name.lower()


def slug(name: str, limit: int = 24) -> str:
    """A name safe in Vitess (keyspaces, workflows, cells): lower-case ASCII word characters, at most `limit`.

    A name that had to be changed gets a short hash of the original, so that two names stay two. `__` never stands
    in a slug: it parts a trial from its instance.
    """
    if _WORD.fullmatch(name) and len(name) <= limit and "__" not in name:
        return name
    kept = re.sub("__+", "_", "_".join(_WORD.findall(name.lower())))[: limit - 7].strip("_") or "t"
    return f"{kept}_{hashlib.sha256(name.encode()).hexdigest()[:6]}"
