"""What the page of a digest says."""

from msgspec.structs import replace

from seatrial.cli.digest import _page
from seatrial.domain.workload import NotUnderstood
from tests.unit import factories


def page(recorded: bool = False, **changed: object) -> str:
    return "\n".join(_page(replace(factories.digest(), **changed), recorded))


def test_the_page_has_the_largest_classes_and_the_next_command() -> None:
    digest = factories.digest()
    lines = page().splitlines()
    assert lines[0].startswith(f"{digest.events:,} statements in {digest.seconds:,.0f} s")
    assert digest.classes[0].fingerprint[:40] in lines[3]
    assert lines[-1] == "Next: seatrial plan"
    assert f"{digest.transaction_count:,} transactions of {len(digest.transactions):,} kinds" in page()


def test_what_the_log_cannot_show_is_on_the_page() -> None:
    missed = NotUnderstood(file="slow.log", offset=1234, what="an event that is cut off", count=2)
    text = page(not_understood=(missed,), caveats=("The log is cut.",), other_databases=7)
    assert "not understood: 2 × an event that is cut off, first at byte 1,234 of slow.log" in text
    assert "! The log is cut." in text
    assert "7 statements of other databases" in text
    assert "private part" in page(recorded=True)
    assert "private part" not in page()


def test_an_empty_digest_has_a_page() -> None:
    assert "0 statements" in page(events=0, classes=(), transactions=(), query_time_us=0)
