"""The source's MySQL, asked what `collect` and `digest snapshot` ask: read-only session, each statement under a time
cap."""

import re
import time
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pymysql
from msgspec import Struct

from seatrial.adapters.mysql.client import Connection, Login
from seatrial.adapters.mysql.statements import MARK, statement, statements
from seatrial.domain.accounts import READER_DATABASE, pattern
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.identifier import quote
from seatrial.domain.ports import Unanswered
from seatrial.domain.question import COLLECTED, Question
from seatrial.domain.version import version_numbers

TIME_CAP_S = 20.0
LOCK_WAIT_S = 2

_READ_ONLY = "SET SESSION TRANSACTION READ ONLY"
_WHO = "SELECT VERSION(), @@version_comment"

_ACCOUNT = re.compile(r"(['`\"])[^'`\"]*\1@(['`\"])[^'`\"]*\2")
_SOCKET_GRACE_S = 2.0
_LOCK_WAIT = 1205
_TOO_LONG = {1317, 1969, 3024}  # interrupted, MariaDB's and MySQL's statement time


class Sent(Struct, frozen=True, kw_only=True):
    """A statement that would be sent, for people to read before anything is sent."""

    name: str
    sql: str
    why: str


def planned(database: str, *, questions: Sequence[Question] = COLLECTED, time_cap_s: float = TIME_CAP_S) -> list[Sent]:
    """Every statement that may be sent to ask these questions, in their order; one that has several forms is listed
    with each form's server."""
    settings = [
        (_READ_ONLY, "the server itself refuses any write from this session"),
        (_WHO, "its version decides which of the forms below it gets"),
        *_session(time_cap_s, flavour=None, version=(0, 0, 0)),
    ]
    session = [Sent(name="session", sql=f"{sql} {MARK}", why=why) for sql, why in settings]
    asked = [
        Sent(
            name=one.question + (" (each table)" if one.question.per_table else ""),
            sql=one.text(database),
            why=one.why + (f" [{one.where}]" if one.where else ""),
        )
        for question in questions
        for one in statements()
        if one.question is question
    ]
    return session + asked


class MySqlSource:
    """One read-only connection to the source. Close it, or use it in `with`.

    Not `inside`, the session has no database of its own, so that the server's counts by database have none of its
    statements.
    """

    def __init__(self, login: Login, *, time_cap_s: float = TIME_CAP_S, inside: bool = True) -> None:
        if not login.database:
            raise ValueError("a source is one database: the login names none")
        self._database = login.database
        self._login = login if inside else msgspec.structs.replace(login, database=None)
        self._cap_s = time_cap_s
        self._flavour: str | None = None
        self._version = (0, 0, 0)
        self._connection = self._connect()

    @property
    def database(self) -> str:
        return self._database

    def ask(self, question: Question, *, table: str | None = None) -> list[dict[str, Any]]:
        """The answer's rows, values as str, int, float or None."""
        sql = statement(question, flavour=self._flavour or "", version=self._version).text(self.database, table)
        began = time.monotonic()
        try:
            rows = self._connection.dicts(sql)
        except Fault as fault:
            raise self._explained(fault, time.monotonic() - began) from fault
        return [{name: _plain(value) for name, value in row.items()} for row in rows]

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> "MySqlSource":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _connect(self) -> Connection:
        try:
            connection = Connection(self._login, read_timeout_s=self._cap_s + _SOCKET_GRACE_S)
        except Fault as fault:
            raise self._named_grant(fault) from fault
        try:
            _make_read_only(connection)
            (version, comment), *_ = connection.query(f"{_WHO} {MARK}")
            self._flavour = "mariadb" if "mariadb" in f"{version} {comment}".lower() else "mysql"
            self._version = version_numbers(str(version))
            for sql, _ in _session(self._cap_s, flavour=self._flavour, version=self._version):
                _try(connection, sql)
        except BaseException:
            connection.close()
            raise
        return connection

    def _named_grant(self, fault: Fault) -> Fault:
        """The server's refusal of the database, with the grant that lets us in."""
        if fault.code != "mysql.missing-grant":
            return fault
        grant = f"GRANT {', '.join(READER_DATABASE)} ON {quote(pattern(self.database))}.* TO it"
        return Fault(
            fault.code,
            f"user {self._login.user!r} may do nothing in database {self.database!r} at {self._login}",
            remedy=f"{grant} (REFERENCES in place of SELECT shows no row), or use another account",
            exit=Exit.CONFIG,
        )

    def _explained(self, fault: Fault, took_s: float) -> Exception:
        """A server's refusal as `Unanswered`; a lost connection stays the fault it is, unless our own cap cut it."""
        number, said = _server_words(fault)
        if fault.code == "mysql.gone" or number in _TOO_LONG:
            if number not in _TOO_LONG:
                if took_s < self._cap_s:
                    return fault
                self._connection.close()
                self._connection = self._connect()
            return Unanswered(f"no answer within the time cap of {self._cap_s:g} s")
        if number == _LOCK_WAIT:
            return Unanswered(f"it was locked for more than {LOCK_WAIT_S} s")
        if fault.code == "mysql.missing-grant" or number in (1045, 1227, 1370):
            return Unanswered(f"a privilege is missing: {said}")
        return Unanswered(f"the server refused with error {number}: {said}")


