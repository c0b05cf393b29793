"""docs/checks holds a page for each check, exactly as the check says it. SEATRIAL_RENEW=1 writes them."""

import os
from pathlib import Path

import pytest

from seatrial.facts.rules import import_rules
from seatrial.stages.assess.check import Check
from seatrial.stages.assess.checks import CHECKS
from seatrial.stages.assess.page import page

PAGES = Path(__file__).parents[3] / "docs" / "checks"


def index() -> str:
    rows = [f"| [{check.code}]({check.code}.md) | {check.title} |" for check in CHECKS]
    said = "What `seatrial assess` asks of a source. Limits and sources: `facts/import_rules.toml`."
    return "\n".join(["# Checks", "", said, "", "| code | what should be so |", "| --- | --- |", *rows]) + "\n"


if os.environ.get("SEATRIAL_RENEW"):
    PAGES.mkdir(parents=True, exist_ok=True)
    for old in PAGES.glob("*.md"):
        old.unlink()
    for check in CHECKS:
        (PAGES / f"{check.code}.md").write_text(page(check), encoding="utf-8")
    (PAGES / "README.md").write_text(index(), encoding="utf-8")


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)
def test_the_page_says_what_the_check_says(check: Check) -> None:
    assert (PAGES / f"{check.code}.md").read_text(encoding="utf-8") == page(check)


def test_the_index_lists_every_check_and_no_page_is_left_over() -> None:
    assert (PAGES / "README.md").read_text(encoding="utf-8") == index()
    assert {path.stem for path in PAGES.glob("*.md")} == {check.code for check in CHECKS} | {"README"}


def test_every_rule_belongs_to_a_check_and_names_its_sources_with_their_days() -> None:
    assert set(import_rules()) == {check.code for check in CHECKS}
    assert all(rule.source for rule in import_rules().values())


def test_codes_are_unique() -> None:
    assert len({check.code for check in CHECKS}) == len(CHECKS)
