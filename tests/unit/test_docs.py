"""The pages say what the code says: settings, commands, artifacts, links, words, and tests that are named."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec
import pytest

from seatrial.cli.main import COMMANDS, Commands
from seatrial.dossier.kinds import KINDS, Sensitivity
from seatrial.trial.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = sorted(page for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("bench/**/*.md")])
TRIAL = (ROOT / "docs" / "trial.md").read_text()
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text()
RULES = (ROOT / "docs" / "rules.md").read_text()

_LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_NAMED_TEST = re.compile(r"`(test_\w+)`")


def settings_and_defaults(kind: type[msgspec.Struct] = Settings, prefix: str = "") -> Iterator[tuple[str, object]]:
    for field in msgspec.structs.fields(kind):
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            yield from settings_and_defaults(field.type, f"{prefix}{field.encode_name}.")
        elif field.name != "accept":
            yield f"{prefix}{field.encode_name}", field.default


def table_rows(page: str) -> dict[str, str]:
    """The rows of all tables, by what stands in backticks or bold in their first cell."""
    return {match[1]: match[0] for match in re.finditer(r"^\| (?:`|\*\*)([^`*]+)(?:`|\*\*).*\|$", page, re.MULTILINE)}


@pytest.mark.parametrize(("name", "default"), list(settings_and_defaults()))
def test_every_setting_is_documented_with_its_default(name: str, default: object) -> None:
    row = table_rows(TRIAL)[name]
    if default is not msgspec.NODEFAULT:
        assert f"| `{msgspec.json.encode(default).decode()}` |" in row
    assert len(row.split("|")[3].strip()) > 10


def test_no_setting_is_documented_that_is_gone() -> None:
    known = {name for name, _ in settings_and_defaults()}
    section = TRIAL.partition("## The settings")[2].partition("## Passwords")[0]
    assert set(table_rows(section)) == known
    assert "`[accept]`" in section


def test_every_command_is_documented() -> None:
    context = click.Context(click.Command("none"))
    for name in COMMANDS:
        documented = table_rows(TRIAL).keys()
        command = Commands().get_command(context, name)
        assert any(re.match(rf"seatrial {name}\b(?!-)", first) for first in documented), name
        if isinstance(command, click.Group):
            rows = [line for line in TRIAL.splitlines() if line.startswith(f"| `seatrial {name}")]
            for sub in command.commands:
                assert any(re.search(rf"`(seatrial {name} )?{sub}`", line.split("|")[1]) for line in rows), (name, sub)


def commands_shown(page: str) -> Iterator[tuple[str, str]]:
    """(command, next word) wherever a page shows one: in backticks, or at the beginning of a line of a fence."""
    shown = r"seatrial ([a-z][a-z-]*)(?: ([a-z]+)(?![\w./-]))?"  # `slow.log` is no command
    yield from re.findall(rf"`{shown}", _FENCE.sub("", page))
    for fence in _FENCE.findall(page):
        yield from re.findall(rf"^{shown}", fence, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_a_page_shows_is_there(page: Path) -> None:
    context = click.Context(click.Command("none"))
    for name, sub in commands_shown(page.read_text()):
        command = Commands().get_command(context, name)
        assert command is not None, name
        if sub and isinstance(command, click.Group):
            assert sub in command.commands, (name, sub)


def test_every_artifact_kind_is_documented_with_its_sensitivity() -> None:
    section = TRIAL.partition("## The artifacts")[2]
    rows = table_rows(section)
    assert set(rows) == set(KINDS)
    for name, kind in KINDS.items():
        assert ("**private**" in rows[name]) is (kind.sensitivity is Sensitivity.PRIVATE)
        assert f"`{kind.step}`" in rows[name]


def slug(heading: str) -> str:
    """A heading's anchor as code hosts make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for match in _LINK.finditer(_FENCE.sub("", page.read_text())):
        target = (page.parent / match[1]).resolve() if match[1] else page
        assert target.exists(), match[0]
        assert target.is_relative_to(ROOT), match[0]
        if match[2] and target.suffix == ".md":
            assert match[2] in {
                slug(line.lstrip("# ")) for line in target.read_text().splitlines() if line[:1] == "#"
            }, match[0]


def test_the_glossary_is_in_order_and_each_word_is_used() -> None:
    words = list(table_rows(GLOSSARY))
    assert words == sorted(words, key=str.lower)
    files = [path for ending in ("py", "toml", "j2") for path in (ROOT / "src").rglob(f"*.{ending}")]
    source = " ".join(path.read_text() for path in files).lower()
    unused = [word for word in words if not re.search(rf"\b{re.escape(word.lower())}", source)]
    assert unused == []


def names_in(module: Path) -> set[str]:
    """Classes, functions and constants of a module."""
    text = module.read_text()
    defined = {n.name for n in ast.walk(ast.parse(text)) if isinstance(n, ast.ClassDef | ast.FunctionDef)}
    return defined | set(re.findall(r"^([A-Z_]+)\b", text, re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_module_that_is_named_exists_and_so_does_the_name_after_it(page: Path) -> None:
    """`room/file.py` is below src/seatrial; a name in backticks that follows it stands in that file."""
    for match in re.finditer(r"`((?:[a-z]+/)+\w+\.(?:py|toml))`(?:,?\s+`([A-Za-z_.]+)`)?", page.read_text()):
        beside = [ROOT / "src" / "seatrial" / match[1], ROOT / match[1]]
        module = next((path for path in beside if path.is_file()), None)
        assert module is not None, match[1]
        if match[2] and module.suffix == ".py":
            assert set(match[2].split(".")) <= names_in(module), match[0]


def test_the_decisions_are_listed_and_short() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text()
    for record in folder.glob("0*.md"):
        text = record.read_text()
        number, title = record.name[:4], text.splitlines()[0].removeprefix("# ")
        assert title.startswith(f"{number} ")
        assert f"[{number}]({record.name})" in index
        assert all(f"**{part}.**" in text for part in ("Context", "Decision", "Consequence"))
        assert len(text.split()) < 450


def all_tests() -> set[str]:
    return {
        name for path in (ROOT / "tests").rglob("test_*.py") for name in re.findall(r"def (test_\w+)", path.read_text())
    }


def test_every_rule_names_tests_that_exist_or_says_not_yet() -> None:
    rows = {code: line for code, line in table_rows(RULES).items() if re.fullmatch(r"[SRWT]\d", code)}
    assert set(rows) == {
        f"{letter}{n}" for letter, last in (("S", 9), ("R", 7), ("W", 7), ("T", 8)) for n in range(1, last + 1)
    }
    there = all_tests()
    for code, line in rows.items():
        cells = line.split("|")
        named = _NAMED_TEST.findall(cells[5])
        assert set(named) <= there, (code, set(named) - there)
        assert named or "not yet" in line, code
