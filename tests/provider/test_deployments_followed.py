"""A deployment is done when it is healthy and runs what was asked for; otherwise the error says everything needed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from railway_sandbox.railway.records import Deployment, StatusChange
from tests.provider.driver import Driver, Half, Made, Place, a_project


async def failing(place: Place, service: Made, **inputs: object) -> Half:
    with pytest.raises(Half) as caught:
        await place.instance(service, **inputs)
    return caught.value


async def endless(place: Place, service: Made, **inputs: Any) -> Made:
    """An instance whose deployment waits for its health check for an hour."""
    place.driver.cloud.fail("app:1", "unhealthy")
    return await place.instance(service, healthcheckPath="/up", healthcheckTimeout=3_600, **inputs)


async def started(driver: Driver) -> Deployment:
    """The first deployment, once there is one."""
    while not driver.cloud.state.deployments:
        await asyncio.sleep(0.002)
    return next(iter(driver.cloud.state.deployments.values()))


async def test_logs_in_errors_hold_no_secrets(driver: Driver) -> None:
    """What a log quotes of the service's own variables is replaced by their names."""
    driver.cloud.fail("app:1", "crash")
    place = await a_project(driver)
    half = await failing(place, await place.service(), variables={"QUOTED": "process exited", "SHORT": "code"})
    assert "process exited" not in str(half)
    assert "<QUOTED>" in str(half)
    assert "with code 1" in str(half)


async def test_next_run_after_a_fix_completes_a_failed_instance(driver: Driver) -> None:
    """After a crash the next run deploys what is asked for now, from the state that was kept."""
    driver.cloud.fail("app:1", "crash")
    place = await a_project(driver)
    half = await failing(place, await place.service())
    fixed = await driver.update(half.made, image="app:2")
    assert fixed["deploymentStatus"] == "SUCCESS"


async def test_next_run_without_a_change_deploys_again(driver: Driver) -> None:
    """When the cause was outside, the same program starts a new deployment, although the configuration is the same."""
    driver.cloud.fail("app:1", "crash")
    place = await a_project(driver)
    half = await failing(place, await place.service())
    driver.cloud.heal("app:1")
    again = await driver.update(half.made)
    assert again["deploymentStatus"] == "SUCCESS"
    assert len(driver.cloud.state.deployments) == 2


async def test_unchanged_configuration_deploys_nothing(driver: Driver) -> None:
    """An instance that runs what is asked for is not deployed again, and nothing is committed."""
    place = await a_project(driver)
    instance = await place.instance(await place.service(), regions={"us-west2": 1}, sleepApplication=False)
    commits = driver.operations.count("environmentPatchCommit")
    same = await driver.update(instance)
    assert instance["deploymentId"] == same["deploymentId"]
    assert len(driver.cloud.state.deployments) == 1
    assert commits == driver.operations.count("environmentPatchCommit")


async def test_deployment_of_something_else_is_no_success(driver: Driver) -> None:
    """A healthy deployment that runs another image than the one asked for is an error that names both."""
    place = await a_project(driver)
    creating = asyncio.create_task(endless(place, await place.service()))
    deployment = await started(driver)
    deployment.meta["image"] = "app:0"
    deployment.timeline[:] = [StatusChange(at=0.0, status="SUCCESS")]
    with pytest.raises(Half, match="runs image app:0, not app:1"):
        await creating


async def test_commit_that_was_asked_for_is_deployed(driver: Driver) -> None:
    """A pinned commit is what runs, also when it was given in short form."""
    place = await a_project(driver)
    instance = await place.instance(await place.service(), repo="acme/shop", commitSha="abcdef12")
    deployment = driver.cloud.state.deployments[instance["deploymentId"]]
    assert deployment.meta["commitHash"] == "abcdef12"


async def test_wait_ends_with_its_time(driver: Driver) -> None:
    """When the time is over the instance is kept as it is, and the error says how to go on; the next run goes on."""
    place = await a_project(driver)
    with pytest.raises(Half) as caught:
        await endless(place, await place.service(), timeout_s=12.0)
    half = caught.value
    assert "at the end of the time for it" in str(half)
    assert "customTimeouts" in str(half)
    (await started(driver)).timeline[:] = [StatusChange(at=0.0, status="SUCCESS")]
    done = await driver.update(half.made)
    assert done["deploymentStatus"] == "SUCCESS"
    assert len(driver.cloud.state.deployments) == 1


async def test_interrupt_keeps_what_exists(driver: Driver) -> None:
    """Ctrl-C ends the wait soon and keeps the instance."""
    place = await a_project(driver)
    creating = asyncio.create_task(endless(place, await place.service()))
    await started(driver)
    driver.servicer.running.stopping.set()
    with pytest.raises(Half, match="interrupted while waiting for it"):
        await creating


async def test_sleeping_is_no_drift(driver: Driver) -> None:
    """A service that fell asleep after its deployment is as healthy as before."""
    place = await a_project(driver)
    instance = await place.instance(await place.service(), sleepApplication=True)
    driver.cloud.state.deployments[instance["deploymentId"]].timeline.append(
        StatusChange(at=driver.cloud.now(), status="SLEEPING")
    )
    read = await place.refreshed(instance)
    assert read is not None
    assert instance.outputs == read.outputs


async def test_waiting_can_be_left_out(driver: Driver) -> None:
    """Without waitForDeployment a create ends with the commit."""
    place = await a_project(driver)
    instance = await endless(place, await place.service(), waitForDeployment=False)
    assert instance.outputs.get("deploymentStatus") != "SUCCESS"
