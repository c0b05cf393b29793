"""The text that people read, diff and paste."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from seatrial.domain.collection import Collection, LongTransaction, Writer
from seatrial.domain.event import silent
from seatrial.report.plain import amount, bytes_text, duration, fitted, width_of
from seatrial.report.summary import summary
from seatrial.stages.collect import collect
from tests.contract.recorded import recorded


@pytest.fixture
def collection() -> Collection:
    at = datetime(2026, 11, 20, tzinfo=UTC)
    return collect(recorded(), now=lambda: at, tell=silent, seconds_between_samples=0)


def sections(text: str) -> list[str]:
    lines = text.splitlines()
    return [lines[i - 1].split(" (")[0] for i, line in enumerate(lines) if line and set(line) in ({"-"}, {"="})]


def test_no_line_is_wider_than_a_mail(collection: Collection) -> None:
    writers = (Writer(account="account-1", threads=3, ours=True),)
    long = (LongTransaction(thread_id=8, account="account-1", open_s=70, rows_locked=0, rows_modified=1),)
    name = replace(collection.schema.tables[0], name="很" * 64)
    schema = replace(collection.schema, tables=(name, *collection.schema.tables))
    for made in (collection, replace(collection, writers=writers, long_transactions=long, schema=schema)):
        assert max(width_of(line) for line in summary(made).splitlines()) <= 100


def test_the_sections_are_the_same_whatever_was_seen(collection: Collection) -> None:
    blind = replace(
        collection, status=(), replication=None, writers=None, long_transactions=None, history_list_length=None,
        sidecars=None, schema=replace(collection.schema, tables=(), stored_objects=()),
    )  # fmt: skip
    assert sections(summary(blind)) == sections(summary(collection))
    assert len(sections(summary(blind))) == 12
    assert "no answer" in summary(blind)


def test_the_same_collection_gives_the_same_text(collection: Collection) -> None:
    assert summary(collection) == summary(collection)


def test_a_changed_setting_is_one_changed_line(collection: Collection) -> None:
    variables = {**collection.server.variables, "gtid_mode": "OFF"}
    other = replace(collection, server=replace(collection.server, variables=variables))
    changed = set(summary(other).splitlines()) - set(summary(collection).splitlines())
    assert [line.split() for line in changed] == [["gtid_mode", "OFF"]]


def test_nothing_planted_is_printed(collection: Collection) -> None:
    assert "planted" not in summary(collection)


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (bytes_text(512), "512 B"), (bytes_text(1.5 * 2**30), "1.50 GiB"), (bytes_text(0), "0 B"),
        (amount(None), "-"), (amount(0), "0"), (amount(0.00125), "0.0013"), (amount(123456), "123,456"),
        (duration(59), "59 s"), (duration(90_061), "1 d 1 h 1 min"),
        (fitted("订单备注", 5), "订单…"),
    ],
)  # fmt: skip
def test_numbers_carry_their_units(made: str, text: str) -> None:
    assert made == text
