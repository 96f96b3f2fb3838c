"""What serves is part of the truth: a rollback by hand is drift, and what Railway did not even try is none."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from typing import Any

import pytest

from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.deployments import deployments
from railway_sandbox.railway.errors import Refused as Refusal
from railway_sandbox.railway.records import Deployment
from tests.provider.dashboard import click
from tests.provider.driver import Driver, Half, Made, Place, Refused, a_project


async def rolled_back_by_hand(driver: Driver, **inputs: Any) -> tuple[Place, Made, Made]:
    """A service that runs app:2, and that somebody rolled back to app:1 in the dashboard."""
    place = await a_project(driver)
    service = await place.service()
    first = await place.instance(service, image="app:1", **inputs)
    second = await driver.update(first, image="app:2")
    click(driver.cloud, "deploymentRollback", id=first["deploymentId"])
    return place, service, second


async def serving(driver: Driver, place: Place, service: Made) -> str:
    """The image that serves, once what is under way has ended."""
    deployment = deployments.live(driver.cloud, place.project["environmentId"], service["serviceId"])
    assert deployment is not None
    return deployment.meta["image"]


async def test_a_rollback_in_the_dashboard_is_drift_until_an_update_mends_it(driver: Driver) -> None:
    """A refresh says what serves, as often as it is asked; the update deploys what was asked for again."""
    place, service, second = await rolled_back_by_hand(driver)
    await asyncio.sleep(3)  # five minutes of the simulated clock

    read = await place.refreshed(second)
    assert read is not None
    assert (read["image"], place.config(service)["source"]["image"]) == ("app:1", "app:2")
    again = await place.refreshed(read)
    assert again is not None
    assert again["image"] == "app:1"

    mended = await driver.update(again, image="app:2")

    assert await serving(driver, place, service) == "app:2"
    calm = await place.refreshed(mended)
    assert calm is not None
    assert calm["image"] == "app:2"


async def test_an_image_that_serves_where_a_repository_is_asked_for_is_drift(driver: Driver) -> None:
    """A service that was moved from an image to a repository, and rolled back by hand, is read as the image it runs."""
    place = await a_project(driver)
    first = await place.instance(await place.service(), image="app:1")
    second = await driver.update(first, image=None, repo="acme/shop")
    click(driver.cloud, "deploymentRollback", id=first["deploymentId"])
    await asyncio.sleep(3)  # five minutes of the simulated clock

    read = await place.refreshed(second)
    assert read is not None
    assert (read["image"], read.outputs.get("repo")) == ("app:1", None)

    mended = await driver.update(read, image=None, repo="acme/shop")

    calm = await place.refreshed(mended)
    assert calm is not None
    assert (calm.outputs.get("image"), calm["repo"]) == (None, "acme/shop")


@pytest.mark.parametrize("status", ["SKIPPED", "NEEDS_APPROVAL"])
async def test_a_push_that_was_not_even_tried_is_no_drift(driver: Driver, status: Any) -> None:
    """The deployment before it goes on serving, and the state goes on naming it."""
    place = await a_project(driver)
    service = await place.service()
    made = await place.instance(service, image="app:1")
    environment = driver.cloud.environment(place.project["environmentId"])
    deployments.start(driver.cloud, environment, service["serviceId"], driver.cloud.now(), stays=status)
    await asyncio.sleep(3)  # five minutes of the simulated clock

    for _ in range(2):
        read = await place.refreshed(made)

        assert read is not None
        assert read.outputs == made.outputs
        made = read


@pytest.mark.parametrize("newest", ["SKIPPED", "NEEDS_APPROVAL", "FAILED", "REMOVED"])
async def test_nothing_serves_after_a_delete_whatever_became_of_the_newest(driver: Driver, newest: Any) -> None:
    """The deployment that runs behind a newer one is removed as well, and one that waits can no longer be approved."""
    place = await a_project(driver)
    service = await place.service()
    made = await place.instance(service, image="app:1")
    if newest in ("SKIPPED", "NEEDS_APPROVAL"):
        environment = driver.cloud.environment(place.project["environmentId"])
        deployments.start(driver.cloud, environment, service["serviceId"], driver.cloud.now(), stays=newest)
    else:
        driver.cloud.fail("app:2", "unpullable")
        with pytest.raises(Half) as half:
            await driver.update(made, image="app:2")
        made = half.value.made
    if newest == "REMOVED":
        click(driver.cloud, "deploymentRemove", id=made["deploymentId"])
    await asyncio.sleep(3)  # five minutes of the simulated clock
    place.forget()
    assert await serving(driver, place, service) == "app:1"

    await driver.delete(made)

    every = driver.cloud.state.deployments.values()
    assert {deployments.status_of(driver.cloud, each) for each in every} == {"REMOVED"}


@pytest.mark.parametrize("refused", ["NEEDS_APPROVAL", "SUCCESS"])
async def test_a_refused_removal_fails_the_delete_only_for_what_serves(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    """One that waits has nothing left to deploy, so the delete goes on to what runs behind it."""
    place = await a_project(driver)
    service = await place.service()
    made = await place.instance(service, image="app:1")
    environment = driver.cloud.environment(place.project["environmentId"])
    deployments.start(driver.cloud, environment, service["serviceId"], driver.cloud.now(), stays="NEEDS_APPROVAL")
    deployments.start(driver.cloud, environment, service["serviceId"], driver.cloud.now(), stays="SKIPPED")
    await asyncio.sleep(3)  # five minutes of the simulated clock
    place.forget()
    end = deployments.end

    def refuse(cloud: RailwayCloud, deployment: Deployment, at: float) -> None:
        if deployments.status_of(cloud, deployment) == refused:
            raise Refusal("Cannot remove this deployment")
        end(cloud, deployment, at)

    monkeypatch.setattr(deployments, "end", refuse)

    with pytest.raises(Refused, match="Cannot remove") if refused == "SUCCESS" else nullcontext():
        await driver.delete(made)

    runs = deployments.live(driver.cloud, environment.id, service["serviceId"])
    assert (runs is not None) == (refused == "SUCCESS")
