"""What Vitess's own planner makes of each query class. It proves where a query goes, not that its answer is right."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from seatrial.domain.event import Tell
from seatrial.domain.plan import Answer, PlannedQuery
from seatrial.domain.ports import PlanAnswer, Planner
from seatrial.domain.workload import MANY, Column, Digest, QueryClass, Verb
from seatrial.stages.plan.place import Places
from seatrial.stages.plan.workload import Workload

CONTROL = frozenset({Verb.BEGIN, Verb.COMMIT, Verb.ROLLBACK})
"""What frames a transaction goes nowhere: it is neither asked nor counted."""

_SPOILT_BY = re.compile(r"syntax error at position \d+ near ':(v\d+)'")
_LITERALS = ("1", "'1'", "'2000-01-01'", "'2000-01-01 00:00:00'", "'00:00:00'")
_NOT_THIS_WAY = ("syntax error", "schema tracking required")
"""Refusals that are the asking's, not the query's: what `vexplain` cannot read, what wants a server to look at."""

_SOME = frozenset({"IN", "MultiEqual", "Equal", "SubShard", "Between", "ByDestination", "Select"})
_LISTS = frozenset({"IN", "MultiEqual"})

Tree = Mapping[str, Any]


class Asked(Struct, frozen=True, kw_only=True):
    """The answers by class, and how many plans that took."""

    queries: tuple[PlannedQuery, ...]
    plans: int


class KeyValues:
    """What the log says of the values that statements give to the keys of their tables."""

    def __init__(self, workload: Workload, places: Places) -> None:
        self._one: dict[str, float] = defaultdict(float)
        self._all: dict[str, float] = defaultdict(float)
        for transaction in workload.transactions:
            for touch in transaction.touches:
                statement = touch.statement
                keys = [Column(table, places[table].key) for table in statement.tables if places[table].sharded]
                numbers = {touch.values.get(key, MANY) for key in keys if key != statement.generated}
                self._all[statement.query] += transaction.weight
                self._one[statement.query] += transaction.weight * (len(numbers) <= 1 and MANY not in numbers)

    def one(self, query: str) -> bool:
        """Whether most statements of the class name one value for all keys of their tables, as far as was kept."""
        return self._one[query] > 0.5 * self._all[query]


def ask(digest: Digest, workload: Workload, places: Places, planner: Planner, tell: Tell) -> Asked:
    """An answer for every class but those of transaction control."""
    values = KeyValues(workload, places)
    classes = [query for query in digest.classes if query.verb not in CONTROL]
    asked = [query for query in classes if query.verb.touches_rows and query.shape]
    wording = [query.shape for query in asked]
    answers = planner.ask(wording, tell)
    plans = len(answers)
    for number, answer in enumerate(answers):
        if _SPOILT_BY.search(answer.error):
            answers[number], more = _with_literals(wording[number], answer, planner, tell)
            plans += more
        elif answer.tree is not None and values.one(asked[number].id):
            alike = _with_one_value(wording[number], answer.tree)
            if alike != wording[number]:
                plans += 1
                (again,) = planner.ask([alike], tell)
                answers[number] = again if again.tree is not None else answer
    said = {query.id: read(query, answer, values) for query, answer in zip(asked, answers, strict=True)}
    return Asked(queries=tuple(said.get(query.id) or _not_asked(query) for query in classes), plans=plans)


def _not_asked(query: QueryClass) -> PlannedQuery:
    said = "vexplain takes no such statement" if query.shape else f"its text is not known: {query.not_parsed}"
    return PlannedQuery(query=query.id, answer=Answer.UNPLANNED, said=said)


def _with_literals(shape: str, refused: PlanAnswer, planner: Planner, tell: Tell) -> tuple[PlanAnswer, int]:
    """Some places of Vitess's grammar take a literal and no bind variable: there one is put, and asked again."""
    asked = 0
    answer = refused
    while (spoilt := _SPOILT_BY.search(answer.error)) and asked < 40:
        tries = [re.sub(rf":{spoilt[1]}\b", literal, shape) for literal in _LITERALS]
        found = planner.ask(tries, tell)
        asked += len(tries)
        better = [pair for pair in zip(tries, found, strict=True) if not _same_place(pair[1], answer)]
        if not better:
            return refused, asked
        shape, answer = min(better, key=lambda pair: (pair[1].tree is None, "syntax error" in pair[1].error))
    return (refused if "syntax error" in answer.error else answer), asked


def _same_place(answer: PlanAnswer, before: PlanAnswer) -> bool:
    """Whether it still stumbles, and no later than before."""

    def place(error: str) -> int:
        found = re.search(r"syntax error at position (\d+)", error)
        return int(found[1]) if found else 1 << 30

    return place(answer.error) <= place(before.error) + 12  # the literal itself may be longer than the variable


def _with_one_value(shape: str, tree: Tree) -> str:
    """The statement with one bind variable wherever routes name the key by several: vtgate does so for equal
    literals, and plans a join or a union of one shard's rows as one route."""
    variables = [
        name
        for node in nodes(tree)
        if node.get("Variant") == "EqualUnique"
        for value in node.get("Values") or ()
        if (name := str(value)) and re.fullmatch(r":v\d+", name)
    ]
    for other in variables[1:]:
        shape = re.sub(rf"{other}\b", variables[0], shape)
    return shape


def read(query: QueryClass, answer: PlanAnswer, values: KeyValues) -> PlannedQuery:
    """The class's answer from the planner's."""
    if answer.tree is None:
        not_this_way = any(words in answer.error for words in _NOT_THIS_WAY)
        return PlannedQuery(
            query=query.id, answer=Answer.UNPLANNED if not_this_way else Answer.UNSUPPORTED, said=answer.error
        )
    reaching = [node for node in nodes(answer.tree) if node.get("Variant") and node.get("Keyspace")]
    variants = tuple(dict.fromkeys(str(node["Variant"]) for node in reaching))
    return PlannedQuery(
        query=query.id,
        answer=_answer(query, reaching, values),
        variants=variants or tuple(dict.fromkeys(str(node["OperatorType"]) for node in nodes(answer.tree))),
        keyspaces=tuple(sorted({str(node["Keyspace"]["Name"]) for node in reaching})),
    )


def _answer(query: QueryClass, reaching: Sequence[Tree], values: KeyValues) -> Answer:
    variants = {str(node["Variant"]) for node in reaching}
    if "Scatter" in variants:
        return Answer.SCATTER
    if len(reaching) > 1:
        return Answer.SEVERAL
    if variants & _SOME:
        return Answer.SINGLE if variants <= _LISTS and values.one(query.id) else Answer.SEVERAL
    rows = [value for node in reaching for value in (node.get("VindexValues") or {}).values() if "," in str(value)]
    return Answer.SEVERAL if rows and not values.one(query.id) else Answer.SINGLE


def nodes(tree: Tree) -> Iterator[Tree]:
    """The plan's operators, from the top down."""
    yield tree
    for one in tree.get("Inputs") or ():
        yield from nodes(one)


def shares(queries: Sequence[PlannedQuery], digest: Digest, weight: Callable[[QueryClass], int]) -> dict[str, float]:
    """By answer, the part of the workload's weight. SET goes nowhere: it is left out here."""
    answers = {planned.query: planned.answer for planned in queries}
    counted = [query for query in digest.classes if query.id in answers and query.verb is not Verb.SET]
    total = sum(weight(query) for query in counted) or 1
    found = dict.fromkeys((str(answer) for answer in Answer), 0)
    for query in counted:
        found[answers[query.id]] += weight(query)
    return {answer: round(part / total, 6) for answer, part in found.items()}
