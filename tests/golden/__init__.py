"""One dossier as a real run made it: what judge and report are tested on. `make golden` renews it."""

from pathlib import Path

DOSSIER = Path(__file__).parent / "dossier"
