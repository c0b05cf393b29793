"""Server versions, as servers write them."""

import re


def version_numbers(text: str) -> tuple[int, int, int]:
    """`8.0.36-28.1` as (8, 0, 36), MariaDB's `5.5.5-10.6.12-MariaDB` as (10, 6, 12); (0, 0, 0) if it has no number."""
    if "mariadb" in text.lower():
        text = text.removeprefix("5.5.5-")
    match = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return (int(match[1]), int(match[2]), int(match[3] or 0)) if match else (0, 0, 0)
