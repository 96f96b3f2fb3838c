"""Static outbound IPs and names in the private network, through the protocol, against the simulated Railway."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.provider.driver import Driver, Made, Place, Refused, a_project, driving

LATER_S = 36_000.0
WHERE = {"projectId": "p", "environmentId": "e", "serviceId": "s"}
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("EgressGateway", {"region": "US West"}, "region: must be a region such as us-west2"),
    ("PrivateNetworkEndpoint", {"dnsName": "api.internal"}, "dnsName: must be 1 to 63 lower-case letters"),
    ("PrivateNetworkEndpoint", {"dnsName": "health"}, "dnsName: must not be health"),
    ("PrivateNetworkEndpoint", {}, "dnsName: is missing"),
]


async def running(place: Place, name: str = "web") -> Made:
    """A service that is deployed, and so in the private network."""
    service = await place.service(name)
    await place.instance(service)
    return service


@pytest.mark.parametrize(("kind", "inputs", "reason"), REFUSED)
async def test_impossible_inputs_are_refused(driver: Driver, kind: str, inputs: dict[str, Any], reason: str) -> None:
    """What cannot work is refused without a request."""
    (found,) = await driver.check(kind, {**WHERE, **inputs})
    assert reason in found
    assert driver.operations == []


async def test_previews_ask_nothing_and_know_the_host(driver: Driver) -> None:
    """The private host follows from the name; addresses are not known before the run."""
    endpoint = await driver.preview("PrivateNetworkEndpoint", **WHERE, dnsName="api")
    assert endpoint["host"] == "api.railway.internal"
    assert (await driver.preview("EgressGateway", **WHERE))["serviceId"] == "s"
    assert driver.operations == []


@pytest.mark.parametrize("region", [None, "europe-west4-drams3a"])
async def test_outbound_ips_read_back_the_same(driver: Driver, region: str | None) -> None:
    """Created, refreshed and imported they are the same, with a region or without."""
    place = await a_project(driver)
    gateway = await place.make("EgressGateway", await place.service(), region=region)
    assert len(gateway["ipv4Addresses"]) == 1
    assert await driver.diff(gateway) == {}
    read = await place.refreshed(gateway)
    imported = await driver.import_("EgressGateway", gateway.id)
    assert read is not None
    assert imported is not None
    assert (gateway.inputs, gateway.outputs) == (read.inputs, read.outputs)
    assert await driver.diff(imported, region=region) == {}
    assert imported["ipv4Addresses"] == gateway["ipv4Addresses"]


async def test_another_region_is_another_set_of_ips(driver: Driver) -> None:
    """A region replaces; naming none any more changes nothing."""
    place = await a_project(driver)
    service = await place.service()
    gateway = await place.make("EgressGateway", service, region="us-west2")
    assert await driver.diff(gateway, region="us-east4-eqdc4a") == {"region": "UPDATE_REPLACE"}
    assert await driver.diff(gateway, region=None) == {}
    with pytest.raises(Refused, match=f"pulumi import railway:index:EgressGateway <resource name> {gateway.id}"):
        await place.make("EgressGateway", service, region="us-east4-eqdc4a")
    await driver.delete(gateway)
    async with driving(driver.cloud, driver.address) as another:
        moved = await Place(another, place.project).make("EgressGateway", service, region="us-east4-eqdc4a")
    assert moved["ipv4Addresses"] != gateway["ipv4Addresses"]


async def test_outbound_ips_cleared_elsewhere_are_gone(driver: Driver) -> None:
    """Refresh and import find nothing, and delete has nothing to do, however often."""
    place = await a_project(driver)
    service = await place.service()
    gateway = await place.make("EgressGateway", service)
    driver.cloud.state.egress_associations.clear()
    assert await place.refreshed(gateway) is None
    assert await driver.import_("EgressGateway", gateway.id) is None
    await driver.delete(gateway)
    await driver.delete(service)
    await driver.delete(gateway)
    assert await place.refreshed(gateway) is None


@pytest.mark.parametrize("when", ["before", "after", "lost"])
async def test_a_lost_answer_makes_one_set_of_ips(driver: Driver, when: str) -> None:
    """Whatever became of the answer, the service has one set, and it is in the state."""
    place = await a_project(driver)
    service = await place.service()
    driver.address.fail("egressGatewayAssociationCreate", when=when)
    gateway = await place.make("EgressGateway", service)
    assert len(driver.cloud.state.egress_associations) == 1
    assert await place.refreshed(gateway) is not None
    driver.address.fail("egressGatewayAssociationsClear", when=when)
    await driver.delete(gateway)
    assert driver.cloud.state.egress_associations == {}


async def test_an_interrupted_set_of_ips_is_taken_over(driver: Driver) -> None:
    """What a killed run asked for is what the next run keeps; in one run there is one resource for it."""
    place = await a_project(driver)
    service = await place.service()
    gateway = await place.make("EgressGateway", service)
    async with driving(driver.cloud, driver.address) as another:
        again = await Place(another, place.project).make("EgressGateway", service)
    assert again.outputs == gateway.outputs
    with pytest.raises(Refused, match="two resources are the static outbound IPs"):
        await place.make("EgressGateway", service)


async def test_a_running_service_is_named_and_renamed_in_place(driver: Driver) -> None:
    """The endpoint that Railway made is found, named, renamed, and reads back the same."""
    place = await a_project(driver)
    endpoint = await place.make("PrivateNetworkEndpoint", await running(place), dnsName="api")
    assert endpoint["host"] == "api.railway.internal"
    assert await driver.diff(endpoint) == {}
    assert await driver.diff(endpoint, dnsName="site") == {"dnsName": "UPDATE"}
    assert await driver.diff(endpoint, serviceId="other") == {"serviceId": "UPDATE_REPLACE"}
    renamed = await driver.update(endpoint, dnsName="site")
    assert renamed["host"] == "site.railway.internal"
    assert renamed["endpointId"] == endpoint["endpointId"]
    read = await place.refreshed(renamed)
    imported = await driver.import_("PrivateNetworkEndpoint", renamed.id)
    assert read is not None
    assert imported is not None
    assert (renamed.inputs, renamed.outputs) == (read.inputs, read.outputs)
    assert (renamed.inputs, renamed.outputs) == (imported.inputs, imported.outputs)


async def test_a_rename_made_elsewhere_is_seen(driver: Driver) -> None:
    """Refresh shows the name that somebody else gave."""
    place = await a_project(driver)
    endpoint = await place.make("PrivateNetworkEndpoint", await running(place), dnsName="api")
    next(iter(driver.cloud.state.endpoint_names.values())).dns_name = "taken-over"
    read = await place.refreshed(endpoint)
    assert read is not None
    assert read.inputs["dnsName"] == "taken-over"
    assert read["host"] == "taken-over.railway.internal"


async def test_a_name_is_forgotten_and_goes_with_its_service(driver: Driver) -> None:
    """Deleting leaves the name as it is, without a request; the deletion of the service ends it."""
    place = await a_project(driver)
    service = await running(place)
    endpoint = await place.make("PrivateNetworkEndpoint", service, dnsName="api")
    before = len(driver.operations)
    await driver.delete(endpoint)
    await driver.delete(endpoint)
    assert len(driver.operations) == before
    assert await place.refreshed(endpoint) is not None
    await driver.delete(service)
    assert await place.refreshed(endpoint) is None
    assert await driver.import_("PrivateNetworkEndpoint", endpoint.id) is None


async def test_a_service_that_runs_nothing_has_no_endpoint(driver: Driver) -> None:
    """Instead of waiting for what never comes, the error says what to depend on."""
    place = await a_project(driver)
    service = await place.service()
    with pytest.raises(Refused, match="let this resource depend on its ServiceInstance"):
        await place.make("PrivateNetworkEndpoint", service, dnsName="api")


async def test_an_endpoint_is_waited_for(driver: Driver) -> None:
    """A service that is only just being deployed joins the network some time later."""
    place = await a_project(driver)
    service = await place.service()
    await place.instance(service, waitForDeployment=False)
    (deployment,) = driver.cloud.state.deployments.values()
    deployment.created_at += LATER_S
    making = asyncio.create_task(place.make("PrivateNetworkEndpoint", service, dnsName="api"))
    while not any("join the private network" in text for _, text in driver.engine.said):
        await asyncio.sleep(0.002)
    deployment.created_at -= LATER_S
    assert (await making)["host"] == "api.railway.internal"


async def test_a_name_in_use_is_refused(driver: Driver) -> None:
    """Two services cannot have one name, and one service has one resource for its name."""
    place = await a_project(driver)
    web, other = await driver.all(running(place), running(place, "other"))
    with pytest.raises(Refused, match="already in use"):
        await place.make("PrivateNetworkEndpoint", other, dnsName="web")
    await place.make("PrivateNetworkEndpoint", web, dnsName="api")
    with pytest.raises(Refused, match="two resources name service"):
        await place.make("PrivateNetworkEndpoint", web, dnsName="site")


@pytest.mark.parametrize("when", ["before", "after", "lost"])
async def test_a_lost_answer_to_a_rename_is_repeated(driver: Driver, when: str) -> None:
    """Giving a name twice is giving it once."""
    place = await a_project(driver)
    service = await running(place)
    driver.address.fail("privateNetworkEndpointRename", when=when)
    endpoint = await place.make("PrivateNetworkEndpoint", service, dnsName="api")
    assert endpoint["host"] == "api.railway.internal"
