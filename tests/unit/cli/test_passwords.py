"""Passwords come from an option file, the environment or a prompt, in this order."""

from pathlib import Path

import pytest

from seatrial.cli.passwords import MOVER_PASSWORD, OPTION_FILE, SOURCE_PASSWORD, Passwords
from seatrial.domain.fault import Exit, Fault


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (OPTION_FILE, SOURCE_PASSWORD, MOVER_PASSWORD):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)


def revealed(passwords: Passwords, user: str) -> str | None:
    secret = passwords.of(user)
    return None if secret is None else secret.reveal()


def option_file(folder: Path, text: str) -> Path:
    path = folder / "my.cnf"
    path.write_text(text)
    return path


def test_the_accounts_own_group_wins_over_client(tmp_path: Path) -> None:
    file = option_file(tmp_path, "[client]\npassword=c\n[reader]\npassword=r\n[mover]\npassword=m\n")
    passwords = Passwords(file, "reader", "mover")
    assert (revealed(passwords, "reader"), revealed(passwords, "mover")) == ("r", "m")


def test_client_is_for_the_reading_account_only(tmp_path: Path) -> None:
    passwords = Passwords(option_file(tmp_path, "[client]\npassword=c\n"), "reader", "mover")
    assert (revealed(passwords, "reader"), revealed(passwords, "mover")) == ("c", None)


def test_the_file_wins_over_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SOURCE_PASSWORD, "from-environment")
    monkeypatch.setenv(MOVER_PASSWORD, "mover-environment")
    passwords = Passwords(option_file(tmp_path, "[reader]\npassword=r\n"), "reader", "mover")
    assert (revealed(passwords, "reader"), revealed(passwords, "mover")) == ("r", "mover-environment")


def test_the_environment_may_name_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OPTION_FILE, str(option_file(tmp_path, "[reader]\npassword=r\n")))
    assert revealed(Passwords(None, "reader", "mover"), "reader") == "r"


def test_without_any_there_is_none_and_nobody_is_asked_off_a_terminal() -> None:
    assert Passwords(None, "reader", "mover").of("reader") is None


def test_on_a_terminal_the_prompt_comes_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def prompt(text: str, **options: object) -> str:
        asked.append(text)
        assert options["hide_input"] is True
        return "typed"

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.prompt", prompt)
    passwords = Passwords(None, "reader", "mover")
    assert [revealed(passwords, "reader"), revealed(passwords, "reader")] == ["typed", "typed"]
    assert len(asked) == 1


@pytest.mark.parametrize("content", [None, b"\xff\xfe[client]"])
def test_an_unreadable_file_is_a_fault_that_names_it(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "my.cnf"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Fault) as fault:
        Passwords(path, "reader", "mover").of("reader")
    assert (fault.value.code, fault.value.exit) == ("options.unreadable", Exit.CONFIG)
    assert str(path) in fault.value.what
