"""The default criteria, and a trial's own file laid over them."""

from pathlib import Path

import pytest

from seatrial.domain.fault import Exit, Fault
from seatrial.facts.criteria import default_criteria, load_criteria
from seatrial.report import words

DOC = Path(__file__).parents[3] / "docs" / "criteria.md"

OWN = b"""
[[criterion]]
code = "pause"
limit = 2000

[[criterion]]
code = "copy-in-a-night"
title = "The copy takes one night"
measure = "copy_seconds"
compare = "<="
limit = 28800
unit = "s"
"""


def test_every_default_is_whole() -> None:
    criteria = default_criteria()
    assert len({criterion.code for criterion in criteria}) == len(criteria) >= 20
    for criterion in criteria:
        assert criterion.title and criterion.reason, criterion.code
        assert criterion.set_by == "seatrial"
        assert not criterion.title.endswith(".") and criterion.reason.endswith("."), criterion.code


def test_a_limit_from_outside_names_its_source() -> None:
    sources = {criterion.code: criterion.source for criterion in default_criteria()}
    assert "buffer-window" in sources["pause"] and "24.0.3" in sources["pause"]
    assert "PlanetScale" in sources["verified-lately"]


def test_an_own_file_changes_a_default_in_its_place_and_adds_at_the_end() -> None:
    defaults, criteria = default_criteria(), load_criteria(OWN)
    assert [c.code for c in criteria] == [c.code for c in defaults] + ["copy-in-a-night"]
    before = next(c for c in defaults if c.code == "pause")
    after = next(c for c in criteria if c.code == "pause")
    assert (after.limit, after.title, after.set_by) == (2000, before.title, "trial")
    assert after.source == ""  # it spoke of the limit that is gone
    assert criteria[-1].set_by == "trial"
    assert {c.set_by for c in criteria if c.code not in ("pause", "copy-in-a-night")} == {"seatrial"}


def test_an_empty_file_is_the_defaults() -> None:
    assert load_criteria(b"") == default_criteria()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"[[criterion]\n", "line 1"),
        (b"\xff", "utf-8"),
        (b'limit = "x"\n', "'limit' is unknown"),
        (b"[criterion]\ncode = 'a'\n", "two brackets"),
        (b"criterion = [1]\n", "criterion 1: there is no code"),
        (b"[[criterion]]\nlimit = 1\n", "criterion 1: there is no code"),
        (b"[[criterion]]\ncode = 3\n", "code is not a text"),
        (b"[[criterion]]\ncode = 'pause'\nlimits = 3\n", "criterion 1 (pause): 'limits' is unknown"),
        (b"[[criterion]]\ncode = 'pause'\nset_by = 'seatrial'\n", "'set_by' is unknown"),
        (b"[[criterion]]\ncode = 'pause'\nlimit = 'soon'\n", "limit is 'soon', not a number"),
        (b"[[criterion]]\ncode = 'pause'\nlimit = true\n", "limit is True, not a number"),
        (b"[[criterion]]\ncode = 'pause'\nlimit = nan\n", "limit is nan, not a number"),
        (b"[[criterion]]\ncode = 'pause'\nmeasure = 'luck'\n", "there is no measure 'luck'"),
        (b"[[criterion]]\ncode = 'pause'\ncompare = '<'\n", "compare is '<'"),
        (b"[[criterion]]\ncode = 'pause'\ncompare = ['<']\n", "compare is not a text"),
        (b"[[criterion]]\ncode = 'new'\ntitle = 'N'\n", "needs measure, compare, limit"),
        (b"[[criterion]]\ncode = 'pause'\n[[criterion]]\ncode = 'pause'\n", "criterion 2 (pause): the code stands"),
    ],
)
def test_a_broken_file_is_one_line_that_names_the_place(text: bytes, said: str) -> None:
    with pytest.raises(Fault) as raised:
        load_criteria(text, name="criteria.toml")
    fault = raised.value
    assert said in fault.what and fault.what.startswith("criteria.toml")
    assert "\n" not in fault.what
    assert (fault.code, fault.exit) == ("criteria.malformed", Exit.CONFIG)


def test_the_page_names_every_default_with_its_limit() -> None:
    lines = DOC.read_text().splitlines()
    for criterion in default_criteria():
        (row,) = [line for line in lines if line.startswith(f"| `{criterion.code}` |")]
        assert f"| {criterion.title} | `{criterion.measure}` {words.limit(criterion)}" in row


def test_the_example_on_the_page_is_usable() -> None:
    example = DOC.read_text().partition("```toml\n")[2].partition("```")[0]
    changed = {
        criterion.code: criterion for criterion in load_criteria(example.encode()) if criterion.set_by == "trial"
    }
    assert set(changed) == {"pause", "size"}
