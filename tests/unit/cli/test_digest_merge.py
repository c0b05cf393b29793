"""`digest --part`, `digest merge`, `digest key`: with and without a dossier, and what they refuse."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from seatrial.cli.main import seatrial
from seatrial.domain.address import Address
from seatrial.domain.event import silent
from seatrial.domain.fault import Exit, Fault
from seatrial.dossier.bundle import pack
from seatrial.dossier.store import Dossier
from seatrial.trial.parts import KEY_FILE, read_key
from tests.unit import factories
from tests.unit.slow_logs import log

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    for number in range(3):
        statements = ["BEGIN", f"SELECT a FROM t WHERE id = {number}", "SELECT a FROM t WHERE id = 7", "COMMIT"]
        (tmp_path / f"web{number}.log").write_bytes(log(*statements, id=5 + number))
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "trial.toml").write_text('name = "acme"\nsource = "mysql://reader@db.example:3306/shop"\n')

    def ran(*words: str) -> Result:
        return CliRunner().invoke(seatrial, ["digest", *words])

    return ran


def fault(result: Result) -> str:
    assert isinstance(result.exception, Fault), result
    return result.exception.code


def merged(result: Result) -> Any:
    assert result.exit_code == 0, result
    return json.loads(result.stdout)


def test_each_machine_digests_its_own_log_and_merged_they_are_one_digest(run: Run, tmp_path: Path) -> None:
    (tmp_path / "fleet.key").write_text(run("key", "-d", "acme").stdout)
    for number in range(3):
        shown = run(f"web{number}.log", "--part", f"{number}.part", "--key", "fleet.key", "--database", "shop")
        assert shown.exit_code == 0 and f"Next: seatrial digest merge {number}.part" in shown.stdout
        assert (tmp_path / f"{number}.part").stat().st_mode & 0o777 == 0o600
    whole = merged(run("merge", "0.part", "1.part", "2.part", "-d", "acme", "--json"))
    assert (whole["events"], whole["connections"], whole["transactions"]["count"]) == (12, 3, 3)
    stored = Dossier.open(tmp_path / "acme").read(Address("digest")).body
    assert [each.distinct for each in stored.values] == [4]
    assert stored.values[0].top_shares[0] == 0.5

    assert run("merge", "2.part", "0.part", "--part", "some.part").exit_code == 0
    assert merged(run("merge", "1.part", "some.part", "-d", "acme", "--json")) == whole
    assert merged(run("merge", "1.part", "some.part", "--part", "all.part", "--json")) == whole
    assert "12 statements" in run("merge", "all.part", "-d", "acme").stdout


def test_in_a_dossier_the_key_is_its_own_and_stays_private(run: Run, tmp_path: Path) -> None:
    assert run("web0.log", "--part", "0.part", "-d", "acme").exit_code == 0
    path = tmp_path / "acme" / "private" / KEY_FILE
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    printed = merged(run("key", "-d", "acme", "--json"))
    assert printed["fingerprint"] == read_key(path, silent).fingerprint
    assert run("key", "-d", "acme").stdout.strip() == printed["key"] == path.read_text().strip()
    assert sorted(each.name for each in path.parent.iterdir()) == [KEY_FILE]
    dossier = Dossier.open(tmp_path / "acme")
    dossier.write(Address("digest"), factories.digest(), trial="acme", created=factories.NOW, inputs={}, options={})
    pack(dossier, tmp_path / "acme.tar.gz", "acme")
    assert printed["key"].encode() not in (tmp_path / "acme.tar.gz").read_bytes()


def test_a_key_that_others_may_read_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "fleet.key").write_text(run("key", "-d", "acme").stdout)
    (tmp_path / "fleet.key").chmod(0o644)
    told: list[Any] = []
    read_key(tmp_path / "fleet.key", told.append)
    assert "chmod 600" in told[0].text
    (tmp_path / "fleet.key").chmod(0o600)
    read_key(tmp_path / "fleet.key", lambda event: pytest.fail(str(event)))


def test_without_values_no_key_is_needed(run: Run) -> None:
    for number in range(2):
        shown = run(f"web{number}.log", "--part", f"{number}.part", "--no-values", "--database", "shop")
        assert shown.exit_code == 0
    assert merged(run("merge", "0.part", "1.part", "-d", "acme", "--json"))["events"] == 8


@pytest.mark.parametrize(
    ("words", "code", "exit"),
    [
        ("web0.log --part a.part --no-values", "digest.part-needs-database", Exit.USAGE),
        ("web0.log --part a.part --database shop", "digest.part-needs-key", Exit.USAGE),
        ("web0.log --part a.part --database shop --key none.key", "digest.no-key", Exit.CONFIG),
        ("web0.log --part a.part --database shop --key web0.log", "digest.key-malformed", Exit.CONFIG),
        ("web0.log --part a.part --database blog --no-values", "digest.other-database", Exit.CONFIG),
        ("web0.log --part a.part --database blog -d acme", "digest.other-database", Exit.CONFIG),
        ("web0.log --part a.part -d nowhere", "dossier.none", Exit.CONFIG),
        ("web0.log --part a.part -d acme --record", "digest.keeps-and-keeps-not", Exit.USAGE),
        ("web0.log --record --tag action=show -d acme", "digest.tag-and-record", Exit.USAGE),
        ("web0.log --record --db blog -d acme", "digest.database", Exit.USAGE),
        ("web0.log --no-values --keep-samples -d acme", "digest.keeps-and-keeps-not", Exit.USAGE),
        ("merge none.part -d acme", "digest.no-part", Exit.CONFIG),
        ("merge acme -d acme", "digest.no-part", Exit.CONFIG),
        ("merge web0.log -d acme", "digest.not-a-part", Exit.USAGE),
        ("merge web0.log", "dossier.none", Exit.CONFIG),
    ],
)
def test_what_cannot_be_is_one_fault_and_no_file(run: Run, tmp_path: Path, words: str, code: str, exit: Exit) -> None:
    result = run(*words.split())
    assert fault(result) == code
    assert isinstance(result.exception, Fault) and result.exception.exit is exit
    assert not (tmp_path / "a.part").exists()


def test_a_log_is_never_overwritten_and_a_part_may_be(run: Run, tmp_path: Path) -> None:
    before = (tmp_path / "web1.log").read_bytes()
    assert fault(run("web0.log", "--part", "web1.log", "-d", "acme")) == "digest.part-in-the-way"
    for _ in range(2):
        assert run("web0.log", "--part", "0.part", "-d", "acme").exit_code == 0
    assert fault(run("merge", "0.part", "--part", "web1.log")) == "digest.part-in-the-way"
    assert (tmp_path / "web1.log").read_bytes() == before


def test_parts_of_another_database_or_given_twice_are_refused(run: Run) -> None:
    run("web0.log", "--part", "0.part", "-d", "acme")
    assert fault(run("merge", "0.part", "0.part", "-d", "acme")) == "digest.part-twice"
    Path("acme/trial.toml").write_text('name = "acme"\nsource = "mysql://reader@db.example:3306/blog"\n')
    assert fault(run("merge", "0.part", "-d", "acme")) == "digest.part-database"
    assert fault(run("0.part", "--part", "1.part", "-d", "acme")) == "digest.not-a-log"
