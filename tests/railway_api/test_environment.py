"""One environment through the client alone: reads that are shared, commits that travel together, deployments."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from railway_api import (
    Client,
    DeploymentFailed,
    DeploymentSpec,
    Environment,
    NotAuthorized,
    NotFound,
    RailwayError,
    Throttled,
    Validation,
)
from railway_api.documents.environment import ENVIRONMENT_VARIABLES
from railway_api.documents.project import PROJECT_CREATE, PROJECT_DELETE
from railway_api.documents.running import AMONG_OTHERS
from railway_api.documents.service import SERVICE_CREATE, SERVICE_DELETE
from railway_api.group_commits import BuildPatch
from railway_api.patches import at
from railway_api.scalars import EnvironmentConfig
from railway_sandbox.railway.cloud import RailwayCloud
from tests import virtual_time
from tests.provider.in_process import Connection
from tests.railway_api.callers import Limit, Waiter
from tests.railway_api.test_transport import Wire, transport_of


@pytest.fixture
async def environment(client: Client) -> Environment:
    """The environment of a new project."""
    project = await client.call(PROJECT_CREATE, input={"name": "shop"})
    return client.environment(project["id"], str(project["primaryEnvironmentId"]))


async def service(environment: Environment, name: str = "web") -> str:
    """The id of a new service, once it can be seen."""
    wanted = {"projectId": environment.project_id, "environmentId": environment.environment_id, "name": name}
    made = await environment.write(SERVICE_CREATE, input=wanted)
    await asyncio.sleep(5)
    return str(made["id"])


def runs(service_id: str, image: str) -> BuildPatch:
    return lambda _: {"services": {service_id: {"source": {"image": image}}}}


def sent(connection: Connection, operation: str) -> int:
    return sum(operation in request["operations"] for request in connection.requests)


async def test_a_read_is_shared_until_something_is_written(connection: Connection, environment: Environment) -> None:
    """Who asks at the same time, or later, asks nobody; after a write the next one asks again."""
    one, two = await asyncio.gather(environment.snapshot(), environment.snapshot())
    assert one is two is await environment.snapshot()
    assert sent(connection, "environment") == 1
    environment.forget()
    assert await environment.snapshot() is not one
    assert sent(connection, "environment") == 2


async def test_questions_with_the_same_field_get_their_own_answers(environment: Environment) -> None:
    """Two documents may ask the same field for different things at the same moment, and neither gets the other's."""
    ids = {"id": environment.environment_id, "projectId": environment.project_id}
    variables, running = await asyncio.gather(
        environment.ask(ENVIRONMENT_VARIABLES, **ids), environment.ask(AMONG_OTHERS, **ids)
    )
    assert variables["variables"]["edges"] == []
    assert running["serviceInstances"]["edges"] == []


async def test_no_domain_waits_for_others_to_be_done(environment: Environment) -> None:
    """A poll asks for the domains of 25 services; those that are left over come first in the next one."""
    services = await asyncio.gather(*(service(environment, f"web-{number}") for number in range(30)))
    seen: set[str] = set()
    for _ in range(2):
        environment.poller.hurry_domains()
        polls = await asyncio.gather(*(environment.poller.next(domains_of=each) for each in services))
        seen |= set(polls[0].domains)
    assert seen == set(services)


async def test_a_rate_limit_is_not_answered_with_more_requests() -> None:
    """A poll of several things that Railway holds back for an hour ends there, and is not repeated one by one."""
    wire = Wire([httpx.Response(429, headers={"Retry-After": "3600"})])
    transport = transport_of(wire)
    with pytest.raises(Throttled):
        await Environment(transport, "p", "e").poller.next(workflow="w")
    assert len(wire.requests) == 1
    await transport.close()


async def test_a_create_is_known_without_a_read(connection: Connection, environment: Environment) -> None:
    """Its answer tells all that the next step has to know."""
    await environment.snapshot()
    service_id = await service(environment)
    assert service_id in (await environment.snapshot()).services
    assert sent(connection, "environment") == 1


async def test_a_deleted_project_is_gone(client: Client, environment: Environment) -> None:
    """Railway calls what is in it "Not Authorized"; here it is not found, or nothing."""
    await client.call(PROJECT_DELETE, id=environment.project_id)
    with pytest.raises(NotFound, match="was deleted"):
        await environment.snapshot()
    assert await environment.snapshot_or_none() is None


