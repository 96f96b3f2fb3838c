"""A stack's settings file as ``make`` takes it: what has no effect in the sandbox is said, and systems have names."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from railyard.engine.configuration import Configuration, read_configuration
from railyard.shared.console import CallError, OperationError
from railyard.shared.stack import settings_in

ROOT = Path(__file__).parents[2]
STAGING = (ROOT / "Pulumi.staging.yaml").read_text()


def stack_of(directory: Path, text: str) -> Configuration:
    """The stack whose settings file holds ``text``."""
    (directory / "Pulumi.staging.yaml").write_text(text)
    shutil.copy(ROOT / "Pulumi.yaml", directory)
    shutil.copy(ROOT / "defaults.yaml", directory)
    return read_configuration(directory, "staging")


def test_encrypted_tokens_of_providers_are_left_out_and_told(tmp_path: Path) -> None:
    """As ``pulumi config set --secret`` writes them; the values of the file that are left are the others."""
    added = "config:\n  railway:token: {secure: v1:abc}\n  cloudflare:apiToken:\n    secure: v1:def\n"

    stack = stack_of(tmp_path, STAGING.replace("config:\n", added))

    assert {"railway:token", "cloudflare:apiToken"} & set(stack.config) == set()
    assert stack.config == stack_of(tmp_path, STAGING).config
    notes = stack_of(tmp_path, STAGING.replace("config:\n", added)).notes
    assert [note.split(" is ")[0] for note in notes] == [
        "Pulumi.staging.yaml: railway:token",
        "Pulumi.staging.yaml: cloudflare:apiToken",
    ]
    assert "v1:" not in "".join(notes)


def test_pulumi_esc_is_told(tmp_path: Path) -> None:
    """The sandbox asks no service for the values of an environment."""
    (note,) = stack_of(tmp_path, f"environment: [shared]\n{STAGING}").notes

    assert "environment: (Pulumi ESC) is left out here" in note


def test_a_file_without_either_has_nothing_to_say(tmp_path: Path) -> None:
    """No note where all of the file has its effect; and a note forges no line of a log."""
    assert list(stack_of(tmp_path, STAGING).notes) == []
    forged = STAGING.replace("config:\n", 'config:\n  "aws:x\\n::error::forged\\e[31m": {secure: v1:abc}\n')
    assert all(note.isprintable() for note in stack_of(tmp_path, forged).notes)


@pytest.mark.parametrize(
    ("named", "fix"),
    [
        ("omga", "did you mean omega?"),
        ("backups", "name one of these"),
        ("secrets", "name one of"),
        ("", "name one of"),
    ],
)
def test_only_systems_can_be_named(tmp_path: Path, named: str, fix: str) -> None:
    """Neither a slip of the pen nor another key of the settings, and the message lists systems alone."""
    with pytest.raises(CallError) as refused:
        stack_of(tmp_path, STAGING).targets(named)

    assert "it has: omega, seance, omnistack, netia, rose: " in str(refused.value)
    assert fix in str(refused.value)


def test_a_system_names_its_resources(tmp_path: Path) -> None:
    """The component and all that stands below its name."""
    assert stack_of(tmp_path, STAGING).targets("rose") == ("**::rose", "**::rose-*")


def test_systems_are_known_without_a_file_that_all_stacks_share(tmp_path: Path) -> None:
    """A stack that names its systems in ``systems``, and leaves their settings out, has them."""
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  railyard:systems: [omega]\n")
    stack = read_configuration(tmp_path, "dev")

    assert stack.targets("omega") == ("**::omega", "**::omega-*")
    with pytest.raises(CallError, match="holds no system 'omga'; it has: omega: did you mean omega"):
        stack.targets("omga")


def test_a_stack_without_systems_has_none_to_name(tmp_path: Path) -> None:
    """The message says so, and lists nothing."""
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  railyard:systems: []\n")

    with pytest.raises(CallError, match=r"holds no system 'omega'; it has: none: add the key of one$"):
        read_configuration(tmp_path, "dev").targets("omega")


def test_a_stack_that_is_not_there_is_a_wrong_call(tmp_path: Path) -> None:
    """The stacks that are there are named, or the file to write where there is none."""
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)

    with pytest.raises(CallError, match=r"no stack 'dev': write its settings into Pulumi\.dev\.yaml$"):
        read_configuration(tmp_path, "dev")
    (tmp_path / "Pulumi.test.yaml").write_text(STAGING)
    with pytest.raises(CallError, match=r"no stack 'dev': name one of test$"):
        read_configuration(tmp_path, "dev")


def test_keys_outside_of_the_configuration_are_told_where_they_belong() -> None:
    """A line 'config:' at the top of the file alone would help as little as the message before it."""
    for text in ("railway:plan: hobby\nrailyard:shop: {}\n", "config:\nrailway:plan: hobby\n"):
        with pytest.raises(OperationError, match="indent railway:plan and all after it below a line 'config:'"):
            settings_in("Pulumi.staging.yaml", text, ROOT)
