"""`digest show`, `diff`, `export`: what they print, and that a log of such a name can still be digested."""

import json
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from seatrial.cli.digest import _page
from seatrial.cli.digest import digest as command
from seatrial.cli.digest_diff import page as diff_page
from seatrial.cli.digest_export import _print_bytes
from seatrial.cli.digest_limits import forecasts
from seatrial.cli.digest_show import page as show_page
from seatrial.cli.digest_show import query_page, transaction_page
from seatrial.cli.digest_table import bar, sparkline, table
from seatrial.cli.main import seatrial
from seatrial.domain.address import Address
from seatrial.domain.fault import Fault
from seatrial.domain.workload import Course, Digest, Sample, Samples
from seatrial.dossier.store import Dossier
from seatrial.facts.limits import targets
from seatrial.report.plain import width_of
from seatrial.stages.digest.compare import compare
from seatrial.stages.digest.views import Order
from tests.unit import factories
from tests.unit.factories_workload import KNOWN, times

DIGEST = factories.digest()
Run = Callable[..., Result]


def broken() -> Digest:
    """The shop's workload with a report that sends too many rows and an order that takes too long."""
    rows = replace(DIGEST.classes[0], rows_sent=2_900_000, rows_sent_max=240_000)
    slow = replace(DIGEST.transactions[3], times=times(2_310, 9_000_000))
    transactions = (*DIGEST.transactions[:3], slow, *DIGEST.transactions[4:])
    return replace(DIGEST, classes=(rows, *DIGEST.classes[1:]), transactions=transactions)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    (tmp_path / "trial.toml").write_text(
        'name = "shop"\nsource = "mysql://reader@db.example:3306/shop"\ntarget = "lab:none"\n'
    )
    monkeypatch.chdir(tmp_path)
    dossier = Dossier.open(tmp_path)
    slower = replace(DIGEST, classes=tuple(replace(each, times=times(each.count, 9_000)) for each in DIGEST.classes))
    for instance, body in (("main", DIGEST), ("target", slower)):
        dossier.write(
            Address("digest", instance), body, trial="shop", created=factories.NOW, inputs={}, options={}, files=()
        )

    def ran(*words: str) -> Result:
        return CliRunner().invoke(seatrial, ["digest", *words], env={"COLUMNS": "120"})

    return ran


@pytest.mark.parametrize("width", [200, 120, 100, 80, 60, 40])
@pytest.mark.parametrize("order", list(Order))
def test_the_table_fits_the_terminal_and_keeps_what_it_is_ordered_by(width: int, order: Order) -> None:
    lines = list(table(DIGEST, DIGEST.classes, order, width))
    assert len(lines) == len(DIGEST.classes) + 1
    assert max(map(width_of, lines)) <= width
    titles = {Order.TIME: "total s", Order.COUNT: "count", Order.P99: "p99 ms", Order.ROWS: "rows"}
    assert titles.get(order, "errors") in lines[0]
    assert all(line.startswith(query.id[:8]) for line, query in zip(lines[1:], DIGEST.classes, strict=True))


def test_bars_are_as_long_as_their_share() -> None:
    assert bar(1.0) == "█" * 10
    assert bar(0.5) == "█" * 5
    assert bar(0.0) == ""
    assert bar(0.0001) == "▏"
    assert bar(7.0) == "█" * 10


def test_names_that_act_on_a_terminal_are_made_visible() -> None:
    odd = replace(DIGEST.classes[0], fingerprint="select \x1b[31m from `a\u202e`", not_parsed="\x1b]0;")
    digest = replace(DIGEST, classes=(odd,))
    text = "\n".join(
        [*show_page(digest, [odd], [], order=Order.TIME, limit=9, width=120), *query_page(digest, odd, [])]
    )
    assert "\x1b" not in text and "\u202e" not in text


