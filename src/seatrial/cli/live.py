"""Draws a step's events on the terminal while it runs, and carries Ctrl-C into it."""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Task as BarTask
from rich.text import Text

from seatrial.domain import event as ev
from seatrial.domain.fault import Cancelled

_PLAIN_EVERY_S = 5.0


class _Amount(ProgressColumn):
    def render(self, task: BarTask) -> Text:
        done, unit = task.completed, str(task.fields.get("unit") or "")
        total = f" / {_number(task.total, unit)}" if task.total else ""
        left = task.fields.get("left_s")
        eta = f", {left:.0f} s left" if left is not None else ""
        return Text(f"{_number(done, unit)}{total}{eta}" if done or total else "")


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return "?"
    if unit == "bytes":
        return f"{value / 1e6:,.1f} MB"
    return f"{value:,.0f} {unit}".rstrip()


class Live:
    """A `tell` that draws: bars on a terminal, a line now and then elsewhere; on stderr, so stdout stays data."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._console = Console(stderr=True, highlight=False, quiet=quiet)
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            _Amount(),
            TextColumn("[dim]{task.fields[detail]}"),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
        )
        self._phase = ""
        self._task: TaskID | None = None
        self._said_at = 0.0
        self._stop = False

    def __call__(self, event: ev.Event) -> None:
        if self._stop:
            raise Cancelled
        match event:
            case ev.Progress():
                self._progress(event)
            case ev.Started(address=address):
                self._console.print(f"[bold cyan]▸ {escape(address)}[/]")
            case ev.Note(text=text, warning=warning):
                self._line("[yellow]![/]" if warning else "·", text)
            case ev.Found(outcome=outcome, title=title, code=code):
                colour = {"pass": "green", "warn": "yellow", "block": "bold red"}.get(outcome, "magenta")
                self._line(f"[{colour}]{outcome}[/]", f"{code}  {title}")
            case ev.Acting(act=act, undo=undo):
                self._line("[blue]→[/]", f"{act}" + (f"  (undo: {undo})" if undo else ""))
            case ev.Acted(act=act):
                self._line("[green]✓[/]", act)
            case ev.Done(address=address, seconds=seconds):
                self._end_phase()
                self._console.print(f"[green]✔ {escape(address)}[/] [dim]{seconds:.1f} s[/]")
            case ev.Failed() | ev.Pulse():
                pass

    def _line(self, mark: str, text: str) -> None:
        self._console.print(f"  {mark} {escape(text)}", soft_wrap=True)

    def _progress(self, event: ev.Progress) -> None:
        if not self._console.is_terminal:
            now = time.monotonic()
            if event.phase != self._phase or now - self._said_at >= _PLAIN_EVERY_S:
                total = f" of {_number(event.total, event.unit)}" if event.total else ""
                amount = f": {_number(event.done, event.unit)}{total}" if event.done or event.total else ""
                self._line("…", f"{event.phase}{amount} {event.detail}".rstrip())
                self._phase, self._said_at = event.phase, now
            return
        if event.phase != self._phase or self._task is None:
            self._end_phase()
            self._phase = event.phase
            self._task = self._bars.add_task(escape(event.phase), total=event.total, unit="", detail="", left_s=None)
            self._bars.start()
        self._bars.update(
            self._task,
            completed=event.done,
            total=event.total,
            unit=event.unit,
            detail=escape(event.detail),
            left_s=event.left_s,
        )

    def _end_phase(self) -> None:
        if self._task is not None:
            self._bars.remove_task(self._task)
            self._task = None
        self._phase = ""

    def stop(self, *_: object) -> None:
        """Ask the step to stop at its next word; asked twice, stop at once."""
        if self._stop:
            raise KeyboardInterrupt
        self._stop = True
        self._console.print("[yellow]stopping…[/] (again to stop at once)")

    def close(self) -> None:
        self._end_phase()
        self._bars.stop()


@contextmanager
def live(*, quiet: bool = False) -> Iterator[Live]:
    """A `Live` whose step is cancelled by Ctrl-C or SIGTERM."""
    view = Live(quiet=quiet)

    before = {number: signal.signal(number, view.stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield view
    finally:
        view.close()
        for number, handler in before.items():
            signal.signal(number, handler)
        sys.stderr.flush()
