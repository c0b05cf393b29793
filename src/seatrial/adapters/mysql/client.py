"""One connection to a MySQL (or a vtgate, which speaks the same protocol)."""

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pymysql
from msgspec import Struct
from pymysql.constants import CLIENT, CR, ER
from pymysql.cursors import SSCursor

from seatrial.domain.address import SourceAddress, Tls
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.secret import Secret

CONNECT_TIMEOUT_S = 10

Row = tuple[Any, ...]


class Login(Struct, frozen=True, kw_only=True):
    """Where and as whom to connect; a `socket` wins over host and port."""

    user: str
    password: Secret | None = None
    host: str = "127.0.0.1"
    port: int = 3306
    socket: str | None = None
    database: str | None = None
    tls: Tls = Tls.DISABLED
    ca: str | None = None

    def __str__(self) -> str:
        return self.socket or f"{self.host}:{self.port}"

    @classmethod
    def to_source(cls, address: SourceAddress, password: Secret | None) -> "Login":
        return cls(
            user=address.user,
            password=password,
            host=address.host,
            port=address.port,
            database=address.database,
            tls=address.tls,
            ca=address.ca,
        )


class Connection:
    """A connection in autocommit mode. Server errors come out as `Fault`s; close it, or use it in `with`."""

    def __init__(self, login: Login, *, read_timeout_s: float | None = None, init: Sequence[str] = ()) -> None:
        self._login = login
        try:
            self._raw = pymysql.connect(
                **driver_arguments(login),
                autocommit=True,
                read_timeout=read_timeout_s,
                client_flag=CLIENT.FOUND_ROWS,
            )
        except pymysql.MySQLError as error:
            raise as_fault(error, login) from error
        except ssl.SSLError as error:
            raise _tls_fault(error, login) from error
        for statement in init:
            self.execute(statement)

    def query(self, sql: str, args: Sequence[Any] | None = None) -> list[Row]:
        """All rows of one statement."""
        with self._faults(), self._raw.cursor() as cursor:
            cursor.execute(sql, args)
            return list(cursor.fetchall())

    def dicts(self, sql: str, args: Sequence[Any] | None = None) -> list[dict[str, Any]]:
        """All rows as dictionaries by lower-case column name."""
        with self._faults(), self._raw.cursor() as cursor:
            cursor.execute(sql, args)
            names = [column[0].lower() for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def stream(self, sql: str, args: Sequence[Any] | None = None) -> Iterator[Row]:
        """Rows one by one, unbuffered: memory does not grow with the result."""
        with self._faults(), self._raw.cursor(SSCursor) as cursor:
            cursor.execute(sql, args)
            yield from cursor

    def execute(self, sql: str, args: Sequence[Any] | None = None) -> int:
        """Run one statement; the number of rows it found or changed."""
        with self._faults(), self._raw.cursor() as cursor:
            return int(cursor.execute(sql, args))

    @property
    def thread_id(self) -> int:
        return int(self._raw.thread_id())  # type: ignore[no-untyped-call]

    def close(self) -> None:
        try:
            self._raw.close()
        except pymysql.MySQLError:
            pass  # it was closed from the other side already

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except pymysql.MySQLError as error:
            raise as_fault(error, self._login) from error


def driver_arguments(login: Login) -> dict[str, Any]:
    """What the driver needs to connect; for those who must hold its own connection (the sample's traffic and load)."""
    return {
        "user": login.user,
        "password": login.password.reveal() if login.password else "",
        "host": login.host,
        "port": login.port,
        "unix_socket": login.socket,
        "database": login.database,
        "charset": "utf8mb4",
        "connect_timeout": CONNECT_TIMEOUT_S,
        **_tls(login),
    }


def as_fault(error: pymysql.MySQLError, login: Login) -> Fault:
    """The driver's error as a fault with a stable code; `mysql.error-NNNN` for the server's other errors."""
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    said = str(error.args[1]) if len(error.args) > 1 else str(error)
    if number in (CR.CR_CONN_HOST_ERROR, CR.CR_CONNECTION_ERROR):
        if "SSL" in said or "certificate" in said:
            return _tls_fault(error, login)
        return Fault(
            "mysql.unreachable",
            f"no MySQL answers at {login}: {said}",
            remedy="check host, port and firewall, then run the same command again",
            retry=True,
        )
    if number in (CR.CR_SERVER_GONE_ERROR, CR.CR_SERVER_LOST, ER.SERVER_SHUTDOWN, 0):
        return Fault(
            "mysql.gone",
            f"the server at {login} went away: {said or type(error).__name__}",
            remedy="see that it is up, then run the same command again",
            retry=True,
        )
    if number == ER.ACCESS_DENIED_ERROR:
        return Fault(
            "mysql.access-denied",
            f"the server at {login} refused user {login.user!r}: wrong user or password, or none from this host",
            remedy="check the option file, the password variable or the prompt's answer",
            exit=Exit.CONFIG,
        )
    if number in (ER.DBACCESS_DENIED_ERROR, ER.TABLEACCESS_DENIED_ERROR, ER.SPECIFIC_ACCESS_DENIED_ERROR):
        return Fault(
            "mysql.missing-grant",
            f"user {login.user!r} at {login} lacks a privilege: {said}",
            remedy="grant what it names, or use another account",
            exit=Exit.CONFIG,
        )
    if number == ER.BAD_DB_ERROR:
        return Fault(
            "mysql.no-database",
            f"the server at {login} has no database {login.database!r}",
            remedy="correct the database's name in the address",
            exit=Exit.CONFIG,
        )
    return Fault(
        f"mysql.error-{number}",
        f"the server at {login} answered with error {number}: {said}",
        remedy="read the server's words above; the statement was not carried out",
    )


def _tls(login: Login) -> dict[str, Any]:
    if login.socket or login.tls is Tls.DISABLED:
        return {"ssl_disabled": True} if login.tls is Tls.DISABLED else {}
    verify = login.tls in (Tls.VERIFY_CA, Tls.VERIFY_IDENTITY)
    context = ssl.create_default_context(cafile=login.ca)
    context.check_hostname = login.tls is Tls.VERIFY_IDENTITY
    context.verify_mode = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
    return {"ssl": context}


def _tls_fault(error: Exception, login: Login) -> Fault:
    return Fault(
        "mysql.tls",
        f"no trusted TLS connection to {login}: {error}",
        remedy="name the server's CA with ?ssl-ca=FILE; ?ssl-mode=REQUIRED encrypts without checking who answers",
        exit=Exit.CONFIG,
    )
