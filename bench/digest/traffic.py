"""A slow log as a real MySQL writes it under the sample's traffic, every statement logged: made once, then repeated.

    .venv/bin/python -m bench.digest.traffic --seconds 30 --size-mb 500 slow.log

Needs the engine (`seatrial lab install`). What it starts is named bench-…, and is removed at the end.
"""

import argparse
import signal
import sys
from pathlib import Path
from types import FrameType

from seatrial.domain.event import silent
from seatrial.domain.fault import Cancelled, Exit, Fault
from seatrial.lab import engine
from seatrial.sample import slow_log
from seatrial.sample.load import load as fill
from seatrial.sample.server import Sample
from seatrial.sample.setup import APP, ROOT
from seatrial.sample.traffic import Order, run

NAME = "bench-digest"
RATE_PER_S = 600


def written(path: Path, seconds: int, size_bytes: int) -> None:
    """The log, as often behind itself as makes at least that size."""
    sample = Sample(NAME)
    try:
        sample.up(engine.find().mysql_root, silent)
        fill(sample.login(ROOT, None), scale=0.05, replace=True, tell=silent)
        log = slow_log.start(sample, "bench.log", silent)
        run(Order(login=sample.login(APP), rate_per_s=RATE_PER_S, seconds=seconds, awkward=True), silent)
        slow_log.stop(sample, silent)
        once = log.read_bytes()
    finally:
        sample.down(silent)
    with path.open("wb") as file:
        for _ in range(-(-size_bytes // len(once))):
            file.write(once)


def _stopped(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--size-mb", type=int, default=500)
    parser.add_argument("log", type=Path)
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, _stopped)
    try:
        written(asked.log, asked.seconds, asked.size_mb * 1_000_000)
    except Fault as trouble:
        print(str(trouble), file=sys.stderr)  # noqa: T201
        return int(trouble.exit)
    except (Cancelled, KeyboardInterrupt):
        return int(Exit.RETRY)
    return 0


if __name__ == "__main__":
    sys.exit(main())
