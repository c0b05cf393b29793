"""Addresses: what they are read from, what they print as, and what is refused with a line to act on."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrial.domain.address import Address, LabAddress, SourceAddress, Tls, VitessAddress, is_loopback, parse_target
from seatrial.domain.fault import Exit, Fault

WORDS = st.text(string.ascii_lowercase + string.digits + "-_", min_size=1)


@settings(max_examples=40, deadline=None)
@given(WORDS, WORDS)
def test_an_artifact_is_read_as_it_is_written(kind: str, instance: str) -> None:
    address = Address(kind, instance)
    assert Address.parse(str(address)) == address


def test_a_bare_kind_means_the_main_instance() -> None:
    assert Address.parse("load") == Address("load", "main")


@pytest.mark.parametrize("text", ["", "/", "load/", "/main", "load/main/more", "../load", "load/../trial"])
def test_what_names_no_artifact_is_a_usage_fault(text: str) -> None:
    with pytest.raises(Fault) as fault:
        Address.parse(text)
    assert (fault.value.code, fault.value.exit) == ("address.malformed", Exit.USAGE)


def test_a_source_address_in_full() -> None:
    address = SourceAddress.parse("mysql://re%40der@db.example:3307/sh%20op?ssl-mode=verify_ca&ssl-ca=/etc/ca.pem")
    assert (address.user, address.host, address.port) == ("re@der", "db.example", 3307)
    assert (address.database, address.tls, address.ca) == ("sh op", Tls.VERIFY_CA, "/etc/ca.pem")


@pytest.mark.parametrize(
    ("host", "tls"),
    [
        ("db.example", Tls.VERIFY_IDENTITY),
        ("10.0.0.7", Tls.VERIFY_IDENTITY),
        ("[2001:db8::7]", Tls.VERIFY_IDENTITY),
        ("localhost.evil.example", Tls.VERIFY_IDENTITY),
        ("127.0.0.1", Tls.DISABLED),
        ("127.9.9.9", Tls.DISABLED),
        ("[::1]", Tls.DISABLED),
        ("localhost", Tls.DISABLED),
    ],
)
def test_tls_verifies_unless_the_source_is_this_machine(host: str, tls: Tls) -> None:
    assert SourceAddress.parse(f"mysql://reader@{host}/shop").tls is tls


def test_tls_is_taken_off_only_by_saying_so() -> None:
    assert SourceAddress.parse("mysql://reader@db.example/shop?ssl-mode=DISABLED").tls is Tls.DISABLED


def test_localhost_is_an_address_so_that_no_socket_is_meant() -> None:
    assert SourceAddress.parse("mysql://reader@localhost/shop").host == "127.0.0.1"


@pytest.mark.parametrize("password", ["geheim", "", "ge:heim"])
def test_a_password_in_the_address_is_refused_and_not_repeated(password: str) -> None:
    with pytest.raises(Fault) as fault:
        SourceAddress.parse(f"mysql://reader:{password}@db.example/shop")
    assert (fault.value.code, fault.value.exit) == ("source.password-in-address", Exit.USAGE)
    assert not password or password not in str(fault.value)
    assert "SEATRIAL_SOURCE_PASSWORD" in fault.value.remedy


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("postgres://reader@db.example/shop", "mysql://"),
        ("mysql://db.example/shop", "user, host and database"),
        ("mysql://reader@db.example", "user, host and database"),
        ("mysql://reader@db.example/shop?sslmode=REQUIRED", "sslmode"),
        ("mysql://reader@db.example/shop?ssl-mode=MAYBE", "MAYBE"),
        ("mysql://reader@db.example:99999/shop", "ort"),
        ("mysql://reader@db.example:x/shop", "ort"),
        ("mysql://reader@[::1/shop", "IPv6"),
    ],
)
def test_an_unusable_source_address_says_why(text: str, why: str) -> None:
    with pytest.raises(Fault) as fault:
        SourceAddress.parse(text)
    assert fault.value.code == "source.address"
    assert why in fault.value.what


@pytest.mark.parametrize("host", ["db.example", "127.0.0.1", "[::1]"])
def test_a_source_address_prints_as_it_is_read(host: str) -> None:
    address = SourceAddress.parse(f"mysql://reader@{host}:3307/shop")
    assert SourceAddress.parse(str(address)) == address


@settings(max_examples=50, deadline=None)
@given(user=st.text(min_size=1), database=st.text(min_size=1))
def test_any_user_and_database_survive_being_printed_and_read(user: str, database: str) -> None:
    from urllib.parse import quote

    address = SourceAddress.parse(f"mysql://{quote(user, safe='')}@db.example/{quote(database, safe='')}")
    assert (address.user, address.database) == (user, database)
    assert SourceAddress.parse(str(address)) == address


def test_targets() -> None:
    assert parse_target("lab:demo-1_x") == LabAddress("demo-1_x")
    assert parse_target("vitess://gate:15306?vtctld=ctl:15999") == VitessAddress(
        host="gate", port=15306, vtctld="ctl:15999"
    )
    for target in (LabAddress("demo"), VitessAddress(host="gate", port=15306, vtctld="ctl:15999")):
        assert parse_target(str(target)) == target


@pytest.mark.parametrize(
    "text",
    ["", "lab:", "lab:../x", "lab:a b", "lab:中", "vitess://gate", "vitess://gate:1", "vitess://gate:x?vtctld=a:1"],
)
def test_what_names_no_target_is_a_usage_fault(text: str) -> None:
    with pytest.raises(Fault) as fault:
        parse_target(text)
    assert (fault.value.code, fault.value.exit) == ("target.address", Exit.USAGE)


def test_loopback_is_told_by_the_address_not_by_a_look_up() -> None:
    assert [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "128.0.0.1", "localhost.example")] == [
        True,
        True,
        True,
        False,
        False,
    ]
