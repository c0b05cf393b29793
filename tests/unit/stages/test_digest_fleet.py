"""Partial digests of a fleet: in whatever order and grouping they are merged, it is the digest of all their logs."""

import base64
import io
from collections.abc import Callable, Iterator
from datetime import timedelta

import msgspec
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrial.domain.event import silent
from seatrial.domain.executed import Executed
from seatrial.domain.fault import Fault
from seatrial.domain.workload import Digest, LogFile
from seatrial.parsing.slow_log import SERVER_STARTED
from seatrial.stages.digest import Log, digest, part_file, transactions
from seatrial.stages.digest.choosing import Filters
from seatrial.stages.digest.counted import Class
from seatrial.stages.digest.digester import Digester
from seatrial.stages.digest.fleet import LogRead, Partial, merged_partials, slow_only, told
from seatrial.stages.digest.gathering import settled
from seatrial.stages.digest.key import Key
from seatrial.stages.digest.part_file import MAGIC, packed, unpacked
from tests.unit.slow_logs import BANNER, BEGAN, event
from tests.unit.stages.test_digest_merging import events
from tests.unit.stages.test_digest_secrets import HEX, NUMBER, PLANTED, SECRET

KEY = Key(bytes(range(32)))
OURS = frozenset({"seatrial"})


def digested(*logs: list[Executed], hashed: Key = KEY) -> Digester:
    """One reader of all these logs: a server that is started again has new connections."""
    made = Digester(dialect="test", database="shop", schema=None, ours=OURS, hashed=hashed.hashed)
    for log in logs:
        made.add(Executed(ended_us=0, took_us=0, command=SERVER_STARTED, sql=b""))
        for each in log:
            made.add(each)
    return made


def partial(log: list[Executed], name: str, key: Key = KEY) -> Partial:
    """What a machine writes of its log; each name stands for itself, as labels are dealt by names where counts tie."""
    read = LogRead(
        file=LogFile(name=name, sha256=name, bytes=1, server=""),
        dialect="test",
        events=len(log),
        first_us=log[0].ended_us if log else 0,
        not_understood=(),
        caveats=(),
    )
    part = settled(digested(log, hashed=key).part(), str)
    return sent(
        Partial(database="shop", key=key.fingerprint, values=True, ahead_us=-1_000_000_000_000, logs=(read,), part=part)
    )


def sent(partial: Partial) -> Partial:
    """As it comes out of a file."""
    return unpacked(packed(partial), "a part")


def merged(*partials: Partial) -> Partial:
    return sent(merged_partials((each.logs[0].file.name if each.logs else "", each) for each in partials))


@pytest.fixture(autouse=True, scope="module")
def _low_limits() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transactions, "UNDECIDED_KEPT", 3)
        patch.setattr(transactions, "TOUCHES_KEPT", 4)
        yield


@settings(deadline=None, max_examples=200)
@given(st.lists(events(), min_size=1, max_size=5), st.data())
def test_parts_merged_in_any_order_and_grouping_are_the_digest_of_all_logs(
    logs: list[list[Executed]], data: st.DataObject
) -> None:
    logs.sort(key=lambda log: log[0].ended_us if log else 0)
    reader = digested(*logs)
    whole = reader.done(BEGAN + timedelta(days=365), caveats=slow_only(reader.fastest_us))
    parts = [partial(log, f"{number}.log") for number, log in enumerate(logs)]
    files = tuple(log.file for each in parts for log in each.logs)
    parts = data.draw(st.permutations(parts))
    while len(parts) > 1 and data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(parts) - 2))
        parts[at : at + 2] = [merged(*parts[at : at + 2])]
    found = told(merged(*parts))
    assert {file.name for file in found.files} == {file.name for file in files}
    assert found.first <= whole.first  # a part knows its earliest beginning, a reader the first statement's
    assert plain(found) == plain(whole)


def plain(found: Digest) -> bytes:
    """Everything but the files, and when the first statement began."""
    return msgspec.json.encode(msgspec.structs.replace(found, files=(), first="", seconds=0.0))


