"""A source that moved on stands still all the same, if every event since is ours; else nothing is said."""

import pytest

from seatrial.stages.load.standing import MOST_EVENTS, Place, place, settled
from tests.unit.fakes import FakeSql

UUID = "b6a0e814-e588-11f1-b051-02fc00000001"
BEGAN = Place("binlog.000002", 100, f"{UUID}:1-8")
STOPPED = (f"MySQL56/{UUID}:1-8", f"{UUID}:1-8")
OURS = [
    ("Gtid", "SET @@SESSION.GTID_NEXT= '…:9'"),
    ("Query", "use `shop`; alter table _vt_demo.copy_state auto_increment 1 /* xid=18730 */"),
    ("Gtid", "SET @@SESSION.GTID_NEXT= '…:10'"),
    ("Query", "BEGIN"),
    ("Table_map", "table_id: 131 (_vt_demo.vreplication)"),
    ("Update_rows", "table_id: 131 flags: STMT_END_F"),
    ("Xid", "COMMIT /* xid=1 */"),
]


def source(events: list[tuple[str, str]], *, file: str = "binlog.000002", gtids: str = f"{UUID}:1-10") -> FakeSql:
    rows = [("binlog.000002", 100 + n, kind, 1, 101 + n, info) for n, (kind, info) in enumerate(events)]
    status = [(file, 100 + len(events), "", "", gtids)]
    return FakeSql({"LOG STATUS": status, "BINLOG EVENTS": rows})


def test_our_own_bookkeeping_moves_the_position_and_no_row() -> None:
    assert settled(source(OURS), BEGAN, STOPPED, "_vt_demo") == f"{UUID}:1-10"


@pytest.mark.parametrize(
    "foreign",
    [
        ("Table_map", "table_id: 9 (shop.orders)"),
        ("Table_map", "table_id: 9 (_vt_other.copy_state)"),
        ("Query", "use `shop`; alter table orders add note int"),
        ("Query", "use `_vt_demo`; drop table shop.orders"),
        ("Query", "insert into _vt_demo.x select 1"),
        ("Rotate", "binlog.000003;pos=4"),
        ("Something_new", ""),
    ],
)
def test_any_other_event_leaves_it_open(foreign: tuple[str, str]) -> None:
    assert settled(source([*OURS, foreign]), BEGAN, STOPPED, "_vt_demo") == ""


def test_what_comes_after_the_look_does_not_count() -> None:
    sql = source(OURS)
    late = ("binlog.000002", 500, "Table_map", 1, 501, "table_id: 9 (shop.orders)")
    sql = FakeSql(
        {"LOG STATUS": sql.query("SHOW BINARY LOG STATUS"), "BINLOG EVENTS": [*sql.query("SHOW BINLOG EVENTS"), late]}
    )
    assert settled(sql, BEGAN, STOPPED, "_vt_demo") == f"{UUID}:1-10"


def test_a_stream_that_stopped_elsewhere_another_file_or_too_many_events_leave_it_open() -> None:
    assert settled(source(OURS), BEGAN, (f"{UUID}:1-7",), "_vt_demo") == ""
    assert settled(source(OURS, file="binlog.000003"), BEGAN, STOPPED, "_vt_demo") == ""
    assert settled(source([OURS[0]] * MOST_EVENTS), BEGAN, STOPPED, "_vt_demo") == ""
    assert settled(source(OURS), None, STOPPED, "_vt_demo") == ""


def test_a_server_without_binary_log_has_no_place() -> None:
    assert place(FakeSql({"LOG STATUS": [], "MASTER STATUS": []})) is None
