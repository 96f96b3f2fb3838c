"""Few requests: what is ready together travels together."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from tests.provider.driver import Driver, Made, Place, Refused, a_project

VARIABLES = {f"VARIABLE_{index}": "value" for index in range(10)}


async def topology(driver: Driver) -> tuple[Place, list[Made]]:
    """One project, six services with ten variables each, three volumes with size and schedule."""
    place = await a_project(driver)
    services = await place.services(6)
    volumes = await driver.all(
        *(
            place.make("Volume", service, mountPath="/data", sizeMb=60_000, backupSchedules=["DAILY"])
            for service in services[:3]
        )
    )
    instances = await driver.all(*(place.instance(service, variables=VARIABLES) for service in services))
    return place, [place.project, *services, *volumes, *instances]


async def test_six_services_leave_in_one_commit_with_six_deployments(driver: Driver) -> None:
    """One commit carries all instances, one more the volumes, and each service deploys exactly once."""
    await topology(driver)
    made = Counter(driver.operations)
    assert made["environmentPatchCommit"] == 2
    assert len(driver.cloud.state.deployments) == 6
    assert len([request for request in driver.address.requests if "serviceCreate" in request["operations"]]) == 1


async def test_whole_topology_takes_few_requests(driver: Driver) -> None:
    """What takes other providers 80 to 300 requests takes this one about twenty, and the waiting is shared."""
    await topology(driver)
    polls = [request for request in driver.address.requests if request["operations"][0] == "environmentPatches"]
    assert len(driver.address.requests) - len(polls) <= 18


async def test_refresh_of_everything_is_one_request(driver: Driver) -> None:
    """One read serves every resource of an environment."""
    place, made = await topology(driver)
    place.forget()
    before = len(driver.address.requests)
    read = await asyncio.gather(*(driver.refresh(each) for each in made))
    assert len(driver.address.requests) - before == 1
    assert [each.inputs for each in made] == [each.inputs for each in read if each]


async def test_commits_follow_each_other(driver: Driver) -> None:
    """A patch that comes while a commit is under way waits for it and leaves in the next one."""
    place = await a_project(driver)
    first, *others = await place.services(3)
    early = asyncio.create_task(place.instance(first))
    while "environmentPatchCommit" not in driver.operations:
        await asyncio.sleep(0.001)
    made = await driver.all(early, *(place.instance(service) for service in others))
    assert {"SUCCESS"} == {each["deploymentStatus"] for each in made}
    assert Counter(driver.operations)["environmentPatchCommit"] == 2


async def test_refused_patch_does_not_take_the_others_down(driver: Driver) -> None:
    """When Railway refuses a commit, only the service whose settings it refuses fails."""
    place = await a_project(driver)
    good, bad, fine = await place.services(3)
    good_one, refusal, fine_one = await asyncio.gather(
        place.instance(good),
        place.instance(bad, regions={"atlantis": 1}),
        place.instance(fine),
        return_exceptions=True,
    )
    assert "multiRegionConfig.atlantis" in str(refusal)
    assert isinstance(refusal, Refused)
    assert isinstance(good_one, Made)
    assert isinstance(fine_one, Made)


async def three_volumes(place: Place) -> list[Made | BaseException]:
    services = await place.services(3)
    made = (place.make("Volume", service, mountPath="/data", sizeMb=60_000) for service in services)
    return await asyncio.gather(*made, return_exceptions=True)


async def test_volumes_follow_each_other_before_railway_complains(driver: Driver) -> None:
    """One request each, none refused as too quick, and one commit for what all of them are to be."""
    assert all(isinstance(each, Made) for each in await three_volumes(await a_project(driver)))
    sent = Counter(driver.operations)
    assert (sent["volumeCreate"], sent["environmentPatchCommit"]) == (3, 1)


@pytest.mark.parametrize(
    ("message", "refused"),
    [("You are creating volumes too quickly. Try again in a sec", 0), ("Upgrade your plan for more volumes", 1)],
    ids=["throttled", "over the plan"],
)
async def test_refused_volume_does_not_take_the_others_down(driver: Driver, message: str, refused: int) -> None:
    """The second of three fails with its own error, or is tried again; the others are made and in the state."""
    place = await a_project(driver)
    making = asyncio.create_task(three_volumes(place))
    while not driver.cloud.state.volumes:
        await asyncio.sleep(0.001)
    driver.address.fail("volumeCreate", status=200, message=message)
    ended = await making
    made = [each for each in ended if isinstance(each, Made)]
    assert [message in str(each) for each in ended if isinstance(each, Refused)] == [True] * refused
    assert {each["volumeId"] for each in made} == set(driver.cloud.state.volumes)
    assert len(made) == 3 - refused


async def test_foreign_change_is_reported(driver: Driver) -> None:
    """Somebody who changes the environment between two commits is noticed, by the paths that changed."""
    place = await a_project(driver)
    service, other = await place.services(2)
    instance, _ = await driver.all(place.instance(service), place.instance(other, variables={"A": "1"}))
    place.config(other)["variables"]["A"] = {"value": "changed by hand"}
    place.forget()
    await driver.update(instance, image="app:2")
    warnings = [text for severity, text in driver.engine.said if severity == "WARNING"]
    assert len(warnings) == 1
    assert "service-1.variables.A" in warnings[0]
