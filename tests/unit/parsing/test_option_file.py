"""Option files as MySQL's own clients read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.domain.fault import Exit, Fault
from seatrial.parsing.option_file import parse

TEXT = """
# a comment
; another
!includedir /etc/mysql/conf.d/
[client]
user=reader
password = "p#w =;'x"
ssl-ca='/etc/ca.pem'
quick
[seatrial_mover]
   password=p%w%%d
"""


def test_groups_options_and_quotes() -> None:
    groups = parse(TEXT, "my.cnf")
    assert groups["client"] == {"user": "reader", "password": "p#w =;'x", "ssl_ca": "/etc/ca.pem", "quick": ""}
    assert groups["seatrial_mover"] == {"password": "p%w%%d"}


def test_a_line_that_begins_with_blanks_is_an_option_not_a_continuation() -> None:
    assert parse("[client]\nuser=reader\n  password=geheim\n", "my.cnf")["client"] == {
        "user": "reader",
        "password": "geheim",
    }


def test_the_last_of_two_lines_counts() -> None:
    assert parse("[client]\npassword=a\n[client]\npassword=b\n", "my.cnf")["client"]["password"] == "b"


@given(
    st.text(
        st.characters(
            min_codepoint=33,
            max_codepoint=0x4FFF,
            exclude_characters="\"'\\\x7f\x85\xa0",
            exclude_categories=("Cc", "Zs", "Zl", "Zp"),
        ),
        min_size=1,
    )
)
def test_a_quoted_password_comes_out_as_it_went_in(password: str) -> None:
    assert parse(f'[client]\npassword="{password}"\n', "my.cnf")["client"]["password"] == password


@pytest.mark.parametrize("text", ["password=geheim\n", "[client\npassword=geheim\n", "[client]\n=geheim\n"])
def test_a_malformed_file_is_one_fault_that_keeps_the_password_to_itself(text: str) -> None:
    with pytest.raises(Fault) as fault:
        parse(text, "my.cnf")
    assert (fault.value.code, fault.value.exit) == ("options.malformed", Exit.CONFIG)
    assert "my.cnf" in fault.value.what
    assert "geheim" not in str(fault.value)


def test_an_empty_file_has_no_groups() -> None:
    assert parse("", "my.cnf") == {}
