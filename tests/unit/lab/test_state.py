import threading
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seatrial.adapters.process import Identity
from seatrial.domain.address import Tls
from seatrial.domain.fault import Fault
from seatrial.lab.state import Attached, Ports, State, Tablet, changing, load, names, reserved_ports, save

_port = st.integers(1024, 65535)
_word = st.text("abcdefghijklmnopqrstuvwxyz0123456789_-", min_size=1, max_size=12)
_attached = st.builds(
    Attached,
    user=st.text(min_size=1),
    host=_word,
    port=_port,
    socket=st.none(),
    database=st.text(min_size=1),
    tls=st.sampled_from(Tls),
    has_ca=st.booleans(),
    sidecar=_word,
)
_tablet = st.builds(
    Tablet,
    uid=st.integers(1, 2**32 - 1),
    keyspace=_word,
    shard=_word,
    http_port=_port,
    grpc_port=_port,
    mysql_port=_port,
    made=st.booleans(),
    attached=st.none() | _attached,
)
_state = st.builds(
    State,
    name=_word,
    prefix=_word,
    limits=_word,
    ports=st.builds(Ports, **dict.fromkeys(Ports.__struct_fields__, _port)),
    buffer_requests=st.integers(1, 10_000),
    buffer_window_s=st.integers(1, 60),
    query_log=st.booleans(),
    tablets=st.lists(_tablet, max_size=4).map(tuple),
    processes=st.dictionaries(
        _word, st.builds(Identity, pid=st.integers(1, 2**22), started_s=st.floats(0, 1e8).map(lambda s: round(s, 2)))
    ),
)


@given(_state)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_a_state_is_read_back_as_it_was_saved(tmp_path: Path, state: State) -> None:
    save(tmp_path, state)
    assert load(tmp_path) == state


def _example(**fields: object) -> State:
    state = State(
        name="one",
        prefix="one",
        limits="wide",
        ports=Ports(**{name: 100 + number for number, name in enumerate(Ports.__struct_fields__)}),
        buffer_requests=1,
        buffer_window_s=1,
        query_log=False,
    )
    return msgspec.structs.replace(state, **fields)


def test_an_unknown_lab_is_one_line_that_lists_those_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEATRIAL_HOME", str(tmp_path))
    folder = tmp_path / "labs" / "one"
    folder.mkdir(parents=True)
    save(folder, _example())
    with pytest.raises(Fault) as fault:
        load(tmp_path / "labs" / "two")
    assert fault.value.code == "lab.unknown"
    assert "'two'" in fault.value.what and "existing labs: one" in fault.value.what


def test_a_torn_state_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "lab.json").write_text('{"version": 1')
    with pytest.raises(Fault) as fault:
        load(tmp_path)
    assert fault.value.code == "lab.state"


def test_ports_of_every_lab_are_reserved_running_or_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEATRIAL_HOME", str(tmp_path))
    folder = tmp_path / "labs" / "one"
    folder.mkdir(parents=True)
    save(folder, _example(tablets=(Tablet(uid=100, keyspace="k", shard="0", http_port=1, grpc_port=2),)))
    assert names() == ["one"]
    assert {1, 2, 100, 106} <= reserved_ports()


def test_a_lab_is_changed_by_one_at_a_time(tmp_path: Path) -> None:
    codes: list[str] = []

    def second() -> None:
        try:
            with changing(tmp_path / "one"):
                codes.append("let in")
        except Fault as fault:
            codes.append(fault.code)

    with changing(tmp_path / "one"):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    second()
    assert codes == ["lab.busy", "let in"]


def test_tablets_get_numbers_never_used_by_another_of_the_lab() -> None:
    assert _example().next_uid == 100
    two = tuple(Tablet(uid=uid, keyspace="k", shard="0", http_port=1, grpc_port=2) for uid in (100, 107))
    assert _example(tablets=two).next_uid == 108
