"""Filters leave statements out, say so, and are never silent when they leave nothing."""

import io
from datetime import timedelta

import pytest

from seatrial.domain.event import silent
from seatrial.domain.fault import Fault
from seatrial.domain.workload import Digest
from seatrial.stages.digest import Log, digest
from seatrial.stages.digest.choosing import Filters
from tests.unit.slow_logs import BANNER, BEGAN, event


def by(user: str, host: str, sql: str, second: float = 0) -> bytes:
    who = f"User@Host: {user}[{user}] @ {host} [10.0.0.7]".encode()
    return event(sql, second=second, use="shop").replace(b"User@Host: app[app] @ localhost [127.0.0.1]", who)


CONTENT = BANNER + b"".join(
    (
        by("web", "db1.example", "SELECT a FROM t /*action='show'*/", 0),
        by("web", "", "SELECT b FROM t /*action='edit'*/", 10),
        by("report", "db2.example", "SELECT c FROM t", 20),
    )
)


def digested(filters: Filters) -> Digest:
    return digest(
        [Log(name="slow.log", stream=io.BytesIO(CONTENT), bytes=len(CONTENT))],
        database="shop",
        schema=None,
        keep=None,
        now=BEGAN + timedelta(hours=1),
        tell=silent,
        filters=filters,
    )


@pytest.mark.parametrize(
    ("filters", "kept"),
    [
        (Filters(), "abc"),
        (Filters(users=("web",)), "ab"),
        (Filters(users=("r*", "nobody")), "c"),
        (Filters(hosts=("*.example",)), "ac"),
        (Filters(hosts=("10.0.0.7",)), "b"),
        (Filters(tags=("action=*",)), "ab"),
        (Filters(tags=("action=show",), users=("web",)), "a"),
        (Filters(since="2026-11-20T08:50:10"), "bc"),
        (Filters(since="2026-11-20T09:50:10+01:00", until="2026-11-20T08:50:20Z"), "b"),
        (Filters(until="2026-11-21"), "abc"),
    ],
)
def test_what_passes_is_digested_and_the_rest_is_said(filters: Filters, kept: str) -> None:
    found = digested(filters)
    assert sorted(query.fingerprint.split()[1] for query in found.classes) == sorted(kept)
    left_out = 3 - len(kept)
    said = [caveat for caveat in found.caveats if f"counts: {left_out:,} statements are left out of 3" in caveat]
    assert len(said) == bool(filters)


@pytest.mark.parametrize(
    ("filters", "code"),
    [
        (Filters(users=("nobody",)), "digest.filtered-out"),
        (Filters(since="yesterday"), "digest.filter"),
        (Filters(tags=("action",)), "digest.filter"),
    ],
)
def test_what_cannot_be_is_one_fault(filters: Filters, code: str) -> None:
    with pytest.raises(Fault) as fault:
        digested(filters)
    assert fault.value.code == code


def test_hosts_are_told_by_labels() -> None:
    found = digested(Filters())
    assert sorted(share.label for query in found.classes for share in query.hosts) == ["host-1", "host-2", "host-3"]
