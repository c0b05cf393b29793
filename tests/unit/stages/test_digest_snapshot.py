"""A snapshot of statement digests taken of a recorded MySQL 9.7, and what is refused."""

from typing import Any

import msgspec
import pytest

from seatrial.domain.event import silent
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.question import SNAPSHOT, Question
from seatrial.domain.statements import Snapshot
from seatrial.parsing.digest_text import is_cut
from seatrial.parsing.logs.recognise import Form, recognise
from seatrial.parsing.logs.snapshot_file import snapshot_of, written
from seatrial.stages.digest.snapshot import snapshot
from tests.contract.recorded import RecordedSource, recorded


@pytest.fixture
def source() -> RecordedSource:
    return recorded()


def refused(source: RecordedSource) -> Fault:
    with pytest.raises(Fault) as caught:
        snapshot(source, silent)
    return caught.value


def changed(source: RecordedSource, question: Question, name: str, value: str) -> None:
    for row in source.answers[question]:
        if row["variable_name"] == name:
            row["value"] = value


def test_it_asks_what_was_announced_and_nothing_else(source: RecordedSource) -> None:
    snapshot(source, silent)
    assert source.asked == [question.value for question in SNAPSHOT]


def test_it_holds_what_the_server_counted(source: RecordedSource) -> None:
    taken = snapshot(source, silent)
    assert (taken.server[:4], taken.database, taken.no_histogram) == ("9.7.", "shöp `q", "")
    assert taken.server_uuid and taken.uptime_s >= 0 and taken.digests_size == 10_000
    assert taken.moment.endswith("Z") and taken.beyond == 0 and taken.others > 0
    by_text = {row.text: row for row in taken.statements}
    found = by_text["SELECT `id` , `email` FROM `customers` WHERE `id` IN (...)"]
    assert (found.schema, found.count, found.errors) == (taken.database, 5, 0)
    assert found.min_ps <= found.max_ps <= found.time_ps < 5 * found.max_ps + 1
    assert sum(count for _, count in found.histogram) == 5
    assert {number for number, _ in found.histogram} <= {each.number for each in taken.buckets}
    assert "SELECT `id` FROM `shöp ``q` . `customers` WHERE `email` = ?" in by_text


def test_no_literal_and_no_sample_is_in_it(source: RecordedSource) -> None:
    for row in source.answers[Question.STATEMENTS]:
        row["query_sample_text"] = "SELECT 'planted'"  # nobody asks for it
        row["digest_text"] += " AND `a` = 'planted' /* planted */"
    assert "planted" not in written(snapshot(source, silent))


def test_its_file_is_recognised_and_read_back_as_it_was(source: RecordedSource) -> None:
    taken = snapshot(source, silent)
    text = written(taken).encode()
    assert recognise(text) is Form.STATEMENTS
    assert recognise(msgspec.json.format(text, indent=4)) is Form.STATEMENTS
    assert snapshot_of(text) == taken
    assert len(text.splitlines()) == len(taken.statements) + 2
    empty = msgspec.structs.replace(taken, statements=())
    assert snapshot_of(written(empty).encode()) == empty


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'{"format": "seatrial statement snapshot", "version": 2}', "version 2"),
        (b'{"format": "seatrial statement snapshot", "version": 1}', "a field of it"),
        (b'{"format": "seatrial statement snapshot", "ver', "cut or damaged"),
    ],
)
def test_a_file_that_is_no_whole_snapshot_is_told_what_it_lacks(content: bytes, why: str) -> None:
    found = snapshot_of(content)
    assert isinstance(found, str)
    assert why in found


def test_a_statement_in_a_log_of_vtgate_that_names_one_makes_none_of_it() -> None:
    line = msgspec.json.encode({"SQL": 'select \'{"format": "seatrial statement snapshot"}\''})
    assert recognise(line + b"\n") is not Form.STATEMENTS


def test_without_performance_schema_there_is_a_remedy(source: RecordedSource) -> None:
    changed(source, Question.VARIABLES, "performance_schema", "OFF")
    fault = refused(source)
    assert (fault.code, fault.exit) == ("digest.no-performance-schema", Exit.CONFIG)
    assert "performance_schema = ON" in fault.remedy
    changed(source, Question.VARIABLES, "performance_schema", "ON")
    changed(source, Question.VARIABLES, "performance_schema_digests_size", "0")
    assert "performance_schema_digests_size" in refused(source).remedy


def test_a_consumer_that_is_off_is_named_with_the_way_to_switch_it_on(source: RecordedSource) -> None:
    source.answers[Question.STATEMENT_SETUP][0]["consumers_off"] = "statements_digest"
    fault = refused(source)
    assert fault.code == "digest.no-statement-digests"
    assert "UPDATE performance_schema.setup_consumers" in fault.remedy and "'statements_digest'" in fault.remedy