@pytest.mark.parametrize(("more", "error"), [(True, NotAuthorized), (False, NotFound)])
async def test_an_environment_beyond_the_first_page_is_not_taken_for_a_deleted_one(
    more: bool, error: type[RailwayError]
) -> None:
    """Of a project with more environments than one read shows, one that is not listed may well exist."""
    project = dict.fromkeys(("id", "name", "description", "workspaceId", "primaryEnvironmentId", "deletedAt"))
    flags = dict.fromkeys(("prDeploys", "botPrEnvironments", "focusedPrEnvironments", "tracingEnabled"), False)
    environments = {"edges": [], "pageInfo": {"hasNextPage": more}}
    shown = {**project, **flags, "id": "p", "name": "shop", "tracingSampleRate": None, "environments": environments}
    refusal = httpx.Response(200, json={"errors": [{"message": "Not Authorized"}]})
    transport = transport_of(Wire([refusal, httpx.Response(200, json={"data": {"project": shown}})]))

    with pytest.raises(error):
        await Environment(transport, "p", "e").snapshot()
    await transport.close()


async def test_changes_that_are_ready_together_leave_in_one_commit(
    connection: Connection, environment: Environment
) -> None:
    """Each gets its own answer, with the configuration that is in effect then."""
    first, second = await service(environment, "first"), await service(environment, "second")
    done = await asyncio.gather(environment.commit(runs(first, "app:1")), environment.commit(runs(second, "app:2")))
    assert sent(connection, "environmentPatchCommit") == 1
    for each, service_id, image in zip(done, (first, second), ("app:1", "app:2"), strict=True):
        assert each.patch == {"services": {service_id: {"source": {"image": image}}}}
        assert at(each.after.config, ("services", service_id, "source", "image")) == image
    assert done[0].after is done[1].after


async def test_a_commit_waits_for_what_is_being_made(connection: Connection, environment: Environment) -> None:
    """So the settings of what is made leave together with it, though not for ever."""
    first = await service(environment)

    async def slow() -> None:
        with environment.preparing():
            await asyncio.sleep(20)

    began = virtual_time.now()
    making = asyncio.create_task(slow())
    await asyncio.sleep(0)
    await environment.commit(runs(first, "app:1"))
    assert virtual_time.now() > began + 20
    await making


async def test_a_refused_change_does_not_take_its_neighbour_down(cloud: RailwayCloud, environment: Environment) -> None:
    """What Railway refuses together is sent apart, so that only the culprit fails."""
    first, second = await service(environment, "first"), await service(environment, "second")
    wrong: EnvironmentConfig = {
        "services": {second: {"deploy": {"multiRegionConfig": {"atlantis": {"numReplicas": 1}}}}}
    }
    done = await asyncio.gather(
        environment.commit(runs(first, "app:1")), environment.commit(lambda _: wrong), return_exceptions=True
    )
    assert not isinstance(done[0], BaseException)
    assert isinstance(done[1], Validation)


async def test_a_deployment_is_done_when_it_is_healthy(environment: Environment, caller: Waiter) -> None:
    """It is waited for, its states are shown, and it runs what was asked for."""
    service_id = await service(environment)
    committed = await environment.commit(runs(service_id, "app:1"))
    spec = DeploymentSpec(service_id=service_id, service_name="web", image="app:1")
    done = await environment.deployments.settle(caller, spec, None, expected=True, since=committed.since)
    assert done.status == "SUCCESS"
    assert "deployment deploying..." in caller.shown


async def test_a_service_that_is_gone_is_not_waited_for(environment: Environment, caller: Waiter) -> None:
    """Railway may not know a new service for a minute and a half; after that it was deleted, and the run says so."""
    service_id = await service(environment)
    await environment.write(SERVICE_DELETE, id=service_id, environmentId=environment.environment_id)
    spec = DeploymentSpec(service_id=service_id, service_name="web", image="app:1")
    began = virtual_time.now()
    with pytest.raises(NotFound):
        await environment.deployments.settle(caller, spec, None, expected=False)
    assert virtual_time.now() < began + 150


@pytest.mark.parametrize(
    ("defect", "limit_s", "says"),
    [
        ("crash", 3_600.0, "is CRASHED: its process ended with an error more often than the restart policy allows"),
        ("unpullable", 3_600.0, "is FAILED: it could not be built, or its image could not be pulled"),
        (None, 16.0, "at the end of the time for it"),
    ],
)
async def test_a_failed_deployment_says_everything(
    cloud: RailwayCloud, environment: Environment, defect: Any, limit_s: float, says: str
) -> None:
    """What happened, the address in the dashboard and the next step are in the error."""
    service_id = await service(environment)
    if defect:
        cloud.fail("app:1", defect)
    committed = await environment.commit(runs(service_id, "app:1"))
    spec = DeploymentSpec(service_id=service_id, service_name="web", image="app:1")
    with pytest.raises(DeploymentFailed) as failed:
        await environment.deployments.settle(Waiter(Limit(limit_s)), spec, None, expected=True, since=committed.since)
    text = str(failed.value)
    assert says in text
    assert f"https://railway.com/project/{environment.project_id}/service/{service_id}" in text
    assert text.splitlines()[-1].startswith("next: ")
