"""What leaves the program leaves Railway: every optional input of every resource that can be updated.

The inputs come from the declarations, so that a new one fails here until it says how it is tried.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest

from pulumi_provider.declaration import Resource
from pulumi_provider.properties import fields_of
from pulumiverse_railway.provider.resources import ALL
from railway_sandbox.railway.config import view as config_view
from tests.provider.driver import Driver, Made, Place, a_project

LOGIN: Final = {"username": "robot", "password": "registry-password"}
FROM_REPO: Final = {"repo": "acme/shop", "image": None}
VALUES: Final[dict[str, dict[str, Any]]] = {
    "ServiceInstance": {
        "branch": "develop",
        "commitSha": "abcdef12",
        "rootDirectory": "app",
        "checkSuites": True,
        "builder": "NIXPACKS",
        "buildCommand": "make",
        "dockerfilePath": "docker/Dockerfile",
        "watchPatterns": ["src/**"],
        "registryCredentials": LOGIN,
        "autoUpdates": "minor",
        "ipv6EgressEnabled": True,
        "startCommand": "run",
        "preDeployCommand": "migrate",
        "healthcheckPath": "/up",
        "healthcheckTimeout": 60,
        "restartPolicyType": "ALWAYS",
        "restartPolicyMaxRetries": 3,
        "cronSchedule": "*/10 * * * *",
        "sleepApplication": True,
        "overlapSeconds": 5,
        "drainingSeconds": 5,
        "regions": {"us-west2": 2},
        "numReplicas": 2,
        "vcpus": 0.5,
        "memoryMb": 512,
        "variables": {"A": "1"},
    },
    "Volume": {"backupSchedules": ["DAILY"], "usageAlerts": [80, 95]},
    "Project": {
        "description": "another",
        "environmentName": "staging",
        "prDeploys": True,
        "tracingEnabled": True,
        "tracingSampleRate": 0.5,
    },
    "Service": {"icon": "https://example.com/icon.png", "tracingEnabled": False, "autoInstrumentationEnabled": True},
    "Variables": {"sealed": ["A"]},
    "CustomDomain": {"targetPort": 8080},
    "ServiceDomain": {"targetPort": 8080},
    "ServiceCdn": {
        "defaultTtlSeconds": 60,
        "htmlCaching": "never",
        "staleWhileRevalidate": False,
        "purgeOnDeploy": "OFF",
    },
    "UsageLimit": {"hardLimitDollars": 100},
    "NotificationRule": {"severities": ["CRITICAL"], "ephemeralEnvironments": True},
}
"""A value for each input; a resource starts without any of them."""
REPOSITORY: Final = frozenset(
    {
        "branch",
        "commitSha",
        "rootDirectory",
        "checkSuites",
        "builder",
        "buildCommand",
        "dockerfilePath",
        "watchPatterns",
    }
)
"""Inputs that only a service from a repository has."""
NOTHING: Final[tuple[Any, ...]] = (None, [], {}, "", 0, False, "disabled")
"""Values that say no more than that nothing is set; the last is the type of updates that are none."""
NOTHING_STORED: Final = {
    ("ServiceInstance", "image"): "one of image and repo is always there; a change of one to the other is below",
    ("ServiceInstance", "repo"): "as image",
    ("ServiceInstance", "waitForDeployment"): "how this provider waits",
    ("ServiceInstance", "onFailure"): "what this provider does",
    ("ServiceInstance", "autoUpdateWindows"): "counts with autoUpdates alone; tried in test_instance_settings",
    ("ServiceInstance", "autoUpdateTags"): "as autoUpdateWindows",
    ("ServiceInstance", "preDeployTimeoutSeconds"): "counts with preDeployCommand alone; tried there as well",
    ("Project", "botPrEnvironments"): "counts with prDeploys alone; tried in test_projects_today",
    ("Project", "focusedPrEnvironments"): "as botPrEnvironments",
    ("ServiceInstance", "sealed"): "Railway cannot unseal, which an update says",
    ("Environment", "allowNonFork"): "a confirmation for this provider",
    ("Environment", "skipInitialDeploys"): "counts once, when the environment is made",
    ("CustomDomainValidation", "proxied"): "says what to wait for",
}
"""Inputs that leave nothing on Railway, with the reason."""


def optional_inputs() -> list[tuple[str, str]]:
    """Each optional input that an update can take away: not those that replace, nor those that stay as they are."""
    return [
        (resource.__name__, field.wire_name)
        for resource in ALL
        if resource.update is not Resource.update
        for field in fields_of(resource.inputs_type)
        if not (field.required or field.mark.replaces or field.mark.keeps_when_unset)
    ]


def test_every_optional_input_is_tried() -> None:
    """A new input is in one of the two tables above, and none of them names what is not there."""
    tried = {(kind, name) for kind, values in VALUES.items() for name in values}
    assert tried | NOTHING_STORED.keys() == set(optional_inputs())
    assert tried & NOTHING_STORED.keys() == set()


def stored(driver: Driver) -> dict[str, Any]:
    """All settings that Railway has, as it shows them: what is at its default is left out."""
    cloud = driver.cloud
    state = cloud.state
    shown: dict[str, Any] = {
        environment.id: (environment.name, config_view.view(cloud, environment, decrypt=True))
        for environment in state.environments.values()
    }
    shown |= {
        each.id: (each.name, each.description, each.pr_deploys, each.tracing_enabled, each.tracing_sample_rate)
        for each in state.projects.values()
    }
    shown |= {
        each.id: (each.name, each.icon, str(each.tracing_enabled), each.auto_instrumentation_enabled)
        for each in state.services.values()
    }
    shown |= {each.id: each.target_port for each in [*state.custom_domains.values(), *state.service_domains.values()]}
    shown |= {each.id: (sorted(each.backup_schedules), each.usage_alerts) for each in state.volume_instances.values()}
    shown |= {each.id: each.model_dump() for each in state.edge_configs.values()}
    shown |= {each.id: (each.soft_limit_dollars, each.hard_limit_dollars) for each in state.workspaces.values()}
    shown |= {
        each.id: (sorted(each.severities), each.ephemeral_environments) for each in state.notification_rules.values()
    }
    return {key: _without_nothing(value) for key, value in shown.items()}


def _without_nothing(value: Any) -> Any:
    if isinstance(value, dict):
        cleaned = {key: _without_nothing(item) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType]
        return {key: item for key, item in cleaned.items() if item not in NOTHING}
    if isinstance(value, tuple | list):
        return [_without_nothing(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    return value or None


async def cached(driver: Driver, place: Place, service: Made) -> Made:
    """A CDN, and the domain that it stands before."""
    await place.make("ServiceDomain", service, targetPort=80)
    await driver.settle(60)
    return await place.make("ServiceCdn", service)


Start = Callable[[Driver, Place, Made], Awaitable[Made]]
HOOK: Final = '{"type": "webhook", "url": "https://hooks.example.com/a"}'
STARTS: Final[dict[str, Start]] = {
    "ServiceInstance": lambda _driver, place, service: place.instance(service, waitForDeployment=False),
    "Volume": lambda _driver, place, service: place.make("Volume", service, mountPath="/data"),
    "Project": lambda driver, _place, _service: driver.create("Project", name="second"),
    "Service": lambda _driver, place, _service: place.service("api"),
    "Variables": lambda _driver, place, service: place.make("Variables", service, variables={"A": "1"}),
    "CustomDomain": lambda _driver, place, service: place.make("CustomDomain", service, domain="api.example.com"),
    "ServiceDomain": lambda _driver, place, service: place.make("ServiceDomain", service),
    "ServiceCdn": cached,
    "UsageLimit": lambda driver, _place, _service: driver.create("UsageLimit", softLimitDollars=50),
    "NotificationRule": lambda driver, place, _service: driver.create(
        "NotificationRule", projectId=place.project.id, eventTypes=["Deployment.failed"], channelConfigs=[HOOK]
    ),
}
"""How a resource is made without any of its optional inputs."""


async def left_behind(driver: Driver, start: Made, values: dict[str, Any]) -> dict[str, str]:
    """Set each input, take it away again, and compare what Railway has with what it had before."""
    wrong: dict[str, str] = {}
    made = start
    for name, value in values.items():
        before = stored(driver)
        made = await driver.update(made, **dict[str, Any]({name: value}))
        if stored(driver) == before:
            wrong[name] = "was not set"
        made = await driver.update(made, **dict[str, Any]({name: None}))
        if (after := stored(driver)) != before:
            wrong[name] = f"left {[(before.get(key), after[key]) for key in after if after[key] != before.get(key)]}"
    return wrong


@pytest.mark.parametrize("kind", VALUES)
async def test_removed_input_is_cleared_on_railway(driver: Driver, kind: str) -> None:
    """After an input was set and taken away, Railway has what it had before."""
    place = await a_project(driver)
    made = await STARTS[kind](driver, place, await place.service())
    values = {name: value for name, value in VALUES[kind].items() if name not in REPOSITORY}
    assert await left_behind(driver, made, values) == {}


async def test_removed_input_of_a_repository_is_cleared_on_railway(driver: Driver) -> None:
    """The same for what belongs to a service that Railway builds, and for the change from an image to it and back."""
    place = await a_project(driver)
    service = await place.service()
    image = await place.instance(service, waitForDeployment=False)
    before = stored(driver)
    repo = await driver.update(image, **FROM_REPO)
    values = {name: value for name, value in VALUES["ServiceInstance"].items() if name in REPOSITORY}
    assert await left_behind(driver, repo, values) == {}
    await driver.update(repo, image="app:1", repo=None)
    assert stored(driver) == before
