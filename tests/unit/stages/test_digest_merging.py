"""A log split anywhere, and its parts joined in whatever order, is the log read whole."""

from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrial.domain.executed import Executed
from seatrial.domain.workload import Digest
from seatrial.parsing.slow_log import SERVER_STARTED
from seatrial.stages.digest import transactions
from seatrial.stages.digest.digester import Digester
from seatrial.stages.digest.merging import joined, merged
from seatrial.stages.digest.part import Part
from tests.unit.slow_logs import BEGAN

_US = int(BEGAN.timestamp() * 1_000_000)
_STATEMENTS = (
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "SET autocommit=0",
    "SET autocommit=1",
    "SET autocommit=@x",
    "CREATE TABLE c (id int)",
    "SHOW TABLES",
    "SAVEPOINT s",
    "SELECT a FROM t WHERE id = {n}",
    "SELECT a FROM t WHERE id = {n} AND b IN ({n}, 2, 'x')",
    "select a from t where id = {n}",
    "INSERT INTO u (id, t_id, x) VALUES ({n}, 1, NULL), ({n}, 2, NOW())",
    "UPDATE blog.posts SET x = {n}",
)


@st.composite
def events(draw: st.DrawFn) -> list[Executed]:
    deeds = draw(
        st.lists(
            st.tuples(
                st.integers(0, 3),
                st.sampled_from((*_STATEMENTS * 3, "Quit", SERVER_STARTED)),
                st.integers(1, 3),
                st.sampled_from((0, 0, 0, 0, 1213, 1064)),
                st.integers(0, 400_000_000) | st.just(transactions.GAP_US + 90_000_000),
                st.sampled_from(("shop", "shop", "shop", "blog", "")),
            ),
            max_size=40,
        )
    )
    made = []
    at = _US
    for connection, text, n, errno, gap, database in deeds:
        command = text if text in ("Quit", SERVER_STARTED) else ""
        at += gap
        made.append(
            Executed(
                ended_us=at,
                took_us=gap // 7,
                rows_sent=n,
                errno=0 if command else errno,
                connection=connection,
                database=database,
                command=command,
                sql=b"" if command else text.format(n=n).encode(),
                user="seatrial" if gap % 11 == 0 else "app",
            )
        )
    return made


def part(events: list[Executed], *, continues: bool) -> Part:
    digester = Digester(dialect="test", database="shop", schema=None, ours=frozenset({"seatrial"}), continues=continues)
    for event in events:
        digester.add(event)
    return digester.part()


def sent(part: Part) -> Part:
    """As it comes out of a file, or from another process."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(part), type=Part)


def whole(events: list[Executed]) -> Digest:
    digester = Digester(dialect="test", database="shop", schema=None, ours=frozenset({"seatrial"}))
    for event in events:
        digester.add(event)
    return digester.done(BEGAN)


@pytest.fixture(autouse=True, scope="module")
def _low_limits() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transactions, "UNDECIDED_KEPT", 3)
        patch.setattr(transactions, "TOUCHES_KEPT", 4)
        yield


@settings(deadline=None, max_examples=400)
@given(events(), st.data())
def test_a_log_split_anywhere_and_joined_in_any_grouping_is_the_log_read_whole(
    log: list[Executed], data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(log)), max_size=5)))
    parts = [
        sent(part(log[start:end], continues=start > 0 or number > 0))
        for number, (start, end) in enumerate(zip([0, *cuts], [*cuts, len(log)], strict=True))
    ]
    while len(parts) > 1 and data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(parts) - 2))
        parts[at : at + 2] = [sent(joined(parts[at : at + 2]))]
    found = merged(parts, dialect="test", now=BEGAN)
    assert msgspec.json.encode(found) == msgspec.json.encode(whole(log))


@settings(deadline=None, max_examples=50)
@given(events(), st.data())
def test_one_digester_may_give_its_parts_as_it_goes(log: list[Executed], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(log)), max_size=3)))
    digester = Digester(dialect="test", database="shop", schema=None, ours=frozenset({"seatrial"}))
    parts = []
    for start, end in zip([0, *cuts], [*cuts, len(log)], strict=True):
        for event in log[start:end]:
            digester.add(event)
        parts.append(digester.part())
    assert msgspec.json.encode(merged(parts, dialect="test", now=BEGAN)) == msgspec.json.encode(whole(log))


def test_a_show_inside_a_transaction_that_goes_over_the_border_is_in_it() -> None:
    log = [
        Executed(ended_us=_US + n, took_us=1, connection=1, sql=sql)
        for n, sql in enumerate([b"BEGIN", b"SELECT a FROM t", b"SHOW TABLES", b"DELETE FROM t", b"COMMIT"])
    ]
    for cut in range(len(log)):
        found = merged(
            [sent(part(log[:cut], continues=False)), sent(part(log[cut:], continues=True))], dialect="test", now=BEGAN
        )
        assert msgspec.json.encode(found) == msgspec.json.encode(whole(log))
        assert [len(each.queries) for each in found.transactions] == [3]


def test_logs_of_several_servers_do_not_share_connections() -> None:
    begun = [Executed(ended_us=_US, took_us=1, connection=1, sql=b"BEGIN")]
    ended = [Executed(ended_us=_US + 9, took_us=1, connection=1, sql=b"COMMIT")]
    found = merged([part(begun, continues=False), part(ended, continues=False)], dialect="test", now=BEGAN)
    assert (found.events, found.connections, found.incomplete_transactions, found.transactions) == (2, 2, 2, ())
