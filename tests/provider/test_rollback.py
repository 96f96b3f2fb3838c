"""onFailure: what is kept, what is rolled back, and what the state and the next run make of it."""

from __future__ import annotations

from typing import Any

import pytest

from railway_sandbox.railway.deployments.deployments import live
from tests.provider.dashboard import click
from tests.provider.driver import Driver, Half, Made, Place, a_project

HEALTH: dict[str, Any] = {"healthcheckPath": "/up", "healthcheckTimeout": 60}
LIMIT_S = 400.0
"""A time by which a deployment that never becomes healthy is long under way."""


def runs(place: Place, service: Made) -> str | None:
    """The image that serves now."""
    deployment = live(place.driver.cloud, place.project["environmentId"], service["serviceId"])
    return deployment.meta["image"] if deployment else None


async def good(place: Place, service: Made, **inputs: Any) -> Made:
    """An instance that runs app:1, and rolls back when something else fails."""
    return await place.instance(service, **{"onFailure": "rollBack", **inputs})


async def fails(driver: Driver, made: Made, **changes: Any) -> Half:
    with pytest.raises(Half) as caught:
        await driver.update(made, **changes)
    return caught.value


async def test_crash_is_rolled_back(driver: Driver) -> None:
    """The last good deployment runs again; the resource fails, and says what failed, what runs and what to do."""
    place = await a_project(driver)
    service = await place.service()
    first = await good(place, service)
    driver.cloud.fail("app:2", "crash")
    half = await fails(driver, first, image="app:2")
    text = str(half)
    assert "of web is CRASHED" in text
    assert "Error: process exited with code 1" in text
    assert f"runs deployment {first['deploymentId']} (image app:1) again" in text
    assert text.splitlines()[-1].startswith("next: fix the cause and run the command again")
    assert runs(place, service) == "app:1"
    # Asked for is one thing, running another, and the state says both.
    assert half.made["image"] == place.config(service)["source"]["image"] == "app:2"
    rolled = driver.cloud.state.deployments[half.made["deploymentId"]]
    assert (rolled.meta["reason"], half.made["deploymentStatus"]) == ("rollback", "SUCCESS")
    crashed = driver.cloud.state.deployments[half.made["rolledBackDeploymentId"]]
    assert crashed.meta["image"] == "app:2"


async def test_next_run_after_a_rollback(driver: Driver) -> None:
    """A refresh still tells of it; the same again tries again; a fix works and clears the mark."""
    place = await a_project(driver)
    service = await place.service()
    first = await good(place, service)
    driver.cloud.fail("app:2", "crash")
    half = await fails(driver, first, image="app:2")
    with pytest.raises(Half, match="which was asked for, failed; 'pulumi up' tries again"):
        await place.refreshed(half.made)
    again = await fails(driver, half.made)
    assert "of web is CRASHED" in str(again)
    assert runs(place, service) == "app:1"
    fixed = await driver.update(again.made, image="app:3")
    assert fixed["deploymentStatus"] == "SUCCESS"
    assert "rolledBackDeploymentId" not in fixed.outputs
    assert runs(place, service) == "app:3"
    read = await place.refreshed(fixed)
    assert read is not None
    assert read.outputs == fixed.outputs


async def test_same_program_works_once_the_cause_is_gone(driver: Driver) -> None:
    """A cause from outside needs no change of the program after a rollback either."""
    place = await a_project(driver)
    service = await place.service()
    driver.cloud.fail("app:2", "crash")
    half = await fails(driver, await good(place, service), image="app:2")
    driver.cloud.heal("app:2")
    done = await driver.update(half.made)
    assert (done["deploymentStatus"], runs(place, service)) == ("SUCCESS", "app:2")


@pytest.mark.parametrize(("defect", "inputs"), [("unpullable", {}), ("unhealthy", HEALTH)], ids=["failed", "unhealthy"])
async def test_what_never_took_traffic_needs_no_rollback(driver: Driver, defect: Any, inputs: dict[str, Any]) -> None:
    """The deployment from before still serves: nothing is started, and the message says so."""
    place = await a_project(driver)
    service = await place.service()
    first = await good(place, service, **inputs)
    driver.cloud.fail("app:2", defect)
    half = await fails(driver, first, image="app:2")
    assert f"deployment {first['deploymentId']} (image app:1) went on running" in str(half)
    assert half.made["deploymentStatus"] == "FAILED"
    assert "deploymentRollback" not in driver.operations
    assert runs(place, service) == "app:1"
    with pytest.raises(Half, match="is FAILED; 'pulumi up' tries again"):
        await place.refreshed(half.made)


async def test_what_was_stopped_does_not_run(driver: Driver) -> None:
    """A deployment that somebody stopped keeps its status, and the message does not say that it went on running."""
    place = await a_project(driver)
    first = await good(place, await place.service())
    click(driver.cloud, "deploymentStop", id=first["deploymentId"])
    driver.cloud.fail("app:2", "unpullable")
    half = await fails(driver, first, image="app:2")
    assert "nothing of it runs now" in str(half)


