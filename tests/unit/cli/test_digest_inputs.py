"""How `seatrial digest` is told what its logs are."""

import click
import pytest
from click.testing import CliRunner

from seatrial.cli.digest import digest
from seatrial.parsing.logs.recognise import Form


def parsed(*words: str) -> object:
    return digest.make_context("digest", list(words)).params["form"]


@pytest.mark.parametrize("form", Form)
def test_every_form_has_its_name(form: Form) -> None:
    assert parsed("--format", form.value, "slow.log") == form


def test_without_it_the_content_tells() -> None:
    assert parsed("slow.log") is None


def test_another_word_is_refused_and_the_names_are_in_the_help() -> None:
    with pytest.raises(click.BadParameter):
        parsed("--format", "csv", "slow.log")
    helped = CliRunner().invoke(digest, ["--help"]).output
    assert all(form.value in helped for form in Form)
