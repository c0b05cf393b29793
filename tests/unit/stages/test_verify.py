"""Verification: equal only if every way that could look says so; what differs is shown by its key."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from seatrial.domain.comparison import Equality, RowAccount, SampleComparison
from seatrial.domain.event import Tell, silent
from seatrial.domain.fault import Cancelled, Fault
from seatrial.domain.vitess import VDiffShard
from seatrial.stages.verify import rows, sample
from seatrial.stages.verify.sample import Draw, compare
from seatrial.stages.verify.vdiff import run_vdiff
from seatrial.stages.verify.whole import conclude
from tests.unit import factories
from tests.unit.fakes import FakeSql, Told
from tests.unit.stages.orders import cluster

TABLE = factories.table("orders", 100)
GOOD = VDiffShard(
    table="orders", shard="-80", state="completed", rows_compared=100, mismatched=0, extra_source=0, extra_target=0,
    differing=(), only_source=(), only_target=(),
)  # fmt: skip
ACCOUNT = RowAccount(source_before=100, source_after=100, target=100, copies=1, bound=0)
SAMPLE = SampleComparison(rows_checked=30, mismatched=0, moved=0)


@pytest.mark.parametrize(
    ("reports", "account", "drawn", "changed", "equality", "reason"),
    [
        ([GOOD], ACCOUNT, SAMPLE, False, "equal", ""),
        ([GOOD], ACCOUNT, None, False, "equal", ""),
        ([replace(GOOD, mismatched=2)], ACCOUNT, SAMPLE, False, "different", "VDiff found 2 differing rows"),
        ([replace(GOOD, extra_source=1)], ACCOUNT, SAMPLE, False, "different", "VDiff found 1"),
        ([replace(GOOD, extra_target=1)], ACCOUNT, SAMPLE, False, "different", "VDiff found 1"),
        ([GOOD], ACCOUNT, replace(SAMPLE, mismatched=3), False, "different", "3 of 30 drawn rows differ"),
        ([GOOD], ACCOUNT, replace(SAMPLE, moved=3), False, "equal", ""),
        ([GOOD], replace(ACCOUNT, target=99), SAMPLE, False, "different", "99 rows on the target, 100 × 1"),
        ([GOOD], ACCOUNT, SAMPLE, True, "could-not-look", "altered since"),
        ([], ACCOUNT, SAMPLE, False, "could-not-look", "no VDiff report"),
        ([replace(GOOD, state="error", error="lost")], ACCOUNT, SAMPLE, False, "could-not-look", "did not end: lost"),
        ([replace(GOOD, state="stopped")], ACCOUNT, SAMPLE, False, "could-not-look", "did not end: stopped"),
        ([GOOD], replace(ACCOUNT, source_after=101, bound=None), SAMPLE, False, "could-not-look", "came and went"),
        ([replace(GOOD, rows_compared=99)], ACCOUNT, SAMPLE, False, "could-not-look", "compared 99 rows of 100"),
        ([replace(GOOD, rows_compared=99)], replace(ACCOUNT, bound=1), SAMPLE, False, "equal", ""),
        ([replace(GOOD, mismatched=1)], ACCOUNT, SAMPLE, True, "different", "VDiff found 1"),
        ([GOOD] * 2, replace(ACCOUNT, target=200, copies=2), SAMPLE, False, "equal", ""),
    ],
)
def test_what_the_three_ways_come_to(
    reports: list[VDiffShard],
    account: RowAccount,
    drawn: SampleComparison | None,
    changed: bool,
    equality: str,
    reason: str,
) -> None:
    found = conclude(TABLE, "shop_sharded", reports, account, drawn, changed=changed)
    assert found.equality is Equality(equality)
    assert reason in found.reason
    assert bool(reason) == bool(found.reason)


def test_how_many_rows_came_or_went_is_read_from_the_server_or_unknown() -> None:
    names = ["orders", "quiet"]
    before = rows.activity(FakeSql({"performance_schema": [("orders", 100)]}), "shop", names)
    assert before == {"orders": 100, "quiet": 0}
    after = {"orders": 130, "quiet": 0}
    assert rows.bounds(before, after, names) == {"orders": 30, "quiet": 0}
    assert rows.bounds(after, before, names) == {"orders": 0, "quiet": 0}
    assert rows.bounds(None, after, names) == {"orders": None, "quiet": None}
    refused = FakeSql({"performance_schema": Fault("mysql.denied", "no", remedy="grant")})
    assert rows.activity(refused, "shop", names) is None
    assert rows.activity(FakeSql({"performance_schema": []}), "shop", names) is None


def test_counts_quote_the_tables_name() -> None:
    sql = FakeSql({"FROM `订 单`": [(7,)]})
    assert rows.count(sql, "订 单", silent) == 7


class Rows(FakeSql):
    """A server that holds the table's rows; what is read can change from one reading to the next."""

    def __init__(self, *readings: dict[int, str | None]) -> None:
        super().__init__()
        self.readings = list(readings)

    def query(self, sql: str, args: Any = None) -> list[tuple[Any, ...]]:
        now = self.readings[0]
        if "ORDER BY" in sql:
            return [(key,) for key in now]
        if len(self.readings) > 1:
            self.readings.pop(0)
        return [(key, now[key]) for key in args if key in now]


