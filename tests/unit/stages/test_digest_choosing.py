"""Only statements that were asked for count; what was left out, and that nothing is left, is said."""

import io
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from seatrial.adapters.crew import Crew
from seatrial.domain.event import silent
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.workload import Digest, Recorded
from seatrial.stages.digest import Log, digest
from seatrial.stages.digest import parallel as module
from seatrial.stages.digest.choosing import Before, Filters
from tests.unit.slow_logs import BANNER, BEGAN, closed, event, moment

NO_FILTERS = Filters()


def when(second: float) -> str:
    return moment(BEGAN + timedelta(seconds=second))


def by(
    user: str, sql: str, *, host: str = "", id: int = 7, second: float = 0, took_us: int = 100, use: str = ""
) -> bytes:
    """A statement of an account, which connects from 10.0.0.1 unless another host is named."""
    written = f"{user}[{user}] @ {host} [10.0.0.1]".encode()
    made = event(sql, id=id, second=second, took_us=took_us, use=use)
    return made.replace(b"app[app] @ localhost [127.0.0.1]", written)


def digested(
    *events: bytes, filters: Filters = NO_FILTERS, keep: list[Recorded] | None = None, database: str = "shop"
) -> Digest:
    content = BANNER + b"".join(events)
    return digest(
        [Log(name="slow.log", stream=io.BytesIO(content), bytes=len(content))],
        database=database,
        schema=None,
        keep=keep.append if keep is not None else None,
        now=BEGAN + timedelta(hours=1),
        tell=silent,
        filters=filters,
    )


def counts(found: Digest) -> dict[str, int]:
    return {query.fingerprint: query.count for query in found.classes}


def transactions(found: Digest) -> dict[tuple[str, ...], int]:
    return {tuple(found.query(query).fingerprint for query in each.queries): each.count for each in found.transactions}


FIVE = [
    by("app", f"SELECT {name} FROM t", second=second, use="" if second else "shop")
    for second, name in enumerate("abcde")
]


def test_a_transaction_that_crosses_an_end_of_the_time_is_incomplete() -> None:
    one = ["BEGIN", "UPDATE t SET a = 1", "UPDATE u SET a = 1", "COMMIT"]
    events = [
        by("app", sql, id=connection, second=first + number, use="shop")
        for connection, first in ((1, 0), (2, 10), (3, 20))
        for number, sql in enumerate(one)
    ]
    events.append(closed(id=3, second=30))
    found = digested(*events, filters=Filters(since=when(1.5), until=when(21.5)))
    assert transactions(found) == {("update t set a = ?", "update u set a = ?"): 1}
    assert (found.incomplete_transactions, found.connections, found.events) == (2, 3, 8)


def test_transactions_of_tagged_statements_are_followed_by_begin_and_commit_without_a_tag() -> None:
    tagged = "UPDATE t SET a = 1 /* action=buy */", "UPDATE u SET a = 1 /* action=buy */"
    rounds = [
        ["BEGIN", tagged[0], "SELECT 1", tagged[1], "COMMIT"],
        ["start transaction", "SELECT 1", "COMMIT"],
        ["/* action:buy */ BEGIN", tagged[1], "ROLLBACK"],
        ["SET autocommit = 0", tagged[0], tagged[1], "COMMIT"],
    ]
    events = [
        by("app", sql, id=connection, second=connection + number / 10, use="shop")
        for connection, some in enumerate(rounds, 1)
        for number, sql in enumerate(some)
    ]
    events += [by("app", "BEGIN", id=9, second=9), by("app", "COMMIT", id=10, second=10)]
    found = digested(*events, filters=Filters(tags=("action=buy",)))
    assert transactions(found) == {("update t set a = ?", "update u set a = ?"): 2, ("update u set a = ?",): 1}
    assert (found.events, found.incomplete_transactions) == (6, 0)
    assert sum(each.rolled_back for each in found.transactions) == 1


