"""What can be refused before anything is changed is refused with a text that says what to do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.provider.driver import Driver

WHERE = {"projectId": "p", "environmentId": "e", "serviceId": "s"}
IMAGE = {**WHERE, "image": "app:1"}
REPOSITORY = {**WHERE, "repo": "acme/shop"}

REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("Project", {"name": "x" * 64}, "name: must have at most 63 characters, not 64"),
    ("Project", {"name": " "}, "name: must not be empty"),
    ("Service", {"projectId": "p", "environmentId": "e", "name": ""}, "name: must not be empty"),
    ("Service", {"projectId": "p", "environmentId": "e", "name": "🚀"}, "name: must hold a letter from a to z"),
    ("Service", {"projectId": "p", "environmentId": "e", "name": "a\nb"}, "name: must not hold line breaks"),
    ("Volume", {**WHERE, "mountPath": "data"}, "mountPath: must be a path that starts with /"),
    ("Volume", {**WHERE, "mountPath": "/"}, "mountPath: must not be /"),
    ("Volume", {**WHERE, "mountPath": "/data", "sizeMb": 0}, "sizeMb: must be between 1 and"),
    ("Volume", {**WHERE, "mountPath": "/data", "backupSchedules": ["DAILY", "DAILY"]}, "backupSchedules"),
    ("CustomDomain", {**WHERE, "domain": "https://example.com"}, "domain: must be a full domain name"),
    ("CustomDomain", {**WHERE, "domain": "api.example.com", "targetPort": 70_000}, "targetPort: must be between 1"),
    ("ServiceInstance", WHERE, "image: or repo must be given"),
    ("ServiceInstance", {**IMAGE, "repo": "acme/shop"}, "image: and repo exclude each other"),
    ("ServiceInstance", {**IMAGE, "commitSha": "abcdef1"}, "commitSha: belongs to a repo"),
    ("ServiceInstance", {**IMAGE, "buildCommand": "make"}, "buildCommand: belongs to a repo"),
    ("ServiceInstance", {**IMAGE, "healthcheckTimeout": 3_601}, "healthcheckTimeout: must be between 1 and 3600"),
    ("ServiceInstance", {**IMAGE, "healthcheckPath": "up"}, "healthcheckPath: must be a path"),
    ("ServiceInstance", {**IMAGE, "restartPolicyMaxRetries": -1}, "restartPolicyMaxRetries: must be between 0"),
    ("ServiceInstance", {**IMAGE, "cronSchedule": "* * * * *"}, "cronSchedule: must leave at least 5 minutes"),
    ("ServiceInstance", {**IMAGE, "cronSchedule": "daily"}, "cronSchedule: must have the five fields"),
    ("ServiceInstance", {**IMAGE, "cronSchedule": "0 3 * * *", "numReplicas": 2}, "cronSchedule: allows exactly 1"),
    ("ServiceInstance", {**IMAGE, "cronSchedule": "0 3 * * *", "sleepApplication": True}, "sleepApplication: and cron"),
    (
        "ServiceInstance",
        {**IMAGE, "cronSchedule": "0 3 * * *", "restartPolicyType": "ALWAYS"},
        "restartPolicyType: must be NEVER",
    ),
    ("ServiceInstance", {**IMAGE, "regions": {"us-west2": 0}}, "regions: must have at least 1 replica"),
    ("ServiceInstance", {**IMAGE, "regions": {"us-west2": 1}, "numReplicas": 1}, "numReplicas: and regions exclude"),
    ("ServiceInstance", {**IMAGE, "variables": {"1A": "x"}}, "variables: must have names of letters"),
    ("ServiceInstance", {**REPOSITORY, "autoUpdates": "patch"}, "autoUpdates: belongs to an image"),
    ("ServiceInstance", {**IMAGE, "autoUpdateWindows": ["SAT 2-6"]}, "autoUpdateWindows: needs autoUpdates"),
    *(
        (
            "ServiceInstance",
            {**IMAGE, "autoUpdates": "minor", "autoUpdateWindows": [window]},
            "autoUpdateWindows: must hold entries that each be a weekday and its hours in UTC, such as 'SAT 2-6'",
        )
        for window in ("SAT 6-2", "SAT 2-25", "SAT 02-06", "Saturday 2-6", "SAT")
    ),
    (
        "ServiceInstance",
        {**WHERE, "image": "registry.example.com/app:1", "autoUpdates": "minor"},
        "autoUpdates: works for images of Docker Hub and ghcr.io, not of registry.example.com",
    ),
    (
        "ServiceInstance",
        {**WHERE, "image": f"app@sha256:{'0' * 64}", "autoUpdates": "minor"},
        "autoUpdates: and an image by its digest",
    ),
    ("ServiceInstance", {**IMAGE, "preDeployTimeoutSeconds": 60}, "preDeployTimeoutSeconds: limits a preDeployCommand"),
    (
        "ServiceInstance",
        {**IMAGE, "preDeployCommand": "migrate", "preDeployTimeoutSeconds": 0},
        "preDeployTimeoutSeconds: must be between 1 and 3600 seconds",
    ),
    ("ServiceInstance", {**REPOSITORY, "commitSha": "main"}, "commitSha: must be a git commit"),
    ("ServiceInstance", {**REPOSITORY, "repo": "shop"}, "repo: must be owner/name"),
    ("ServiceInstance", {**REPOSITORY, "buildCommand": "x", "startCommand": "x"}, "buildCommand: must differ"),
    ("ServiceInstance", {**REPOSITORY, "dockerfilePath": "D", "builder": "NIXPACKS"}, "builder: must be DOCKERFILE"),
    (
        "ServiceInstance",
        {**REPOSITORY, "registryCredentials": {"username": "u", "password": "p"}},
        "registryCredentials: belong to an image",
    ),
]


@pytest.mark.parametrize(("kind", "inputs", "reason"), REFUSED)
async def test_impossible_inputs_are_refused(driver: Driver, kind: str, inputs: dict[str, Any], reason: str) -> None:
    """Exactly one reason, which begins with the property and says what is allowed; no request is made."""
    (found,) = await driver.check(kind, inputs)
    assert reason in found
    assert driver.operations == []


async def test_wrong_id_is_explained(driver: Driver) -> None:
    """An import with an id of another shape says what the id is made of."""
    with pytest.raises(Exception, match="must be <project id>, not 'p/e'"):
        await driver.import_("Project", "p/e")
    with pytest.raises(Exception, match="<project id>/<environment id>/<service id>/<domain>"):
        await driver.import_("CustomDomain", "api.example.com")
