"""What is read off Vitess's plans. The trees were recorded from Vitess 24.0.3 (`vexplain plan`)."""

from collections.abc import Callable, Mapping, Sequence

import pytest
from msgspec.structs import replace

from seatrial.domain.event import Tell, silent
from seatrial.domain.plan import Answer, PlannedQuery
from seatrial.domain.ports import PlanAnswer
from seatrial.domain.vschema import VSchema
from seatrial.stages.plan.ask import Asked, ask
from seatrial.stages.plan.place import UNSHARDED, by
from seatrial.stages.plan.workload import workload

from .digests import Log, schema, table

SHARDED = {"Name": "sharded", "Sharded": True}
SCHEMA = schema(table("orders", "id+ shop_id"), table("lines", "order_id shop_id"), table("events", "id"))
PLACES = {"orders": by("shop_id"), "lines": by("shop_id"), "events": UNSHARDED}


class Scripted:
    """Answers by a function of the statement, and remembers what was asked."""

    def __init__(self, answer: Callable[[str], PlanAnswer]) -> None:
        self._answer = answer
        self.asked: list[str] = []

    def version(self) -> str:
        return "24.0.3"

    def adopt(self, vschemas: Mapping[str, VSchema], shards: int, tell: Tell) -> None: ...

    def ask(self, statements: Sequence[str], tell: Tell) -> list[PlanAnswer]:
        self.asked += statements
        return [self._answer(statement) for statement in statements]


def route(variant: str, *values: str, kind: str = "Route", **rest: object) -> dict[str, object]:
    return {"OperatorType": kind, "Variant": variant, "Keyspace": SHARDED, "Values": list(values), **rest}


def asked(log: Log, answer: PlanAnswer | Callable[[str], PlanAnswer]) -> Asked:
    planner = Scripted(answer if callable(answer) else lambda _: answer)
    digest = log.digest()
    return ask(digest, workload(digest, SCHEMA), PLACES, planner, silent)


def read(log: Log, tree: Mapping[str, object]) -> PlannedQuery:
    return asked(log, PlanAnswer(tree=tree)).queries[0]


ONE = Log().add(10, "select orders shop_id=1")


@pytest.mark.parametrize(
    ("tree", "answer"),
    [
        (route("EqualUnique", ":v1"), Answer.SINGLE),
        (route("Unsharded"), Answer.SINGLE),
        (route("Reference"), Answer.SINGLE),
        (route("DBA"), Answer.SINGLE),
        (route("None"), Answer.SINGLE),
        (route("Next"), Answer.SINGLE),
        ({"OperatorType": "Lock", "Keyspace": SHARDED, "TargetDestination": "KeyspaceID(00)"}, Answer.SINGLE),
        ({"OperatorType": "Projection", "Inputs": [{"OperatorType": "SingleRow"}]}, Answer.SINGLE),
        (route("Scatter"), Answer.SCATTER),
        ({"OperatorType": "Limit", "Inputs": [route("Scatter")]}, Answer.SCATTER),
        ({"OperatorType": "Join", "Inputs": [route("EqualUnique", ":v1"), route("Scatter")]}, Answer.SCATTER),
        ({"OperatorType": "Join", "Inputs": [route("EqualUnique", ":v1"), route("Unsharded")]}, Answer.SEVERAL),
        (route("SubShard", ":v1"), Answer.SEVERAL),
        (route("Scatter", kind="Update"), Answer.SCATTER),
    ],
)
def test_a_plan_s_routes_are_the_answer(tree: dict[str, object], answer: Answer) -> None:
    assert read(ONE, tree).answer is answer


def test_variants_and_keyspaces_are_kept_in_vitess_s_words() -> None:
    found = read(ONE, {"OperatorType": "Join", "Inputs": [route("EqualUnique", ":v1"), route("Unsharded")]})
    assert (found.variants, found.keyspaces) == (("EqualUnique", "Unsharded"), ("sharded",))


