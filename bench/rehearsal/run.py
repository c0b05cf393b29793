"""Rehearse the cutover of a loaded and verified trial many times, and print what users would have felt.

    python -m bench.rehearsal.run -d DOSSIER -n 10

The passwords come as for every command: SEATRIAL_OPTION_FILE or the environment.
"""

import argparse
import json
import statistics
import subprocess
import sys
from typing import Any

COLUMNS = (
    "pause there ms",
    "pause back ms",
    "p99 around ms",
    "max ms",
    "transactions",
    "failed",
    "half",
    "unknown",
    "lost",
    "doubled",
    "equal",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-d", "--dossier", required=True)
    parser.add_argument("-n", "--rounds", type=int, default=10)
    asked = parser.parse_args()
    print("| round | " + " | ".join(COLUMNS) + " |\n|" + "---|" * (len(COLUMNS) + 1))  # noqa: T201
    rows = []
    for number in range(1, asked.rounds + 1):
        rows.append(row := _one(asked.dossier))
        print(f"| {number} | " + " | ".join(f"{value:g}" for value in row) + " |", flush=True)  # noqa: T201
    for name, summary in (("median", statistics.median), ("max", max)):
        print(f"| {name} | " + " | ".join(f"{summary(column):g}" for column in zip(*rows, strict=True)) + " |")  # noqa: T201


def _one(dossier: str) -> tuple[float, ...]:
    done = subprocess.run(
        [sys.executable, "-m", "seatrial.cli.main", "cutover", "rehearse", "-d", dossier, "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    told: dict[str, Any] = json.loads(done.stdout)
    if "fault" in told:
        sys.exit(f"the rehearsal ended with a fault: {told['fault']['what']}")
    traffic, ledger = told["traffic"], told["ledger"]
    return (
        round(told["pause_switch_ms"]),
        round(told["pause_reverse_ms"]),
        round(told["stall_p99_ms"]),
        round(told["stall_max_ms"]),
        *(traffic[key] for key in ("transactions", "failed", "half", "unknown")),
        *(ledger[key] for key in ("lost", "doubled")),
        int(told["equal_after"]),
    )


if __name__ == "__main__":
    main()
