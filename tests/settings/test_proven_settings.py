"""A stack that promotes from another one runs what was proven there: pinned, unless a system follows its branch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import go_yaml
from stacks import SYSTEMS
from stacks.problems import SettingsError
from stacks.settings import StackSettings, parse

ROOT = Path(__file__).parents[2]
PRODUCTION = (ROOT / "Pulumi.production.yaml").read_text()
COMMIT = "c0ffee1" * 5 + "c0ffe"


def read(*changes: tuple[str, str]) -> StackSettings:
    """The settings of production with ``promotesFrom`` and these changes."""
    text = PRODUCTION.replace("  railyard:secrets:", "  railyard:promotesFrom: staging\n  railyard:secrets:")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return parsed(text)


def parsed(text: str) -> StackSettings:
    """The settings in a text."""
    document: Any = go_yaml.load(text)
    return parse(document["config"], SYSTEMS, file="Pulumi.production.yaml", text=text)


def followed(*systems: str) -> list[tuple[str, str]]:
    """Changes by which these systems follow their branches."""
    keys = [f"project: {{name: {name}-production" for name in systems]
    return [(key, f"followsBranch: true\n    {key}") for key in keys]


PINNED = [("repo: omnistack/omnistack-backend", f"commitSha: {COMMIT}, repo: omnistack/omnistack-backend")]


def test_what_is_not_pinned_is_refused_with_its_place_and_the_ways_out() -> None:
    """A push to a branch would be live at once, without a check and without a promotion."""
    with pytest.raises(SettingsError) as refused:
        read(*followed("omega", "netia", "rose"))

    said = str(refused.value)
    for key in ("omnistack.api.commitSha", "omnistack.worker.commitSha"):
        assert key in said
    assert "a commit, since this stack promotes from staging" in said
    assert "followsBranch: true" in said
    assert "seance" not in said


def test_pinned_systems_and_those_that_follow_their_branch_are_taken() -> None:
    """Netia follows its branch, as its operators want; OmniStack names the commit that was proven."""
    settings = read(*followed("omega", "netia", "rose"), *PINNED)

    assert settings.stack.promotes_from == "staging"
    assert [name for name, each in settings.systems.items() if each.follows_branch] == ["omega", "netia", "rose"]


def test_an_image_without_a_version_is_not_proven() -> None:
    """Whoever pushes it moves it to the next image."""
    keys = ("image: rose/rose:latest", "repo: null", "buildCommand: null", "builder: null")
    image = ("web:\n      repo: rose/rose", "".join(["web:", *(f"\n      {key}" for key in keys)]))

    with pytest.raises(
        SettingsError, match=r"rose\.web\.image = \"rose/rose:latest\"\s+allowed: an image with its version"
    ):
        read(*followed("omega", "netia"), *PINNED, image)


def test_a_stack_of_its_own_pins_nothing() -> None:
    """The rule is for stacks that say where they promote from."""
    assert parsed(PRODUCTION).stack.promotes_from is None
