"""trial.toml: written once, read back as it was meant, and malformed it is one line with its place."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from seatrial.domain.fault import Exit, Fault
from seatrial.domain.movement import BrakeLimits
from seatrial.domain.rehearsal import GateLimits
from seatrial.trial.settings import FILE, RehearsalSettings, Settings, create, read

SOURCE = "mysql://reader@db.example:3306/shop"
TEXT = st.text(st.characters(codec="utf-8"), max_size=20)


@examples(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.builds(
        Settings,
        name=TEXT,
        source=st.just(SOURCE),
        target=TEXT,
        shards=st.integers(1, 256),
        vschema=TEXT,
        criteria=TEXT,
        accept=st.dictionaries(TEXT, TEXT, max_size=3),
        rehearsal=st.builds(RehearsalSettings, clone=TEXT, rate_per_s=st.floats(0.1, 1e6)),
    )
)
def test_any_settings_are_read_as_they_were_written(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / FILE).unlink(missing_ok=True)
    create(tmp_path, settings)
    assert read(tmp_path) == settings


@pytest.mark.parametrize("name", ["商店", 'a "quoted" one', "back\\slash", "two words", "'", "#", "\x7f", "\u2028"])
def test_names_with_odd_characters(tmp_path: Path, name: str) -> None:
    create(tmp_path, Settings(name=name, source=SOURCE, accept={name: name}))
    assert read(tmp_path).name == name
    assert read(tmp_path).accept == {name: name}


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    text = f'name = "a"\nsource = "{SOURCE}"\n[brake]\nthreads_running = 8\n[gates]\nquiet_s = 5\n'
    (tmp_path / FILE).write_text(text)
    assert read(tmp_path) == Settings(
        name="a", source=SOURCE, brake=BrakeLimits(threads_running=8), gates=GateLimits(quiet_s=5)
    )


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("name = \n", "line 1"),
        ('name = "a"\n', "source"),
        (f'name = "a"\nsource = "{SOURCE}"\nshards = "two"\n', "$.shards"),
        (f'name = "a"\nsource = "{SOURCE}"\nshard = 2\n', "shard"),
        (f'name = "a"\nsource = "{SOURCE}"\n[gates]\nquite_s = 2\n', "quite_s"),
        (f'name = "a"\nsource = "{SOURCE}"\n[accept]\nX = 1\n', "$.accept"),
    ],
)
def test_a_malformed_file_is_one_fault_with_its_place(tmp_path: Path, text: str, place: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(Fault) as fault:
        read(tmp_path)
    assert (fault.value.code, fault.value.exit) == ("trial.malformed", Exit.CONFIG)
    assert str(tmp_path / FILE) in fault.value.what
    assert place in fault.value.what


def test_a_file_in_another_encoding_is_the_same_fault(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes('name = "Läden"'.encode("latin-1"))
    with pytest.raises(Fault, match="not usable"):
        read(tmp_path)


def test_an_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    create(tmp_path, Settings(name="a", source=SOURCE))
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(Fault) as fault:
        create(tmp_path, Settings(name="b", source=SOURCE))
    assert fault.value.code == "trial.exists"
    assert (tmp_path / FILE).read_bytes() == before


def test_a_password_in_the_source_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(Fault) as fault:
        create(tmp_path, Settings(name="a", source="mysql://reader:geheim@db.example/shop"))
    assert fault.value.code == "source.password-in-address"
    assert list(tmp_path.iterdir()) == []


def test_a_target_that_is_wanted_and_missing_says_which_line_to_add() -> None:
    with pytest.raises(Fault) as fault:
        _ = Settings(name="a", source=SOURCE).target_address
    assert fault.value.code == "trial.no-target"
    assert 'target = "lab:demo"' in fault.value.remedy
