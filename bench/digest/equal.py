"""Whether seatrial and pt-query-digest read the same events from logs: their number, times, locks and rows.

    .venv/bin/python bench/digest/equal.py LOG…

Each log is read by both; a line says what each found, and lines below it where they differ. Nothing of a statement is
printed. What differs for a reason is in docs/digest.md. The exit is 1 if any log differs.
"""

import argparse
import re
import shutil
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path

from seatrial.parsing.logs.recognise import Form
from seatrial.parsing.slow_log import SERVER_STARTED
from seatrial.stages.digest import Log
from seatrial.stages.digest.opening import opened

FIELDS = ("query time µs", "lock time µs", "rows sent", "rows examined")
Event = tuple[int, int, int, int]

# it prints a line for each event that has a statement, and lets none through to the report
_FILTER = (
    'defined $event->{arg} && print(join("\\t", map { defined $event->{$_} ? $event->{$_} : "" } '
    'qw(Query_time Lock_time Rows_sent Rows_examined)) . "\\n") && 0'
)


def ours(path: Path, form: Form | None) -> list[Event]:
    with path.open("rb") as stream:
        log = opened(Log(name=path.name, stream=stream), form)
        return [
            (each.took_us, each.lock_us, each.rows_sent, each.rows_examined)
            for each in log.reader()
            if each.command != SERVER_STARTED
        ]


def theirs(path: Path, kind: str) -> list[Event]:
    command = ["pt-query-digest", "--no-version-check", "--type", kind, "--no-report", "--filter", _FILTER, str(path)]
    ran = subprocess.run(command, capture_output=True, check=True, stdin=subprocess.DEVNULL)
    return [_event(line) for line in ran.stdout.decode(errors="replace").splitlines() if line.count("\t") == 3]


def _event(line: str) -> Event:
    took, lock, sent, examined = line.split("\t")
    return _us(took), _us(lock), int(sent or 0), int(examined or 0)


def _us(seconds: str) -> int:
    number = re.match(r"\d+(?:\.\d+)?", seconds)  # as pt-query-digest takes what is written `1.2.3`
    return int(Decimal(number[0]) * 1_000_000) if number is not None else 0


def told(events: list[Event]) -> str:
    sums = [sum(event[number] for event in events) for number in range(4)]
    return f"{len(events):,} events, " + ", ".join(
        f"{total:,} {name}" for total, name in zip(sums, FIELDS, strict=True)
    )


def compare(path: Path, form: Form | None, kind: str) -> bool:
    mine, other = ours(path, form), theirs(path, kind)
    same = Counter(mine) == Counter(other)
    print(f"{'equal ' if same else 'DIFFER'} {path.name}: {told(mine)}")  # noqa: T201
    if not same:
        print(f"       pt-query-digest: {told(other)}")  # noqa: T201
    return same


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("logs", nargs="+", type=Path)
    parser.add_argument("--format", type=Form, choices=list(Form), help="what the logs are, for seatrial")
    parser.add_argument("--type", default="slowlog", help="what they are, for pt-query-digest")
    asked = parser.parse_args()
    if shutil.which("pt-query-digest") is None:
        print("pt-query-digest is not installed: apt-get install percona-toolkit", file=sys.stderr)  # noqa: T201
        return 78
    differ = [path for path in asked.logs if not compare(path, asked.format, asked.type)]
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
