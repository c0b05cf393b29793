"""Prints a command's result: text for people, or JSON for programs, on stdout."""

from typing import Any

import click
import msgspec


def print_json(value: Any) -> None:
    """The value as indented JSON, keys in the order of its type."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
