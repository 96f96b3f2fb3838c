"""The configuration of a service that runs becomes settings that are accepted, whatever stands in it besides."""

from __future__ import annotations

from typing import Any

import pytest

from railyard.migrate.translation import arguments, translate

WINDOW = {"day": 1, "startHour": 2, "endHour": 3}
ADDRESS = "postgres://u:hunter2hunter2@db/x"


@pytest.mark.parametrize(
    ("config", "image"),
    [
        ({"build": {"watchPatterns": ["src/**"], "buildCommand": "make", "builder": "NIXPACKS"}}, "ghost:5"),
        ({"source": {"branch": "main2", "rootDirectory": "/api", "checkSuites": True}}, "ghost:5"),
        ({"source": {"autoUpdates": {"type": "patch", "schedule": [WINDOW], "tagMode": "sha"}}}, None),
        ({"variables": {"SEALED": {"isSealed": True}, "REMOVED": None}}, None),
    ],
)
def test_what_railway_ignores_is_no_setting(config: dict[str, Any], image: str | None) -> None:
    """A service keeps settings of the source that it had before: they have no effect, and rules would refuse them."""
    translation = translate(config, image=image)

    assert (translation.settings, translation.left) == ({}, {})


@pytest.mark.parametrize(
    ("config", "image", "key", "reason"),
    [
        ({"source": {"autoUpdates": {"type": "patch"}}}, "quay.io/a/b:1", "source.autoUpdates.type", "not of quay.io"),
        ({"source": {"autoUpdates": {"schedule": [WINDOW]}}}, "a:1", "source.autoUpdates.schedule", "autoUpdates"),
        ({"variables": {"PORT": {"value": "http"}}}, None, "variables.PORT", "the setting port says it"),
        ({"variables": {"1ST": {"value": "x"}}}, None, "variables.1ST", "a variable name"),
        ({"variables": {"startCommand": {"value": ADDRESS}}}, None, "variables.startCommand", "make it a secret"),
        ({"deploy": {"limitOverride": {"containers": {"cpu": 0}}}}, None, "deploy.limitOverride", "vcpus 0: allowed"),
        ({"deploy": {"numReplicas": 1000}}, None, "deploy.numReplicas", "replicas 1000: allowed is"),
    ],
)  # fmt: skip
def test_what_the_rules_of_settings_refuse_is_left_with_its_own_key(
    config: dict[str, Any], image: str | None, key: str, reason: str
) -> None:
    """The reason stands at the key of the configuration, and every other setting and variable is kept."""
    config = {**config, "variables": {"KEPT": {"value": "1"}, **config.get("variables", {})}}

    translation = translate(config, image=image)

    assert translation.settings == {"variables": {"KEPT": "1"}}
    assert list(translation.left) == [key]
    assert reason in translation.left[key]
    assert arguments(translation.settings, image=image).variables == {"KEPT": "1"}


def test_a_limit_between_two_megabytes_is_the_nearest_and_said_to_be() -> None:
    """512 MiB are no whole number of MB: the setting that comes of it is named, and so is a limit of another kind."""
    containers = {"memoryBytes": 512 * 1024**2, "diskBytes": 1}

    translation = translate({"deploy": {"limitOverride": {"containers": containers}}})

    assert translation.settings == {"memoryMb": 537}
    assert translation.left == {
        "deploy.limitOverride": "memoryMb is a whole number of MB: 537 is the nearest to 536870912 bytes; "
        "no setting says diskBytes"
    }
