"""Renew the golden dossier by a real run of the demo, at a small scale."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.golden import DOSSIER

KEPT = (
    *("collect", "assess", "digest", "plan", "provision", "load", "verify", "replay", "rehearse", "judge"),
    "detach",
)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "demo"
        subprocess.run(
            [sys.executable, "-m", "seatrial.cli.main", "demo", "--into", str(made), "--scale", "0.05"], check=True
        )
        shutil.rmtree(DOSSIER, ignore_errors=True)
        DOSSIER.mkdir()
        for kind in KEPT:
            (DOSSIER / kind).mkdir()
            for head in sorted((made / kind).glob("*.json")):
                shutil.copy(head, DOSSIER / kind / head.name)
        shutil.copy(made / "trial.toml", DOSSIER / "trial.toml")


if __name__ == "__main__":
    main()
