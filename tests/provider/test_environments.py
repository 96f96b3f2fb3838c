"""Environments from create to delete, through the protocol, against the simulated Railway."""

from __future__ import annotations

from typing import Any

import pytest

from tests.provider.driver import Driver, Made, Place, Refused, a_project

WHEN = ["before", "after", "lost"]


async def fork(place: Place, name: str = "staging", **inputs: Any) -> Made:
    """A copy of the project's default environment."""
    wanted = {"sourceEnvironmentId": place.project["environmentId"], **inputs}
    return await place.driver.create("Environment", projectId=place.project.id, name=name, **wanted)


def living(driver: Driver) -> list[str]:
    return [found.name for found in driver.cloud.state.environments.values() if found.deleted_at is None]


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"name": "", "sourceEnvironmentId": "e"}, "name: must not be empty"),
        ({"name": "x" * 64, "sourceEnvironmentId": "e"}, "name: must have at most 63 characters"),
        ({"name": "staging"}, "sourceEnvironmentId: is missing: a project would have a second environment"),
        ({"name": "staging", "allowNonFork": False}, "set allowNonFork to true"),
    ],
)
async def test_impossible_environments_are_refused(driver: Driver, inputs: dict[str, Any], reason: str) -> None:
    """Above all one that shares its services with production unknowingly; no request is made."""
    (found,) = await driver.check("Environment", {"projectId": "p", **inputs})
    assert reason in found
    assert driver.operations == []


async def test_preview_makes_no_request(driver: Driver) -> None:
    """A preview shows what is wanted, and asks nobody."""
    shown = await driver.preview("Environment", projectId="p", name="staging", sourceEnvironmentId="e")
    assert shown["name"] == "staging"
    assert driver.operations == []


async def test_environment_lifecycle(driver: Driver) -> None:
    """A fork is made, reads as it was asked for, is renamed in place, imported, and deleted twice."""
    place = await a_project(driver)
    made = await fork(place, ephemeral=True)
    assert made.id == f"{place.project.id}/{made['environmentId']}"
    read = await driver.refresh(made)
    assert read is not None
    assert (made.inputs, made.outputs) == (read.inputs, read.outputs)
    assert await driver.diff(read) == {}

    assert await driver.diff(made, name="preview") == {"name": "UPDATE"}
    updated = await driver.update(made, name="preview")
    assert "preview" in living(driver)
    assert updated["environmentId"] == made["environmentId"]
    imported = await driver.import_("Environment", made.id)
    assert imported is not None
    assert updated.inputs == imported.inputs

    await driver.delete(updated)
    await driver.delete(updated)
    assert living(driver) == ["production"]
    assert await driver.refresh(updated) is None


async def test_origin_replaces_an_environment(driver: Driver) -> None:
    """Railway cannot change what an environment was made of."""
    made = await fork(await a_project(driver))
    assert await driver.diff(made, sourceEnvironmentId="e") == {"sourceEnvironmentId": "UPDATE_REPLACE"}
    assert await driver.diff(made, projectId="p") == {"projectId": "UPDATE_REPLACE"}
    assert await driver.diff(made, ephemeral=True) == {"ephemeral": "UPDATE_REPLACE"}


async def test_environment_that_is_no_fork_comes_with_a_warning(driver: Driver) -> None:
    """Who confirms it gets an empty environment, and is told what it shares; an import confirms it too."""
    place = await a_project(driver)
    await place.service()
    made = await fork(place, sourceEnvironmentId=None, allowNonFork=True)
    assert list(driver.cloud.instances(made["environmentId"])) == []
    assert any(severity == "WARNING" and "is no fork" in text for severity, text in driver.engine.said)
    imported = await driver.import_("Environment", made.id)
    assert imported is not None
    assert made.inputs == imported.inputs


@pytest.mark.parametrize("skip", [False, True])
async def test_fork_copies_services_and_deploys_them_unless_told_not_to(driver: Driver, skip: bool) -> None:
    """The switch counts once: taking it away later changes nothing at Railway."""
    place = await a_project(driver)
    await place.instance(await place.service())
    made = await fork(place, skipInitialDeploys=skip)
    deployed = {found.environment_id for found in driver.cloud.state.deployments.values()}
    assert (made["environmentId"] in deployed) is not skip
    before = len(driver.operations)
    await driver.update(made, skipInitialDeploys=None)
    assert driver.operations[before:] == []


async def test_changes_by_others_are_drift(driver: Driver) -> None:
    """A rename in the dashboard is drift; a deletion there reads as gone."""
    place = await a_project(driver)
    made = await fork(place)
    environment = driver.cloud.state.environments[made["environmentId"]]
    client = driver.servicer.running.client
    environment.name = "renamed"
    client.forget_project(place.project.id)
    read = await driver.refresh(made)
    assert read is not None
    assert read["name"] == "renamed"
    environment.deleted_at = driver.cloud.now()
    client.forget_project(place.project.id)
    assert await driver.refresh(made) is None
    await driver.delete(made)


@pytest.mark.parametrize("when", WHEN)
async def test_lost_answer_doubles_no_environment(driver: Driver, when: str) -> None:
    """An environment whose creation was not confirmed is found by its name."""
    place = await a_project(driver)
    driver.address.fail("environmentCreate", when=when)
    made = await fork(place)
    assert living(driver) == ["production", "staging"]
    assert await driver.refresh(made) is not None


async def test_existing_environment_is_only_taken_after_an_interruption(driver: Driver) -> None:
    """Somebody's environment is imported, never taken by its name alone."""
    place = await a_project(driver)
    driver.cloud.state.throttled.clear()
    made = await fork(place)
    with pytest.raises(Refused, match=f"pulumi import railway:index:Environment <resource name> {made.id}"):
        await fork(place)
    wanted = {"sourceEnvironmentId": place.project["environmentId"], "projectId": place.project.id}
    with pytest.raises(Refused, match="two resources are the environment"):
        await driver.create("Environment", interrupted=True, name="staging", **wanted)


async def test_interrupted_environment_is_taken_over(driver: Driver) -> None:
    """A second run after a killed one finds the environment of the first."""
    place = await a_project(driver)
    made = await fork(place)
    # A new process has no memory of the first.
    driver.servicer.running.client._environments.clear()
    wanted = {"sourceEnvironmentId": place.project["environmentId"], "projectId": place.project.id}
    again = await driver.create("Environment", interrupted=True, name="staging", **wanted)
    assert again.id == made.id
    assert living(driver) == ["production", "staging"]


async def test_two_environments_wait_for_their_turn(driver: Driver) -> None:
    """Railway makes one environment in half a minute: the second waits and says so."""
    place = await a_project(driver)
    await driver.all(fork(place, "one"), fork(place, "two"))
    assert sorted(living(driver)) == ["one", "production", "two"]
    assert any("Railway limits how often" in text for _, text in driver.engine.said)


async def test_environment_is_gone_with_its_project(driver: Driver) -> None:
    """A deleted project takes its environments along."""
    place = await a_project(driver)
    made = await fork(place)
    await driver.delete(place.project)
    assert await driver.refresh(made) is None
    await driver.delete(made)