async def test_deployment_that_takes_too_long_is_stopped(driver: Driver) -> None:
    """One that might go live after all is aborted, so that what runs is what the message says."""
    place = await a_project(driver)
    service = await place.service()
    first = await good(place, service, **{**HEALTH, "healthcheckTimeout": 3_600})
    driver.cloud.fail("app:2", "unhealthy")
    half = await fails(driver, first, image="app:2", timeout_s=LIMIT_S)
    text = str(half)
    assert "is still DEPLOYING at the end of the time for it" in text
    assert "went on running" in text
    assert "goes on waiting" not in text
    assert half.made["deploymentStatus"] == "REMOVED"
    assert runs(place, service) == "app:1"
    driver.cloud.heal("app:2")
    assert (await driver.update(half.made))["deploymentStatus"] == "SUCCESS"


@pytest.mark.parametrize("when", ["before", "after", "lost"])
async def test_lost_answer_to_an_abort(driver: Driver, when: Any) -> None:
    """Railway refuses to abort a deployment twice, so the second attempt comes only when the first did nothing."""
    place = await a_project(driver)
    service = await place.service()
    first = await good(place, service, **{**HEALTH, "healthcheckTimeout": 3_600})
    driver.cloud.fail("app:2", "unhealthy")
    driver.address.fail("deploymentCancel", when=when)
    half = await fails(driver, first, image="app:2", timeout_s=LIMIT_S)
    assert "went on running" in str(half)
    assert driver.operations.count("deploymentCancel") == (2 if when == "before" else 1)


async def test_first_deployment_has_nothing_to_go_back_to(driver: Driver) -> None:
    """Which the message says."""
    driver.cloud.fail("app:1", "crash")
    place = await a_project(driver)
    with pytest.raises(Half, match="not rolled back: web has no earlier deployment that was healthy"):
        await good(place, await place.service())


async def test_image_that_is_not_kept_cannot_be_rolled_back_to(driver: Driver) -> None:
    """Railway keeps images of removed deployments for some days."""
    place = await a_project(driver)
    service = await place.service()
    first = await good(place, service)
    driver.cloud.fail("app:2", "crash")
    # What crashed took over; were that long ago, the first image would be gone.
    driver.address.fail("deploymentRollback", status=200, message="its image is not available")
    half = await fails(driver, first, image="app:2")
    assert "it could not be rolled back: Railway refused deploymentRollback" in str(half)
    assert half.made["deploymentStatus"] == "CRASHED"


async def test_rollback_that_fails_is_told(driver: Driver) -> None:
    """Both failures are in the message."""
    place = await a_project(driver)
    service = await place.service()
    first = await good(place, service)
    driver.cloud.fail("app:2", "crash")
    driver.cloud.fail("app:1", "crash")
    text = str(await fails(driver, first, image="app:2"))
    assert "rolled back to deployment" in text
    assert "which failed as well: deployment" in text
    assert text.count("of web is CRASHED") == 2


@pytest.mark.parametrize("when", ["before", "after", "lost"])
async def test_lost_answer_to_a_rollback_rolls_back_once(driver: Driver, when: Any) -> None:
    """A rollback that was not confirmed is looked for before it is sent again."""
    place = await a_project(driver)
    service = await place.service()
    first = await good(place, service)
    driver.cloud.fail("app:2", "crash")
    driver.address.fail("deploymentRollback", when=when)
    half = await fails(driver, first, image="app:2")
    assert "rolled back: deployment" in str(half)
    reasons = [each.meta["reason"] for each in driver.cloud.state.deployments.values()]
    assert reasons.count("rollback") == 1


async def test_draining_is_waited_for(driver: Driver) -> None:
    """A deployment that is still being removed is rolled back to as soon as it is."""
    place = await a_project(driver)
    service = await place.service()
    first = await good(place, service, drainingSeconds=60)
    driver.cloud.fail("app:2", "crash")
    half = await fails(driver, first, image="app:2")
    assert "rolled back: deployment" in str(half)
    assert runs(place, service) == "app:1"


async def test_default_keeps_what_failed(driver: Driver) -> None:
    """Without onFailure nothing is started behind the user's back."""
    place = await a_project(driver)
    service = await place.service()
    first = await place.instance(service)
    driver.cloud.fail("app:2", "crash")
    half = await fails(driver, first, image="app:2")
    assert half.made["deploymentStatus"] == "CRASHED"
    assert "deploymentRollback" not in driver.operations
    assert runs(place, service) is None


async def test_rollback_needs_a_wait(driver: Driver) -> None:
    """Who does not wait does not see a failure."""
    where = {"projectId": "p", "environmentId": "e", "serviceId": "s", "image": "app:1"}
    reasons = await driver.check("ServiceInstance", {**where, "onFailure": "rollBack", "waitForDeployment": False})
    assert any("rollBack needs waitForDeployment" in reason for reason in reasons)
