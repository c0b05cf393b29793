"""`collect` and `assess` on a real MySQL: what is sent, what is seen with which grants, what is refused."""

import re
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
import pytest

from seatrial.adapters.mysql.client import Connection
from seatrial.adapters.mysql.source import MySqlSource, planned
from seatrial.domain.collection import Collection
from seatrial.domain.event import Event, Progress, silent
from seatrial.domain.evidence import Evidence
from seatrial.domain.fault import Cancelled, Fault
from seatrial.domain.finding import Outcome
from seatrial.domain.identifier import qualified
from seatrial.domain.question import Question
from seatrial.domain.secret import Secret
from seatrial.report.summary import summary
from seatrial.stages.assess import assess
from seatrial.stages.collect import collect
from tests.source_server import DATABASE, READER, SourceServer, source_server

pytestmark = pytest.mark.engine

ONLY = re.compile(r"(SELECT|SHOW|SET SESSION|SET NAMES|SET AUTOCOMMIT)\b", re.IGNORECASE)


@pytest.fixture(scope="module")
def server() -> Iterator[SourceServer]:
    with source_server() as running:
        yield running


def collected(server: SourceServer, user: str = READER, database: str = DATABASE) -> Collection:
    with MySqlSource(server.login(user, database)) as source:
        return collect(source, now=lambda: datetime.now(UTC), tell=silent, seconds_between_samples=0.2)


def test_only_reading_statements_are_sent_and_each_was_announced(server: SourceServer) -> None:
    before = server.general_log.stat().st_size
    found = collected(server)
    sent = _statements(server, before)
    assert len(sent) > 25
    assert [one for one in sent if not ONLY.match(one)] == []
    announced = {one.sql for one in planned(DATABASE)}
    per_table = {planned_table.replace("`…`", qualified(DATABASE, table.name))
                 for planned_table in announced for table in found.schema.tables}  # fmt: skip
    assert [one for one in sent if "seatrial collect" in one and one not in announced | per_table] == []
    own = "|".join(re.escape(table.name) for table in found.schema.tables)
    assert [one for one in sent if re.search(rf"\b(FROM|JOIN|INTO|UPDATE)\s+`?({own})\b", one)] == []


def _statements(server: SourceServer, offset: int) -> list[str]:
    """What the general log says was sent since, without the server's own init_connect."""
    with server.general_log.open(encoding="utf-8", errors="replace") as log:
        log.seek(offset)
        found = re.findall(r"\d+ Query\t(.*?)(?=\n\d{4}-|\Z)", log.read(), re.DOTALL)
    return [words.strip() for words in found if "planted_literal" not in words]


def test_the_session_cannot_write(server: SourceServer) -> None:
    server.account("writer", ["GRANT ALL PRIVILEGES ON `shöp ``q`.* TO {account}"])
    with MySqlSource(server.login("writer")) as source:
        connection: Connection = source._connection
        with pytest.raises(Fault, match="READ ONLY"):
            connection.execute("INSERT INTO keyless VALUES (1, 'a')")
        with pytest.raises(Fault, match="READ ONLY"):
            connection.execute("CREATE TABLE another (id INT)")
        assert connection.query("SELECT @@session.max_execution_time, @@session.lock_wait_timeout") == [(20_000, 2)]


def test_the_whole_way_from_collecting_to_findings(server: SourceServer) -> None:
    found = collected(server)
    assert found.gaps == ()
    outcomes = {
        finding.code: finding.outcome
        for finding in assess(found, evidence_of=lambda at: Evidence("collect/main", "", at)).findings
    }
    blocking = {code for code, outcome in outcomes.items() if outcome is Outcome.BLOCK}
    assert blocking == {"SCH-ENGINE", "SCH-FLOATPK", "SCH-FK"}
    assert outcomes["SRV-GTID"] is outcomes["SRV-VERSION"] is Outcome.PASS
    assert outcomes["SRV-VTDB"] is outcomes["OBJ-LEFT"] is Outcome.WARN
    text = summary(found)
    assert "订单 备注`q" in text
    assert "planted" not in text
    assert "planted" not in msgspec.json.encode(found).decode()


def test_a_wrong_password_is_one_clear_fault(server: SourceServer) -> None:
    login = msgspec.structs.replace(server.login(), password=Secret("wrong"))
    with pytest.raises(Fault) as caught:
        MySqlSource(login)
    assert caught.value.code == "mysql.access-denied"
    assert "wrong" not in caught.value.what.replace("wrong user", "")