def _session(cap_s: float, *, flavour: str | None, version: tuple[int, int, int]) -> list[tuple[str, str]]:
    """(SQL, why) for a new session, after it was made read-only; with no flavour, every form there is."""
    capped = []
    if flavour is None or (flavour != "mariadb" and version >= (5, 7, 8)):
        why = "no SELECT runs longer than this (MySQL 5.7.8 and later; the connection itself times out as well)"
        capped.append((f"SET SESSION max_execution_time = {max(1, int(cap_s * 1000))}", why))
    if flavour is None or flavour == "mariadb":
        why = "no statement runs longer than this (MariaDB; the connection itself times out as well)"
        capped.append((f"SET SESSION max_statement_time = {cap_s:g}", why))
    return [
        *capped,
        (f"SET SESSION lock_wait_timeout = {LOCK_WAIT_S}", "we never queue long behind somebody's ALTER TABLE"),
        ("SET SESSION time_zone = '+00:00'", "times are UTC"),
        ("SET SESSION sql_mode = ''", "SHOW CREATE TABLE quotes names in one way, whatever the server's default"),
        ("SET SESSION sql_quote_show_create = 1", "SHOW CREATE TABLE quotes every name"),
    ]


def _make_read_only(connection: Connection) -> None:
    try:
        connection.execute(f"{_READ_ONLY} {MARK}")
    except Fault as fault:
        if fault.code == "mysql.gone":
            raise
        raise Fault(
            "collect.not-read-only",
            f"the server refuses a read-only session: {fault.what}",
            remedy="collect needs MySQL 5.6 or later, or MariaDB 10.0 or later",
            exit=Exit.CONFIG,
        ) from fault


def _try(connection: Connection, sql: str) -> None:
    """A setting that makes us gentler; the socket's own timeout holds where a server does not know it."""
    try:
        connection.execute(f"{sql} {MARK}")
    except Fault as fault:
        if fault.code == "mysql.gone":
            raise


def _server_words(fault: Fault) -> tuple[int, str]:
    """The server's error number and words, with every account in them replaced."""
    error = fault.__cause__
    if not isinstance(error, pymysql.MySQLError) or not error.args:
        return 0, fault.what
    number = error.args[0] if isinstance(error.args[0], int) else 0
    said = str(error.args[1]) if len(error.args) > 1 else str(error)
    return number, _ACCOUNT.sub("this account", said)


def _plain(value: Any) -> str | int | float | None:
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, (bytes, bytearray)):
        return value.decode("utf-8", "replace")
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return str(value)
