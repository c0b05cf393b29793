"""The command line: every command explains itself, and every end has its exit code and one line."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from seatrial.cli import main as cli
from seatrial.cli.main import COMMANDS, seatrial
from seatrial.domain.fault import Cancelled, Exit, Fault


def commands(
    group: click.Group = seatrial, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


ALL = list(commands())


def leave(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return int(ended.value.code or 0), out, err


@pytest.mark.parametrize("path", [path for path, _ in ALL], ids=" ".join)
def test_every_command_has_help_and_every_option_a_word(
    path: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = leave(capsys, *path, "--help")
    assert code == 0
    assert f"seatrial {' '.join(path)}" in out
    command = dict(ALL)[path]
    assert command.help
    assert [p.name for p in command.params if isinstance(p, click.Option) and not p.help] == []


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_commands_help_has_an_example(name: str) -> None:
    assert f"  seatrial {name}" in (dict(ALL)[(name,)].help or "")


def test_examples_use_options_there_are() -> None:
    for path, command in ALL:
        for line in (command.help or "").splitlines():
            if not line.strip().startswith("seatrial "):
                continue
            words = re.sub(r"\$\(.*?\)| -- .*", "", line).split()[1:]
            named = max((p for p, _ in ALL if tuple(words[: len(p)]) == p), key=len)
            known = {
                option
                for parameter in dict(ALL)[named].params
                for option in (*parameter.opts, *parameter.secondary_opts)
            }
            assert {word for word in words if word.startswith("-")} <= known | {"-d"}, (path, line)


def test_a_wrong_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["loda"], ["load", "--nonsense"], ["init"]):
        code, out, err = leave(capsys, *arguments)
        assert (code, out) == (Exit.USAGE, "")
        assert "seatrial: " in err
        assert "--help" in err


def test_a_fault_is_one_line_and_its_next_step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = leave(capsys, "status", "-d", str(tmp_path))
    assert (code, out) == (Exit.CONFIG, "")
    first, second = err.splitlines()
    assert first.startswith("seatrial: ")
    assert first.endswith("[dossier.none]")
    assert second.startswith("Next: ")


def test_a_fault_as_json_stands_on_stdout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = leave(capsys, "status", "-d", str(tmp_path), "--json")
    assert (code, err) == (Exit.CONFIG, "")
    fault = json.loads(out)["fault"]
    assert fault["code"] == "dossier.none"
    assert set(fault) == {"code", "what", "remedy", "retry"}


def raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def broken(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(cli.seatrial, "main", broken)


@pytest.mark.parametrize(
    ("error", "exit"),
    [
        (Fault("a.b", "what", remedy="next"), Exit.FAULT),
        (Fault("a.b", "what", remedy="next", retry=True), Exit.RETRY),
        (Fault("a.b", "what", remedy="next", exit=Exit.NEGATIVE), Exit.NEGATIVE),
        (Cancelled(), Exit.RETRY),
        (KeyboardInterrupt(), Exit.RETRY),
        (click.Abort(), Exit.RETRY),
        (ZeroDivisionError("x"), Exit.FAULT),
        (OSError(5, "I/O"), Exit.FAULT),
    ],
)
def test_exit_codes(
    error: BaseException, exit: Exit, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SEATRIAL_DEBUG", raising=False)
    raising(monkeypatch, error)
    code, out, err = leave(capsys)
    assert (code, out) == (exit, "")
    assert err.startswith("seatrial: ")


def test_a_defect_says_so_without_a_traceback_unless_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SEATRIAL_DEBUG", raising=False)
    raising(monkeypatch, ZeroDivisionError("by [bold]zero[/]"))
    _, _, err = leave(capsys)
    assert "a defect in seatrial: ZeroDivisionError: by [bold]zero[/] [seatrial.defect]" in err
    monkeypatch.setenv("SEATRIAL_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        cli.main([])


@pytest.mark.parametrize("text", ["[/]", "[bold red]x", "a\\[b]", "`订单` [0]", "100 [%]", "x\\"])
def test_a_faults_words_are_printed_as_they_are(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    cli.say_fault(Fault("a.b", text, remedy=text), as_json=False)
    err = capsys.readouterr().err
    assert f"seatrial: {text} [a.b]" in err
    assert f"Next: {text}" in err


def test_init_refuses_a_password_and_makes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "acme"
    code, _, err = leave(capsys, "init", "-d", str(folder), "--source", "mysql://r:geheim@db.example/shop")
    assert code == Exit.USAGE
    assert "geheim" not in err
    assert not folder.exists()


def test_init_then_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "acme"
    code, out, _ = leave(capsys, "init", "-d", str(folder), "--source", "mysql://r@db.example/shop")
    assert code == 0
    assert f"seatrial run -d {folder}" in out
    code, out, _ = leave(capsys, "status", "-d", str(folder), "--json")
    assert code == 0
    assert {step["freshness"] for step in json.loads(out)} == {"missing"}
