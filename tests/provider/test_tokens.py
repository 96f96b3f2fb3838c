"""A token that is dead, of the wrong kind, or not allowed to do something is named as such; so is a blocked address."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from railway_sandbox.railway.cloud import RailwayCloud
from tests import virtual_time
from tests.provider.driver import Driver, Made, Place, Refused, a_project, driving
from tests.simulated import Address

SECRET = "another-secret-token"


def with_token(
    cloud: RailwayCloud, address: Address, scenario: Callable[[Driver, Place], Awaitable[None]], **chosen: Any
) -> None:
    """Runs a scenario in a project that an account token made, with a provider that has another token.

    ``kind`` is what the token is, ``variable`` the configuration that it is put into.
    """

    async def body() -> None:
        async with driving(cloud, address) as owner:
            place = await a_project(owner)
            service = await place.service()
            environment = place.project["environmentId"]
            named: dict[str, Any] = {}
            if chosen["kind"] == "project":
                named = {"project_id": place.project.id, "environment_id": environment}
            token = cloud.add_token(chosen["kind"], "other", **named) if chosen["kind"] != "dead" else SECRET
            configuration = {"token": None, chosen["variable"]: token}
            assert service.id
        async with driving(cloud, address, **configuration) as driver:
            await scenario(driver, Place(driver, place.project))
            assert token not in str(driver.engine.said)

    virtual_time.run(body())


async def refused(work: Awaitable[Any]) -> str:
    with pytest.raises(Refused) as caught:
        await work
    text = str(caught.value)
    assert SECRET not in text
    return text


def test_project_token_deploys_in_its_environment(cloud: RailwayCloud, address: Address) -> None:
    """All that belongs to one environment works with it."""

    async def scenario(driver: Driver, place: Place) -> None:
        instance = await place.instance(await place.service("api"), variables={"A": "1"})
        assert instance["deploymentStatus"] == "SUCCESS"
        assert await driver.refresh(instance) is not None

    with_token(cloud, address, scenario, kind="project", variable="projectToken")


@pytest.mark.parametrize("what", ["create a project", "look a project up", "other environment", "create environment"])
def test_project_token_is_told_what_it_may_not_do(cloud: RailwayCloud, address: Address, what: str) -> None:
    """It reaches one environment; for anything else the message names the kind of token that can."""

    async def scenario(driver: Driver, place: Place) -> None:
        project, environment = place.where.values()
        other = {"projectId": project, "environmentId": "00000000-0000-4000-8000-000000000000"}
        if what == "other environment":
            made = next(iter(driver.cloud.state.environments.values())).model_copy(update={"id": "other"})
            driver.cloud.state.environments[made.id] = made
            other["environmentId"] = made.id
        work: dict[str, Callable[[], Awaitable[Any]]] = {
            "create a project": lambda: driver.create("Project", name="second", description="of the test"),
            "look a project up": lambda: driver.invoke("getProject", name="shop"),
            "other environment": lambda: driver.create("Service", name="api", **other),
            "create environment": lambda: driver.create(
                "Environment", projectId=project, name="pr-1", allowNonFork=True
            ),
        }
        text = await refused(work[what]())
        assert f"it reaches environment {environment} of project {project} alone" in text
        assert "cannot create, list or delete projects and environments" in text
        assert "set RAILWAY_API_TOKEN (railway:token) to an account or workspace token" in text

    with_token(cloud, address, scenario, kind="project", variable="projectToken")


@pytest.mark.parametrize(
    ("kind", "variable", "says"),
    [
        ("project", "token", "RAILWAY_API_TOKEN (railway:token) holds a project token"),
        ("account", "projectToken", "RAILWAY_TOKEN (railway:projectToken) holds an account or workspace token"),
        ("dead", "token", "Railway does not know the token in RAILWAY_API_TOKEN"),
        ("dead", "projectToken", "Railway does not know the token in RAILWAY_TOKEN"),
    ],
)
def test_token_in_the_wrong_place_or_dead(
    cloud: RailwayCloud, address: Address, kind: str, variable: str, says: str
) -> None:
    """Which of both it is, and which variable it belongs into, is found out with one or two requests more."""

    async def scenario(_driver: Driver, place: Place) -> None:
        before = len(address.requests)
        assert says in await refused(place.service("api"))
        assert len(address.requests) - before <= 5

    with_token(cloud, address, scenario, kind=kind, variable=variable)


def test_token_of_another_environment_empties_no_stack(cloud: RailwayCloud, address: Address) -> None:
    """What a project token does not see may well exist: neither refresh nor delete drops it from the state."""

    async def scenario(driver: Driver, place: Place) -> None:
        cloud.state.environments["other"] = next(iter(cloud.state.environments.values())).model_copy(
            update={"id": "other", "name": "other"}
        )
        service_id = next(iter(cloud.state.services))
        values = {"projectId": place.project.id, "environmentId": "other", "name": "web"}
        known = Made("Service", f"{place.project.id}/other/{service_id}", values, {**values, "serviceId": service_id})
        assert "alone" in await refused(driver.refresh(known))
        assert "alone" in await refused(driver.delete(known))

    with_token(cloud, address, scenario, kind="project", variable="projectToken")


async def test_living_token_without_access_names_its_workspaces(driver: Driver) -> None:
    """What is not there and what is forbidden look alike; that the token works is worth knowing."""
    place = await a_project(driver)
    driver.address.fail("serviceCreate", status=200, message="Not Authorized")
    text = await refused(place.service())
    assert "the token is alive and reaches these workspaces: Sandbox" in text
    assert "ADMIN" in text


async def test_a_token_of_several_workspaces_needs_the_one_of_the_project(driver: Driver) -> None:
    """The settings of the project help whatever token is used; the configuration of the stack, its own token alone."""
    first = next(iter(driver.cloud.state.workspaces.values()))
    driver.cloud.state.workspaces["w"] = first.model_copy(update={"id": "w", "name": "Elsewhere"})

    text = await refused(driver.create("Project", name="shop"))

    assert "reaches several workspaces, Sandbox" in text
    assert "Elsewhere (w): write the id of one of them as workspaceId of the project (project.workspaceId in" in text
    assert "if this is the token of the whole stack, 'pulumi config set railway:workspaceId <id>'" in text


async def test_blocked_address_is_explained_and_left_alone(driver: Driver) -> None:
    """Error 1015 is no rate limit of Railway's: its own message, and not one request more."""
    place = await a_project(driver)
    driver.address.fail("*", status=429, message="error code: 1015", count=1_000)
    before = len(driver.address.requests)
    texts = [await refused(place.service(f"service-{index}")) for index in range(5)]
    assert len(driver.address.requests) - before <= 1
    for text in texts:
        assert "blocks this network address" in text
        assert "error code: 1015" in text
        assert "wait ten minutes" in text
        assert "railway:plan" not in text


