"""Systems in Python are those that the project's Pulumi.yaml names; nobody else's are known."""

from __future__ import annotations

from pathlib import Path

import pytest

from railyard.engine.configuration import read_configuration
from railyard.shared.console import OperationError
from stacks import class_of, python_systems, system_names
from stacks.omega import Omega
from stacks.own_system import OwnSystem
from stacks.problems import SettingsError
from stacks.project_folder import PROJECT_VARIABLE
from stacks.settings import parse

NOTES = """
from stacks.omega import Omega


class Notes(Omega):
    NAME = "notes"
    TOKEN = "railyard:systems:Notes"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the project that the process works on."""
    monkeypatch.setenv(PROJECT_VARIABLE, str(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def project(folder: Path, text: str = "") -> None:
    """Write the Pulumi.yaml of a project."""
    (folder / "Pulumi.yaml").write_text(f"name: small\nruntime: python\n{text}")


def test_a_project_that_names_none_knows_none(folder):
    """No error, no schema and no list mentions the systems of another project."""
    project(folder)

    assert system_names() == []
    assert python_systems() == ()
    assert issubclass(class_of("omega"), OwnSystem)
    with pytest.raises(SettingsError) as refused:
        parse({"railyard:omge": "{}"}, python_systems(), file="Pulumi.dev.yaml")
    assert "omega" not in str(refused.value)
    assert "at least one system, railyard:<name> with a group services" in str(refused.value)


def test_a_module_beside_pulumi_yaml_brings_a_system(folder):
    """The class of the project's own file is known by the key of the settings."""
    (folder / "small_systems.py").write_text(NOTES)
    project(folder, "railyard: {systems: {notes: small_systems:Notes}}\n")

    assert system_names() == ["notes"]
    assert issubclass(class_of("notes"), Omega)


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("{notes: nowhere:Notes}", "railyard.systems.notes is nowhere:Notes, and there is no such system"),
        ("{notes: '.omega:Omega'}", "railyard.systems.notes is .omega:Omega, and there is no such system"),
        ("{notes: stacks.omega}", "railyard.systems.notes is stacks.omega, and there is no such system"),
        (
            "{notes: stacks.omega:Nothing}",
            "railyard.systems.notes is stacks.omega:Nothing, and there is no such system",
        ),
        ("{notes: stacks.omega:Omega}", "whose NAME is omega: write omega: stacks.omega:Omega"),
        ("[stacks.omega:Omega]", "railyard.systems should be a group of names"),
        ("{notes: 1}", "railyard.systems should be a group of names"),
    ],
)
def test_an_entry_that_is_wrong_is_said_in_one_sentence(folder, named, said):
    """Where it stands, and how it is written."""
    project(folder, f"railyard: {{systems: {named}}}\n")

    with pytest.raises(SettingsError) as refused:
        python_systems()

    assert str(refused.value).startswith("Pulumi.yaml: railyard.systems")
    assert said in str(refused.value)


def test_a_wrong_entry_keeps_the_configuration_of_a_stack_from_being_read(folder):
    """With the error that every reader of it expects: a comparison goes on and says it of the stack alone."""
    project(folder, "railyard: {systems: [stacks.omega:Omega]}\n")
    (folder / "Pulumi.dev.yaml").write_text("config:\n  railyard:omega: {}\n")

    with pytest.raises(OperationError, match="should be a group of names"):
        read_configuration(folder, "dev")
