"""The recorded source and the real MySQL answer the same questions in the same way."""

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
import pytest

from seatrial.adapters.mysql.source import MySqlSource
from seatrial.domain.collection import Collection
from seatrial.domain.event import silent
from seatrial.domain.ports import Source
from seatrial.domain.question import Question
from seatrial.domain.schema import Schema
from seatrial.stages.collect import collect
from tests.contract.recorded import recorded
from tests.source_server import source_server


@pytest.fixture(scope="module", params=["recorded", pytest.param("mysql", marks=pytest.mark.engine)])
def source(request: pytest.FixtureRequest) -> Iterator[Source]:
    if request.param == "recorded":
        yield recorded()
        return
    with source_server() as server, MySqlSource(server.login()) as live:
        yield live


def collected(source: Source) -> Collection:
    return collect(source, now=lambda: datetime.now(UTC), tell=silent, seconds_between_samples=0.1)


@pytest.mark.parametrize("question", [one for one in Question if not one.per_table])
def test_every_answer_has_the_columns_the_question_promises(source: Source, question: Question) -> None:
    for row in source.ask(question):
        assert set(question.columns) <= set(row)
        assert all(value is None or isinstance(value, (str, int, float)) for value in row.values())


def test_a_table_is_answered_with_its_definition(source: Source) -> None:
    for row in source.ask(Question.TABLES):
        (answer,) = source.ask(Question.CREATE_TABLE, table=str(row["name"]))
        assert str(answer["create table"]).startswith("CREATE TABLE `")


def test_the_same_collection_comes_of_both(source: Source) -> None:
    found, expected = collected(source), collected(recorded())
    assert _without_sizes(found.schema) == _without_sizes(expected.schema)
    assert found.privileges == expected.privileges
    assert found.gaps == expected.gaps == ()
    assert {"gtid_mode", "log_bin", "binlog_row_image", "sql_mode"} <= set(found.server.variables)
    assert found.sidecars == ("_vt_left_over",)


def test_nothing_planted_comes_out(source: Source) -> None:
    assert b"planted" not in msgspec.json.encode(collected(source))


def _without_sizes(schema: Schema) -> Schema:
    bare = [msgspec.structs.replace(t, rows_estimate=0, data_bytes=0, index_bytes=0) for t in schema.tables]
    return msgspec.structs.replace(schema, tables=tuple(bare))