def test_what_breaks_a_limit_is_said_with_how_often(run: Run) -> None:
    digest = broken()
    made = forecasts(digest, targets())
    text = "\n".join(show_page(digest, digest.classes, made, order=Order.TIME, limit=3, width=160))
    assert "rows above 100,000 rows: 1 to 27 of 64, the most 240,000 rows" in text
    assert "transaction time above 20 s" in text
    assert "and 13 more: --limit 16" in text
    assert "breaks limits:" in "\n".join(query_page(digest, digest.classes[0], made))
    assert "planetscale: transaction time above" in "\n".join(transaction_page(digest, digest.transactions[3], made))
    assert "Nothing here breaks a limit of vitess-default" in run("show").output


def test_show_prints_the_chosen_classes(run: Run) -> None:
    shown = json.loads(run("show", "--order-by", "count", "--limit", "2", "--verb", "select", "--json").output)
    assert [each["id"] for each in shown["classes"]] == [KNOWN["customer"].id, KNOWN["product"].id]
    assert shown["of"] == 7 and {each["profile"] for each in shown["limits"]} == set(targets())
    assert "No class fits" in run("show", "--table", "nowhere").output
    assert "wide" in run("show", "--limits", "wide").output


def test_show_tells_all_of_one_class(run: Run) -> None:
    history = KNOWN["history"]
    text = run("show", history.id[:9]).output
    for words in (history.sql[:40], "4,906", "orders.customer_id", "in transactions:", "p99.9"):
        assert words in text
    one = json.loads(run("show", history.id, "--json").output)
    assert one["query"]["id"] == history.id and len(one["transactions"]) == 1
    kind = DIGEST.transactions[3]
    told = json.loads(run("show", kind.id, "--json").output)
    assert [each["id"] for each in told["queries"]] == list(kind.queries)
    assert "41 of them rolled back" in run("show", kind.id).output


@pytest.mark.parametrize(("start", "code"), [("zz", "digest.no-such-class"), ("", "digest.several-classes")])
def test_an_id_that_names_none_or_several_is_a_fault(run: Run, start: str, code: str) -> None:
    fault = run("show", start).exception
    assert isinstance(fault, Fault) and fault.code == code


def test_diff_reads_instances_dossiers_and_files(run: Run, tmp_path: Path) -> None:
    for before in ("main", str(tmp_path), "./digest/main.json"):
        made = json.loads(run("diff", before, "target", "--json").output)
        assert made["before"] == before and len(made["changes"]) == len(DIGEST.classes)
        assert any(change["kind"] == "slower" for change in made["changes"])
    assert run("diff", str(tmp_path), "./digest/target.json", "-d", "/nowhere").exit_code == 0  # paths need no dossier
    fault = run("diff", "main", "./trial.toml").exception
    assert isinstance(fault, Fault) and fault.code == "digest.not-in-a-dossier"


def test_the_page_of_a_diff_has_the_sure_ones_marked() -> None:
    slower = replace(DIGEST, classes=tuple(replace(each, times=times(each.count, 9_000)) for each in DIGEST.classes))
    text = "\n".join(diff_page(compare(DIGEST, slower, names=("a", "b")), 3, 200))
    assert text.startswith("a (10 min 00 s) → b (10 min 00 s): ")
    assert "more: --limit" in text and "!" in text
    assert "0 slower, 0 new, 0 gone, 0 faster, 16 same" in "\n".join(diff_page(compare(DIGEST, DIGEST), 3, 200))


def test_export_is_json_or_csv(run: Run) -> None:
    assert json.loads(run("export").output)["events"] == DIGEST.events
    assert len(run("export", "--format", "csv", "--instance", "target").output.splitlines()) == len(DIGEST.classes) + 1


def test_export_is_parquet_or_the_layout_of_pt_query_digest(run: Run) -> None:
    assert run("export", "--format", "parquet").stdout_bytes[:4] == b"PAR1"
    made = json.loads(run("export", "--format", "pt").output)
    assert set(made) == {"global", "classes"} and len(made["classes"]) == len(DIGEST.classes)
    assert json.loads(run("export", "--format", "parquet", "--json").output)["events"] == DIGEST.events


