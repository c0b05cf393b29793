"""Rule R1: a statement that could leave the scratch copy is not sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.adapters.generator.fitting import OTHER_DATABASE, Fitted, Fitting, Kept, Kind, fit


@pytest.mark.parametrize(
    ("sql", "sent"),
    [
        ("select o.id from shop.orders o where o.v = 'shop.u'", "select o.id from orders o where o.v = 'shop.u'"),
        ("SELECT shop.orders.id FROM `shop`.`orders`", "SELECT orders.id FROM `orders`"),
        ("update SHOP . t set a = 1.5", "update t set a = 1.5"),
        ("insert into shop.t (a) select b from shop.u, shop.v", "insert into t (a) select b from u, v"),
        ("delete from shop.t using shop.t join shop.u on t.a = u.a", "delete from t using t join u on t.a = u.a"),
        ("select shop.price(3)", "select price(3)"),
        ("with x as (select 1 from shop.t) select * from x", "with x as (select 1 from t) select * from x"),
        ("select t.a from (u join shop.t on u.i = t.i)", "select t.a from (u join t on u.i = t.i)"),
        ("select * from { oj shop.t left join shop.u on 1 }", "select * from { oj t left join u on 1 }"),
    ],
)  # fmt: skip
def test_the_sources_own_database_is_taken_out(sql: str, sent: str) -> None:
    answer = fit(sql.encode(), "shop")
    assert isinstance(answer, Fitted) and answer.sql.decode() == sent


@pytest.mark.parametrize(
    "sql",
    [
        "select o.id, i.name from orders o join items i on o.id = i.order_id where o.a = 'x.y' and i.b = 1.5",
        "insert into t (a, b) values ('other.t', 2.5) on duplicate key update t.a = values(a)",
        "select extract(year from o.created), trim(both 'x' from o.name) from orders o",
        "select a.x, b.y from (a join b on a.i = b.i) left join c using (id) where exists (select 1 from d)",
        "select * from t for update",
        "select @@session.sql_mode, @a.b",
        "select * from information_schema.tables",
        "delete o.* from orders o join i on o.a = i.b",
        "select /* from other.t */ 1 -- from other.t",
        "select straight_join o.id from orders o join i use index for join (x) on i.a = o.a",
        "insert into t (a) values (1) as new on duplicate key update a = new.a",
    ],
)
def test_what_stays_inside_is_sent_as_it_is(sql: str) -> None:
    assert fit(sql.encode(), "shop") == Fitted(Kind.WRITE if sql[0] in "id" else Kind.READ, sql.encode())


@pytest.mark.parametrize(
    "sql",
    [
        "select * from other.t",
        "select * from a, other.t",
        "select * from a, other.t other",
        "select * from a join `other`.`t` on a.i = t.i",
        "select * from (select * from other.t) x",
        "select * from t where i in (select j from (a, other.b))",
        "insert into t select * from other.x",
        "insert other.t values (1)",
        "replace low_priority other.t values (1)",
        "update t, other.u set t.a = 1",
        "delete from other.t",
        "delete t from t join other.u on t.a = u.a",
        "call other.p()",
        "select other.f(1)",
        "select other.t.a from t",
        "select 1 from /*!50000 other.t */",
        'select * from "other"."t"',
        "select * from demo_source.orders",
        "describe other.t",
        "explain select * from other.t",
        "show tables from other",
        "delete from information_schema.t",
        "with x as (select 1) update other.t set a = 1",
        "select * from other . t",
        "select * from other./* x */t",
        "table other.t",
        "select 1 union select 2 from other.t",
        "select * from (a join other.t on a.i = t.i)",
        "update (a join (b join other.t on 1) on 1) set a.x = 1",
        "select * from a use index for order by (i), other.t",
        "select 1 from a where i in (table other.t)",
        "select * from { oj other.t left join a on 1 }",
        "select * from a for something other.t",
    ],
)
def test_another_database_is_never_sent(sql: str) -> None:
    assert fit(sql.encode(), "shop") == Kept(OTHER_DATABASE)


@pytest.mark.parametrize(
    "sql",
    [
        "load data infile 'x' into table t", "set global x = 1", "set @@global.x = 1", "set persist x = 1",
        "create table t (a int)", "drop table t", "alter table t add b int", "truncate t", "flush tables", "kill 7",
        "lock tables t read", "grant all on t to u", "use other", "handler t open", "prepare s from 'drop table t'",
        "xa start 'x'", "start replica", "select 1; drop table t", "select * from t into outfile '/tmp/x'",
        "analyze table t", "optimize table t", "rename table a to b", "set password = 'x'", "", "-- nothing",
        "import table from 'x'", "install plugin x soname 'y'", "reset binary logs and gtids",
    ],
)  # fmt: skip
def test_what_is_more_than_reading_and_writing_rows_is_not_sent(sql: str) -> None:
    assert isinstance(fit(sql.encode(), "shop"), Kept)


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("begin", Kind.BEGIN), ("START TRANSACTION READ ONLY", Kind.BEGIN), ("commit", Kind.END),
        ("ROLLBACK", Kind.END),
        ("rollback to savepoint a", Kind.SESSION), ("savepoint a", Kind.SESSION), ("set names utf8mb4", Kind.SESSION),
        ("SET autocommit=0", Kind.AUTOCOMMIT_OFF), ("set @@session.autocommit = ON", Kind.AUTOCOMMIT_ON),
        ("with x as (select 1) delete from t where a = 1", Kind.WRITE), ("(select 1) union (select 2)", Kind.READ),
        ("/* hint */ select 1", Kind.READ), ("select 1;", Kind.READ),
    ],
)  # fmt: skip
def test_each_statement_knows_its_part_in_a_transaction(sql: str, kind: Kind) -> None:
    answer = fit(sql.encode(), "shop")
    assert isinstance(answer, Fitted) and answer.kind is kind


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("""select "it's", 1 from t where a = 'x'""", """select "it's", 1 from other.t where a = 'x'"""),
        ("-- don't\nselect 1 from t where a = 'x'", "-- don't\nselect 1 from other.t where a = 'x'"),
        ("select `it's` from t where a = 'x'", "select `it's` from other.t where a = 'x'"),
        ("select * from 'q'.t", 'select * from "other".t'),
    ],
)
def test_a_quote_that_opens_no_literal_does_not_make_two_statements_alike(one: str, other: str) -> None:
    fitting = Fitting()
    assert isinstance(fitting.fit(one.encode(), "shop"), Fitted)
    assert fitting.fit(other.encode(), "shop") == Kept(OTHER_DATABASE)


def test_without_a_recorded_database_every_qualified_name_stays_here() -> None:
    assert fit(b"select * from shop.t", "") == Kept(OTHER_DATABASE)


pieces = st.sampled_from(
    ["select ", "from ", "t", "shop.", "other.", "`a`", "'x.y'", "1.5", ", ", "(", ") ", "join ", "where ", "a.b ",
     "= ", "insert into ", "values ", "set autocommit=0", "\"it's\"", "`it's`", "table ",
     "for ", "/*!9 ", "*/ ", '"q"', ".", "--", "\n", "\\'"]
)  # fmt: skip


@given(st.lists(pieces, max_size=12).map("".join), st.lists(pieces, max_size=12).map("".join))
def test_remembering_changes_no_answer(one: str, other: str) -> None:
    fitting = Fitting()
    for sql in (one, other, one, other.replace("1.5", "77"), other.replace("x.y", "it''s"), other):
        assert fitting.fit(sql.encode(), "shop") == fit(sql.encode(), "shop")
