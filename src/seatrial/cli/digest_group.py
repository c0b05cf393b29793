"""How `seatrial digest LOG…` and `seatrial digest COMMAND …` are told apart."""

from typing import Any

import click


class LogsOrCommand(click.Group):
    """A group that takes LOGs itself. A command is only what stands first: behind an option, or with a dot or slash
    in it (`./show`), a word is a LOG."""

    allow_interspersed_args = True

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        if args and (command := self.commands.get(args[0])) is not None:
            return command.make_context(f"{info_name} {args[0]}", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)
