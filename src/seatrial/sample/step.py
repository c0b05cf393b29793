"""One transaction as an ordinary application runs it: statements, an error, what was told of its end."""

import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import pymysql
from pymysql.constants import CR

from seatrial.sample.truth import PLATFORM_LEDGER, SHOP_LEDGER, Error, Outcome, message_class

LOST = frozenset({0, CR.CR_SERVER_GONE_ERROR, CR.CR_SERVER_LOST, CR.CR_SERVER_LOST_EXTENDED, 4031})
"""Numbers after which the connection is gone; 0 is the driver's own "not connected", 4031 an idle one closed."""

AMBIGUOUS_AT_COMMIT = LOST | {1105}
"""Errors that leave open whether the commit took place; vtgate says 1105 for all it has no better number for."""


class GivenUp(Exception):
    """The application ends its own transaction: sold out, somebody was faster, a change of mind."""


class Step:
    """The handle a kind of transaction works with, once it has a `connection`. It has a `token` as soon as it has
    begun to write. It counts what it sends as the server's slow log would show it: `statements` from BEGIN to COMMIT
    or ROLLBACK with both, `reads_before` and `reads_after` outside of them."""

    def __init__(self, kind: str, token: str, shop: int) -> None:
        self.connection: pymysql.Connection[Any] | None = None
        self._kind = kind
        self._offered = token
        self._open = False
        self._statement = "connect"
        self.shop = shop
        self.token = ""
        self.half = False
        self.error: Error | None = None
        self.outcome = Outcome.COMMITTED
        self.lost = False
        self.statements = 0
        self.reads_before = 0
        self.reads_after = 0
        self._afterwards: list[tuple[str, tuple[object, ...]]] = []

    @property
    def _server(self) -> "pymysql.Connection[Any]":
        if self.connection is None:
            raise ValueError("not connected")
        return self.connection

    @property
    def at(self) -> str:
        """Now, as the application's clock says, for DATETIME(6)."""
        return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")

    def read(self, sql: str, *args: object) -> list[tuple[Any, ...]]:
        with self._run(sql, args) as cursor:
            return list(cursor.fetchall())

    def afterwards(self, sql: str, *args: object) -> None:
        """Have a SELECT run once the transaction has ended, however it ended, if there still is a connection."""
        self._afterwards.append((sql, args))

    def change(self, sql: str, *args: object) -> int:
        """Run INSERT, UPDATE or DELETE; the rows it changed."""
        with self._run(sql, args) as cursor:
            return cursor.rowcount

    def insert(self, sql: str, *args: object) -> int:
        """Run an INSERT of one row; the identifier the server gave it."""
        with self._run(sql, args) as cursor:
            return int(cursor.lastrowid or 0)

    def try_change(self, sql: str, *args: object) -> None:
        """Run a statement the application deems unimportant: its error is passed over and the commit goes on.

        That is how half a transaction comes to be kept: such an error marks it so.
        """
        try:
            self.change(sql, *args)
        except pymysql.MySQLError as error:
            if _number(error) in LOST:
                raise
            self.half = True
            self.error = self._error(error)

    def begin(self, shop: int | None = None) -> None:
        """Begin to write; with a shop, its ledger takes the token as the first statement."""
        self._statement = "begin"
        self._open = True
        self.statements += 1
        self._server.begin()
        if shop is not None:
            self.log(shop)

    def log(self, shop: int) -> None:
        """Leave this transaction's token in the shop's ledger."""
        self.shop, self.token = shop, self._offered
        self.change(
            f"INSERT INTO {SHOP_LEDGER} (shop_id, token, kind, at) VALUES (%s, x%s, %s, %s)",
            shop,
            self.token,
            self._kind,
            self.at,
        )

    def log_platform(self, detail: str) -> None:
        """Leave this transaction's token in the ledger of the platform itself."""
        self.token = self._offered
        self.change(
            f"INSERT INTO {PLATFORM_LEDGER} (token, kind, detail, at) VALUES (x%s, %s, %s, %s)",
            self.token,
            self._kind,
            detail,
            self.at,
        )

    def end(self, raised: BaseException | None) -> None:
        """Commit, or roll back after what was raised; says in its fields what the application knows then."""
        if raised is None:
            self._commit()
        else:
            self._give_up(raised)
        self._open = False
        if not self.lost:
            self._run_afterwards()

    def _give_up(self, raised: BaseException) -> None:
        if isinstance(raised, GivenUp):
            self.outcome = Outcome.ROLLED_BACK
        else:
            self.outcome = Outcome.FAILED
            self.half = False
            self.error = self._error(raised)
            self.lost = _number(raised) in LOST
        if self._open and not self.lost:
            self._roll_back()

    def _commit(self) -> None:
        if not self._open:
            return
        self._statement = "commit"
        self.statements += 1
        try:
            self._server.commit()
        except (pymysql.MySQLError, OSError) as error:
            number = _number(error)
            self.outcome = Outcome.UNKNOWN if number in AMBIGUOUS_AT_COMMIT else Outcome.FAILED
            self.half = False
            self.error = self._error(error)
            self.lost = number in LOST
            if not self.lost:
                self._roll_back()

    def _roll_back(self) -> None:
        self.statements += 1
        try:
            self._server.rollback()
        except (pymysql.MySQLError, OSError):
            self.lost = True  # the server rolls back what a lost connection had open

    def _run_afterwards(self) -> None:
        for sql, args in self._afterwards:
            self.reads_after += 1
            try:
                with self._server.cursor() as cursor:
                    cursor.execute(sql, args)
            except (pymysql.MySQLError, OSError):
                self.lost = True  # what it was to undo ends with the connection

    def _run(self, sql: str, args: Sequence[object]) -> "pymysql.cursors.Cursor":
        self._statement = label(sql)
        cursor: pymysql.cursors.Cursor = self._server.cursor()
        if self._open:
            self.statements += 1
        else:
            self.reads_before += 1
        cursor.execute(sql, args)
        return cursor

    def _error(self, error: BaseException) -> Error:
        said = error.args[1] if len(error.args) > 1 else str(error) or type(error).__name__
        return Error(number=_number(error), message=message_class(str(said)), statement=self._statement)


def _number(error: BaseException) -> int:
    return error.args[0] if error.args and isinstance(error.args[0], int) and not isinstance(error, OSError) else 0


@lru_cache(maxsize=200)
def label(sql: str) -> str:
    """A statement's short name: its verb and its first table."""
    table = re.search(r"(?:FROM|INTO|UPDATE)\s+(?:`([^`]+)`|(\w+))", sql)
    return f"{sql.split(None, 1)[0].lower()} {(table[1] or table[2]) if table else ''}".rstrip()


def now_us() -> int:
    """Wall clock, µs since 1970 UTC."""
    return time.time_ns() // 1000