@pytest.mark.parametrize("numbers", ["1", "*"])
def test_a_list_goes_by_the_values_the_log_had(numbers: str) -> None:
    expected = Answer.SINGLE if numbers == "1" else Answer.SEVERAL
    listed = Log().add(10, f"select orders shop_id={numbers}")
    assert read(listed, route("IN", "(:v1, :v2)")).answer is expected
    rows = Log().add(10, f"insert lines shop_id={numbers} order_id=*")
    assert read(rows, route("Sharded", kind="Insert", VindexValues={"by_shop_id": ":v1, :v3"})).answer is expected


def test_a_row_alone_goes_to_one_shard() -> None:
    tree = route("Sharded", kind="Insert", VindexValues={"by_shop_id": ":v1"})
    assert read(Log().add(10, "insert orders shop_id=*"), tree).answer is Answer.SINGLE


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        ("VT12001: unsupported: REPLACE INTO with sharded keyspace", Answer.UNSUPPORTED),
        ("table open_orders not found", Answer.UNSUPPORTED),
        ("syntax error at position 19 near 'CALL'", Answer.UNPLANNED),
        ("VT09015: schema tracking required", Answer.UNPLANNED),
    ],
)
def test_refusals_are_told_from_what_cannot_be_asked(error: str, answer: Answer) -> None:
    (found,) = asked(ONE, PlanAnswer(error=error)).queries
    assert (found.answer, found.said) == (answer, error)


def test_only_statements_that_touch_rows_are_asked() -> None:
    planner = Scripted(lambda _: PlanAnswer(tree=route("Unsharded")))
    digest = Log().add(5, "begin -", "select orders shop_id=1", "commit -").add(5, "set -").add(5, "other -").digest()
    found = ask(digest, workload(digest, SCHEMA), PLACES, planner, silent)
    assert planner.asked == ["select orders shop_id=1"]
    assert sorted(each.answer for each in found.queries) == [Answer.SINGLE, Answer.UNPLANNED, Answer.UNPLANNED]


def test_a_statement_whose_text_is_not_whole_is_not_asked() -> None:
    digest = ONE.digest()
    cut = replace(digest.classes[0], shape="", not_parsed="its quotes cannot be told apart")
    digest = replace(digest, classes=(cut,))
    planner = Scripted(lambda _: PlanAnswer(tree=route("Scatter")))
    (found,) = ask(digest, workload(digest, SCHEMA), PLACES, planner, silent).queries
    assert not planner.asked
    assert (found.answer, found.said) == (
        Answer.UNPLANNED, "its text is not known: its quotes cannot be told apart"
    )  # fmt: skip


def test_where_only_a_literal_may_stand_one_is_put() -> None:
    log = Log().add(1, "select orders shop_id=1 cast(:v2) char(:v12) near(:v1)")

    def vitess(statement: str) -> PlanAnswer:
        if "char(:v12)" in statement:
            return PlanAnswer(error=f"syntax error at position {statement.index(':v12') + 5} near ':v12'")
        if "char('" in statement:
            return PlanAnswer(error=f"syntax error at position {statement.index('char(') + 5} near '1'")
        return PlanAnswer(tree=route("EqualUnique", ":v1"))

    found = asked(log, vitess)
    assert found.queries[0].answer is Answer.SINGLE
    assert found.plans > 1


def test_a_syntax_error_that_no_literal_mends_is_told_as_it_was() -> None:
    error = "syntax error at position 9 near ':v1'"
    (found,) = asked(ONE, PlanAnswer(error=error)).queries
    assert (found.answer, found.said) == (Answer.UNPLANNED, error)


def test_keys_of_equal_values_are_asked_with_one_variable() -> None:
    join = "select orders,lines orders.shop_id={} lines.shop_id={} x(:v1,:v2)"

    def vitess(statement: str) -> PlanAnswer:
        if "x(:v1,:v1)" in statement:
            return PlanAnswer(tree=route("EqualUnique", ":v1"))
        return PlanAnswer(
            tree={"OperatorType": "Join", "Inputs": [route("EqualUnique", ":v1"), route("EqualUnique", ":v2")]}
        )

    assert asked(Log().add(9, join.format(1, 1)), vitess).queries[0].answer is Answer.SINGLE
    assert asked(Log().add(9, join.format(1, 2)), vitess).queries[0].answer is Answer.SEVERAL
