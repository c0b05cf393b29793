"""Partial digests of a fleet: in whatever order and grouping they are merged, it is the digest of all their logs."""

import base64
import hashlib
import io
import re
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
        patch.setattr("seatrial.stages.digest.patterns.PATTERNS_KEPT", 1)
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


def of_log(
    content: bytes,
    name: str = "slow.log",
    *,
    key: Key | None = KEY,
    values: bool = True,
    filters: Filters = Filters(),  # noqa: B008 – it is frozen
) -> bytes:
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
        filters=filters,
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


ASKED = Filters(users=("app", "root*"), hosts=("localhost", "db*.example"), tags=("action=*",))
CHOSEN = BANNER + event("SELECT a FROM t /*action:show*/", use="shop") + event("SELECT b FROM t /*x:y*/")


@pytest.mark.parametrize("key", [KEY, None])
def test_who_was_asked_for_is_named_nowhere_in_a_part(key: Key | None) -> None:
    content = of_log(CHOSEN, key=key, values=key is not None, filters=ASKED)
    for name in ("app", "root", "localhost", "db*", "example"):
        assert name.encode() not in inside(content)
    found = told(unpacked(content, "a part"))
    assert found.events == 1
    (said,) = [caveat for caveat in found.caveats if "are left out of" in caveat]
    assert "--user 2 not named here (" in said and "--host 2 not named here (" in said and "--tag action=*" in said


def test_who_was_asked_for_cannot_be_guessed_without_the_key() -> None:
    def hashes(key: Key | None) -> set[str]:
        return set(re.findall(r"[0-9a-f]{16}", Filters(users=("root",)).nameless(key.asked if key else None).told))

    assert hashes(None) == set(re.findall(r"[0-9a-f]{16}", Filters(users=("root",)).told))
    assert hashes(KEY) == hashes(Key(KEY.reveal()))
    assert hashes(KEY).isdisjoint(hashes(None) | hashes(Key.made()) | {KEY.name("root")})


def test_a_part_cannot_be_made_with_a_name() -> None:
    with pytest.raises(ValueError, match="names nobody"):
        msgspec.structs.replace(partial([], "a"), filters=Filters(hosts=("db1",)))

    fields = msgspec.to_builtins(partial([], "a"), str_keys=False)
    content = zstandard.compress(msgspec.msgpack.encode(fields | {"filters": Filters(users=("root",))}))
    head = part_file.Head(
        version=part_file.VERSION,
        layout=part_file.layout(),
        producer="another",
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    with pytest.raises(Fault) as fault:
        unpacked(MAGIC + msgspec.json.encode(head) + b"\n" + content, "web1.part")
    assert (fault.value.code, "names nobody" in fault.value.what) == ("digest.part-damaged", True)


def of_one(name: str, filters: Filters, key: Key = KEY) -> Partial:
    return unpacked(of_log(CHOSEN + event(f"SELECT {name} FROM t", use="shop"), name, filters=filters, key=key), name)


def test_parts_of_the_same_filters_are_merged_and_say_what_was_left_out() -> None:
    found = told(merged(of_one("a", ASKED), of_one("b", ASKED)))
    assert (found.events, len(found.files)) == (2, 2)
    assert any("4 statements are left out of 6" in caveat for caveat in found.caveats)
    assert found.transactions == told(merged(of_one("b", ASKED), of_one("a", ASKED))).transactions


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        (Filters(), Filters(users=("app",)), "a was made with no filter, b with --user 1 not named here"),
        (Filters(users=("app",)), Filters(users=("a*",)), "a was made with --user 1 not named here"),
        (Filters(users=("app",)), Filters(users=("app", "app*")), "b with --user 2 not named here"),
        (Filters(tags=("action=*",)), Filters(tags=("action=show",)), "--tag action=*, b with --tag action=show"),
        (Filters(until="2026-11-21"), Filters(until="2026-11-22"), "--until 2026-11-21, b with --until 2026-11-22"),
    ],
)
def test_parts_of_other_filters_are_not_merged(one: Filters, other: Filters, said: str) -> None:
    with pytest.raises(Fault) as fault:
        merged(of_one("a", one), of_one("b", other))
    assert fault.value.code == "digest.part-filters"
    assert said in fault.value.what and "app" not in fault.value.what


def test_parts_of_other_keys_are_told_as_such_whatever_was_asked_for() -> None:
    with pytest.raises(Fault) as fault:
        merged(of_one("a", ASKED), of_one("b", ASKED, Key.made()))
    assert fault.value.code == "digest.part-key"


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
