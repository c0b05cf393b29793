"""Parts of different servers added up: each is settled first, so neither order nor grouping matters.

Nothing is left out here that a part has: what is beyond the numbers that a digest tells is left out once, at the end,
and what is most frequent stays. So what is left out does not depend on the order either.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

import msgspec

from seatrial.domain.workload import Column
from seatrial.stages.digest.classes import TOO_MANY
from seatrial.stages.digest.counted import OTHERS, Class, variables
from seatrial.stages.digest.digester import Digester
from seatrial.stages.digest.part import Part
from seatrial.stages.digest.tally import ValueTally
from seatrial.stages.digest.transactions import Transactions

S = TypeVar("S", str, int, tuple[int, ...])
T = TypeVar("T")


def settled(part: Part, name: Callable[[str], str] | None) -> Part:
    """The part, which is that of a whole log, as it may leave this process; it is used up by it.

    What is open at its end is counted as incomplete, as no other server goes on with it. Accounts and hosts are told
    as `name` says, or not at all. Statements that were kept as samples are dropped.
    """
    for session in part.sessions.values():
        part.transactions.lost(session)
    part.transactions.settle()
    part.sessions, part.heads = {}, {}
    part.before = msgspec.structs.replace(part.before, users={}, hosts={})
    for query in part.classes:
        query.worst = query.typical = None
        query.users, query.hosts = _named(query.users, name), _named(query.hosts, name)
    return part


def gathered(parts: Iterable[Part]) -> Part:
    """The sum of settled parts; they are used up by it."""
    whole = Digester(dialect="", database="", schema=None).part()
    classes: dict[tuple[str, tuple[Column, ...]], Class] = {}
    values: dict[Column, ValueTally] = {}
    for part in parts:
        _add_sums(whole, part)
        _add_transactions(whole.transactions, part.transactions, _add_classes(classes, part.classes))
        for column, tally in part.values:
            if (ours := values.setdefault(column, tally)) is not tally:
                _add_values(ours, tally)
        whole.series.take(part.series)
    whole.classes, whole.values = list(classes.values()), list(values.items())
    return whole


def most_frequent_first(part: Part) -> Part:
    """The part with everything of which a digest keeps the first so many in an order that is its own."""
    part.classes.sort(
        key=lambda query: (query.fingerprint == TOO_MANY, -query.count, query.fingerprint, repr(query.keys))
    )
    for query in part.classes:
        query.users, query.hosts, query.tags = _sorted(query.users), _sorted(query.hosts), _sorted(query.tags)
    for _, values in part.values:
        values.counts = _sorted(values.counts)
    ids = {query.number: query.id for query in part.classes}
    tallies = part.transactions.tallies
    order = sorted(tallies, key=lambda key: (-tallies[key].count, key[0], [ids.get(at, "") for at in key[1:]]))
    part.transactions.tallies = {key: tallies[key] for key in order}
    for tally in tallies.values():
        tally.patterns = _sorted(tally.patterns)
    return part


def read_otherwise(part: Part) -> int:
    """How many classes are there more than once: parts read them with different schemas."""
    return len(part.classes) - len({query.fingerprint for query in part.classes})


def _named(counted: dict[str, int], name: Callable[[str], str] | None) -> dict[str, int]:
    if name is None:
        return {"": sum(counted.values())} if counted else {}
    return {each if each in ("", OTHERS) else name(each): count for each, count in counted.items()}


def _sorted(counted: dict[S, int]) -> dict[S, int]:
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))


def _add_sums(whole: Part, part: Part) -> None:
    if part.events:
        whole.first_us = min(whole.first_us, part.first_us) if whole.events else part.first_us
    whole.last_us = max(whole.last_us, part.last_us)
    whole.fastest_us = min(whole.fastest_us, part.fastest_us)
    whole.connections += part.connections
    whole.events += part.events
    whole.errors += part.errors
    whole.query_time_us += part.query_time_us
    whole.our_statements += part.our_statements
    whole.before.take(part.before)
    for database, count in part.other_databases.items():
        whole.other_databases[database] = whole.other_databases.get(database, 0) + count


def _add_classes(known: dict[tuple[str, tuple[Column, ...]], Class], classes: Iterable[Class]) -> dict[int, int]:
    """Our numbers of these classes."""
    numbers = {}
    for theirs in classes:
        number, key = theirs.number, (theirs.fingerprint, theirs.keys)
        if (ours := known.get(key)) is None:
            theirs.number = len(known)
            ours = known[key] = theirs
        else:
            _add_class(ours, theirs)
        numbers[number] = ours.number
    return numbers


def _add_class(ours: Class, theirs: Class) -> None:
    if _rank(theirs) < _rank(ours):
        ours.shape, ours.plain, ours.statement = theirs.shape, theirs.plain, theirs.statement
    ours.pt_checksum = min(filter(None, (ours.pt_checksum, theirs.pt_checksum)), default="")
    users, hosts = _sum(dict(ours.users), theirs.users), _sum(dict(ours.hosts), theirs.hosts)
    tags = _sum(dict(ours.tags), theirs.tags)
    ours.take(theirs)
    ours.users, ours.hosts, ours.tags = users, hosts, tags  # all of them, where `take` keeps a few


def _rank(query: Class) -> tuple[int, str, str, str]:
    """Of two readings of one class, the lower one is told."""
    return -variables(query.shape), query.shape, query.plain, repr(query.statement)


def _add_values(ours: ValueTally, theirs: ValueTally) -> None:
    ours.executions += theirs.executions
    ours.capped = ours.capped or theirs.capped
    ours.counts = _sum(ours.counts, theirs.counts)


def _add_transactions(ours: Transactions, theirs: Transactions, numbers: dict[int, int]) -> None:
    ours.incomplete += theirs.incomplete
    ours.beyond += theirs.beyond
    for key, tally in theirs.tallies.items():
        known = ours.tallies.setdefault((key[0], *(numbers.get(number, number) for number in key[1:])), tally)
        if known is not tally:
            known.count += tally.count
            known.rolled_back += tally.rolled_back
            known.times.take(tally.times)
            known.left_out += tally.left_out
            known.patterns = _sum(known.patterns, tally.patterns)


def _sum(some: dict[T, int], more: dict[T, int]) -> dict[T, int]:
    for each, count in more.items():
        some[each] = some.get(each, 0) + count
    return some
