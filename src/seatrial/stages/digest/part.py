"""A part of a log, digested: what it counted, and its open ends, by which it joins the parts before and behind it.

It holds no literal, as a digest does not, but hashes of values: whoever has their key can try values. A part is for
the memory of this program and its workers, or for a dossier's private half.
"""

from collections.abc import Mapping

from msgspec import Struct

from seatrial.domain.workload import Column
from seatrial.stages.digest.choosing import Before
from seatrial.stages.digest.counted import Class
from seatrial.stages.digest.sessions import Executions, Session, Step
from seatrial.stages.digest.tally import Series, ValueTally
from seatrial.stages.digest.texts import unknown_values
from seatrial.stages.digest.transactions import Transactions


class Head(Struct, array_like=True, eq=False):
    """A connection that ended in the part and may have begun before it: what it did that cannot be judged without.
    `counted`: among the part's connections; one of which only the end is known is not."""

    counted: bool
    steps: list[Step]


class Part(Struct, kw_only=True, array_like=True, eq=False):
    """`continues`: it is no log's beginning, so connections may come into it; `restarted`: the server started in it, so
    that none goes through it. `heads` are the connections that ended, `sessions` those that are open at its end, by
    their ids."""

    continues: bool
    restarted: bool
    classes: list[Class]
    transactions: Transactions
    values: list[tuple[Column, ValueTally]]
    series: Series
    heads: dict[int, Head]
    sessions: dict[int, Session]
    connections: int
    events: int
    errors: int
    query_time_us: int
    first_us: int
    last_us: int
    fastest_us: int
    our_statements: int
    other_databases: dict[str, int]
    before: Before

    def renumber(self, numbers: Mapping[int, int], unlike: Mapping[int, int]) -> None:
        """Give the classes in the open ends other numbers; those `unlike` have so many keys there, whose values are
        not known."""

        def renumbered(one: Executions) -> Executions:
            number, values, began_us, ended_us = one
            if number in unlike:
                values = unknown_values(unlike[number])
            return numbers[number], values, began_us, ended_us

        sessions = self.sessions.values()
        for session in sessions:
            session.held = [renumbered(one) for one in session.held]
        for steps in (*(head.steps for head in self.heads.values()), *(session.steps or () for session in sessions)):
            for step in steps:
                step.some = [renumbered(one) for one in step.some]
