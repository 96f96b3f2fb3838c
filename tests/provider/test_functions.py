"""The functions of the provider, through the protocol, against the simulated Railway."""

from __future__ import annotations

from typing import Any

import pytest

import pulumiverse_railway as railway
from tests.provider.driver import Driver, Refused, a_project

REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("getProject", {}, "projectId: or name must be given, and not both"),
    ("getProject", {"projectId": "p", "name": "shop"}, "projectId: or name must be given, and not both"),
    ("getProject", {"projectId": "p", "workspaceId": "w"}, "workspaceId: belongs to a name"),
    ("getEnvironment", {"projectId": "p"}, "environmentId: or name must be given"),
    ("getEnvironment", {"name": "live"}, "projectId: is missing"),
    ("getService", {"projectId": "p", "environmentId": "e"}, "serviceId: or name must be given"),
    ("getEstimatedUsage", {}, "projectId: or workspaceId must be given"),
    ("getRegions", {"project": "p"}, 'did you mean "projectId"'),
]


@pytest.mark.parametrize(("function", "inputs", "reason"), REFUSED)
async def test_impossible_calls_are_refused(driver: Driver, function: str, inputs: dict[str, Any], reason: str) -> None:
    """What cannot be answered is refused without a request, with the name of the input."""
    with pytest.raises(Refused) as caught:
        await driver.invoke(function, **inputs)
    assert reason in str(caught.value)
    assert driver.operations == []


def test_the_python_sdk_speaks_of_parameters_by_their_python_names() -> None:
    """Whoever reads help(get_environment) can type what it names; keys of the configuration stay as they are."""
    assert "Exclusive with environment_id." in (railway.get_environment.__doc__ or "")
    assert "railway:workspaceId" in (railway.UsageLimit.__init__.__doc__ or "")


async def test_a_project_is_found_by_id_and_by_name(driver: Driver) -> None:
    """Both lead to the same project, in its workspace and in all."""
    place = await a_project(driver)
    by_id = await driver.invoke("getProject", projectId=place.project.id)
    assert by_id["name"] == "shop"
    assert by_id["environmentId"] == place.project["environmentId"]
    assert by_id["environments"] == {"production": place.project["environmentId"]}
    assert await driver.invoke("getProject", name="shop") == by_id
    assert await driver.invoke("getProject", name="shop", workspaceId=by_id["workspaceId"]) == by_id


async def test_a_project_that_is_not_there_is_an_error(driver: Driver) -> None:
    """An unknown id, a deleted project, an unknown name, and a name that two projects have."""
    place = await a_project(driver)
    with pytest.raises(Refused, match="there is no project nothing: its id is in the address"):
        await driver.invoke("getProject", projectId="nothing")
    with pytest.raises(Refused, match="there is no project named 'shpo'; the token reaches: shop"):
        await driver.invoke("getProject", name="shpo")
    await driver.create("Project", name="shop", description="another")
    with pytest.raises(Refused, match="there are 2 projects named 'shop': give the projectId"):
        await driver.invoke("getProject", name="shop")
    await driver.delete(place.project)
    with pytest.raises(Refused, match="there is no project"):
        await driver.invoke("getProject", projectId=place.project.id)


async def test_an_environment_is_found_by_id_and_by_name(driver: Driver) -> None:
    """Both lead to the same environment; for another the error says which there are."""
    place = await a_project(driver)
    live = place.project["environmentId"]
    result = await driver.invoke("getEnvironment", projectId=place.project.id, name="production")
    assert result == {
        "projectId": place.project.id,
        "projectName": "shop",
        "environmentId": live,
        "name": "production",
    }
    assert await driver.invoke("getEnvironment", projectId=place.project.id, environmentId=live) == result
    with pytest.raises(Refused, match=f"has no environment named 'live'; it has production \\({live}\\)"):
        await driver.invoke("getEnvironment", projectId=place.project.id, name="live")


async def test_a_service_is_found_by_id_and_by_name(driver: Driver) -> None:
    """With what it runs, its hosts and its newest deployment; never with its variables."""
    place = await a_project(driver)
    service = await place.service()
    empty = await driver.invoke("getService", **place.where, name="web")
    assert (empty["serviceId"], empty["domains"]) == (service["serviceId"], [])
    assert "deploymentId" not in empty
    instance = await place.instance(service, variables={"KEY": "hunter2-and-more"})
    domain = await place.make("ServiceDomain", service, targetPort=80)
    place.forget()
    result = await driver.invoke("getService", **place.where, serviceId=service["serviceId"])
    assert result["name"] == "web"
    assert result["image"] == "app:1"
    assert result["domains"] == [domain["domain"]]
    assert (result["deploymentId"], result["deploymentStatus"]) == (instance["deploymentId"], "SUCCESS")
    assert "hunter2" not in str(result)


async def test_a_service_that_is_not_there_is_an_error(driver: Driver) -> None:
    """It says which services there are, or that the environment is not there."""
    place = await a_project(driver)
    await place.service()
    with pytest.raises(Refused, match="environment production has no service named 'api'; it has web"):
        await driver.invoke("getService", **place.where, name="api")
    with pytest.raises(Refused, match="there is no environment nowhere in project"):
        await driver.invoke("getService", projectId=place.project.id, environmentId="nowhere", name="api")


async def test_regions_are_listed(driver: Driver) -> None:
    """Current ones by name, and deprecated ones with what replaces them."""
    result = await driver.invoke("getRegions")
    assert "us-west2" in result["names"]
    assert "us-west1" not in result["names"]
    by_name = {region["name"]: region for region in result["regions"]}
    assert by_name["us-west2"] == {"name": "us-west2", "location": "California", "country": "US"}
    assert by_name["us-west1"]["replacedBy"] == "us-west2"


async def test_usage_is_estimated_and_priced(driver: Driver) -> None:
    """Two replicas with a CPU limit cost what Railway's list prices say, for the project and for its workspace."""
    place = await a_project(driver)
    nothing = await driver.invoke("getEstimatedUsage", projectId=place.project.id)
    assert nothing["totalUsd"] == 0
    service = await place.service()
    await place.instance(service, vcpus=2, memoryMb=1_000, regions={"us-west2": 2})
    result = await driver.invoke("getEstimatedUsage", projectId=place.project.id)
    (usage,) = result["projects"]
    assert usage["projectId"] == place.project.id
    # Four vCPUs at a tenth of $20, two GB at half of $10, and four GB of traffic at $0.05.
    assert usage["costUsd"]["CPU_USAGE"] == 8
    assert usage["costUsd"]["MEMORY_USAGE_GB"] == 10
    assert usage["costUsd"]["NETWORK_TX_GB"] == 0.2
    assert result["totalUsd"] == 18.2
    workspace = next(iter(driver.cloud.state.workspaces))
    assert await driver.invoke("getEstimatedUsage", workspaceId=workspace) == result


async def test_an_outage_is_one_clean_error(driver: Driver) -> None:
    """A function that gets no answer says so, and no traceback."""
    driver.address.fail("regions", status=503, count=50)
    with pytest.raises(Refused, match="Railway did not answer regions"):
        await driver.invoke("getRegions")
