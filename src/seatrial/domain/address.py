"""Where things are: an artifact in the dossier, the source, the target."""

import ipaddress
from enum import StrEnum
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from msgspec import Struct

from seatrial.domain.fault import Exit, Fault
from seatrial.domain.naming import MAIN


class Address(Struct, frozen=True, order=True):
    """An artifact: kind and instance, written `load/scratch`; a bare kind means instance `main`."""

    kind: str
    instance: str = MAIN

    def __str__(self) -> str:
        return f"{self.kind}/{self.instance}"

    @classmethod
    def parse(cls, text: str) -> "Address":
        """`kind` or `kind/instance`; anything else is a Fault."""
        kind, slash, instance = text.partition("/")
        if not kind or (slash and not instance) or "/" in instance or text.startswith("."):
            raise Fault(
                "address.malformed",
                f"{text!r} does not name an artifact",
                remedy="write kind/instance, such as load/main",
                exit=Exit.USAGE,
            )
        return cls(kind, instance or MAIN)


class Tls(StrEnum):
    """How the connection to the source is protected; the names are MySQL's own --ssl-mode."""

    DISABLED = "DISABLED"
    REQUIRED = "REQUIRED"
    VERIFY_CA = "VERIFY_CA"
    VERIFY_IDENTITY = "VERIFY_IDENTITY"


class SourceAddress(Struct, frozen=True, kw_only=True):
    """A MySQL database to be moved: `mysql://user@host:port/database?ssl-mode=…&ssl-ca=…`, never with a password."""

    user: str
    host: str
    port: int = 3306
    database: str
    tls: Tls
    ca: str | None = None

    @classmethod
    def parse(cls, text: str, *, database_needed: bool = True) -> "SourceAddress":
        """Read the address; the TLS default is VERIFY_IDENTITY, but DISABLED for a loopback address."""

        def wrong(why: str) -> Fault:
            return Fault(
                "source.address",
                f"the source's address is not usable: {why}",
                remedy="write mysql://user@host:3306/database",
                exit=Exit.USAGE,
            )

        try:
            parts = urlsplit(text)
            port = parts.port or 3306
        except ValueError as error:
            raise wrong(str(error)) from None
        if parts.scheme != "mysql":
            raise wrong("it does not begin with mysql://")
        if parts.password is not None:
            raise Fault(
                "source.password-in-address",
                "the source's address carries a password",
                remedy="leave it out: give an option file, the variable SEATRIAL_SOURCE_PASSWORD, or answer the prompt",
                exit=Exit.USAGE,
            )
        database = unquote(parts.path.lstrip("/"))
        if not parts.username or not parts.hostname or (database_needed and not database):
            raise wrong("user, host and database are all needed")
        query = dict(parse_qsl(parts.query))
        unknown = set(query) - {"ssl-mode", "ssl-ca"}
        if unknown:
            raise wrong(f"it has an unknown option {sorted(unknown)[0]!r}; known are ssl-mode and ssl-ca")
        host = "127.0.0.1" if parts.hostname == "localhost" else parts.hostname
        mode = query.get("ssl-mode", Tls.DISABLED if is_loopback(host) else Tls.VERIFY_IDENTITY)
        if mode.upper() not in Tls.__members__:
            raise wrong(f"ssl-mode {mode!r} is none of {', '.join(Tls)}")
        return cls(
            user=unquote(parts.username),
            host=host,
            port=port,
            database=database,
            tls=Tls(mode.upper()),
            ca=query.get("ssl-ca"),
        )

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"mysql://{quote(self.user, safe='')}@{host}:{self.port}/{quote(self.database, safe='')}"


class LabAddress(Struct, frozen=True):
    """An embedded lab on this machine: `lab:NAME`."""

    name: str

    def __str__(self) -> str:
        return f"lab:{self.name}"


class VitessAddress(Struct, frozen=True, kw_only=True):
    """Any running Vitess: `vitess://vtgate-host:mysql-port?vtctld=host:grpc-port`."""

    host: str
    port: int
    vtctld: str

    def __str__(self) -> str:
        return f"vitess://{self.host}:{self.port}?vtctld={self.vtctld}"


TargetAddress = LabAddress | VitessAddress


def parse_target(text: str) -> TargetAddress:
    """Read `lab:NAME` or `vitess://HOST:PORT?vtctld=HOST:PORT`; anything else is a Fault."""
    if text.startswith("lab:") and text[4:].replace("-", "").replace("_", "").isalnum() and text.isascii():
        return LabAddress(text[4:])
    if text.startswith("vitess://"):
        parts = urlsplit(text)
        vtctld = dict(parse_qsl(parts.query)).get("vtctld", "")
        try:
            if parts.hostname and parts.port and ":" in vtctld:
                return VitessAddress(host=parts.hostname, port=parts.port, vtctld=vtctld)
        except ValueError:
            pass
    raise Fault(
        "target.address",
        f"{text!r} does not name a target",
        remedy="write lab:NAME, or vitess://HOST:PORT?vtctld=HOST:PORT",
        exit=Exit.USAGE,
    )


def is_loopback(host: str) -> bool:
    """Whether the host is this machine by its address (names are not looked up, but `localhost` is known)."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
