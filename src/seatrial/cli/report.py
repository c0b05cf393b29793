"""`seatrial report`."""

from pathlib import Path
from typing import Any

import click

from seatrial.cli.desk import Desk, over_dossier
from seatrial.cli.output import print_json
from seatrial.domain.event import silent
from seatrial.dossier.store import write_whole
from seatrial.report.page import page
from seatrial.report.text import terminal
from seatrial.trial.journey import exhibits
from seatrial.trial.run import utc_now


@click.command()
@over_dossier
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="[default: report.html in the dossier]"
)
@click.option("--text/--no-text", default=True, help="Whether to print the text as well.")
def report(desk: Desk, output: Path | None, text: bool) -> None:
    """Write one self-contained HTML page, and print the same as text.

    \b
      seatrial report -d acme
      seatrial report -d acme -o /tmp/acme.html --no-text
    """
    written = write_report(desk, output)
    if desk.as_json:
        print_json({"page": str(written[0])})
        return
    if text:
        click.echo(written[1])
    click.echo(f"Report: {written[0]}")


def write_report(desk: Desk, output: Path | None = None) -> tuple[Path, str]:
    """Write the page; where it lies, and the text."""
    bench = desk.bench(silent)
    shown = exhibits(bench)
    verdict: Any = bench.read_if_there("judge")
    path = output or desk.dossier.root / "report.html"
    content = page(shown, verdict, trial=desk.settings.name, generated=utc_now())
    write_whole(path, content.encode())
    return path, terminal(shown, verdict)