def test_what_was_left_out_is_said_without_the_names_of_accounts() -> None:
    events = [by("planted_user", "SELECT a FROM t", use="shop"), by("cron", "SELECT b FROM t")]
    filters = Filters(since=when(-1), users=("planted_*",), hosts=("10.*", "x"))
    said = f"Only what passes --since {when(-1)} --user 1 not named here (sha256:"
    assert any(each.startswith(said) for each in digested(*events, filters=filters).caveats)
    assert "planted" not in msgspec.json.encode(digested(*events, filters=filters)).decode()


def test_statements_that_are_not_ours_are_not_put_to_the_filters() -> None:
    events = [by("app", "SELECT a FROM t", use="shop"), by("app", "SELECT b FROM t", use="crm")]
    found = digested(*events, filters=Filters(users=("app",)))
    assert (counts(found), found.other_databases) == ({"select a from t": 1}, 1)
    assert any("0 statements are left out of 1" in each for each in found.caveats)


def test_that_nothing_is_left_is_a_fault_that_says_what_there_was() -> None:
    with pytest.raises(Fault) as caught:
        digested(*FIVE, by("cron", "SELECT f FROM t", host="jobs"), filters=Filters(users=("nobody",)))
    fault = caught.value
    assert (fault.code, fault.exit) == ("digest.filtered-out", Exit.USAGE)
    assert "of 6 statements of shop none passes --user nobody" in fault.what
    assert "of app (5), cron (1), from 10.0.0.1 (5), jobs (1)" in fault.what
    assert f"from {moment(BEGAN)} to {moment(BEGAN + timedelta(seconds=4))}" in fault.what


def test_a_log_of_another_database_is_still_said_to_be_one() -> None:
    with pytest.raises(Fault) as caught:
        digested(by("app", "SELECT a FROM t", use="crm"), filters=Filters(users=("app",)))
    assert caught.value.code == "digest.other-database"


def test_fast_statements_that_are_left_out_are_no_sign_of_a_threshold() -> None:
    events = [by("app", "SELECT a FROM t", use="shop", took_us=9_000), by("cron", "SELECT b FROM t", took_us=90)]
    assert not any("long_query_time" in each for each in digested(*events, filters=Filters(users=("app",))).caveats)
    assert any("long_query_time" in each for each in digested(events[0]).caveats)


def test_no_more_names_are_kept_than_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seatrial.stages.digest.choosing.NAMES_KEPT", 2)
    before = Before(count=1, users={"a": 1})
    before.take(Before(count=3, users={"b": 1, "a": 1, "c": 1}, first_us=5, last_us=6))
    assert (before.count, before.users) == (4, {"a": 2, "b": 1})


@pytest.mark.parametrize(
    "filters",
    [
        Filters(since=when(7), until=when(33.35)),
        Filters(users=("one", "t*")),
        Filters(tags=("n=1",)),
        Filters(since=when(11), users=("one",), hosts=("10.0.0.1",), tags=("n=*",)),
    ],
)
def test_in_pieces_the_same_statements_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, filters: Filters) -> None:
    for name, size in (("WORTH_BYTES", 1), ("PIECE_BYTES", 5_000), ("LEAST_PIECE_BYTES", 5_000)):
        monkeypatch.setattr(module, name, size)
    some = [
        "BEGIN",
        "BEGIN",
        "SELECT a FROM t WHERE id = {n} /* n={n} */",
        "UPDATE t SET a = {n}",
        "COMMIT",
        "ROLLBACK",
    ]
    events = [
        by(("one", "two", "six")[(n + k) % 3], sql.format(n=n % 4), id=1 + (n + k) % 3, second=n + k / 10, use="shop")
        for n in range(40)
        for k, sql in enumerate(some)
    ]
    events.insert(100, closed(id=2, second=16.65))
    path = tmp_path / "slow.log"
    path.write_bytes(BANNER + b"".join(events))

    def read(crew: Crew | None) -> Digest:
        with path.open("rb") as stream:
            logs: Sequence[Log] = [Log(name=path.name, stream=stream, bytes=path.stat().st_size)]
            now = BEGAN + timedelta(hours=1)
            return digest(
                logs, database="shop", schema=None, keep=None, now=now, tell=silent, crew=crew, filters=filters
            )

    whole = read(None)
    assert 0 < whole.events < len(events) - 1
    assert msgspec.json.encode(read(Crew(2))) == msgspec.json.encode(whole)
