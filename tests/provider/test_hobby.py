"""An account on Hobby refuses what Hobby refuses: most of it when a commit is applied, and in Railway's words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.provider.driver import Driver, Half, Refused, a_project


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"vcpus": 40, "regions": {"us-west2": 2}}, "limited to 48 vCPU per service"),
        ({"memoryMb": 40_000, "regions": {"us-west2": 2}}, "limited to 48 GB of memory per service"),
        ({"vcpus": 20, "regions": {"us-west2": 2, "europe-west4-drams3a": 1}}, "limited to 48 vCPU per service"),
        ({"regions": {"us-west2": 4, "europe-west4-drams3a": 3}}, "limited to 6 replicas per service"),
        ({"registryCredentials": {"username": "me", "password": "x"}}, "Private registries are available on the Pro"),
    ],
    ids=["vcpus of two", "memory of two", "vcpus of two regions", "seven replicas", "a private registry"],
)
async def test_what_all_replicas_have_together_is_limited(driver: Driver, settings: dict[str, Any], told: str) -> None:
    """The commit is accepted and its workflow refuses it; nothing is deployed or stored, and less goes through."""
    driver.cloud.state.plan = "hobby"
    place = await a_project(driver)
    service = await place.service()
    with pytest.raises(Refused, match=told) as caught:
        await place.instance(service, **settings)
    assert "Please upgrade your plan" in str(caught.value)
    assert "a larger plan at https://railway.com/workspace/plans" in str(caught.value)
    assert [*driver.cloud.state.deployments] == []
    made = await place.instance(service, vcpus=24, memoryMb=24_000, regions={"us-west2": 2})
    assert made["deploymentStatus"] == "SUCCESS"


async def test_a_volume_beyond_five_gigabytes(driver: Driver) -> None:
    """It is made with the plan's size, and the size that was asked for is refused when it is applied."""
    driver.cloud.state.plan = "hobby"
    place = await a_project(driver)
    with pytest.raises(
        Half, match=r"Max size of 5000 MB on current plan\. Please select a valid size or upgrade"
    ) as half:
        await place.make("Volume", await place.service(), mountPath="/data", sizeMb=5_001)
    assert half.value.made["sizeMb"] == 5_000


async def test_a_third_custom_domain_and_static_addresses(driver: Driver) -> None:
    """These are refused at once: no commit carries them."""
    driver.cloud.state.plan = "hobby"
    place = await a_project(driver)
    service = await place.service()
    for name in ("a.example.com", "b.example.com"):
        await place.make("CustomDomain", service, domain=name, targetPort=80)
    with pytest.raises(Refused, match="limited to 2 custom domains"):
        await place.make("CustomDomain", service, domain="c.example.com", targetPort=80)
    with pytest.raises(Refused, match="Static outbound IPs are available on the Pro plan"):
        await place.make("EgressGateway", service)