@pytest.mark.parametrize("question", [Question.STATEMENT_SETUP, Question.OTHER_STATEMENTS, Question.STATEMENTS])
def test_a_missing_privilege_is_named(source: RecordedSource, question: Question) -> None:
    source.answers[question] = "a privilege is missing: SELECT command denied to this account for table `x`"
    fault = refused(source)
    assert (fault.code, fault.exit) == ("digest.missing-grant", Exit.CONFIG)
    assert "GRANT SELECT" in fault.remedy and "SELECT command denied" in fault.what


def test_no_answer_in_time_may_be_asked_for_again(source: RecordedSource) -> None:
    source.answers[Question.STATEMENTS] = "no answer within the time cap of 20 s"
    fault = refused(source)
    assert (fault.code, fault.retry) == ("digest.no-answer", True)


def test_without_histograms_the_counts_are_there_all_the_same(source: RecordedSource) -> None:
    source.answers[Question.STATEMENT_HISTOGRAM] = "no answer within the time cap of 20 s"
    taken = snapshot(source, silent)
    assert (taken.no_histogram, taken.buckets) == ("no answer within the time cap of 20 s", ())
    assert taken.statements and not any(row.histogram for row in taken.statements)


@pytest.mark.parametrize("version", ["5.7.44-log", "8.0.2", "10.11.6-MariaDB"])
def test_servers_without_histograms_are_not_asked_for_them(source: RecordedSource, version: str) -> None:
    source.answers[Question.VERSION][0]["version"] = version
    for row in source.answers[Question.STATEMENTS]:
        for name in ("quantile_95", "quantile_99", "quantile_999"):
            del row[name]
    taken = snapshot(source, silent)
    assert Question.STATEMENT_HISTOGRAM.value not in source.asked
    assert (taken.no_histogram, taken.statements[0].p95_ps) == ("the server keeps none", None)


def test_the_row_of_what_found_no_room_is_counted_apart(source: RecordedSource) -> None:
    rows: list[dict[str, Any]] = source.answers[Question.STATEMENTS]
    rows.append(rows[0] | {"schema_name": None, "digest": None, "digest_text": None, "count_star": 77})
    taken: Snapshot = snapshot(source, silent)
    assert taken.beyond == 77
    assert len(taken.statements) == len(rows) - 1


OTHERS = ["mariadb-10.11", "mysql-5.6"]


@pytest.mark.parametrize("name", OTHERS)
def test_other_servers_answer_too(name: str) -> None:
    """With SELECT on performance_schema and nothing else."""
    source = recorded(name)
    taken = snapshot(source, silent)
    assert source.asked == [question.value for question in SNAPSHOT[:-1]]
    assert (taken.database, taken.no_histogram, taken.executes) == ("shop", "the server keeps none", 9)
    assert taken.server_uuid and taken.uptime_s > 0 and taken.digests_size in (5_000, 10_000)
    assert all(row.first_seen <= row.last_seen <= taken.moment for row in taken.statements)
    (found,) = [row for row in taken.statements if "IN (...)" in row.text]
    assert (found.count, found.errors, found.p95_ps) == (5, 0, None)
    assert 0 < found.min_ps <= found.max_ps < found.time_ps
    (wrong,) = [row for row in taken.statements if "`nope`" in row.text]
    assert (wrong.count, wrong.errors) == (1, 1)
    assert "planted" not in written(taken)


@pytest.mark.parametrize("name", [*OTHERS, "mysql-9.7"])
def test_a_text_without_its_end_is_marked(name: str) -> None:
    """No server says so by itself."""
    source = recorded(name)
    if name == "mysql-9.7":
        text = "SELECT `id` FROM `t` WHERE " + " AND ".join(["NAME != ?"] * 126) + " AND NAME !="
        source.answers[Question.STATEMENTS][0]["digest_text"] = text
    cut = [row.text for row in snapshot(source, silent).statements if is_cut(row.text)]
    assert len(cut) == 1
    changed(source, Question.VARIABLES, "max_digest_length", "4096")
    changed(source, Question.VARIABLES, "performance_schema_max_digest_length", "4096")
    assert not any(is_cut(row.text) for row in snapshot(source, silent).statements)


def test_mariadb_whose_performance_schema_is_off_by_default_is_told_what_to_do() -> None:
    source = recorded("mariadb-10.11")
    changed(source, Question.VARIABLES, "performance_schema", "OFF")
    fault = refused(source)
    assert (fault.code, fault.exit) == ("digest.no-performance-schema", Exit.CONFIG)
    assert "restart" in fault.remedy and "slow-log" in fault.remedy


def test_a_moment_that_is_none_is_empty(source: RecordedSource) -> None:
    source.answers[Question.STATEMENTS][0]["first_seen"] = "0000-00-00 00:00:00"
    source.answers[Question.STATEMENTS][1]["first_seen"] = "2026-11-20T08:50:00"
    seen = {row.first_seen for row in snapshot(source, silent).statements}
    assert {"", "2026-11-20T08:50:00.000000Z"} <= seen
