"""Each way in which a deployment can end has its own message: what happened, the log, the address, the next step."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from railway_sandbox.railway.deployments.deployments import start
from railway_sandbox.railway.github_pushes import push
from railway_sandbox.railway.records import Deployment, StatusChange
from tests.provider.driver import Driver, Half, Made, Place, a_project

HEALTH: dict[str, Any] = {"healthcheckPath": "/up", "healthcheckTimeout": 60}
ENDLESS: dict[str, Any] = {"healthcheckPath": "/up", "healthcheckTimeout": 3_600}


async def ended(creating: Awaitable[Made]) -> str:
    """What the user is told in the end."""
    with pytest.raises(Half) as caught:
        await creating
    return str(caught.value)


def holds_the_essentials(text: str, place: Place, service: Made) -> None:
    """The end of a log or the note that there is none, the address in the dashboard, and a next step at the end."""
    project, environment = place.where.values()
    address = f"https://railway.com/project/{project}/service/{service['serviceId']}?environmentId={environment}"
    assert address in text
    assert "of its deployment log:" in text or "of its build log:" in text or "logs are empty" in text
    assert text.splitlines()[-1].startswith("next: ")


async def under_way(driver: Driver) -> Deployment:
    """The newest deployment, once there is one that Railway has begun with."""
    while not driver.cloud.state.deployments:
        await asyncio.sleep(0.002)
    return list(driver.cloud.state.deployments.values())[-1]


async def noticed(driver: Driver, deployment: Deployment) -> None:
    """Wait until the provider has seen a deployment, so that it takes it for the one that was asked for."""
    seen = [text for _, text in driver.engine.said if "deployment" in text]
    while not any(word in " ".join(seen) for word in ("deploying", "building", "queued", "initializing")):
        assert deployment.timeline
        await asyncio.sleep(0.002)
        seen = [text for _, text in driver.engine.said]


@pytest.mark.parametrize(
    ("defect", "inputs", "what", "log", "next_step"),
    [
        (
            "unpullable",
            {},
            "FAILED: it could not be built, or its image could not be pulled",
            "manifest unknown",
            "login",
        ),
        ("build", {"repo": "acme/shop"}, "FAILED: it could not be built", "Build failed", "check the build"),
        (
            "pre-deploy",
            {"preDeployCommand": "migrate"},
            "FAILED: its preDeployCommand",
            "exited with code 1",
            "migration",
        ),
        ("unhealthy", HEALTH, "FAILED: it did not become healthy", "Healthcheck failed! /up", "listens on PORT"),
        ("crash", HEALTH, "FAILED: it did not become healthy", "process exited with code 1", "listens on PORT"),
        ("crash", {}, "CRASHED: its process ended", "Error: process exited with code 1", "fix the cause"),
    ],
)
async def test_failed_deployment_is_explained(
    driver: Driver, defect: Any, inputs: dict[str, Any], what: str, log: str, next_step: str
) -> None:
    """What failed is told apart by the step at which Railway says it did."""
    driver.cloud.fail(str(inputs.get("repo", "app:1")), defect)
    place = await a_project(driver)
    service = await place.service()
    with pytest.raises(Half) as caught:
        await place.instance(service, **inputs)
    text = str(caught.value)
    assert f"of web is {what}" in text
    assert log in text
    assert next_step in text.splitlines()[-1]
    assert service.id == caught.value.made.id
    holds_the_essentials(text, place, service)


async def test_fifty_lines_of_a_long_log_are_shown(driver: Driver) -> None:
    """The end of the log, not all of it."""
    driver.cloud.fail("app:1", "unhealthy")
    place = await a_project(driver)
    text = await ended(place.instance(await place.service(), **{**ENDLESS, "healthcheckTimeout": 1_770}))
    assert "the last 50 lines of its deployment log:" in text
    assert text.count("\n    ") == 50
    assert "Healthcheck failed!" in text


By = Callable[[Driver, Place, Deployment], None]


def turn(status: str) -> By:
    """The deployment itself gets this status."""

    def act(driver: Driver, place: Place, deployment: Deployment) -> None:
        deployment.timeline[:] = [StatusChange(at=driver.cloud.now(), status=status)]
        assert place

    return act


def supersede(driver: Driver, place: Place, deployment: Deployment) -> None:
    """Somebody starts another version."""
    environment = driver.cloud.state.environments[place.project["environmentId"]]
    start(driver.cloud, environment, deployment.service_id, driver.cloud.now(), source={"image": "other:1"})


def supersede_badly(driver: Driver, place: Place, deployment: Deployment) -> None:
    """Somebody starts another version, which fails."""
    driver.cloud.fail("other:1", "unpullable")
    supersede(driver, place, deployment)


def run_another(driver: Driver, place: Place, deployment: Deployment) -> None:
    """Railway ends with something else than what was asked for."""
    deployment.meta["image"] = "app:0"
    turn("SUCCESS")(driver, place, deployment)


@pytest.mark.parametrize(
    ("act", "what", "next_step"),
    [
        (turn("SKIPPED"), "is SKIPPED: no file that watchPatterns name", "widen watchPatterns"),
        (turn("NEEDS_APPROVAL"), "is NEEDS_APPROVAL: its commit is by somebody who is not a member", "approve it"),
        (turn("REMOVED"), "is REMOVED: somebody removed or aborted it", "ask who did it"),
        (run_another, "is SUCCESS but runs image app:0, not app:1", "run the command again"),
        (supersede, "is SUCCESS but runs image other:1, not app:1\nit superseded deployment", "find out who"),
        (supersede_badly, "or its image could not be pulled\nit superseded deployment", "find out who"),
    ],
    ids=["skipped", "needs approval", "removed", "wrong image", "superseded", "superseded by a failure"],
)
async def test_ending_from_outside_is_explained(driver: Driver, act: By, what: str, next_step: str) -> None:
    """What a person or a push did to the deployment that is waited for is named as such."""
    driver.cloud.fail("app:1", "unhealthy")
    place = await a_project(driver)
    service = await place.service()
    creating = asyncio.create_task(place.instance(service, **ENDLESS))
    deployment = await under_way(driver)
    await noticed(driver, deployment)
    act(driver, place, deployment)
    text = await ended(creating)
    assert what in text
    assert next_step in text.splitlines()[-1]
    holds_the_essentials(text, place, service)


async def test_wrong_commit_is_explained(driver: Driver) -> None:
    """A healthy deployment of another commit is no success."""
    place = await a_project(driver)
    service = await place.service()
    inputs = {"repo": "acme/shop", "commitSha": "abcdef12"}
    driver.cloud.fail("acme/shop", "unhealthy")
    creating = asyncio.create_task(place.instance(service, **inputs, **ENDLESS))
    deployment = await under_way(driver)
    deployment.meta["commitHash"] = "0" * 40
    turn("SUCCESS")(driver, place, deployment)
    text = await ended(creating)
    assert f"runs commit {'0' * 40}, not abcdef12" in text
    holds_the_essentials(text, place, service)


@pytest.mark.parametrize("timeout_s", [12.0, 40.0], ids=["building", "deploying"])
async def test_time_that_is_over_is_explained(driver: Driver, timeout_s: float) -> None:
    """Also with what the log says so far."""
    driver.cloud.fail("app:1", "unhealthy")
    place = await a_project(driver)
    service = await place.service()
    text = await ended(place.instance(service, timeout_s=timeout_s, **ENDLESS))
    assert "at the end of the time for it" in text
    assert "customTimeouts" in text.splitlines()[-1]
    holds_the_essentials(text, place, service)


async def test_push_that_is_not_deployed_does_not_end_the_wait(driver: Driver) -> None:
    """A push by an outsider is listed as the newest deployment, and the one that was asked for goes on."""
    place = await a_project(driver)
    service = await place.service()
    driver.cloud.fail("acme/shop", "unhealthy")
    creating = asyncio.create_task(place.instance(service, repo="acme/shop", **ENDLESS))
    own = await under_way(driver)
    await noticed(driver, own)
    driver.cloud.fail("0" * 40, "outsider")
    (pushed,) = push(driver.cloud, "acme/shop", "main", "0" * 40)
    turn("SUCCESS")(driver, place, own)
    made = await creating
    assert (made["deploymentId"], made["deploymentStatus"]) == (own.id, "SUCCESS")
    assert pushed.timeline[-1].status == "NEEDS_APPROVAL"
