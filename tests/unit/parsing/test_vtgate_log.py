"""A line of vtgate's query log is a statement; its errors keep no bind value."""

import json
from datetime import datetime

import pytest

from seatrial.parsing.vtgate_log import executed


def line(**changed: object) -> bytes:
    told = {
        "Method": "Execute",
        "RemoteAddr": "127.0.0.1:33360",
        "Username": "app",
        "Start": "2026-11-21 08:22:19.050724",
        "End": "2026-11-21 08:22:19.052724",
        "TotalTime": 0.002,
        "StmtType": "SELECT",
        "SQL": "select id from orders where shop_id = :shop_id /* INT64 */",
        "BindVars": "[REDACTED]",
        "ShardQueries": 2,
        "RowsAffected": 0,
        "Error": "",
        "SessionUUID": "b1946ac9-c761-11f0-9f5e-0242ac110002",
        "Cached Plan": True,
        "TablesUsed": ["demo_scratch.orders"],
        "ActiveKeyspace": "demo_scratch:-80@primary",
    }
    return json.dumps(told | changed).encode()


def test_a_statement() -> None:
    found = executed(line())
    assert found is not None
    ended = datetime.fromisoformat("2026-11-21 08:22:19.052724").astimezone()
    assert found.ended_us == round(ended.timestamp() * 1e6)
    assert (found.took_us, found.shard_queries, found.errno, found.database) == (2000, 2, 0, "demo_scratch")
    assert found.sql.startswith(b"select id from orders")
    again, other = executed(line()), executed(line(SessionUUID="another"))
    assert again is not None
    assert other is not None
    assert again.connection == found.connection != other.connection


@pytest.mark.parametrize("changed", [{"TotalTime": 1e305}, {"TotalTime": -0.5}, {"End": "0001-01-01 00:00:00"}])
def test_a_line_with_impossible_times_is_none(changed: dict[str, object]) -> None:
    assert executed(line(**changed)) is None


def test_errors_have_a_number_and_no_literal() -> None:
    text = (
        "target: ks.0.primary: vttablet: rpc error: code = AlreadyExists desc = Duplicate entry 'secret' for key "
        '\'t.PRIMARY\' (errno 1062) (sqlstate 23000) (CallerID: app): Sql: "insert", BindVars: {v: "secret"}'
    )
    found = executed(line(Error=text))
    assert found is not None
    assert found.errno == 1062
    assert "secret" not in found.error
    refused = executed(line(Error="VT12001: unsupported: something"))
    assert refused is not None
    assert refused.errno == 1105
    syntax = executed(line(Error="syntax error at position 19 near 'secret'"))
    assert syntax is not None
    assert (syntax.errno, "secret" in syntax.error) == (1064, False)


def test_what_is_no_statement_is_none() -> None:
    assert executed(b"") is None
    assert executed(b"{}") is None
    assert executed(b"not json") is None
    assert executed(line(SQL="")) is None
    assert executed(line(End="x")) is None
