"""What must hold for the files of the repository themselves."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "seatrial"
MODULES = sorted(SOURCE.rglob("*.py"))
MAX_LINES = 450

# in parts, so that this file is not the one that is found
REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("files", "pythonhosted", "org"),
        ("proxy", "golang", "org"),
        ("sum", "golang", "org"),
        ("goproxy", "io"),
        ("goproxy", "cn"),
        ("registry", "npmjs", "org"),
        ("crates", "io"),
        ("artifactory", ""),
        ("repo", "mysql", "com"),
    )
]


def tracked() -> list[Path]:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git work tree")
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, check=True).stdout
    return [ROOT / name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()]


def test_no_file_names_the_host_of_a_package_registry() -> None:
    pattern = re.compile("|".join(re.escape(host) for host in REGISTRIES).encode(), re.IGNORECASE)
    found = {
        str(path.relative_to(ROOT)): match[0] for path in tracked() if (match := pattern.search(path.read_bytes()))
    }
    assert found == {}


def test_no_module_is_too_long_to_read() -> None:
    lengths = {str(path.relative_to(SOURCE)): len(path.read_text().splitlines()) for path in MODULES}
    assert {name: lines for name, lines in lengths.items() if lines > MAX_LINES} == {}


def test_every_module_says_what_it_is() -> None:
    assert [str(path) for path in MODULES if not path.read_text().startswith(('"""', 'r"""'))] == []


def test_every_stage_says_what_it_is_and_no_two_kinds_share_a_step() -> None:
    from seatrial.dossier.kinds import KINDS
    from seatrial.trial.journey import JOURNEY

    for step in JOURNEY:
        assert step.title
        assert step.kind in KINDS
        assert set(step.reads) <= set(KINDS)
        assert (step.command or step.kind) == KINDS[step.kind].step
    seen: set[str] = set()
    for step in JOURNEY:
        assert set(step.reads) <= seen, f"{step.kind} reads what no earlier step makes"
        seen.add(step.kind)
