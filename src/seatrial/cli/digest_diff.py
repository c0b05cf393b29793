"""`seatrial digest diff`: two digests held against each other."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from seatrial.cli.digest_table import terminal_width
from seatrial.cli.output import print_json
from seatrial.domain.address import Address
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.workload import Digest
from seatrial.dossier.store import Dossier
from seatrial.report import words
from seatrial.report.plain import fitted
from seatrial.stages.digest.compare import Change, Comparison, Kind, compare

_TITLES = {
    Kind.SLOWER: "slower",
    Kind.NEW: "new",
    Kind.GONE: "gone",
    Kind.FASTER: "faster",
}


@click.command()
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.option(
    "-d",
    "--dossier",
    "root",
    default=".",
    show_default=True,
    type=click.Path(path_type=Path),
    help="The trial's folder, for instances; paths need none.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on stdout.")
@click.option("--limit", type=click.IntRange(1), default=15, show_default=True, help="Classes to show of each kind.")
def diff(before: str, after: str, root: Path, as_json: bool, limit: int) -> None:
    """Say what got slower from digest A to digest B, what is new, and what is gone.

    A and B are instances in the dossier (main, scratch, target), or paths of another dossier or of the file of a digest
    in one. A class is slower or faster only where its median or 99th percentile moved further than the sketch's error
    (1 %) and chance, at three sigmas of so many executions, explain. Those that cost most time come first.

    \b
      seatrial digest diff scratch target -d acme
      seatrial digest diff ../before/digest/main.json main -d acme
      seatrial digest diff ./before ./after --json
    """
    made = compare(_digest(root, before), _digest(root, after), names=(before, after))
    if as_json:
        print_json(made)
    else:
        click.echo("\n".join(page(made, limit, terminal_width())))


def _digest(root: Path, name: str) -> Digest:
    path = Path(name)
    if "/" not in name and not name.startswith(".") and path.suffix != ".json":
        digest: Digest = Dossier.open(root).read(Address("digest", name)).body
        return digest
    if path.is_dir():
        there: Digest = Dossier.open(path).read(Address("digest")).body
        return there
    if path.resolve().parent.name != "digest" or path.suffix != ".json":
        raise Fault(
            "digest.not-in-a-dossier",
            f"{path} is neither a dossier nor the file of a digest in one",
            remedy="name an instance (main, scratch, target), a dossier, or DOSSIER/digest/INSTANCE.json",
            exit=Exit.USAGE,
        )
    file: Digest = Dossier.open(path.resolve().parents[1]).read(Address("digest", path.stem)).body
    return file


def page(made: Comparison, limit: int, width: int) -> Iterator[str]:
    """A paragraph for each kind of change, and how many classes are the same."""
    yield (
        f"{made.before} ({words.duration(made.before_seconds)}) → {made.after} ({words.duration(made.after_seconds)}): "
        + ", ".join(f"{len(made.of(kind)):,} {kind}" for kind in Kind)
    )
    for kind, title in _TITLES.items():
        changes = made.of(kind)
        if not changes:
            continue
        yield ""
        yield f"{title}  ({words.duration(sum(abs(each.weight_s) for each in changes))})"
        yield from (fitted(line, width) for line in _lines(changes[:limit]))
        if (more := len(changes) - limit) > 0:
            yield f"  and {more:,} more: --limit {len(changes)}"


def _lines(changes: Sequence[Change]) -> Iterator[str]:
    yield f"  {'id':<8}  {'weight s':>9}  {'executions':>19}  {'p50 ms':>19}  {'p99 ms':>19}  class"
    for each in changes:
        then, now = each.before, each.after
        executions = _moved(f"{then.count:,}" if then else "", f"{now.count:,}" if now else "")
        p50 = _moved(_ms(then.p50_s) if then else "", _ms(now.p50_s) if now else "", "p50" in each.by)
        p99 = _moved(_ms(then.p99_s) if then else "", _ms(now.p99_s) if now else "", "p99" in each.by)
        text = words.safe(" ".join(each.fingerprint.split()))
        yield f"  {each.id[:8]}  {each.weight_s:>+9,.2f}  {executions:>19}  {p50:>19}  {p99:>19}  {text}"


def _moved(then: str, now: str, sure: bool = False) -> str:
    """`0.42 → 1.31`, with a mark where the difference is sure."""
    return f"{then} → {now}{'!' if sure else ''}" if then and now else then or now


def _ms(seconds: float) -> str:
    return words.millis(seconds * 1e6)