def test_a_missing_database_is_one_clear_fault(server: SourceServer) -> None:
    server.account("everywhere", ["GRANT SELECT ON *.* TO {account}"])
    with pytest.raises(Fault) as caught:
        collected(server, "everywhere", "no_such")
    assert caught.value.code == "mysql.no-database"
    assert "no_such" in caught.value.what


def test_no_grant_on_the_database_names_what_is_missing(server: SourceServer) -> None:
    server.account("stranger", ["GRANT PROCESS ON *.* TO {account}"])
    with pytest.raises(Fault) as caught:
        collected(server, "stranger")
    assert caught.value.code == "mysql.missing-grant"
    assert "GRANT SELECT" in caught.value.remedy
    assert "ON `shöp ``q`.*" in caught.value.remedy


def test_each_missing_grant_is_a_named_gap_and_no_account_is_in_it(server: SourceServer) -> None:
    server.account("planted_poor", ["GRANT SELECT ON `shöp ``q`.* TO {account}"])
    found = collected(server, "planted_poor")
    reasons = {gap.question: gap.reason for gap in found.gaps}
    assert set(reasons) == {
        "binlogs", "connections", "events", "history_list", "long_transactions", "replica_status", "routines",
        "sidecars", "triggers",
    }  # fmt: skip
    assert "REPLICATION CLIENT" in reasons["binlogs"]
    assert "PROCESS" in reasons["history_list"]
    assert "TRIGGER" in reasons["triggers"]
    assert "planted" not in msgspec.json.encode(found).decode()
    outcomes = {f.code: f.outcome for f in assess(found, evidence_of=lambda at: Evidence("a/b", "", at)).findings}
    for code in ("SRV-HLL", "SRV-LONGTX", "SRV-WRITERS", "SRV-ROLE", "SRV-VTDB", "SRV-DISK"):
        assert outcomes[code] is Outcome.COULD_NOT_LOOK


def test_roles_in_force_count_as_grants(server: SourceServer) -> None:
    server.account("with_role", [])
    with server.admin() as admin:
        admin.execute("CREATE ROLE IF NOT EXISTS seer")
        admin.execute("GRANT PROCESS, SELECT ON *.* TO seer")
        admin.execute("GRANT seer TO with_role@'%'")
        admin.execute("SET DEFAULT ROLE ALL TO with_role@'%'")
    held = collected(server, "with_role").privileges
    assert "PROCESS" in held.everywhere
    assert "SELECT" in held.database


def test_a_role_that_is_not_in_force_does_not(server: SourceServer) -> None:
    server.account("role_asleep", ["GRANT SELECT ON `shöp ``q`.* TO {account}"])
    with server.admin() as admin:
        admin.execute("CREATE ROLE IF NOT EXISTS sleeper")
        admin.execute("GRANT PROCESS ON *.* TO sleeper")
        admin.execute("GRANT sleeper TO role_asleep@'%'")
    assert "PROCESS" not in collected(server, "role_asleep").privileges.everywhere


def test_a_revoked_part_of_a_global_grant_is_seen(server: SourceServer) -> None:
    with server.admin() as admin:
        admin.execute("SET GLOBAL partial_revokes = ON")
        try:
            server.account("partly", ["GRANT SELECT, TRIGGER ON *.* TO {account}"])
            admin.execute("REVOKE TRIGGER ON `shöp ``q`.* FROM partly@'%'")
            found = collected(server, "partly")
        finally:
            admin.execute("DROP USER partly@'%'")
            admin.execute("SET GLOBAL partial_revokes = OFF")
    assert found.privileges.database == {"SELECT"}
    assert found.gap("triggers") is not None


def test_who_else_writes_and_what_stays_open_is_seen(server: SourceServer) -> None:
    server.account("planted_app", ["GRANT ALL PRIVILEGES ON `shöp ``q`.* TO {account}"])
    with Connection(server.login("planted_app")) as app:
        app.execute("SET time_zone = 'SYSTEM'")
        app.execute("BEGIN")
        app.execute("INSERT INTO customers (email) VALUES ('a@example.com')")
        _wait_for_age(server, 10)
        found = collected(server)
        app.execute("ROLLBACK")
    assert found.writers is not None
    assert [(writer.threads, writer.ours) for writer in found.writers] == [(1, False)]
    (transaction,) = found.long_transactions or ()
    assert 10 <= transaction.open_s < 60
    assert transaction.rows_modified == 1
    assert transaction.account == found.writers[0].account
    assert "planted" not in msgspec.json.encode(found).decode()