def test_parquet_is_not_printed_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    with pytest.raises(Fault) as caught:
        _print_bytes(b"PAR1")
    assert caught.value.code == "digest.parquet-on-a-terminal"


def test_the_schema_needs_no_dossier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = CliRunner().invoke(seatrial, ["digest", "export", "--schema"])
    assert json.loads(ran.output)["$ref"] == "#/$defs/Export"


def test_only_a_first_word_is_a_command() -> None:
    def meant(*words: str) -> tuple[str | None, object]:
        with click.Context(click.Group("seatrial"), info_name="seatrial") as parent:
            context = command.make_context("digest", list(words), parent)
            return context.command.name, context.params.get("logs")

    assert meant("show", "-d", "x")[0] == "show"
    assert meant("./show", "-d", "x") == ("digest", (Path("show"),))
    assert meant("slow.log", "show", "--record") == ("digest", (Path("slow.log"), Path("show")))
    assert meant() == ("digest", ())


def test_a_command_behind_an_option_is_answered_and_a_log_of_its_name_is_read(run: Run, tmp_path: Path) -> None:
    fault = run("-d", ".", "show").exception
    assert isinstance(fault, Fault) and fault.code == "digest.command-first"
    (tmp_path / "show").write_text("no log\n")
    other = run("-d", ".", "show").exception
    assert isinstance(other, Fault) and other.code != "digest.command-first"


def test_the_help_has_the_commands() -> None:
    text = CliRunner().invoke(seatrial, ["digest", "--help"]).output
    assert all(word in text for word in ("[LOG]...", "./show", "--record", "\n  show ", "\n  diff ", "\n  export "))


def test_the_page_of_a_fresh_digest_says_that_limits_break() -> None:
    text = "\n".join(_page(broken(), False))
    assert (
        "2 classes break a limit of planetscale, PlanetScale's documented system limits: seatrial digest show" in text
    )
    assert "break a limit" not in "\n".join(_page(DIGEST, False))


SAMPLES = Samples(
    expires="9999-01-01",
    of=tuple(file.sha256 for file in DIGEST.files),
    worst={DIGEST.classes[0].id: Sample(sql="SELECT 'planted'", cut=True, took_us=9_000, at=factories.NOW)},
    typical={},
    accounts={},
    hosts={},
)


@pytest.mark.parametrize(
    ("samples", "shown"),
    [(SAMPLES, True), (replace(SAMPLES, expires="2026-01-01"), False), (replace(SAMPLES, of=("another",)), False)],
    ids=["kept", "expired", "of another log"],
)
def test_samples_that_were_kept_are_shown_with_their_class(
    run: Run, tmp_path: Path, samples: Samples, shown: bool
) -> None:
    Dossier.open(tmp_path).write(
        Address("samples"), samples, trial="shop", created=factories.NOW, inputs={}, options={}, files=()
    )
    result = run("show", DIGEST.classes[0].id[:6])
    assert result.exit_code == 0
    assert ("SELECT 'planted'" in result.output) is shown


def test_the_course_of_a_class_is_drawn() -> None:
    course = Course(first=factories.NOW, seconds=60, queries=(0, 1, 60, 30), busy_us=(0, 1, 2, 30_000_000))
    lines = list(query_page(DIGEST, replace(DIGEST.classes[0], course=course, tmp_tables=2), []))
    assert "  ·▁█▄" in lines
    assert any("at most 1.0 a second, 0.50 at once" in line for line in lines)
    assert any("temporary tables" in line for line in lines)
    assert sparkline([], 3) == "" and sparkline([1, 1, 1, 1, 1, 2], 3) == "▆▆█"


def test_a_digest_without_a_statement_leads_to_no_plan() -> None:
    assert "Next: seatrial plan" in list(_page(DIGEST, recorded=False))
    empty = list(_page(replace(DIGEST, events=0, classes=(), transactions=()), recorded=False))
    assert not any("seatrial plan" in line for line in empty)