async def test_block_that_is_over_is_tried_again(driver: Driver) -> None:
    """After ten minutes the same process asks again."""
    place = await a_project(driver)
    driver.address.fail("*", status=429, message="error code: 1015")
    await refused(place.service())
    await driver.settle(1_000)
    assert isinstance(await place.service(), Made)


@pytest.mark.parametrize("kind", ["Project", "Service", "ProjectToken"])
def test_token_of_another_workspace_deletes_nothing_from_the_state(
    cloud: RailwayCloud, address: Address, kind: str
) -> None:
    """It lives and does not see the project: that is no proof that the project is gone."""

    async def body() -> None:
        async with driving(cloud, address) as owner:
            place = await a_project(owner)
            made = {
                "Project": place.project,
                "Service": await place.service(),
                "ProjectToken": await owner.create("ProjectToken", name="ci", **place.where),
            }[kind]
        first = next(iter(cloud.state.workspaces.values()))
        elsewhere = cloud.state.workspaces["w"] = first.model_copy(update={"id": "w", "name": "Elsewhere"})
        token = cloud.add_token("workspace", "other", workspace_id=elsewhere.id)
        async with driving(cloud, address, token=token) as stranger:
            text = await refused(stranger.delete(made))
            assert "reaches these workspaces: Elsewhere" in text
            assert "pulumi state delete" in text
        assert all(project.deleted_at is None for project in cloud.state.projects.values())

    virtual_time.run(body())


async def test_project_that_is_listed_as_deleted_is_gone(driver: Driver) -> None:
    """ "Not Authorized" for all of a project that somebody deleted: the list of deleted ones is the proof."""
    place = await a_project(driver)
    service = await place.service()
    cloud, project = driver.cloud, driver.cloud.state.projects[place.project.id]
    async with driving(cloud, driver.address) as later:
        for operation in ("serviceDelete", "projectDelete", "project"):
            driver.address.fail(operation, status=200, message="Not Authorized", count=3)
        assert "Not Authorized" in await refused(later.delete(service))
        project.deleted_at = cloud.now()
        await later.delete(service)
        await later.delete(place.project)
