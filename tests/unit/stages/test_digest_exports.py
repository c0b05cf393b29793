"""A digest for other programs, as Parquet and as pt-query-digest's JSON."""

import io
import sys
from datetime import UTC, datetime

import msgspec
import pytest
from msgspec.structs import replace

from seatrial.cli.digest_show import query_page
from seatrial.domain.event import silent
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.workload import Digest, Verb
from seatrial.parsing.lexer import split
from seatrial.parsing.pt_fingerprint import pt_checksum
from seatrial.parsing.slow_log import SlowLog
from seatrial.stages.digest import Digester, Log, digest, merged
from seatrial.stages.digest.export import ExportedClass, as_csv, exported, exported_class
from seatrial.stages.digest.export_parquet import as_parquet
from seatrial.stages.digest.export_pt import as_pt
from tests.unit import factories
from tests.unit.factories_workload import KNOWN, times
from tests.unit.slow_logs import BANNER, BEGAN, event

DIGEST = factories.digest()


def test_parquet_has_a_row_a_class_with_the_values_and_types_of_the_export() -> None:
    from pyarrow import parquet

    made = exported(DIGEST).classes
    table = parquet.read_table(io.BytesIO(as_parquet(made)))
    assert table.column_names == list(ExportedClass.__struct_fields__)
    types = {name: str(table.schema.field(name).type) for name in ("id", "tables", "count", "p99_s", "first")}
    assert list(types.values()) == ["string", "list<element: string>", "int64", "double", "timestamp[us, tz=UTC]"]
    rows = table.to_pylist()
    assert len(rows) == len(DIGEST.classes)
    for row, query in zip(rows, made, strict=True):
        assert row["first"] == datetime.fromisoformat(query.first).astimezone(UTC)
        assert tuple(row["tables"]) == query.tables
        assert (row["fingerprint"], row["count"], row["query_time_s"]) == (
            query.fingerprint,
            query.count,
            query.query_time_s,
        )


def test_parquet_of_no_class_has_its_columns_and_a_class_without_a_moment_its_row() -> None:
    from pyarrow import parquet

    assert parquet.read_table(io.BytesIO(as_parquet([]))).column_names == list(ExportedClass.__struct_fields__)
    timeless = exported_class(replace(DIGEST.classes[0], first="", last=""))
    assert parquet.read_table(io.BytesIO(as_parquet([timeless]))).to_pylist()[0]["last"] is None


def test_without_pyarrow_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(Fault) as caught:
        as_parquet([])
    assert (caught.value.code, caught.value.exit) == ("digest.no-pyarrow", Exit.CONFIG)
    assert "seatrial[parquet]" in caught.value.remedy


def test_the_layout_of_pt_query_digest_has_its_names_and_adds_up() -> None:
    plain = msgspec.to_builtins(as_pt(DIGEST))
    whole, classes = plain["global"], plain["classes"]
    assert whole["query_count"] == sum(each["query_count"] for each in classes)
    assert whole["unique_query_count"] == len(classes) == len(DIGEST.classes)
    assert whole["metrics"]["Query_time"]["sum"] == f"{DIGEST.query_time_us / 1e6:.6f}"
    assert whole["files"][0] == {"name": "slow.log", "size": 14_802_113}
    assert sum(float(each["metrics"]["Query_time"]["pct"]) for each in classes) == pytest.approx(1, abs=1e-4)
    for each, query in zip(classes, DIGEST.classes, strict=True):
        histogram = each["histograms"]["Query_time"]
        assert len(histogram) == 8 and sum(histogram) == query.times.sketch.count
        times = {name: float(figure) for name, figure in each["metrics"]["Query_time"].items()}
        assert times["min"] <= times["median"] <= times["pct_95"] <= times["max"]
        assert each["metrics"]["db"] == {"value": "shop"}
        assert each["ts_min"] == query.first[:19]


def test_a_class_is_told_in_short_with_its_tables() -> None:
    told = {each.fingerprint: each for each in as_pt(DIGEST).classes}
    customer = told[KNOWN["customer"].sql]
    assert customer.distillate == f"SELECT {KNOWN['customer'].tables}"
    assert customer.tables[0].create == f"SHOW CREATE TABLE `shop`.`{KNOWN['customer'].tables}`\\G"
    begin = replace(DIGEST.classes[0], verb=Verb.BEGIN, fingerprint="begin", tables=(), databases=())
    (plain,) = as_pt(replace(DIGEST, classes=(begin,))).classes
    assert (plain.distillate, plain.tables) == ("BEGIN", ())
    assert "db" not in plain.metrics


def test_an_empty_digest_has_the_layout_too() -> None:
    plain = msgspec.to_builtins(as_pt(replace(DIGEST, classes=(), seconds=0.0, query_time_us=0)))
    assert len(plain["classes"]) == 0 and plain["global"]["query_count"] == 0
    assert plain["global"]["metrics"]["Query_time"]["median"] == "0.000000"


def test_executions_of_ten_seconds_and_more_are_the_histograms_last() -> None:
    slow = replace(DIGEST.classes[0], times=times(3, 400_000_000.0))
    (told,) = as_pt(replace(DIGEST, classes=(slow,))).classes
    assert told.histograms["Query_time"][7] > 0


def digested(*statements: str, errno: int = 0) -> Digest:
    content = BANNER + b"".join(event(sql, use="shop", errno=errno) for sql in statements)
    log = Log(name="slow.log", stream=io.BytesIO(content), bytes=len(content))
    return digest([log], database="shop", schema=None, keep=None, now=BEGAN, tell=silent)


def test_a_class_has_the_checksum_of_its_first_statement_in_every_format() -> None:
    """pt-query-digest takes `it''s` for two texts: another class there, the same one here."""
    found = digested("SELECT a FROM t WHERE b = 'x'", "SELECT a FROM t WHERE b = 'it''s'")
    (query,) = found.classes
    assert query.pt_checksum == pt_checksum(*split(b"SELECT a FROM t WHERE b = 5")) != ""
    assert exported(found).classes[0].pt_checksum == as_pt(found).classes[0].checksum == query.pt_checksum
    assert as_csv(exported(found).classes).splitlines()[1].endswith(f",{query.pt_checksum}")
    assert query.pt_checksum in "\n".join(query_page(found, query, []))


@pytest.mark.parametrize(("sql", "errno"), [("SELECT a FROM t WHERE b = 'O'Hara's'", 0), ("SELEKT secret", 1064)])
def test_a_statement_that_cannot_be_told_from_its_literals_has_no_checksum(sql: str, errno: int) -> None:
    (query,) = digested(sql, errno=errno).classes
    assert query.pt_checksum == ""


def test_parts_of_a_log_join_to_the_checksums_of_the_whole() -> None:
    log = ["SELECT a FROM t WHERE b = 'it''s'", "SELECT a FROM t WHERE b = 'x'", "COMMIT"]
    parts = []
    for number, sql in enumerate(log):
        digester = Digester(dialect="", database="shop", schema=None, continues=number > 0)
        for executed in SlowLog(io.BytesIO(BANNER + event(sql, use="shop")), "slow.log"):
            digester.add(executed)
        parts.append(digester.part())
    made = merged(parts, dialect="", now=BEGAN)
    assert {each.id: each.pt_checksum for each in made.classes} == {
        each.id: each.pt_checksum for each in digested(*log).classes
    }
