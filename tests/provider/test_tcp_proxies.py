"""A TCP proxy from check to delete, through the protocol, against the simulated Railway."""

from __future__ import annotations

import pytest

from tests.provider.driver import Driver, Place, Refused, a_project, driving

WHERE = {"projectId": "p", "environmentId": "e", "serviceId": "s"}


def ports(driver: Driver) -> list[int]:
    return [proxy.application_port for proxy in driver.cloud.state.tcp_proxies.values() if proxy.deleted_at is None]


@pytest.mark.parametrize("port", [0, 65_536])
async def test_an_impossible_port_is_refused(driver: Driver, port: int) -> None:
    """What is no port is refused without a request."""
    (reason,) = await driver.check("TcpProxy", {**WHERE, "applicationPort": port})
    assert "applicationPort: must be between 1 and 65535" in reason
    assert driver.operations == []


async def test_a_preview_asks_nothing(driver: Driver) -> None:
    """The address is not known before the run, and Railway is not asked for it."""
    shown = await driver.preview("TcpProxy", **WHERE, applicationPort=5432)
    assert shown["applicationPort"] == 5432
    assert driver.operations == []


async def test_a_proxy_has_an_address_and_reads_back_the_same(driver: Driver) -> None:
    """Created, it leads somewhere; refresh and import find what was asked for; nothing is deployed for it."""
    place = await a_project(driver)
    proxy = await place.make("TcpProxy", await place.service("db"), applicationPort=5432)
    assert proxy["domain"].endswith(".proxy.rlwy.net")
    assert proxy["proxyPort"] > 1_024
    assert driver.cloud.state.deployments == {}
    assert await driver.diff(proxy) == {}
    read = await place.refreshed(proxy)
    imported = await driver.import_("TcpProxy", proxy.id)
    assert read is not None
    assert imported is not None
    assert (proxy.inputs, proxy.outputs) == (read.inputs, read.outputs)
    assert (proxy.inputs, proxy.outputs) == (imported.inputs, imported.outputs)


async def test_another_port_is_another_proxy(driver: Driver) -> None:
    """The old one goes first, because a service has one; then the new one can be made at once."""
    place = await a_project(driver)
    service = await place.service("db")
    proxy = await place.make("TcpProxy", service, applicationPort=5432)
    assert await driver.diff(proxy, applicationPort=6432) == {"applicationPort": "UPDATE_REPLACE"}
    await driver.delete(proxy)
    replaced = await place.make("TcpProxy", service, applicationPort=6432)
    assert ports(driver) == [6432]
    assert replaced.id.endswith("/6432")


async def test_a_second_port_of_a_service_is_refused_with_the_way_out(driver: Driver) -> None:
    """A service has one proxy; the error says how to import the one that is there."""
    place = await a_project(driver)
    service = await place.service("db")
    proxy = await place.make("TcpProxy", service, applicationPort=5432)
    with pytest.raises(Refused, match=f"pulumi import railway:index:TcpProxy <resource name> {proxy.id}"):
        await place.make("TcpProxy", service, applicationPort=6432)


async def test_a_proxy_deleted_elsewhere_is_gone(driver: Driver) -> None:
    """Refresh finds nothing, import finds nothing, and delete has nothing to do, however often."""
    place = await a_project(driver)
    proxy = await place.make("TcpProxy", await place.service("db"), applicationPort=5432)
    next(iter(driver.cloud.state.tcp_proxies.values())).deleted_at = driver.cloud.now()
    assert await place.refreshed(proxy) is None
    assert await driver.import_("TcpProxy", proxy.id) is None
    await driver.delete(proxy)
    await driver.delete(proxy)


async def test_a_proxy_is_deleted_once_and_goes_with_its_service(driver: Driver) -> None:
    """A busy Railway is waited for, and what is gone counts as deleted."""
    place = await a_project(driver)
    service = await place.service("db")
    proxy = await place.make("TcpProxy", service, applicationPort=5432)
    driver.address.fail("tcpProxyDelete", when="lost")
    await driver.delete(proxy)
    await driver.delete(proxy)
    assert ports(driver) == []
    again = await place.make("TcpProxy", service, applicationPort=5432)
    await driver.delete(service)
    assert await place.refreshed(again) is None
    await driver.delete(again)


@pytest.mark.parametrize("when", ["before", "after", "lost"])
async def test_a_lost_answer_makes_one_proxy(driver: Driver, when: str) -> None:
    """Whatever became of the answer, there is one proxy in the end."""
    place = await a_project(driver)
    service = await place.service("db")
    driver.address.fail("environmentPatchCommit", when=when)
    proxy = await place.make("TcpProxy", service, applicationPort=5432)
    assert ports(driver) == [5432]
    assert await place.refreshed(proxy) is not None


async def test_an_interrupted_proxy_is_taken_over(driver: Driver) -> None:
    """The proxy that a killed run made to the same port is the one that the next run keeps."""
    place = await a_project(driver)
    service = await place.service("db")
    proxy = await place.make("TcpProxy", service, applicationPort=5432)
    async with driving(driver.cloud, driver.address) as another:
        again = await Place(another, place.project).make("TcpProxy", service, applicationPort=5432)
    assert (proxy.id, proxy.outputs) == (again.id, again.outputs)
    assert len(driver.cloud.state.tcp_proxies) == 1


async def test_two_proxies_of_one_service_are_refused(driver: Driver) -> None:
    """Two resources cannot be the one proxy of a service."""
    place = await a_project(driver)
    service = await place.service("db")
    await place.make("TcpProxy", service, applicationPort=5432)
    with pytest.raises(Refused, match="two resources are the TCP proxy"):
        await place.make("TcpProxy", service, applicationPort=5432)


async def test_a_wrong_id_is_explained(driver: Driver) -> None:
    """The form of the id is in the error."""
    with pytest.raises(Refused, match="<project id>/<environment id>/<service id>/<application port>"):
        await driver.import_("TcpProxy", "p/e/s/postgres")


async def test_a_proxy_made_before_its_service_runs_costs_no_deployment(driver: Driver) -> None:
    """The first deployment of the service comes with its settings, and is the only one."""
    place = await a_project(driver)
    service = await place.service("db")
    await place.make("TcpProxy", service, applicationPort=5432)
    await place.instance(service, image="postgres:18")
    assert len(driver.cloud.state.deployments) == 1
