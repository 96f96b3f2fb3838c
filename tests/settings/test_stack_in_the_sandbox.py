"""A stack's settings file as ``make`` takes it: what has no effect in the sandbox is said, and systems have names."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from railyard.engine.configuration import ConfigurationError, Stack, read_stack

ROOT = Path(__file__).parents[2]
STAGING = (ROOT / "Pulumi.staging.yaml").read_text()


def stack_of(directory: Path, text: str) -> Stack:
    """The stack whose settings file holds ``text``."""
    (directory / "Pulumi.staging.yaml").write_text(text)
    shutil.copy(ROOT / "Pulumi.yaml", directory)
    shutil.copy(ROOT / "defaults.yaml", directory)
    return read_stack(directory, "staging")


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
    with pytest.raises(ConfigurationError) as refused:
        stack_of(tmp_path, STAGING).targets(named)

    assert "it has: omega, seance, omnistack, netia, rose: " in str(refused.value)
    assert fix in str(refused.value)


def test_a_system_names_its_resources(tmp_path: Path) -> None:
    """The component and all that stands below its name."""
    assert stack_of(tmp_path, STAGING).targets("rose") == ("**::rose", "**::rose-*")
