"""The options that say what `seatrial digest` leaves out, and what it takes together."""

from collections.abc import Callable
from typing import TypeVar

import click

F = TypeVar("F", bound=Callable[..., object])

_OPTIONS = (
    click.option("--since", metavar="WHEN", help="Only what ended from then on, as 2026-11-21T08:50; UTC."),
    click.option("--until", metavar="WHEN", help="Only what ended before then."),
    click.option("--user", "users", metavar="NAME", multiple=True, help="Only of this account; may be repeated."),
    click.option("--host", "hosts", metavar="HOST", multiple=True, help="Only from this host; may be repeated."),
    click.option(
        "--tag", "tags", metavar="KEY=VALUE", multiple=True, help="Only with this tag in a comment; all, if repeated."
    ),
    click.option(
        "--merge-numbered-tables",
        is_flag=True,
        help="Tables such as events_2024_01 and events_2024_02 are one, events_*. A plan cannot be made of it.",
    ),
)


def filter_options(command: F) -> F:
    """Give a command the options; they have the names of the settings in trial.toml."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
