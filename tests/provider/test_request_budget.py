"""The number of requests for a whole topology, held against a budget: polls, which one request serves all, apart."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import graphql
import pytest

from railway_api.documents.environment import progress
from railway_sandbox.railway.cloud import RailwayCloud
from tests import needs, virtual_time
from tests.provider.driver import Driver, Made, Place, Records, a_project, driving
from tests.provider.test_documents import SANDBOX
from tests.simulated import Address

OF_RAILWAY = pytest.param(needs.RAILWAY_SCHEMA, marks=pytest.mark.needs("railway-schema"))
VARIABLES = {f"VARIABLE_{index}": "value" for index in range(10)}
SETTINGS: dict[str, Any] = {
    "healthcheckPath": "/health",
    "restartPolicyType": "ALWAYS",
    "regions": {"us-west2": 1},
    "memoryMb": 512,
    "variables": VARIABLES,
}


def is_poll(request: dict[str, Any]) -> bool:
    return "op=environmentProgress" in request["query_string"]


def sent(driver: Driver, since: int = 0) -> list[str]:
    """What the requests were for, polls left out."""
    return [",".join(each["operations"]) for each in driver.address.requests[since:] if not is_poll(each)]


async def one_service(place: Place, index: int, records: Records) -> list[Made]:
    """A service with all that belongs to it, each as soon as what it needs is there, as the engine runs them."""
    service = await place.service(f"service-{index}")

    async def instance() -> list[Made]:
        if index >= 3:
            return [await place.instance(service, **SETTINGS)]
        volume = await place.make("Volume", service, mountPath="/data", sizeMb=60_000, backupSchedules=["DAILY"])
        return [volume, await place.instance(service, **SETTINGS)]

    async def domain() -> list[Made]:
        if index >= 5:
            return []
        name = f"site-{index}.example.com"
        custom = await place.make("CustomDomain", service, domain=name, targetPort=80)
        records.enter(custom)
        return [custom, await place.make("CustomDomainValidation", service, domain=name)]

    made = await asyncio.gather(instance(), domain())
    return [service, *made[0], *made[1]]


async def topology(driver: Driver, records: Records) -> tuple[Place, list[Made]]:
    """One project, six services with settings and ten variables each, three volumes, five domains that work."""
    place = await a_project(driver)
    made = await asyncio.gather(*(one_service(place, index, records) for index in range(6)))
    return place, [place.project, *(each for group in made for each in group)]


def instance_of(made: list[Made]) -> Made:
    return next(each for each in made if each.kind == "ServiceInstance")


async def test_create_takes_ten_requests(driver: Driver, records: Records) -> None:
    """Other providers send 59 to 299."""
    await topology(driver, records)
    assert len(sent(driver)) <= 10, Counter(sent(driver))
    assert len(driver.cloud.state.deployments) == 6
    polls = len(driver.address.requests) - len(sent(driver))
    assert polls <= 16


async def test_refresh_that_finds_nothing_takes_one_request(
    driver: Driver, cloud: RailwayCloud, address: Address, records: Records
) -> None:
    """A new process reads everything, domains and their validations included, in one request."""
    _, made = await topology(driver, records)
    async with driving(cloud, address) as later:
        before = len(later.address.requests)
        read = await asyncio.gather(*(later.refresh(each) for each in made))
        assert [each.outputs for each in made] == [each.outputs for each in read if each]
        assert len(later.address.requests) - before == 1


async def test_new_image_takes_two_requests(
    driver: Driver, cloud: RailwayCloud, address: Address, records: Records
) -> None:
    """A new process looks, commits what differs, and proves afterwards that it runs."""
    _, made = await topology(driver, records)
    async with driving(cloud, address) as later:
        before = len(later.address.requests)
        updated = await later.update(instance_of(made), image="app:2")
        assert len(sent(later, before)) <= 2, sent(later, before)
        assert updated["deploymentStatus"] == "SUCCESS"
        assert len(cloud.state.deployments) == 7
        assert later.engine.said == [each for each in later.engine.said if each[0] != "WARNING"]


async def test_state_that_is_wrong_is_found_out(
    driver: Driver, cloud: RailwayCloud, address: Address, records: Records
) -> None:
    """What somebody changed by hand since is brought back with the next change, and reported."""
    place, made = await topology(driver, records)
    instance = instance_of(made)
    service = next(each for each in made if each.id == instance.id and each.kind == "Service")
    place.config(service)["variables"]["VARIABLE_3"] = {"value": "changed by hand"}
    async with driving(cloud, address) as later:
        updated = await later.update(instance, image="app:2")
        assert updated["deploymentStatus"] == "SUCCESS"
        assert place.config(service)["variables"]["VARIABLE_3"]["value"] == "value"
        assert place.config(service)["source"]["image"] == "app:2"
        warnings = [text for severity, text in later.engine.said if severity == "WARNING"]
        assert len(warnings) == 1
        assert "variables.VARIABLE_3" in warnings[0]


@pytest.mark.parametrize("when", ["before", "after", "lost"])
async def test_lost_answer_to_a_commit_doubles_nothing(
    driver: Driver, cloud: RailwayCloud, address: Address, records: Records, when: Any
) -> None:
    """A commit is sent again when its answer was lost, and deploys once."""
    _, made = await topology(driver, records)
    address.fail("environmentPatchCommit", when=when)
    async with driving(cloud, address) as later:
        updated = await later.update(instance_of(made), image="app:2")
        assert updated["deploymentStatus"] == "SUCCESS"
        assert len(cloud.state.deployments) == 7


async def test_region_added_by_hand_is_taken_away(
    driver: Driver, cloud: RailwayCloud, address: Address, records: Records
) -> None:
    """What has to go is found out as well as what has to come back."""
    place, made = await topology(driver, records)
    instance = next(each for each in reversed(made) if each.kind == "ServiceInstance")
    service = next(each for each in made if each.id == instance.id and each.kind == "Service")
    place.config(service)["deploy"]["multiRegionConfig"]["europe-west4-drams3a"] = {"numReplicas": 1}
    async with driving(cloud, address) as later:
        await later.update(instance, image="app:2")
        assert place.config(service)["deploy"]["multiRegionConfig"] == {"us-west2": {"numReplicas": 1}}


async def test_foreign_deployment_is_not_taken_for_ours(
    driver: Driver, cloud: RailwayCloud, address: Address, records: Records
) -> None:
    """A deployment that somebody started since the state was written is older than the commit, and is not followed."""
    place, made = await topology(driver, records)
    instance = instance_of(made)
    from railway_sandbox.railway.deployments.deployments import start  # noqa: PLC0415 - only this test goes behind the API

    environment = cloud.state.environments[place.project["environmentId"]]
    foreign = start(cloud, environment, instance["serviceId"], cloud.now(), reason="by hand")
    await driver.settle(60)
    async with driving(cloud, address) as later:
        updated = await later.update(instance, image="app:2")
        assert updated["deploymentId"] not in {foreign.id, instance["deploymentId"]}
        assert cloud.state.deployments[updated["deploymentId"]].meta["image"] == "app:2"


async def test_domain_that_fails_does_not_disturb_the_others(driver: Driver, records: Records) -> None:
    """In a shared look the failure of one service's domains goes to that service alone."""
    place = await a_project(driver)
    first, second = await place.services(2)
    custom = await place.make("CustomDomain", first, domain="api.example.com", targetPort=80)
    records.enter(custom)
    gone = Made("Service", "", {}, {"serviceId": "00000000-0000-4000-8000-000000000000"})
    works, fails, deployed = await asyncio.gather(
        place.make("CustomDomainValidation", first, domain="api.example.com"),
        place.make("CustomDomainValidation", gone, domain="other.example.com"),
        place.instance(second),
        return_exceptions=True,
    )
    assert isinstance(works, Made)
    assert isinstance(deployed, Made)
    assert "not found" in str(fails).lower()


