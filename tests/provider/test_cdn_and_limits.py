"""The CDN of a service, and the limit of a workspace: what is refused, and what others have seen Railway do."""

from __future__ import annotations

import pytest

from tests.provider.dashboard import click
from tests.provider.driver import Driver, Made, Place, Refused, a_project, driving


async def a_service_with_a_domain(driver: Driver) -> tuple[Place, Made]:
    """A service and the address that Railway gives it, a moment ago."""
    place = await a_project(driver)
    service = await place.service()
    await place.make("ServiceDomain", service, targetPort=80)
    return place, service


def caches(driver: Driver) -> bool:
    """Whether Railway's edge caches the only service."""
    return any(each.enabled and each.mode != "off" for each in driver.cloud.state.edge_configs.values())


async def test_a_cdn_needs_a_public_domain_and_says_so(driver: Driver) -> None:
    """Before anything is asked of Railway, which would give no reason."""
    place = await a_project(driver)
    service = await place.service()
    with pytest.raises(Refused, match=r"service web has no public domain, .* make a ServiceDomain or a CustomDomain"):
        await place.make("ServiceCdn", service)
    assert "enableServiceCdn" not in driver.operations


async def test_a_cdn_waits_for_its_domain_and_deploys_nothing(driver: Driver) -> None:
    """Right after the domain was made, Railway's edge does not know it."""
    place, service = await a_service_with_a_domain(driver)
    await place.instance(service)
    deployed = list(driver.cloud.state.deployments)
    await place.make("ServiceCdn", service, htmlCaching="never")
    (edge,) = driver.cloud.state.edge_configs.values()
    assert (caches(driver), edge.html_caching) == (True, "never")
    assert list(driver.cloud.state.deployments) == deployed


async def test_a_cdn_is_really_off_after_a_delete_and_really_on_after_another_create(driver: Driver) -> None:
    """Disabling answers true and changes nothing, and enabling leaves a mode that is off: the mode is always said."""
    place, service = await a_service_with_a_domain(driver)
    made = await place.make("ServiceCdn", service)
    await driver.delete(made)
    assert not caches(driver)
    assert await place.refreshed(made) is None
    async with driving(driver.cloud, driver.address) as later:
        place = Place(later, place.project)
        again = await place.make("ServiceCdn", service, defaultTtlSeconds=60)
        assert caches(later)
        read = await place.refreshed(again)
        assert read is not None
        assert await later.diff(read) == {}


async def test_a_cdn_that_was_switched_off_by_hand_is_gone(driver: Driver) -> None:
    """So the next run switches it on again."""
    place, service = await a_service_with_a_domain(driver)
    made = await place.make("ServiceCdn", service)
    where = {"environmentId": made["environmentId"], "serviceId": made["serviceId"]}
    off = {**where, "config": {"caching": {"mode": "off"}}}
    click(driver.cloud, "updateServiceEdgeConfig", selection="{ enabled }", input=off)
    assert await place.refreshed(made) is None


async def test_a_limit_of_somebody_else_is_not_taken_over(driver: Driver) -> None:
    """A workspace has one: another stack may have set it."""
    made = await driver.create("UsageLimit", softLimitDollars=50, hardLimitDollars=100)
    with pytest.raises(Refused) as refused:
        await driver.create("UsageLimit", softLimitDollars=20)
    assert "has a limit already, a mail at 50 dollars and a stop at 100" in str(refused.value)
    assert f"pulumi import railway:index:UsageLimit <resource name> {made.id}" in str(refused.value)
    imported = await driver.import_("UsageLimit", made.id)
    assert imported is not None
    assert (imported["softLimitDollars"], imported["hardLimitDollars"]) == (50, 100)


async def test_a_hard_limit_has_a_least_value(driver: Driver) -> None:
    """Railway stops no workspace below it."""
    (reason,) = await driver.check("UsageLimit", {"softLimitDollars": 5, "hardLimitDollars": 9})
    assert "hardLimitDollars: must be between 10 and 1000000 dollars, not 9" in reason
