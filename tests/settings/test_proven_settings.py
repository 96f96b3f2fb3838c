"""A stack that promotes from another one runs what was proven there: pinned, unless a system follows its branch."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import go_yaml
from stacks import python_systems
from stacks.problems import SettingsError
from stacks.settings import StackSettings, parse

ROOT = Path(__file__).parents[2]
PRODUCTION = (ROOT / "Pulumi.production.yaml").read_text()
DEFAULTS = (ROOT / "defaults.yaml").read_text()


def without_pins(*systems: str) -> str:
    """The settings of production in which these systems name no commit."""
    parts = re.split(r"(?m)^(?=  railyard:)", PRODUCTION)
    found = [
        re.sub(r"commitSha: [0-9a-f]{40}(, |\n +)", "", part) if _name(part) in systems else part for part in parts
    ]
    assert found != parts
    return "".join(found)


def _name(part: str) -> str:
    return part.strip().removeprefix("railyard:").partition(":")[0]


def parsed(text: str) -> StackSettings:
    """The settings in a text."""
    document: Any = go_yaml.load(text)
    return parse(document["config"], python_systems(), file="Pulumi.production.yaml", text=text, defaults=DEFAULTS)


def test_what_is_not_pinned_is_refused_with_its_place_and_the_ways_out() -> None:
    """A push to a branch would be live at once, without a check and without a promotion."""
    with pytest.raises(SettingsError) as refused:
        parsed(without_pins("omnistack"))

    said = str(refused.value)
    for key in ("omnistack.api.commitSha", "omnistack.worker.commitSha"):
        assert key in said
    assert "a commit, since this stack promotes from staging" in said
    assert "followsBranch: true" in said
    assert [name for name in ("omega", "seance", "netia", "rose") if name in said] == []


def test_pinned_systems_and_those_that_follow_their_branch_are_taken() -> None:
    """Netia follows its branch, as its operators want; OmniStack names the commit that was proven."""
    settings = parsed(PRODUCTION)

    assert settings.stack.promotes_from == "staging"
    assert [name for name, each in settings.systems.items() if each.follows_branch] == ["omega", "netia"]


def test_an_image_without_a_version_is_not_proven() -> None:
    """Whoever pushes it moves it to the next image."""
    keys = ("image: rose/rose:latest", "repo: null", "buildCommand: null", "builder: null")
    text = without_pins("rose").replace("      memoryMb: 4096", "\n".join(f"      {key}" for key in keys))

    with pytest.raises(
        SettingsError, match=r"rose\.web\.image = \"rose/rose:latest\"\s+allowed: an image with its version"
    ):
        parsed(text)


def test_an_image_that_updates_itself_is_not_proven() -> None:
    """Railway would deploy a version that no promotion has seen."""
    text = PRODUCTION.replace("signaling: {", "signaling: {autoUpdates: patch, ")
    with pytest.raises(SettingsError) as refused:
        parsed(text)

    assert 'seance.signaling.autoUpdates = "patch"' in str(refused.value)
    assert "no updates by themselves, since this stack promotes from staging" in str(refused.value)
    parsed(text.replace("    commit: a1b2c3d", "    commit: a1b2c3d\n    followsBranch: true"))


def test_a_stack_of_its_own_pins_nothing() -> None:
    """The rule is for stacks that say where they promote from."""
    text = without_pins("omnistack", "rose").replace("  railyard:promotesFrom: staging\n", "")

    assert parsed(text).stack.promotes_from is None


def test_what_is_pinned_for_production_passes_its_checks_in_staging() -> None:
    """OmniStack's staging follows its branch, and a commit whose checks fail never comes there to be proven."""
    text = (ROOT / "Pulumi.staging.yaml").read_text()
    document: Any = go_yaml.load(text)
    omnistack: Any = parse(
        document["config"], python_systems(), file="Pulumi.staging.yaml", text=text, defaults=DEFAULTS
    ).systems["omnistack"]

    assert [(each.commit_sha, each.check_suites) for each in (omnistack.api, omnistack.worker)] == [(None, True)] * 2
