"""A password planted everywhere comes out nowhere."""

import copy
import json
import logging
import pickle
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from seatrial.adapters.mysql.client import Login
from seatrial.domain import event as ev
from seatrial.domain.address import SourceAddress
from seatrial.domain.fault import Fault
from seatrial.domain.secret import Secret
from seatrial.dossier.runs import RunLog

PLANTED = "correct-horse-battery"
SECRET = Secret(PLANTED)
LOGIN = Login(user="reader", password=SECRET)


@pytest.mark.parametrize("value", [SECRET, LOGIN, [SECRET], {"password": SECRET}, (LOGIN,)])
def test_it_is_not_printed(value: Any) -> None:
    for text in (str(value), repr(value), f"{value}", f"{value!r}", f"{value!s:>40}", "%s" % (value,), format(value)):  # noqa: UP031
        assert PLANTED not in text


def test_it_shows_as_stars() -> None:
    assert f"{SECRET}" == f"{SECRET:>10}" == str(SECRET) == repr(SECRET) == "***"
    assert SECRET.reveal() == PLANTED


@pytest.mark.parametrize("value", [SECRET, LOGIN, {"password": SECRET}])
def test_nothing_encodes_it(value: Any) -> None:
    for encode in (
        msgspec.json.encode,
        msgspec.msgpack.encode,
        msgspec.to_builtins,
        json.dumps,
        pickle.dumps,
        copy.copy,
    ):
        if encode is copy.copy and value is not SECRET:
            continue
        with pytest.raises((TypeError, NotImplementedError)):
            encode(value)


def test_it_has_no_attributes_to_walk() -> None:
    assert not hasattr(SECRET, "__dict__")


def test_it_is_in_no_fault_log_line_or_event(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    fault = Fault("source.refused", f"the source refused {LOGIN} {LOGIN!r}", remedy=f"not {SECRET}")
    assert PLANTED not in str(fault) + repr(fault) + str(fault.as_dict())
    logging.getLogger("any").warning("%s %r", SECRET, LOGIN)
    assert PLANTED not in caplog.text
    with RunLog(tmp_path, "collect/main", lambda: datetime.now(UTC)) as log:
        log(ev.Note(text=f"connecting as {LOGIN!r} with {SECRET}"))
        log(ev.Failed(code=fault.code, what=fault.what, remedy=fault.remedy, retry=False))
        with pytest.raises(TypeError):
            log(ev.Note(text=SECRET))  # type: ignore[arg-type]
    assert PLANTED.encode() not in log.path.read_bytes()


@pytest.mark.parametrize("scheme", ["mysql", "mariadb"])
def test_an_address_with_a_password_is_refused_in_words_without_it(scheme: str) -> None:
    with pytest.raises(Fault) as fault:
        SourceAddress.parse(f"{scheme}://reader:{PLANTED}@db.example/shop")
    assert PLANTED not in str(fault.value) + repr(fault.value)


def test_no_address_has_room_for_one() -> None:
    assert "password" not in SourceAddress.__struct_fields__
