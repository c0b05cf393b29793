"""Names in Vitess follow from trial and instance alone, and no two trials share one."""

from hypothesis import given
from hypothesis import strategies as st

from seatrial.domain.naming import Naming

NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)


def every_name(naming: Naming) -> set[str]:
    roles = ("sharded", "unsharded")
    return {
        naming.source_keyspace,
        naming.source_sidecar,
        *(naming.keyspace(role) for role in roles),
        *(naming.workflow(role) for role in roles),
        *(naming.materialization(role) for role in roles),
    }


def test_the_names_of_a_plain_trial() -> None:
    naming = Naming("acme")
    assert naming.keyspace("sharded") == "acme_sharded"
    assert naming.source_keyspace == "acme_source"
    assert naming.source_sidecar == "_vt_acme"
    assert naming.workflow("sharded") == "acme_sharded_in"
    assert naming.materialization("sharded") == "acme_sharded_ref"


def test_an_instance_has_names_of_its_own_and_shares_the_attached_source() -> None:
    scratch, main = Naming("acme", "scratch"), Naming("acme")
    assert scratch.keyspace("sharded") == "acme__scratch_sharded"
    assert every_name(main) & every_name(scratch) == {main.source_keyspace, main.source_sidecar}


def test_an_instance_is_never_another_trial() -> None:
    assert not every_name(Naming("a", "b")) & every_name(Naming("a_b"))
    assert not every_name(Naming("a", "b")) & every_name(Naming("a__b"))


@given(NAMES)
def test_the_same_trial_finds_its_names_again(trial: str) -> None:
    assert every_name(Naming(trial)) == every_name(Naming(trial))


@given(NAMES, NAMES)
def test_two_trials_share_no_name(one: str, other: str) -> None:
    if one != other:
        assert not every_name(Naming(one)) & every_name(Naming(other))


@given(NAMES, NAMES)
def test_names_fit_into_mysqls_64_characters(trial: str, instance: str) -> None:
    assert all(len(name) <= 64 for name in every_name(Naming(trial, instance)))
    assert len(f"vt_{Naming(trial, instance).keyspace('sharded')}") <= 64
