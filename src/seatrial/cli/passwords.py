"""Passwords from an option file, the environment or a prompt; never from an argument."""

import os
import sys
from pathlib import Path

import click

from seatrial.domain.fault import Exit, Fault
from seatrial.domain.secret import Secret
from seatrial.parsing.option_file import Groups, parse

OPTION_FILE = "SEATRIAL_OPTION_FILE"
SOURCE_PASSWORD = "SEATRIAL_SOURCE_PASSWORD"  # noqa: S105 – the variable's name
MOVER_PASSWORD = "SEATRIAL_MOVER_PASSWORD"  # noqa: S105 – the variable's name


class Passwords:
    """The password of an account on the source: the option file's group of the account's name, or [client] for the
    reading account; else the environment; else a prompt on a terminal, asked once."""

    def __init__(self, option_file: Path | None, reader: str, mover: str) -> None:
        self._file = option_file or (Path(os.environ[OPTION_FILE]) if os.environ.get(OPTION_FILE) else None)
        self._reader = reader
        self._mover = mover
        self._known: dict[str, Secret | None] = {}

    def of(self, user: str) -> Secret | None:
        if user not in self._known:
            self._known[user] = self._look(user)
        return self._known[user]

    def _look(self, user: str) -> Secret | None:
        groups = self._groups()
        names = [user, "client"] if user == self._reader else [user]
        for name in names:
            if "password" in groups.get(name, {}):
                return Secret(groups[name]["password"])
        variable = {self._reader: SOURCE_PASSWORD, self._mover: MOVER_PASSWORD}.get(user, "")
        if variable in os.environ:
            return Secret(os.environ[variable])
        if sys.stdin.isatty() and sys.stderr.isatty():
            answer = click.prompt(f"Password of {user} on the source", hide_input=True, default="", err=True)
            return Secret(answer) if answer else None
        return None

    def _groups(self) -> Groups:
        if self._file is None:
            return {}
        try:
            return parse(self._file.read_text(encoding="utf-8"), str(self._file))
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise Fault(
                "options.unreadable",
                f"the option file {self._file} cannot be read: {why}",
                remedy="correct the path, its rights or its encoding",
                exit=Exit.CONFIG,
            ) from None