def test_project_in_a_known_workspace_needs_no_look(cloud: RailwayCloud, address: Address) -> None:
    """With the workspace named and no natural key there is nothing to ask before the project is made."""

    async def body() -> None:
        workspace = next(iter(cloud.state.workspaces))
        async with driving(cloud, address) as driver:
            await driver.create("Project", name="shop", workspaceId=workspace)
            assert sent(driver) == ["projectCreate"]

    virtual_time.run(body())


async def test_project_of_another_workspace_is_not_taken_over(driver: Driver, cloud: RailwayCloud) -> None:
    """One look finds who the token is and what exists; what is elsewhere does not count."""
    first = await a_project(driver)
    cloud.state.projects[first.project.id].workspace_id = "elsewhere"
    driver.servicer.running.client.forget_project(first.project.id)
    second = await a_project(driver)
    assert first.project.id != second.project.id


@pytest.mark.parametrize("schema_path", [SANDBOX, OF_RAILWAY], ids=["sandbox", "railway"])
def test_every_form_of_the_poll_is_valid(schema_path: Any) -> None:
    """The poll is put together of what is waited for; each part holds against the schema."""
    schema = graphql.build_schema(schema_path.read_text(), assume_valid=True)
    for snapshot in (False, True):
        document = progress(snapshot=snapshot, domains=2, deployments=3)
        assert graphql.validate(schema, graphql.parse(document.text)) == []