def _wait_for_age(server: SourceServer, seconds: int) -> None:
    until = time.monotonic() + seconds + 10
    sql = "SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE trx_started <= NOW() - INTERVAL %s SECOND"
    with server.admin() as admin:
        while time.monotonic() < until and not admin.query(sql, (seconds,))[0][0]:
            time.sleep(0.5)


def test_metadata_is_seen_without_the_right_to_read_a_row(server: SourceServer) -> None:
    everywhere = "GRANT PROCESS, REPLICATION CLIENT, SHOW DATABASES, SHOW_ROUTINE ON *.* TO {account}"
    server.account("blind", [everywhere, "GRANT REFERENCES, TRIGGER, EVENT ON `shöp ``q`.* TO {account}"])
    found, full = collected(server, "blind"), collected(server)
    assert found.gaps == ()
    assert [table.ddl for table in found.schema.tables] == [table.ddl for table in full.schema.tables]
    assert [table.columns for table in found.schema.tables] == [table.columns for table in full.schema.tables]
    assert [one.name for one in found.schema.stored_objects] == [one.name for one in full.schema.stored_objects]
    with Connection(server.login("blind")) as connection, pytest.raises(Fault, match="denied"):
        connection.query("SELECT * FROM customers")


def test_tables_without_their_columns_are_a_fault_that_names_the_grant(server: SourceServer) -> None:
    server.account("half_blind", ["GRANT TRIGGER ON `shöp ``q`.* TO {account}"])
    with pytest.raises(Fault) as caught:
        collected(server, "half_blind")
    assert "GRANT REFERENCES" in caught.value.remedy


def test_a_table_that_is_locked_for_writing_is_still_described(server: SourceServer) -> None:
    with server.admin() as admin:
        admin.execute("LOCK TABLES `shöp ``q`.orders WRITE")
        found = collected(server)
        admin.execute("UNLOCK TABLES")
    assert found.gaps == ()


def test_the_time_cap_cuts_a_long_statement_and_says_so(server: SourceServer) -> None:
    with MySqlSource(server.login(), time_cap_s=0.5) as source:
        with pytest.raises(Fault, match="3024"):
            source._connection.query("SELECT COUNT(*) FROM information_schema.COLUMNS a, information_schema.COLUMNS b")
        fault = _fault(source, "SELECT SLEEP(5)")
        assert "time cap of 0.5 s" in str(source._explained(fault, 3.0))
        assert source.ask(Question.VERSION)  # the connection was made anew


def _fault(source: MySqlSource, sql: str) -> Fault:
    with pytest.raises(Fault) as caught:
        source._connection.execute("SET SESSION max_execution_time = 0")
        source._connection.query(sql)
    return caught.value


def test_three_thousand_tables_take_seconds_and_can_be_cancelled(server: SourceServer) -> None:
    with server.admin() as admin:
        admin.execute("DROP DATABASE IF EXISTS many")
        admin.execute("CREATE DATABASE many")
        admin.execute("GRANT SELECT ON many.* TO planted_reader@'%'")
        admin.execute("SET SESSION sql_log_bin = 0")
        _make_tables(server, 3000)
    began = time.monotonic()
    found = collected(server, database="many")
    took_s = time.monotonic() - began
    assert len(found.schema.tables) == 3000
    assert all(table.ddl for table in found.schema.tables)
    assert took_s < 60
    assert len(summary(found).splitlines()) < 300

    def tell(event: Event) -> None:
        if isinstance(event, Progress) and event.done == 100:
            raise Cancelled

    with MySqlSource(server.login(database="many")) as source, pytest.raises(Cancelled):
        collect(source, now=lambda: datetime.now(UTC), tell=tell, seconds_between_samples=0.1)


def _make_tables(server: SourceServer, count: int) -> None:
    def make(numbers: range) -> None:
        with server.admin() as admin:
            for number in numbers:
                admin.execute(f"CREATE TABLE many.t{number} (id INT NOT NULL PRIMARY KEY, a INT, KEY (a))")

    threads = [threading.Thread(target=make, args=(range(start, count, 4),)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