@settings(deadline=None, max_examples=100)
@given(st.lists(events(), min_size=2, max_size=5), st.data())
def test_whatever_is_too_many_to_tell_the_same_is_told_in_any_order(
    logs: list[list[Executed]], data: st.DataObject
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("seatrial.stages.digest.classes.CLASSES_KEPT", 3)
        patch.setattr("seatrial.stages.digest.transactions.CLASSES_KEPT", 2)
        patch.setattr("seatrial.stages.digest.transactions.PATTERNS_KEPT", 1)
        patch.setattr("seatrial.stages.digest.tally.VALUES_KEPT", 2)
        patch.setattr("seatrial.stages.digest.counted.NAMES_KEPT", 1)
        in_order = told(merged(*(partial(log, f"{number}.log") for number, log in enumerate(logs))))
        parts = data.draw(st.permutations([partial(log, f"{number}.log") for number, log in enumerate(logs)]))
        while len(parts) > 1:
            parts[:2] = [merged(*parts[:2])]
        assert msgspec.json.encode(told(parts[0])) == msgspec.json.encode(in_order)


def test_of_too_many_values_the_most_frequent_stay() -> None:
    def log(*values: int) -> list[Executed]:
        sql = "SELECT a FROM t WHERE id = {}"
        return [Executed(ended_us=at, took_us=1, sql=sql.format(n).encode()) for at, n in enumerate(values, 1)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("seatrial.stages.digest.tally.VALUES_KEPT", 2)
        (found,) = told(merged(partial(log(1, 2), "a"), partial(log(3, 3, 3), "b"), partial(log(4, 4), "c"))).values
    assert (found.distinct, found.capped, found.executions) == (2, True, 7)
    assert found.top_shares == pytest.approx((3 / 7, 2 / 7), abs=1e-6)


def test_connections_of_different_servers_do_not_go_on_in_each_other() -> None:
    begun = partial([Executed(ended_us=1, took_us=1, connection=1, sql=b"BEGIN")], "a")
    ended = partial([Executed(ended_us=9, took_us=1, connection=1, sql=b"COMMIT")], "b")
    found = told(merged(ended, begun))
    assert (found.events, found.connections, found.incomplete_transactions, found.transactions) == (2, 2, 2, ())


def of_log(content: bytes, name: str = "slow.log", *, key: Key | None = KEY, values: bool = True) -> bytes:
    """The file that a machine writes of that log."""
    made: list[bytes] = []
    digest(
        [Log(name=name, stream=io.BytesIO(content), bytes=len(content))],
        database="shop",
        schema=None,
        keep=None,
        now=BEGAN + timedelta(hours=1),
        tell=silent,
        key=key,
        values=values,
        partial=made.append,
    )
    return made[0]


def inside(content: bytes) -> bytes:
    """A part as whoever has it can read it."""
    magic, head, body = content.split(b"\n", 2)
    return b"\n".join((magic, head, zstandard.ZstdDecompressor().decompress(body)))


@pytest.mark.parametrize("values", [True, False])
def test_no_planted_literal_and_no_name_is_in_a_part(values: bool) -> None:
    content = BANNER + b"".join(event(sql, use="shop", id=n) for n, sql in enumerate(PLANTED, 1))
    content = content.replace(b"app[app] @ localhost", b"app-of-" + SECRET.encode() + b"[app] @ " + SECRET.encode())
    text = inside(of_log(content, values=values)).lower()
    for secret in (SECRET, NUMBER, HEX, f"app-of-{SECRET}"):
        for form in (secret.encode(), secret.encode().hex().encode(), base64.b64encode(secret.encode())[:-2]):
            assert form.lower() not in text, form
    number = int(NUMBER)
    assert all(number.to_bytes(8, order) not in text for order in ("big", "little"))


def test_a_guess_cannot_be_tried_without_the_key() -> None:
    content = BANNER + event("SELECT a FROM t WHERE id = 4711", use="shop")
    own = KEY.hashed(b"4711").to_bytes(8, "big")
    assert own in inside(of_log(content))
    assert own not in inside(of_log(content, key=Key.made()))
    assert KEY.reveal() not in inside(of_log(content)) and KEY.written.encode() not in inside(of_log(content))
    assert "0001" not in repr(KEY)


def test_parts_of_other_filters_are_not_merged_and_a_merge_says_what_was_left_out() -> None:
    filters = Filters(users=("app",))
    plain, chosen = partial([], "plain"), msgspec.structs.replace(partial([], "chosen"), filters=filters)
    with pytest.raises(Fault) as fault:
        merged(plain, chosen)
    assert fault.value.code == "digest.part-filters"
    assert "plain was made with no filter, chosen with --user app" in fault.value.what
    assert any("--user 1 not named here" in caveat for caveat in told(merged(chosen)).caveats)


def test_what_a_class_holds_is_fit_to_leave_its_machine() -> None:
    """A new field must be weighed: names and values leave as keyed hashes only (gathering.settled), statements never;
    and two of them must add up in any order (gathering._add_class)."""
    weighed = """
        number id fingerprint shape plain statement control keys elsewhere names_all_of_ours times count errors lock_us
        rows_sent rows_sent_max rows_examined rows_affected bytes_sent shard_queries first_us last_us databases
        tmp_tables tmp_disk_tables full_scans users hosts tags course worst typical rows named named_many pt_checksum
    """
    assert set(Class.__struct_fields__) == set(weighed.split())


def test_a_part_tells_what_a_digest_of_the_same_log_tells() -> None:
    content = BANNER + b"".join(
        event(f"SELECT a FROM t WHERE id = {n % 3}", use="shop", second=n, took_us=90 * n) for n in range(1, 30)
    )
    made: list[bytes] = []

    def read(key: Key | None, partial: Callable[[bytes], None] | None) -> Digest:
        return digest(
            [Log(name="slow.log", stream=io.BytesIO(content[:-9]), bytes=len(content))],
            database="shop",
            schema=None,
            keep=None,
            now=BEGAN - timedelta(hours=1),  # so that the log's clock is ahead
            tell=silent,
            key=key,
            partial=partial,
        )

    whole, shown = read(None, None), read(KEY, made.append)
    found = told(merged(unpacked(made[0], "a part")))
    assert msgspec.json.encode(found) == msgspec.json.encode(whole) == msgspec.json.encode(shown)
    assert any("future" in caveat for caveat in found.caveats) and any("cut" in caveat for caveat in found.caveats)


def test_without_values_there_are_no_patterns_and_no_spread() -> None:
    content = BANNER + b"".join(event(f"SELECT a FROM t WHERE id = {n}", use="shop") for n in range(3))
    found = told(unpacked(of_log(content, key=None, values=False), "a part"))
    assert (found.without_values, found.values, found.events) == (True, (), 3)
    assert [(each.patterns, each.patterns_left_out) for each in found.transactions] == [((), 3)]
    assert found.classes[0].accounts == ()


def test_classes_that_were_read_with_different_schemas_are_one_class() -> None:
    log = [Executed(ended_us=1, took_us=1, connection=1, sql=b"SELECT a FROM t WHERE id = 1 AND b = 2")]
    one, other = partial(log * 3, "a"), partial(log, "b")
    other.part.classes[0].keys = other.part.classes[0].keys[:1]
    found = told(merged(other, one))
    assert [each.count for each in found.classes] == [4]
    assert [each.patterns_left_out for each in found.transactions] == [1]
    assert any("another in others" in caveat for caveat in found.caveats)


def code(content: bytes) -> str:
    with pytest.raises(Fault) as caught:
        unpacked(content, "web1.part")
    assert "web1.part" in caught.value.what and "\n" not in caught.value.what
    return caught.value.code


def test_a_file_that_is_not_whole_or_not_ours_is_one_fault() -> None:
    content = of_log(BANNER + event("SELECT 1", use="shop"))
    head, body = content[len(MAGIC) :].split(b"\n", 1)
    assert code(b"") == code(b"\x00\xff") == code(BANNER) == code(content[1:]) == "digest.not-a-part"
    assert {code(content[:length]) for length in range(len(MAGIC), len(content))} == {"digest.part-cut"}
    assert code(content[:-1] + bytes([content[-1] ^ 1])) == "digest.part-damaged"
    assert code(MAGIC + b"{}\n" + body) == code(MAGIC + b"not JSON\n" + body) == "digest.part-damaged"
    assert code(MAGIC + head.replace(b'"version":1', b'"version":99') + b"\n" + body) == "digest.part-version"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(part_file, "layout", lambda: "another")
        assert code(content) == "digest.part-version"


def test_parts_that_do_not_fit_together_are_refused_by_name() -> None:
    log = [Executed(ended_us=1, took_us=1, sql=b"SELECT a FROM t WHERE id = 1")]

    def refused(other: Partial) -> str:
        with pytest.raises(Fault) as caught:
            merged_partials([("web1.part", partial(log, "a")), ("web2.part", other)])
        assert "web1.part" in caught.value.what and "web2.part" in caught.value.what
        return caught.value.code

    assert refused(partial(log, "b", Key.made())) == "digest.part-key"
    assert refused(msgspec.structs.replace(partial(log, "b"), database="blog")) == "digest.part-database"
    assert refused(msgspec.structs.replace(partial(log, "b"), values=False)) == "digest.part-values"
    assert refused(partial(log, "a")) == "digest.part-twice"


def test_a_log_without_statements_may_be_in_two_parts() -> None:
    assert told(merged(partial([], "a"), partial([], "a"))).events == 0


@given(st.binary(max_size=40))
def test_a_key_is_read_as_it_is_written_and_nothing_else_is_one(text: bytes) -> None:
    assert Key.parse(f" {KEY.written}\n".encode(), "fleet.key").fingerprint == KEY.fingerprint
    with pytest.raises(Fault) as caught:
        Key.parse(text, "fleet.key")
    assert caught.value.code == "digest.key-malformed"


def test_the_memo_of_hashes_stays_small_and_changes_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seatrial.stages.digest.key.MEMO", 3)
    key, again = Key(KEY.reveal()), Key(KEY.reveal())
    values = [b"%d" % (n % 7) for n in range(50)]
    assert [key.hashed(value) for value in values] == [Key(KEY.reveal()).hashed(value) for value in values]
    assert len(key._known) <= 3
    assert key.name("app") == again.name("app") != Key.made().name("app")
