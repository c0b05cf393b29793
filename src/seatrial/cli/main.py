"""The command tree, and the one place where a fault becomes a line and an exit code."""

import importlib
import os
import sys
from collections.abc import Sequence
from keyword import iskeyword

import click
import msgspec
from rich.console import Console
from rich.text import Text

from seatrial import __version__
from seatrial.domain.fault import Cancelled, Exit, Fault

COMMANDS: dict[str, str] = {
    "demo": "seatrial.cli.demo",
    "run": "seatrial.cli.run",
    "init": "seatrial.cli.init",
    "collect": "seatrial.cli.collect",
    "assess": "seatrial.cli.assess",
    "slow-log": "seatrial.cli.slow_log",
    "digest": "seatrial.cli.digest",
    "plan": "seatrial.cli.plan",
    "provision": "seatrial.cli.provision",
    "load": "seatrial.cli.load",
    "verify": "seatrial.cli.verify",
    "replay": "seatrial.cli.replay",
    "observe": "seatrial.cli.observe",
    "try": "seatrial.cli.trying",
    "cutover": "seatrial.cli.cutover",
    "judge": "seatrial.cli.judge",
    "report": "seatrial.cli.report",
    "status": "seatrial.cli.status",
    "explain": "seatrial.cli.explain",
    "bundle": "seatrial.cli.bundle",
    "lab": "seatrial.cli.lab",
    "sample": "seatrial.cli.sample",
    "demo-down": "seatrial.cli.demo",
}
"""Command name to the module that defines it under the same name (`-` read as `_`, a word of Python's own with `_`
after it); listed in the order shown."""


class Commands(click.Group):
    """Loads a command's module only when it is asked for, so that `--help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        function = name.replace("-", "_") + ("_" if iskeyword(name) else "")
        command: click.Command = getattr(importlib.import_module(COMMANDS[name]), function)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="seatrial")
def seatrial() -> None:
    """Prove, before a contract is signed, that a sharded MySQL platform (Vitess) carries your workload.

    \b
    A first look, on a machine with nothing installed:
      seatrial demo

    \b
    A trial is a folder, and each command below works on it with -d DIR:
      seatrial init -d trial --source mysql://reader@db.example:3306/shop --target lab:demo
      seatrial run -d trial
    """


def main(argv: Sequence[str] | None = None) -> None:
    """Run a command and leave with its exit code; never with a traceback, unless SEATRIAL_DEBUG is set."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    as_json = "--json" in arguments
    try:
        code = seatrial.main(arguments, prog_name="seatrial", standalone_mode=False)
        sys.exit(int(code or 0))
    except Fault as fault:
        say_fault(fault, as_json)
        sys.exit(int(fault.exit))
    except click.UsageError as error:
        hint = f"\nNext: {error.ctx.command_path} --help" if error.ctx else ""
        click.echo(f"seatrial: {error.format_message()}{hint}", err=True)
        sys.exit(int(Exit.USAGE))
    except (Cancelled, KeyboardInterrupt, click.Abort):
        click.echo("seatrial: stopped. Nothing is half done that the same command does not carry on.", err=True)
        sys.exit(int(Exit.RETRY))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(int(Exit.OK))
    except Exception as error:
        if os.environ.get("SEATRIAL_DEBUG"):
            raise
        defect = Fault(
            "seatrial.defect",
            f"a defect in seatrial: {type(error).__name__}: {error}",
            remedy="run the same command with SEATRIAL_DEBUG=1 and report what it prints",
        )
        say_fault(defect, as_json)
        sys.exit(int(defect.exit))


def say_fault(fault: Fault, as_json: bool) -> None:
    """One fault, as one line and its next step on stderr, or as JSON on stdout."""
    if as_json:
        click.echo(msgspec.json.encode({"fault": fault.as_dict()}).decode())
        return
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(Text.assemble(("seatrial:", "bold red"), f" {fault.what} ", (f"[{fault.code}]", "dim")))
    console.print(Text.assemble(("Next:", "bold"), f" {fault.remedy}"))


if __name__ == "__main__":
    main()
