"""MySQL's digest texts written back: the same classes as of what was sent.

The texts are what MySQL 9.7.4 makes of the statements (SELECT STATEMENT_DIGEST_TEXT('…')).
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.parsing.digest_text import (
    Spelling,
    cleaned,
    is_cut,
    is_execute,
    is_prepare,
    quoting,
    statement,
)
from seatrial.parsing.digest_words import words_of
from seatrial.parsing.lexer import lex, split
from tests.contract.recorded import digest_texts

SHOP = Spelling(
    names={name: name for name in ("status", "code", "name", "value", "session")} | {"type": "Type"},
    columns=lambda table: {"t": 3}.get(table, 0),
)

SAME = [
    ("select * from t where id in (1,2,3)", "SELECT * FROM `t` WHERE `id` IN (...)"),
    ("select * from t where id in (5) and b in ('a')", "SELECT * FROM `t` WHERE `id` IN (...) AND `b` IN (...)"),
    ("select `a``b` from t where x = 'it''s'", "SELECT `a`b` FROM `t` WHERE `x` = ?"),
    ("select * from t where a = -5 and b = a - 5", "SELECT * FROM `t` WHERE `a` = ? AND `b` = `a` - ?"),
    (
        "select a from t where (a,b) in ((1,2),(3,4))",
        "SELECT `a` FROM `t` WHERE ( `a` , `b` ) IN ( (...) /* , ... */ )",
    ),
    ("select a from t where (a,b,c) = (1,2,3)", "SELECT `a` FROM `t` WHERE ( `a` , `b` , `c` ) = (...)"),
    (
        "select a from t where (a,b,c) not in ((1,2,3))",
        "SELECT `a` FROM `t` WHERE ( `a` , `b` , `c` ) NOT IN ( (...) )",
    ),
    ("insert into t values (1,2,3)", "INSERT INTO `t` VALUES (...)"),
    ("insert into t (a) values (1),(2)", "INSERT INTO `t` ( `a` ) VALUES (?) /* , ... */"),
    ("insert into u (a,b) values (1,2),(3,4)", "INSERT INTO `u` ( `a` , `b` ) VALUES (...) /* , ... */"),
    (
        "insert into shop.u (a,b,c,d) values (1,2,now(),5),(2,3,now(),6)",
        "INSERT INTO `shop` . `u` ( `a` , `b` , `c` , `d` ) VALUES ( ?, ... , NOW ( ) , ? ) , ( ?, ... , NOW ( ) , ? )",
    ),
    ("insert into t (a,b,c) values (1,null,true)", "INSERT INTO `t` ( `a` , `b` , `c` ) VALUES ( ?, ... , TRUE )"),
    ("insert into t set a=1, b=2", "INSERT INTO `t` SET `a` = ? , `b` = ?"),
    (
        "insert into carts (session, value) values (1, 2) on duplicate key update value = values(value)",
        "INSERT INTO `carts` ( SESSION , VALUE ) VALUES (...) ON DUPLICATE KEY UPDATE VALUE = VALUES ( VALUE )",
    ),
    ("replace into t (a,b) values (1,2)", "REPLACE INTO `t` ( `a` , `b` ) VALUES (...)"),
    ("select * from t order by 2 desc limit 5, 10", "SELECT * FROM `t` ORDER BY 2 DESC LIMIT ?, ..."),
    ("select a, count(*) from t group by 1, 2", "SELECT `a` , COUNT ( * ) FROM `t` GROUP BY 1 , 2"),
    ("select * from t limit 10 offset 5", "SELECT * FROM `t` LIMIT ? OFFSET ?"),
    ("select o.status, name from t o where code <> 'x'", "SELECT `o` . `status` , NAME FROM `t` `o` WHERE CODE != ?"),
    ("select Type from t where Type = 1", "SELECT TYPE FROM `t` WHERE TYPE = ?"),
    ("select distinct a from t", "SELECT DISTINCTROW `a` FROM `t`"),
    ("select round(a, 2), concat('a','b') from t", "SELECT `round` ( `a` , ? ) , `concat` (...) FROM `t`"),
    ("select if(a>0,1,2) from t", "SELECT IF ( `a` > ?, ... ) FROM `t`"),
    ("select now(6), current_timestamp from t", "SELECT NOW (?) , NOW FROM `t`"),
    (
        "select a from t where d > now() - interval 1 day",
        "SELECT `a` FROM `t` WHERE `d` > NOW ( ) - INTERVAL ? SQL_TSI_DAY",
    ),
    ("select date '2020-01-01', _utf8mb4'a'", "SELECT DATE ? , (_charset) ?"),
    ("select cast(a as decimal(10,2)) from t", "SELECT CAST ( `a` AS DECIMAL (...) ) FROM `t`"),
    ("select cast(a as char(10)) from t", "SELECT CAST ( `a` AS CHARACTER (?) ) FROM `t`"),
    ("select a->'$.x' from t", "SELECT `a` -> ? FROM `t`"),
    ("select /*+ NO_ICP(t) */ a from t", "SELECT /*+ NO_ICP ( `t` ) */ `a` FROM `t`"),
    ("select group_concat(a separator ';') from t", "SELECT GROUP_CONCAT ( `a` SEPARATOR ? ) FROM `t`"),
    ("select a from `select` s where s.`key` = 1", "SELECT `a` FROM `select` `s` WHERE `s` . `key` = ?"),
    ("insert into `stock movements` (a) values (1)", "INSERT INTO `stock movements` ( `a` ) VALUES (?)"),
    ("update `库存` set `数量` = `数量` - 1 where id = 3", "UPDATE `库存` SET `数量` = `数量` - ? WHERE `id` = ?"),
    ("call p(1,2)", "CALL `p` (...)"),
    ("set names utf8mb4", "SET NAMES `utf8mb4`"),
    ("set @@session.sql_mode = 'x', autocommit = 1", "SET @@SESSION . `sql_mode` = ? , `autocommit` = ?"),
    ("select @@version_comment", "SELECT @@`version_comment`"),
    ("select 1 as one from t", "SELECT ? AS ONE FROM `t`"),
    ("begin", "BEGIN"),
    ("select id from t where id = 1", "EXECUTE SELECT `id` FROM `t` WHERE `id` = ?"),
    ("with x as (select 1) select * from x", "WITH `x` AS ( SELECT ? ) SELECT * FROM `x`"),
]

UNLIKE = [
    ("select a from t where b rlike 'y'", "SELECT `a` FROM `t` WHERE `b` RLIKE ?"),  # regexp is taken
    ("select a from t where b != 6", "SELECT `a` FROM `t` WHERE `b` != ?"),  # <> is taken
    ("select substr(a,1) from t", "SELECT SUBSTRING ( `a` , ? ) FROM `t`"),
    ("select coalesce(a,1,2,3) from t", "SELECT COALESCE ( `a` , ?, ... ) FROM `t`"),  # two are taken
    ("select @a from t", "SELECT @? FROM `t`"),
]


def fingerprint(sql: bytes) -> str:
    return lex(*split(sql)).fingerprint


def written(text: str, spelling: Spelling = SHOP) -> str:
    return fingerprint(statement(cleaned(text), spelling))


@pytest.mark.parametrize(("sql", "text"), SAME)
def test_a_digest_text_is_of_the_class_of_what_was_sent(sql: str, text: str) -> None:
    assert written(text) == fingerprint(sql.encode())


@pytest.mark.parametrize(("sql", "text"), UNLIKE)
def test_what_mysql_does_not_tell_apart_makes_another_class(sql: str, text: str) -> None:
    """When one of these becomes equal, docs/digest.md is to be changed."""
    assert written(text) != fingerprint(sql.encode())
    assert written(text)


RECORDED = [(server, *each) for server, texts in digest_texts().items() for each in texts]
NAMES = {name: name for name in ("id", "name", "status", "value", "sequence")} | {"type": "Type"}


@pytest.mark.parametrize(("server", "sql", "text", "same"), RECORDED)
def test_the_texts_of_older_servers_are_of_the_class_of_what_was_sent(
    server: str, sql: str, text: str, same: bool
) -> None:
    """Those that are not are what a server does not tell apart: when one becomes equal, docs/digest.md is to change."""
    spelling = Spelling(names=NAMES, columns=lambda table: {"order_lines": 5}.get(table, 0), words=words_of(server))
    assert (written(text, spelling) == fingerprint(sql.encode())) is same


def test_mariadb_has_no_text_of_some_literals() -> None:
    spelling = Spelling(columns=lambda table: {"t": 8}.get(table, 0), words=words_of("10.11.18-MariaDB"))
    sql = b"insert into t values (1, 2, 3, x'41', 5, 6, 7, 8)"
    assert written("INSERT INTO `t` VALUES ( ?, ... , (unknown) , ?, ... )", spelling) == fingerprint(sql)


def test_a_user_variable_ends_before_the_next_word() -> None:
    assert written("SELECT `id` INTO @? FROM `t`") == fingerprint(b"select id into @variable from t")
    assert written("SELECT @@version_comment LIMIT ?") == fingerprint(b"select @@version_comment limit 1")


def test_a_statement_goes_by_its_own_names_before_those_of_the_application() -> None:
    bare, quoted = Spelling(names=NAMES), Spelling(names=NAMES, quoted=True)
    sent = "SELECT `id` , `name` FROM `t` WHERE `id` = ?"
    assert written(sent, bare) == written(sent, quoted) == fingerprint(b"select `id`, `name` from `t` where `id` = 1")
    sent = "SELECT `id` , NAME FROM `t` WHERE `id` = ?"
    assert written(sent, bare) == written(sent, quoted) == fingerprint(b"select id, name from t where id = 1")
    sent = "SELECT `id` , CASE WHEN `x` = ? THEN ? END FROM `t`"
    names = Spelling(names=NAMES | {"end": "end"}, quoted=True)
    assert "`id`" in written(sent, names)  # CASE has an END, whatever columns there are


def test_a_name_that_is_no_word_of_the_server_tells_nothing() -> None:
    """`description` and `role` stand in backticks on MySQL 5.6 however they were sent."""
    texts = ["SELECT `description` , `role` , NAME FROM `t`"] * 3
    assert not quoting(texts, NAMES, words_of("5.6.24-log"))
    assert quoting(texts, NAMES, words_of("9.7.4"))
    old = Spelling(names=NAMES, words=words_of("5.7.44"))
    assert written("SELECT `rank` FROM `groups`", old) == fingerprint(b"select rank from groups")
    assert written("SELECT `rank` FROM `groups`") == fingerprint(b"select `rank` from `groups`")


def test_rows_that_were_several_are_several_for_a_planner() -> None:
    shape = lex(*split(statement("INSERT INTO `u` ( `a` , `b` ) VALUES (...) /* , ... */", SHOP))).shape
    assert shape == "INSERT INTO u (a, b) VALUES (:v1, :v2), (:v3, :v4)"


def test_a_dot_stands_without_blanks_so_that_a_database_is_found_by_it() -> None:
    assert b"shop.orders" in statement("SELECT `id` FROM `shop` . `orders`", SHOP)


def test_names_are_quoted_where_the_application_quotes_them() -> None:
    texts = [
        "SELECT `users` . `name` , `status` FROM `users` WHERE `status` = ?",
        "SELECT COUNT ( * ) AS NAME FROM `t`",
    ]
    assert quoting(texts, SHOP.names, SHOP.words)
    assert not quoting(["SELECT STATUS FROM `t`", "SELECT `status` FROM `t` WHERE NAME = ?"], SHOP.names, SHOP.words)
    assert not quoting(["SELECT `o` . `status` FROM `orders` `o`"], SHOP.names, SHOP.words)
    quoted = Spelling(names=SHOP.names, quoted=True)
    sql = b"SELECT `u`.`status`, COUNT(*), ROUND(`u`.`x`, 2) FROM `users` `u` WHERE `u`.`id` IN (1, 2)"
    text = "SELECT `u` . `status` , COUNT ( * ) , `ROUND` ( `u` . `x` , ? ) FROM `users` `u` WHERE `u` . `id` IN (...)"
    assert written(text, quoted) == fingerprint(sql)


def test_a_text_that_was_cut_is_told_from_one_that_ends_in_a_list() -> None:
    assert is_cut("SELECT `a` , `b` , ...")
    assert not is_cut("SELECT * FROM `t` LIMIT ?, ...")
    assert not is_cut("INSERT INTO `t` VALUES (...)")
    assert written("SELECT `a` FROM `t` WHERE ...").endswith("where …")


def test_a_preparation_and_its_end_are_told_from_an_execution() -> None:
    assert is_prepare("PREPARE SELECT `id` FROM `t` WHERE `id` = ?")
    assert not is_prepare("PREPARE `s` FROM ?")
    assert not is_prepare("EXECUTE SELECT ?")
    assert is_prepare("DEALLOCATE SELECT `id` FROM `t` WHERE `id` = ?")
    assert not is_prepare("DEALLOCATE PREPARE `s`")
    assert is_execute("EXECUTE SELECT ?")
    assert not is_execute("EXECUTE `s` USING @?") and not is_execute("EXECUTE IMMEDIATE ?")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 'planted' FROM `t`",
        'SELECT "planted" FROM `t`',
        "SELECT ? FROM `t` WHERE `a` = 4711 AND `b` = 0x706c616e746564",
        "SELECT ? /* planted */ FROM `t` -- planted",
        "SELECT 'planted",
        "SELECT `id` FROM `t` WHERE `email` = 'o' planted'",
        "GRANT SELECT ON `shop` . * TO `planted`",
        "CREATE USER IF NOT EXISTS `planted` @? IDENTIFIED BY ?",
        "CREATE DEFINER = `planted` @`planted` VIEW `v` AS SELECT ?",
    ],
)
def test_what_could_be_a_literal_does_not_stay(text: str) -> None:
    kept = cleaned(text)
    assert "planted" not in kept
    assert "4711" not in kept
    assert "706c" not in kept


@given(
    st.lists(st.sampled_from([text for _, text in SAME]) | st.text(max_size=20), min_size=1, max_size=4).map(" ".join)
)
def test_any_text_is_cleaned_once_and_for_all_and_can_be_read(text: str) -> None:
    once = cleaned(text)
    assert cleaned(once) == once
    assert isinstance(fingerprint(statement(once, SHOP)), str)