@pytest.fixture(autouse=True)
def no_time_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    def rest(tell: Tell, seconds: float) -> None:
        return None

    monkeypatch.setattr(sample, "rest", rest)


def drawn(source: Rows, shards: dict[str, Rows], copies: int = 1) -> tuple[SampleComparison, list[Any]]:
    found, differing = compare(TABLE, "k", source, shards, copies, Draw(), silent)
    assert found is not None
    return found, differing


def test_rows_spread_over_shards_are_equal() -> None:
    found, differing = drawn(Rows({1: "a", 2: None}), {"-80": Rows({1: "a"}), "80-": Rows({2: None})})
    assert (found.rows_checked, found.mismatched, found.moved, differing) == (2, 0, 0, [])


@pytest.mark.parametrize(
    ("shards", "shown"),
    [
        ({"-80": Rows({1: "b"}), "80-": Rows({})}, ("-80", {"id": 1, "note": "b"})),
        ({"-80": Rows({}), "80-": Rows({})}, ("none", None)),
        ({"-80": Rows({1: "a"}), "80-": Rows({1: "a"})}, ("-80, 80-", None)),
        ({"-80": Rows({1: "a"}), "80-": Rows({1: "b"})}, ("80-", {"id": 1, "note": "b"})),
    ],
)
def test_a_row_that_is_other_missing_or_twice_there_is_shown(shards: dict[str, Rows], shown: tuple[str, Any]) -> None:
    found, (mismatch,) = drawn(Rows({1: "a"}), shards)
    assert found.mismatched == 1
    assert (mismatch.shard, mismatch.target) == shown
    assert (mismatch.key, mismatch.source) == ({"id": 1}, {"id": 1, "note": "a"})


def test_a_reference_row_must_be_on_every_shard() -> None:
    everywhere = {"-80": Rows({1: "a"}), "80-": Rows({1: "a"})}
    assert drawn(Rows({1: "a"}), everywhere, copies=2)[0].mismatched == 0
    assert drawn(Rows({1: "a"}), {"-80": Rows({1: "a"}), "80-": Rows({})}, copies=2)[0].mismatched == 1


def test_a_row_in_flight_is_no_difference() -> None:
    found, differing = drawn(Rows({1: "new"}), {"0": Rows({1: "old"}, {1: "new"})})
    assert (found.mismatched, found.moved, differing) == (0, 1, [])


def test_a_table_without_a_key_has_no_sample() -> None:
    assert compare(replace(TABLE, indexes=()), "k", FakeSql(), {}, 1, Draw(), silent) == (None, [])


def never() -> None:
    raise AssertionError("nothing is to be mended")


@pytest.mark.parametrize(("away", "begun"), [(1, 2), (2, 3)])
def test_a_tablet_lost_while_comparing_is_mended_and_all_compared_again(
    away: int, begun: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, mended, looks = cluster(), list[str](), iter(range(9))
    there.reports = (GOOD, replace(GOOD, shard="80-"))

    def reports(*_: object) -> object:
        if next(looks) < away:
            raise Fault("vitess.unreachable", "a tablet does not answer", remedy="", retry=True)
        return there.reports

    monkeypatch.setattr(there, "vdiff_reports", reports)
    found = run_vdiff("shop_sharded_in", "shop_sharded", ["orders"], there, lambda: mended.append("mended"), silent)
    assert found == there.reports
    assert len(mended) == away
    assert there.done == ["vdiff shop_sharded_in"] * begun


def test_a_tablet_lost_again_and_again_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    there = cluster()

    def reports(*_: object) -> object:
        raise Fault("vitess.unreachable", "a tablet does not answer", remedy="", retry=True)

    monkeypatch.setattr(there, "vdiff_reports", reports)
    with pytest.raises(Fault) as caught:
        run_vdiff("shop_sharded_in", "shop_sharded", ["orders"], there, lambda: None, silent)
    assert caught.value.code == "vitess.unreachable"


def test_a_stopped_vdiff_is_stopped_in_vitess_too() -> None:
    there = cluster()
    with pytest.raises(Cancelled):
        run_vdiff("shop_sharded_in", "shop_sharded", ["orders"], there, never, Told(cancel_after=1))
    assert there.done == ["vdiff shop_sharded_in", "vdiff stopped shop_sharded_in"]


def test_vdiff_waits_for_every_shard() -> None:
    there = cluster()
    there.reports = (GOOD, replace(GOOD, shard="80-"))
    assert run_vdiff("shop_sharded_in", "shop_sharded", ["orders"], there, never, silent) == there.reports


def test_times_are_utc() -> None:
    assert datetime.fromisoformat(factories.TAKEN_AT).tzinfo == UTC
