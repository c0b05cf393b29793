"""seatrial's way in a process of its own: digests LOG and prints, as JSON, what it counted.

.venv/bin/python -m bench.digest.one --cores 1 --database shop LOG
"""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from seatrial.adapters.crew import Crew
from seatrial.domain.event import Event, Progress
from seatrial.stages.digest import Log, digest


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cores", type=int, required=True, help="processes that read; 1: this one alone")
    parser.add_argument("--database", required=True)
    parser.add_argument("log", type=Path)
    asked = parser.parse_args()
    with asked.log.open("rb") as stream:
        made = digest(
            [Log(name=asked.log.name, stream=stream, bytes=asked.log.stat().st_size)],
            database=asked.database,
            schema=None,
            keep=None,
            now=datetime.now(UTC),
            tell=_tell,
            crew=Crew(asked.cores) if asked.cores > 1 else None,
        )
    print(msgspec.json.encode({"events": made.events, "classes": len(made.classes)}).decode())  # noqa: T201
    return 0


def _tell(event: Event) -> None:
    """How far it is, for whoever has to stop it."""
    if isinstance(event, Progress) and event.total:
        print(f"{100 * event.done / event.total:.0f}%", file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
