"""MySQL option files (`my.cnf`), as far as a client needs them."""

import configparser
from collections.abc import Mapping

from seatrial.domain.fault import Exit, Fault

Groups = Mapping[str, Mapping[str, str]]


def parse(text: str, name: str) -> Groups:
    """Groups to options, names with `-` read as `_`; quotes around values taken off. `!include` is not followed."""
    parser = configparser.RawConfigParser(
        allow_no_value=True,
        strict=False,
        delimiters=("=",),
        comment_prefixes=("#", ";", "!"),
        empty_lines_in_values=False,
    )
    try:
        # MySQL has no continued lines: blanks before an option mean nothing
        parser.read_string("\n".join(line.strip() for line in text.split("\n")))
    except configparser.Error as error:
        raise Fault(
            "options.malformed",
            f"{name} is not a MySQL option file: {str(error).splitlines()[0]}",
            remedy="give a file with lines such as [client] and password=…",
            exit=Exit.CONFIG,
        ) from None
    return {
        group: {option.replace("-", "_"): _unquoted(value or "") for option, value in parser.items(group)}
        for group in parser.sections()
    }


def _unquoted(value: str) -> str:
    value = value.strip()
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value
