"""The workload held against the limits of targets, in words."""

from collections.abc import Mapping

from msgspec import Struct

from seatrial.domain.evidence import Evidence, Exhibit
from seatrial.domain.forecast import Breach, Limit, forecast
from seatrial.domain.workload import Digest
from seatrial.facts.limits import Limits, targets
from seatrial.report import words


class Held(Struct, frozen=True, kw_only=True):
    """A profile and the breaches of it."""

    name: str
    profile: Limits
    breaches: tuple[Breach, ...]


def held(digest: Digest) -> list[Held]:
    """The workload held against every profile of a target."""
    return [
        Held(name=name, profile=profile, breaches=forecast(digest, profile.bounds))
        for name, profile in targets().items()
    ]


class Broken(Struct, frozen=True, kw_only=True):
    """What broke a limit, in few words, and where the most of it stands in the digest."""

    text: str
    evidence: Evidence


_MOST_SAID = 6
_FIELDS = {Limit.ROWS: ("rows_sent_max",), Limit.BYTES: ("bytes_sent",), Limit.QUERY_TIME: ("times", "max_us")}


def breach_of(digest: Exhibit[Digest], breach: Breach, names: Mapping[str, str]) -> Broken:
    """The class a breach is about; `names` are those of the query classes by id."""
    if breach.limit is not Limit.TRANSACTION_TIME:
        text = names[breach.id]
        return Broken(text=text, evidence=digest.evidence("classes", breach.at, *_FIELDS[breach.limit]))
    queries = [names.get(each, each) for each in digest.body.transactions[breach.at].queries]
    more = f" and {len(queries) - _MOST_SAID} more" if len(queries) > _MOST_SAID else ""
    return Broken(
        text=" → ".join(queries[:_MOST_SAID]) + more,
        evidence=digest.evidence("transactions", breach.at, "times", "max_us"),
    )


def amount(limit: Limit, number: int) -> str:
    """A bound, or what was met, with its unit."""
    if limit is Limit.ROWS:
        return f"{words.whole(number)} rows"
    return words.size(number) if limit is Limit.BYTES else words.duration(number / 1e6)


def how_often(breach: Breach) -> str:
    """`12 of 390 executions`; where the log cannot tell, between what and what."""
    of = f"of {words.whole(breach.count)}"
    if breach.at_least == breach.at_most:
        return f"{words.whole(breach.at_least)} {of}"
    if not breach.at_least:
        return f"at most {words.whole(breach.at_most)} {of}"
    return f"{words.whole(breach.at_least)} to {words.whole(breach.at_most)} {of}"
