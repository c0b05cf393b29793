"""What an owner is told to set, what it costs, and that the way back leads to where it began."""

import re
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from seatrial.domain import slow_logging
from seatrial.domain.slow_logging import HEAD_BYTES, Rate

MYSQL = {
    "datadir": "/var/lib/mysql/",
    "general_log": "OFF",
    "log_output": "FILE",
    "log_slow_extra": "OFF",
    "long_query_time": "10.000000",
    "min_examined_row_limit": "100",
    "slow_query_log": "OFF",
    "slow_query_log_file": "db1-slow.log",
}


def after(settings: Mapping[str, str], commands: tuple[str, ...]) -> dict[str, str]:
    """The settings of a server that was told so."""
    now = dict(settings)
    for command in commands:
        said = re.fullmatch(r"SET GLOBAL (\w+) = (?:'([^']*)'|([\w.]+));", command)
        assert said, command
        assert said[1] in settings, command  # a server refuses a variable it does not have
        now[said[1]] = said[2] if said[2] is not None else said[3]
    return now


def test_every_statement_is_logged_afterwards_and_the_switch_comes_last() -> None:
    commands = slow_logging.commands(MYSQL, "seatrial-slow.log")
    now = after(MYSQL, commands)
    assert now["slow_query_log_file"] == "seatrial-slow.log"
    assert float(now["long_query_time"]) == float(now["min_examined_row_limit"]) == 0
    assert (now["slow_query_log"], now["log_slow_extra"], now["log_output"]) == ("ON", "ON", "FILE")
    assert commands[-1] == "SET GLOBAL slow_query_log = ON;"
    assert slow_logging.lacking(MYSQL) == ("min_examined_row_limit", "log_slow_extra", "long_query_time")
    assert slow_logging.lacking(now) == ()


def test_a_server_without_log_slow_extra_is_not_told_to_set_it_but_told_what_it_lacks() -> None:
    old = {name: value for name, value in MYSQL.items() if name != "log_slow_extra"}
    assert not any("log_slow_extra" in command for command in slow_logging.commands(old, "a.log"))
    assert any("no log_slow_extra" in note for note in slow_logging.notes(old, 3))
    assert not any("no log_slow_extra" in note for note in slow_logging.notes(MYSQL, 3))


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "log_output": st.sampled_from(["FILE", "TABLE", "FILE,TABLE", "NONE"]),
            "log_slow_extra": st.sampled_from(["ON", "OFF"]),
            "log_slow_rate_limit": st.integers(1, 1000).map(str),
            "long_query_time": st.sampled_from(["0.000000", "10.000000", "0.5"]),
            "min_examined_row_limit": st.integers(0, 10**9).map(str),
            "slow_query_log": st.sampled_from(["ON", "OFF"]),
            "slow_query_log_file": st.sampled_from(["slow.log", "/var/log/mysql/a b.log"]),
        },
    )
)
def test_the_way_back_leads_to_where_it_began(found: dict[str, str]) -> None:
    before = {"slow_query_log": "OFF", **found}
    now = after(before, slow_logging.commands(before, "seatrial-slow.log"))
    assert after(now, slow_logging.undo(before)) == before


def test_a_name_is_no_way_into_another_statement() -> None:
    (command, *_) = slow_logging.commands(MYSQL, "a'; DROP TABLE t; --.log")
    assert "DROP" not in command
    assert bytes.fromhex(re.search(r"x'(\w+)'", command)[1]).decode() == "a'; DROP TABLE t; --.log"  # type: ignore[index]


def test_the_page_can_be_pasted_whole() -> None:
    page = slow_logging.page(
        MYSQL,
        "seatrial-slow.log",
        Rate(statements_per_s=100, bytes_per_statement=600),
        open_sessions=7,
        free_bytes=10**9,
    )
    said = [line for line in page.text().splitlines() if line and not line.startswith("--")]
    assert said == [*page.commands, *page.undo]
    assert page.path == "/var/lib/mysql/seatrial-slow.log"
    assert page.estimate.bytes_per_hour == 216_000_000
    assert page.estimate.hours_of_room == 10**9 / 216_000_000
    assert "about 216 MB an hour at 100.0 statements a second" in page.text()
    assert "The 7 sessions that are open keep" in page.text()


def test_an_idle_server_has_no_end_of_room() -> None:
    assert slow_logging.estimate(0, 600, 10**9).hours_of_room is None
    assert slow_logging.estimate(10).free_bytes is None


def test_an_absolute_name_is_the_path() -> None:
    assert slow_logging.path(MYSQL, "/var/log/mysql/s.log") == "/var/log/mysql/s.log"


class Counters:
    """A server whose counters stand where they are told to."""

    def __init__(self, *looks: tuple[int, int]) -> None:
        self.looks = list(looks)

    def query(self, _sql: str, _args: object = None) -> list[tuple[str, str]]:
        queries, received = self.looks.pop(0)
        return [("Queries", str(queries)), ("Bytes_received", str(received)), ("Threads_connected", "4")]


def test_the_rate_leaves_our_own_look_out_and_counts_the_statements_text() -> None:
    rate = slow_logging.rate(Counters((1000, 50_000), (1101, 60_000)), lambda _: None, 0.01)  # type: ignore[arg-type]
    assert rate.statements_per_s > 1000
    assert rate.bytes_per_statement == HEAD_BYTES + 100
    idle = slow_logging.rate(Counters((5, 50), (6, 90)), lambda _: None, 0.01)  # type: ignore[arg-type]
    assert idle == Rate(statements_per_s=0, bytes_per_statement=HEAD_BYTES)
    assert slow_logging.open_sessions(Counters((0, 0))) == 3  # type: ignore[arg-type]
