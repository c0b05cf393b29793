"""Digest, plan and replay laid beside each other for the report: each row with its places in the artifacts."""

from collections.abc import Mapping

from msgspec import Struct

from seatrial.domain.evidence import Exhibit
from seatrial.domain.exhibits import Exhibits
from seatrial.domain.plan import Answer, CrossTransaction, Plan, PlannedQuery
from seatrial.domain.replaying import Difference, Divergence, Replay, ReplayedClass
from seatrial.domain.workload import Digest, QueryClass, TransactionClass, Verb

ANSWERS: Mapping[Answer, str] = {
    Answer.UNSUPPORTED: "Vitess refuses it",
    Answer.SCATTER: "asks every shard",
    Answer.UNPLANNED: "cannot be planned this way",
    Answer.SEVERAL: "asks some shards, or several times",
    Answer.SINGLE: "asks one shard, or a keyspace of one",
}
"""In the order of what to look at first."""

DIVERGENCES: Mapping[Divergence, str] = {
    Divergence.ERROR: "an error the source did not give",
    Divergence.UNSUPPORTED: "refused by Vitess",
    Divergence.NO_ERROR: "no error, though the source gave one",
    Divergence.ROWS: "another number of rows",
    Divergence.STARTING_STATE: "the copy is of another moment",
}

_LONGEST_LABEL = 40


class Asked(Struct, frozen=True, kw_only=True):
    """A query class in the plan, and in the log if it is there."""

    at: int
    planned: PlannedQuery
    query_at: int | None
    query: QueryClass | None


class Compared(Struct, frozen=True, kw_only=True):
    """A query class on the target, beside the same on the source and in vtgate's own log."""

    at: int
    replayed: ReplayedClass
    query_at: int | None
    query: QueryClass | None
    seen_at: int | None
    seen: QueryClass | None

    @property
    def label(self) -> str:
        return label(self.query) if self.query else self.replayed.query

    @property
    def ratio_p99(self) -> float | None:
        """The target's 99th percentile by the source's; None where one of them is not known."""
        if self.query is None or not self.query.times.p99_us or not self.replayed.response.p99_us:
            return None
        return self.replayed.response.p99_us / self.query.times.p99_us

    @property
    def shards_a_query(self) -> float | None:
        return self.seen.shard_queries / self.seen.count if self.seen and self.seen.count else None


def label(query: QueryClass) -> str:
    """What a class does, in few words: `SELECT orders, countries`."""
    if query.verb is Verb.OTHER or not query.tables:
        text = " ".join(query.fingerprint.split())
        return text if len(text) <= _LONGEST_LABEL else text[: _LONGEST_LABEL - 1] + "…"
    return f"{query.verb.upper()} {', '.join(query.tables)}"


def classes_by_id(digest: Exhibit[Digest] | None) -> dict[str, tuple[int, QueryClass]]:
    """Each class with its place in the digest."""
    return {query.id: (at, query) for at, query in enumerate(digest.body.classes)} if digest else {}


def asked(exhibits: Exhibits) -> list[Asked]:
    """Every class of the plan: the refused first, then by how much of the log's time it took."""
    plan: Exhibit[Plan] | None = exhibits.plan
    if plan is None:
        return []
    known = classes_by_id(exhibits.digest)
    rows = []
    for at, planned in enumerate(plan.body.queries):
        place, query = known.get(planned.query, (None, None))
        rows.append(Asked(at=at, planned=planned, query_at=place, query=query))
    order = list(ANSWERS)
    return sorted(
        rows, key=lambda row: (order.index(row.planned.answer), -(row.query.times.total_us if row.query else 0))
    )


def compared(exhibits: Exhibits) -> list[Compared]:
    """Every class of the replay: those that took most of the source's time first."""
    replay: Exhibit[Replay] | None = exhibits.replay
    if replay is None:
        return []
    known, seen = classes_by_id(exhibits.recorded or exhibits.digest), classes_by_id(exhibits.observe)
    rows = []
    for at, each in enumerate(replay.body.classes):
        query_at, query = known.get(each.query, (None, None))
        seen_at, there = seen.get(each.query, (None, None))
        rows.append(Compared(at=at, replayed=each, query_at=query_at, query=query, seen_at=seen_at, seen=there))
    return sorted(rows, key=lambda row: -(row.query.times.total_us if row.query else 0))


def differences(exhibits: Exhibits) -> list[tuple[int, Difference]]:
    """How the replay went otherwise, the gravest kind first and the most frequent of a kind before the others."""
    if exhibits.replay is None:
        return []
    order = list(DIVERGENCES)
    placed = list(enumerate(exhibits.replay.body.differences))
    return sorted(placed, key=lambda each: (order.index(each[1].kind), -each[1].count))


def crossing(exhibits: Exhibits) -> list[tuple[int, CrossTransaction, TransactionClass | None]]:
    """Transactions that leave one value of the key, with what they consist of."""
    if exhibits.plan is None:
        return []
    known = {each.id: each for each in exhibits.digest.body.transactions} if exhibits.digest else {}
    return [(at, each, known.get(each.transaction)) for at, each in enumerate(exhibits.plan.body.crossing)]
