"""Refusals, races and outages that the fault matrix does not have: nothing is made twice, and nothing is lost."""

from __future__ import annotations

import asyncio

import pytest

from tests.provider.driver import Driver, Half, Refused, a_project


async def test_project_without_description_fails_clearly(driver: Driver) -> None:
    """Without a description a lost project cannot be told from others, so it is not guessed at."""
    driver.address.fail("projectCreate", when="after")
    with pytest.raises(Refused, match="did not confirm projectCreate") as refused:
        await driver.create("Project", name="shop")
    assert "make a second one" in str(refused.value)
    assert "pulumi import railway:index:Project" in str(refused.value)
    assert "found and kept" not in str(refused.value)


@pytest.mark.parametrize("operation", ["volumeUpdate", "environmentPatchCommit"])
async def test_volume_whose_second_step_fails_is_kept(driver: Driver, operation: str) -> None:
    """When size, schedule or name cannot be set, the volume is in the state, and the next run completes it."""
    place = await a_project(driver)
    service = await place.service()
    driver.address.fail(operation, status=200, message="Invalid input")
    with pytest.raises(Half, match="Invalid input") as caught:
        await place.make("Volume", service, mountPath="/data", sizeMb=60_000, name="disk")
    done = await driver.update(caught.value.made)
    await driver.settle(100)
    read = await place.refreshed(done)
    assert read is not None
    assert (read["sizeMb"], read["name"]) == (60_000, "disk")
    assert len(driver.cloud.state.volumes) == 1


async def test_creation_throttles_are_waited_for(driver: Driver) -> None:
    """Two projects at once become two projects, 30 s apart, and the user sees why it takes that long."""
    await driver.all(*(driver.create("Project", name=name, description="of the test") for name in ("first", "second")))
    assert len(driver.cloud.state.projects) == 2
    assert any("Railway limits how often projects are made" in text for _, text in driver.engine.said)


async def test_rate_limits_are_told_while_they_are_waited_for(driver: Driver) -> None:
    """The row of the resource says how long, and why."""
    place = await a_project(driver)
    driver.servicer.running.client.transport.limiter.pause(400)
    await place.service()
    assert any("s, Railway's rate limit is used up..." in text for _, text in driver.engine.said)


@pytest.mark.parametrize("kind", ["custom", "service"])
async def test_domain_races_are_repeated(driver: Driver, kind: str) -> None:
    """ "Please try again" is tried again, after a look whether the domain was made in spite of it."""
    place = await a_project(driver)
    service = await place.service()
    for when in ("before", "after"):
        message = f"Failed to create {kind} domain, please try again"
        driver.address.fail(f"{kind}DomainCreate", when=when, status=200, message=message)
    await place.make(
        f"{kind.capitalize()}Domain", service, **({"domain": "api.example.com"} if kind == "custom" else {})
    )
    made = {"custom": driver.cloud.state.custom_domains, "service": driver.cloud.state.service_domains}
    assert len(made[kind]) == 1


async def test_gateway_errors_on_reads_are_repeated(driver: Driver) -> None:
    """Reads survive a few bad answers."""
    place = await a_project(driver)
    service = await place.service()
    driver.address.fail("environment", status=502, count=3)
    assert await place.refreshed(service) is not None


async def test_unavailable_api_is_no_reason_to_forget(driver: Driver) -> None:
    """A refresh during an outage fails; it never says that something is gone."""
    place = await a_project(driver)
    service = await place.service()
    driver.address.fail("environment", status=503, count=50)
    with pytest.raises(Refused, match="did not answer environmentSnapshot"):
        await place.refreshed(service)


async def test_not_authorized_is_no_reason_to_forget(driver: Driver) -> None:
    """ "Not Authorized" in a refresh is an error, because Railway also says it for a dead token."""
    place = await a_project(driver)
    service = await place.service()
    driver.address.fail("*", status=200, message="Not Authorized", count=5)
    with pytest.raises(Refused, match="Not Authorized"):
        await place.refreshed(service)


async def test_forbidden_delete_is_not_taken_for_done(driver: Driver) -> None:
    """A delete that the token may not do fails while the thing is still there."""
    place = await a_project(driver)
    service = await place.service()
    driver.address.fail("serviceDelete", status=200, message="Not Authorized")
    with pytest.raises(Refused, match="ADMIN"):
        await driver.delete(service)
    assert await place.refreshed(service) is not None


async def test_refused_values_stay_secret(driver: Driver) -> None:
    """When Railway quotes a refused variable, the error shows no value of it."""
    place = await a_project(driver)
    service = await place.service()
    message = "Invalid input: KEY is hunter2-and-more"
    driver.address.fail("environmentPatchCommit", status=200, message=message)
    with pytest.raises(Refused) as caught:
        await place.instance(service, variables={"KEY": "hunter2-and-more"})
    assert "hunter2" not in str(caught.value)


async def test_a_failed_look_up_never_replaces_what_was_refused(driver: Driver) -> None:
    """A domain is taken, and the question why is answered "Not Authorized": the user reads that it is taken."""
    place = await a_project(driver)
    service = await place.service()
    taken = "api.example.com is not available: it is already in use"
    driver.address.fail("customDomainCreate", status=200, message=taken, count=9)
    driver.address.fail("customDomainAvailable", status=200, message="Not Authorized", count=9)
    with pytest.raises(Refused, match="already in use") as caught:
        await place.make("CustomDomain", service, domain="api.example.com", targetPort=80)
    assert "Not Authorized" not in str(caught.value)
    driver.address.fail("serviceDelete", status=200, message="Problem processing request", count=9)
    driver.address.fail("environment", status=200, message="Not Authorized", count=9)
    with pytest.raises(Refused, match="Problem processing request") as caught:
        await driver.delete(service)
    assert "Not Authorized" not in str(caught.value)


@pytest.mark.parametrize(
    ("message", "waits_s"),
    [
        ("Only one project can be created per user every 30s", 30),
        ("Only one project can be created per user every 45 seconds", 45),
        ("You are creating projects too quickly: 1 project per 2 minutes", 120),
    ],
)
async def test_a_throttle_waits_as_long_as_it_says(driver: Driver, message: str, waits_s: int) -> None:
    """Once, and not six times for a moment."""
    driver.address.fail("projectCreate", status=200, message=message)
    before = asyncio.get_running_loop().time()
    await driver.create("Project", name="shop")
    took_s = asyncio.get_running_loop().time() - before
    assert driver.operations.count("projectCreate") == 2
    assert waits_s <= took_s < waits_s + 15
