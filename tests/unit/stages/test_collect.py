"""What `collect` keeps of a server's answers, what it leaves out, and what it does without an answer."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.domain.collection import Collection, LongTransaction, Writer
from seatrial.domain.event import Event, Note, Progress, silent
from seatrial.domain.fault import Cancelled, Fault
from seatrial.domain.question import COLLECTED, REQUIRED, Question
from seatrial.domain.rates import per_second
from seatrial.domain.schema import StoredObject
from seatrial.stages.collect import collect, grants, redaction
from tests.contract.recorded import RecordedSource, recorded


def clock() -> Iterator[datetime]:
    at = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    while True:
        yield at
        at += timedelta(seconds=10)


def collected(source: RecordedSource, tell: Any = silent) -> Collection:
    ticks = clock()
    return collect(source, now=lambda: next(ticks), tell=tell, seconds_between_samples=0)


@pytest.fixture
def source() -> RecordedSource:
    return recorded()


def set_variable(source: RecordedSource, name: str, value: str) -> None:
    rows = [row for row in source.answers["variables"] if row["variable_name"] != name]
    source.answers["variables"] = [*rows, {"variable_name": name, "value": value}]


def test_the_schema_is_put_together_from_set_based_answers(source: RecordedSource) -> None:
    schema = collected(source).schema
    customers, documents = schema.table("customers"), schema.table("documents")
    assert [index.name for index in customers.indexes] == ["PRIMARY", "by_email"]
    assert customers.indexes[1].parts[0].prefix == 20
    assert customers.column("id").auto_increment
    assert customers.column("born").default == "2000-01-01"
    assert [documents.column(name).generated for name in ("kind", "twice", "id")] == ["virtual", "stored", ""]
    assert documents.column("hidden").invisible
    assert next(i for i in documents.indexes if i.name == "by_expression").parts[0].column is None
    assert schema.table("orders").foreign_keys[0].on_delete == "CASCADE"
    assert schema.table("by_hash").partitioning == "HASH"
    assert schema.table("订单 备注`q").column("备注").charset == "latin1"
    assert all(table.ddl.startswith("CREATE TABLE") for table in schema.tables)


def test_each_table_is_asked_for_once_and_everything_else_in_one_question(source: RecordedSource) -> None:
    found = collected(source)
    asked = [question for question in source.asked if not question.startswith("create_table")]
    assert len(source.asked) - len(asked) == len(found.schema.tables)
    assert len(asked) == len(set(asked)) + 2  # status and binary logs twice


def test_stored_objects_are_listed_with_labels_for_their_owners(source: RecordedSource) -> None:
    objects = collected(source).schema.stored_objects
    assert [(one.kind, one.name) for one in objects] == [
        ("event", "nightly"), ("function", "one"), ("procedure", "greet"), ("trigger", "touch"), ("view", "names"),
    ]  # fmt: skip
    by_name = {one.name: one.definer for one in objects}
    assert by_name["greet"] == by_name["touch"] != by_name["nightly"]
    assert all(one.definer.startswith("account-") for one in objects)
    assert objects[3] == StoredObject(kind="trigger", name="touch", definer=by_name["touch"], table="orders")


SECRETS = {
    "report_password": "planted-1", "report_user": "planted-2", "wsrep_sst_auth": "planted:3",
    "wsrep_cluster_address": "gcomm://planted-4", "bind_address": "10.20.30.40", "mandatory_roles": "planted@%",
    "authentication_ldap_simple_bind_root_pwd": "planted-5", "init_connect": "SET @a = 'planted-6'",
    "some_plugin_token": "planted-7", "some_plugin_endpoint": "https://planted:8@planted.example/",
    "log_error": "/var/log/planted-db-7.err", "group_replication_group_seeds": "planted-9:33061",
    "general_log_file": "planted-db-7.log", "some_list": "app@planted.example", "report_host": "planted-report-host",
    "some_address_list": "allow 10.20.30.40/8", "keyring_vault_secret": "planted-10",
}  # fmt: skip


def test_no_secret_account_or_host_is_kept(source: RecordedSource) -> None:
    for name, value in SECRETS.items():
        set_variable(source, name, value)
    source.answers["status"].append({"variable_name": "Wsrep_incoming_addresses", "value": "planted-11:3306"})
    source.answers["replica_status"] = [
        {"source_host": "planted-12", "source_user": "planted-13", "last_sql_error": "INSERT INTO t VALUES ('planted')",
         "seconds_behind_source": 4}
    ]  # fmt: skip
    source.answers["create_table old_engine"] = [
        {"create table": "CREATE TABLE `old_engine` (a int) ENGINE=FEDERATED CONNECTION='mysql://planted:p@planted/d'"}
    ]
    source.answers["connections"].append(
        {"account": "planted_app", "database_name": "shöp `q", "command": "Query", "threads": 3, "own": 0}
    )
    source.answers["long_transactions"] = [
        {"thread_id": 9, "account": "planted_app", "open_s": 99, "rows_locked": 1, "rows_modified": 2}
    ]
    found = collected(source)
    text = msgspec.json.encode(found).decode()
    assert "planted" not in text
    assert "10.20.30.40" not in text
    assert found.replication is not None
    assert found.replication.lag_s == 4
    assert found.writers is not None
    assert found.long_transactions is not None
    assert found.writers[0].account == found.long_transactions[0].account  # the same label for the same account


def test_what_the_checks_need_is_kept(source: RecordedSource) -> None:
    variables = collected(source).server.variables
    assert variables["gtid_mode"] == "ON"
    assert variables["binlog_row_image"] == "FULL"
    assert variables["datadir"] == "/var/lib/mysql/data/"
    assert variables["slow_query_log_file"] == "/var/lib/mysql/data/(host)-slow.log"
    assert variables["innodb_ft_max_token_size"] == "84"
    assert variables["hostname"] == redaction.REDACTED
    assert sum(1 for value in variables.values() if value == redaction.REDACTED) < 15


def test_a_host_named_like_a_common_word_spoils_no_setting(source: RecordedSource) -> None:
    set_variable(source, "hostname", "mysql")
    variables = collected(source).server.variables
    assert variables["binlog_format"] == "ROW"
    assert variables["datadir"] == "/var/lib/(host)/data/"


@pytest.mark.parametrize("question", REQUIRED)
def test_without_an_answer_nothing_works_without_it_is_a_fault(source: RecordedSource, question: Question) -> None:
    source.answers[question] = "a privilege is missing: SELECT command denied to this account"
    with pytest.raises(Fault) as caught:
        collected(source)
    assert caught.value.code == "collect.no-answer"
    assert "SELECT command denied" in caught.value.what


def test_a_required_answer_that_took_too_long_may_be_asked_again(source: RecordedSource) -> None:
    source.answers[Question.COLUMNS] = "no answer within the time cap of 20 s"
    with pytest.raises(Fault) as caught:
        collected(source)
    assert caught.value.code == "collect.too-slow"
    assert caught.value.retry


def test_a_database_that_is_not_there_is_a_fault(source: RecordedSource) -> None:
    source.answers[Question.DATABASE] = []
    with pytest.raises(Fault) as caught:
        collected(source)
    assert caught.value.code == "mysql.no-database"


@pytest.mark.parametrize("question", [one for one in COLLECTED if one not in REQUIRED and not one.per_table])
def test_any_other_question_without_an_answer_becomes_a_gap(source: RecordedSource, question: Question) -> None:
    source.answers[question] = "a privilege is missing: PROCESS"
    gap = collected(source).gap(question)
    assert gap is not None
    assert gap.reason == "a privilege is missing: PROCESS"


def test_unanswered_lists_are_none_and_not_empty(source: RecordedSource) -> None:
    for question in (Question.CONNECTIONS, Question.LONG_TRANSACTIONS, Question.HISTORY_LIST, Question.SIDECARS):
        source.answers[question] = "refused"
    source.answers[Question.REPLICA_STATUS] = "refused"
    found = collected(source)
    assert found.writers is None
    assert found.long_transactions is None
    assert found.history_list_length is None
    assert found.sidecars is None
    assert found.replication is None


def test_tables_whose_definition_is_refused_are_named_in_one_gap(source: RecordedSource) -> None:
    source.answers["create_table orders"] = source.answers["create_table keyless"] = "lock wait"
    found = collected(source)
    gap = found.gap("create_table")
    assert gap is not None
    assert gap.reason == "keyless, orders: lock wait"
    assert found.schema.table("orders").ddl == ""


def test_what_grants_hide_is_a_gap_although_the_server_answers(source: RecordedSource) -> None:
    source.answers[Question.GRANTS] = [{"grants": "GRANT SELECT ON `shöp ``q`.`orders` TO `x`@`%`"}]
    source.answers[Question.SIDECARS] = []
    found = collected(source)
    assert {gap.question for gap in found.gaps} == {
        "connections", "events", "routines", "sidecars", "tables", "triggers",
    }  # fmt: skip
    assert found.writers is None
    assert found.sidecars is None


def test_columns_hidden_by_grants_are_a_fault_that_names_the_grant(source: RecordedSource) -> None:
    source.answers["columns"] = []
    with pytest.raises(Fault) as caught:
        collected(source)
    assert caught.value.code == "collect.no-answer"
    assert "GRANT REFERENCES ON `shöp ``q`.*" in caught.value.remedy


def test_a_table_that_vanishes_meanwhile_is_left_out_and_named(source: RecordedSource) -> None:
    source.answers["columns"] = [row for row in source.answers["columns"] if row["table_name"] != "orders"]
    found = collected(source)
    gap = found.gap("tables")
    assert gap is not None
    assert gap.reason.startswith("orders: ")
    assert "orders" not in [table.name for table in found.schema.tables]


def test_an_empty_database_is_collected(source: RecordedSource) -> None:
    for question in ("tables", "columns", "indexes", "foreign_keys", "foreign_key_columns", "partitions", "views",
                     "triggers", "events", "routines"):  # fmt: skip
        source.answers[question] = []
    assert collected(source).schema.tables == ()


def test_writers_are_counted_by_account_and_ours_is_known(source: RecordedSource) -> None:
    rows = [
        ("planted_reader", "shöp `q", 1, 0),
        ("app", "shöp `q", 5, 0),
        ("app", "shöp `q", 2, 0),
        ("bi", "other", 9, 0),
    ]
    source.answers["connections"] += [
        {"account": account, "database_name": database, "command": "Sleep", "threads": threads, "own": own}
        for account, database, threads, own in rows
    ]
    found = collected(source).writers
    assert found is not None
    assert [(writer.threads, writer.ours) for writer in found] == [(7, False), (1, True)]
    assert isinstance(found[0], Writer)


def test_replicas_and_change_readers_of_the_log_are_counted(source: RecordedSource) -> None:
    source.answers["connections"].append(
        {"account": "repl", "database_name": None, "command": "Binlog Dump GTID", "threads": 2, "own": 0}
    )
    replication = collected(source).replication
    assert replication is not None
    assert replication.binlog_readers == 2


def test_a_stopped_channel_has_no_lag(source: RecordedSource) -> None:
    source.answers["replica_status"] = [{"seconds_behind_source": 3}, {"seconds_behind_master": None}]
    replication = collected(source).replication
    assert replication is not None
    assert replication.is_replica
    assert replication.lag_s is None


def test_long_transactions_are_kept_oldest_first(source: RecordedSource) -> None:
    source.answers["long_transactions"] = [
        {"thread_id": 7, "account": "app", "open_s": 700, "rows_locked": 5, "rows_modified": 4}
    ]
    (found,) = collected(source).long_transactions or ()
    assert found == LongTransaction(thread_id=7, account=found.account, open_s=700, rows_locked=5, rows_modified=4)


@pytest.mark.parametrize(
    ("text", "comment", "flavour", "version"),
    [
        ("8.0.36-28", "Percona Server (GPL), Release 28", "percona", (8, 0, 36)),
        ("5.5.5-10.6.12-MariaDB-log", "mariadb.org binary", "mariadb", (10, 6, 12)),
        ("5.6.24-log", "MySQL Community Server (GPL)", "mysql", (5, 6, 24)),
        ("8.4.3", "MySQL Community Server - GPL", "mysql", (8, 4, 3)),
        ("vitess", "", "unknown", (0, 0, 0)),
    ],
)
def test_flavours_are_told_apart(
    source: RecordedSource, text: str, comment: str, flavour: str, version: tuple[int, int, int]
) -> None:
    source.answers["version"] = [{"version": text, "version_comment": comment, "account": "a@b"}]
    server = collected(source).server
    assert (server.flavour, server.version, server.version_text) == (flavour, version, text)


def test_aurora_is_known_by_its_own_variable(source: RecordedSource) -> None:
    set_variable(source, "aurora_version", "3.04.0")
    assert collected(source).server.flavour == "aurora"


def test_two_samples_become_rates_and_only_numbers_are_kept(source: RecordedSource) -> None:
    found = collected(source)
    assert [sample.at[11:19] for sample in found.status] == ["09:00:00", "09:00:10"]
    assert per_second(found.status, "questions") == 0
    assert all(len(value) < 40 for value in found.status[0].values.values())


def test_progress_is_told_for_every_question_and_table(source: RecordedSource) -> None:
    events: list[Event] = []
    collected(source, events.append)
    assert len([event for event in events if isinstance(event, Progress)]) >= len(source.asked)


def test_a_server_that_samples_on_reading_is_warned_about(source: RecordedSource) -> None:
    set_variable(source, "innodb_stats_on_metadata", "ON")
    events: list[Event] = []
    collected(source, events.append)
    assert any(isinstance(event, Note) and event.warning for event in events)


def test_it_can_be_cancelled_between_tables(source: RecordedSource) -> None:
    def tell(event: Event) -> None:
        if isinstance(event, Progress) and event.phase == "table definitions" and event.done == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        collected(source, tell)
    assert len([asked for asked in source.asked if asked.startswith("create_table")]) == 3


ROOT = "GRANT ALL PRIVILEGES ON *.* TO 'root'@'localhost' IDENTIFIED BY PASSWORD '*ABC' WITH GRANT OPTION"


@pytest.mark.parametrize(
    ("lines", "everywhere", "database"),
    [
        (["GRANT USAGE ON *.* TO `u`@`%`"], set(), set()),
        (["GRANT PROCESS, RELOAD ON *.* TO `u`@`%`"], {"PROCESS", "RELOAD"}, set()),
        (["GRANT SELECT, INSERT ON `shop\\_a`.* TO 'u'@'%'"], set(), {"SELECT", "INSERT"}),
        (["GRANT SELECT ON `shop%`.* TO 'u'@'%'"], set(), {"SELECT"}),
        (["GRANT SELECT ON `shop_a`.* TO 'u'@'%'"], set(), {"SELECT"}),
        (["GRANT SELECT ON `shopXa`.* TO 'u'@'%'"], set(), set()),
        (["GRANT SELECT ON `sh%`.* TO 'u'@'%'", "GRANT INSERT ON `shop%`.* TO 'u'@'%'"], set(), {"INSERT"}),
        (["GRANT SELECT ON `shop_a`.`t` TO 'u'@'%'"], set(), set()),
        (["GRANT SELECT (`a`, `b`), INSERT ON `shop_a`.* TO 'u'@'%'"], set(), {"INSERT"}),
        (["GRANT EXECUTE ON PROCEDURE `shop_a`.`p` TO 'u'@'%'", "GRANT `r`@`%` TO `u`@`%`"], set(), set()),
        (["GRANT PROXY ON ``@`` TO `root`@`localhost`"], set(), set()),
        (
            ["GRANT SELECT, INSERT ON *.* TO `u`@`%`", "REVOKE INSERT ON `shop_a`.* FROM `u`@`%`"],
            {"SELECT", "INSERT"},
            {"SELECT"},
        ),
        (["GRANT BINLOG MONITOR ON *.* TO `u`@`%`"], {"REPLICATION CLIENT"}, set()),
    ],
)
def test_grants_add_up_to_what_the_server_allows(lines: list[str], everywhere: set[str], database: set[str]) -> None:
    found = grants.privileges(lines, "shop_a")
    assert set(found.everywhere) == everywhere
    assert set(found.database) == database


def test_all_privileges_is_spelled_out() -> None:
    found = grants.privileges([ROOT], "shop")
    assert {"REPLICATION SLAVE", "PROCESS", "SELECT"} <= found.everywhere
    assert found.sidecar == found.database == grants.DATABASE_LEVEL


def test_wildcards_are_letters_under_partial_revokes() -> None:
    lines = ["GRANT SELECT ON `shop%`.* TO 'u'@'%'"]
    assert grants.privileges(lines, "shop_a", literal_names=True).database == frozenset()
    assert grants.privileges(lines, "shop%", literal_names=True).database == {"SELECT"}


def test_the_sidecar_is_covered_by_a_pattern() -> None:
    assert "CREATE" in grants.privileges(["GRANT ALL PRIVILEGES ON `\\_vt%`.* TO 'u'@'%'"], "shop").sidecar


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=64))
def test_an_escaped_name_covers_exactly_itself(name: str) -> None:
    pattern = name.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%")
    assert grants.matches(pattern, name)
    assert not grants.matches(pattern, name + "x")
