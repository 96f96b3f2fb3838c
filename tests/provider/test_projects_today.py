"""What a project says of pull requests and of tracing, and what a service says of its own."""

from __future__ import annotations

from typing import Any

import pytest

from tests.provider.dashboard import click
from tests.provider.driver import Driver, Half, Place, Refused, a_project
from tests.provider.in_process import Connection

PULL_REQUESTS: dict[str, Any] = {"prDeploys": True, "botPrEnvironments": True, "focusedPrEnvironments": True}


async def test_a_project_is_made_with_its_settings(driver: Driver) -> None:
    """All of them in one more request; a project without any needs none."""
    await driver.create("Project", name="plain")
    assert "projectUpdate" not in driver.operations
    made = await driver.create("Project", name="shop", **PULL_REQUESTS, tracingEnabled=True, tracingSampleRate=0.25)
    assert driver.operations.count("projectUpdate") == 1
    stored = driver.cloud.state.projects[made.id]
    assert (stored.pr_deploys, stored.bot_pr_environments, stored.focused_pr_environments) == (True, True, True)
    assert (stored.tracing_enabled, stored.tracing_sample_rate) == (True, 0.25)
    read = await driver.refresh(made)
    assert read is not None
    assert (read.inputs, read.outputs) == (made.inputs, made.outputs)
    imported = await driver.import_("Project", made.id)
    assert imported is not None
    assert {name: imported.inputs[name] for name in PULL_REQUESTS} == PULL_REQUESTS


async def test_settings_of_a_project_that_the_program_sets_drift_and_others_do_not(driver: Driver) -> None:
    """Somebody switches environments for pull requests off, and tracing on, at the dashboard."""
    made = await driver.create("Project", name="shop", **PULL_REQUESTS)
    click(driver.cloud, "projectUpdate", id=made.id, input={"prDeploys": False, "tracingEnabled": True})
    read = await Place(driver, made).refreshed(made)
    assert read is not None
    assert await driver.diff(read, **PULL_REQUESTS) == {"prDeploys": "UPDATE"}
    await driver.update(read, **PULL_REQUESTS)
    stored = driver.cloud.state.projects[made.id]
    assert (stored.pr_deploys, stored.tracing_enabled) == (True, True)


async def test_settings_that_leave_a_program_are_off_again(driver: Driver) -> None:
    """Together, and with one request."""
    made = await driver.create("Project", name="shop", **PULL_REQUESTS, tracingSampleRate=1)
    await driver.update(made, **dict[str, Any](dict.fromkeys([*PULL_REQUESTS, "tracingSampleRate"])))
    stored = driver.cloud.state.projects[made.id]
    assert (stored.pr_deploys, stored.bot_pr_environments, stored.focused_pr_environments) == (False, False, False)
    assert stored.tracing_sample_rate is None
    assert driver.operations.count("projectUpdate") == 2


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"botPrEnvironments": True}, "botPrEnvironments: needs prDeploys: set that to true"),
        ({"focusedPrEnvironments": True, "prDeploys": False}, "focusedPrEnvironments: needs prDeploys"),
        ({"tracingSampleRate": 1.5}, "tracingSampleRate: must be between 0 and 1, not 1.5"),
    ],
)
async def test_settings_of_a_project_that_say_nothing_are_refused(
    driver: Driver, inputs: dict[str, Any], reason: str
) -> None:
    """How pull requests get environments, where they get none; a part of more than all."""
    (said,) = await driver.check("Project", {"name": "shop", **inputs})
    assert reason in said


async def test_a_service_is_traced_whatever_its_project_says(driver: Driver) -> None:
    """Its own choice counts until it makes none; neither starts a deployment."""
    place = await a_project(driver)
    made = await driver.create(
        "Service", name="web", tracingEnabled=True, autoInstrumentationEnabled=True, **place.where
    )
    stored = driver.cloud.state.services[made["serviceId"]]
    assert (stored.tracing_enabled, stored.auto_instrumentation_enabled) == (True, True)
    click(driver.cloud, "serviceUpdate", id=stored.id, input={"tracingEnabled": False})
    read = await place.refreshed(made)
    assert read is not None
    assert await driver.diff(read, tracingEnabled=True) == {"tracingEnabled": "UPDATE"}
    mended = await driver.update(read, tracingEnabled=True)
    await driver.update(mended, tracingEnabled=None, autoInstrumentationEnabled=None)
    assert (stored.tracing_enabled, stored.auto_instrumentation_enabled) == (None, False)
    assert not driver.cloud.state.deployments


async def test_a_project_whose_settings_are_refused_is_kept(driver: Driver) -> None:
    """It exists by then, so the next run goes on from there instead of making it again."""
    driver.address.fail("projectUpdate", status=200, message="Not Authorized")
    with pytest.raises(Half) as half:
        await driver.create("Project", name="shop", description="of the test", prDeploys=True)
    assert "prDeploys" not in half.value.made.outputs
    await driver.update(half.value.made, prDeploys=True)
    assert [each.pr_deploys for each in driver.cloud.state.projects.values()] == [True]


async def test_a_project_whose_settings_are_refused_is_still_renamed_later(driver: Driver) -> None:
    """The state holds the name that its environment has, so that the next run sees the one that is asked for."""
    await driver.create("Project", name="shop", description="of the test", environmentName="main")
    # A new process has no memory of the first.
    driver.servicer.running.client._environments.clear()
    driver.address.fail("projectUpdate", status=200, message="Not Authorized")
    with pytest.raises(Half) as half:
        await driver.create("Project", name="shop", description="of the test", environmentName="live", prDeploys=True)
    assert half.value.made["environmentName"] == "main"
    await driver.update(half.value.made)
    assert [each.name for each in driver.cloud.state.environments.values()] == ["live"]


@pytest.mark.parametrize("description", [None, "of the test"])
async def test_a_project_whose_environment_is_not_listed_yet_is_kept(
    driver: Driver, address: Connection, description: str | None
) -> None:
    """Railway answers the create without the environment, and the look for it fails: no second project is made."""
    address.spoil("projectCreate", lambda project: project["environments"]["edges"].clear())
    driver.address.fail("project", status=200, message="Problem processing request")
    with pytest.raises(Half) as half:
        await driver.create("Project", name="shop", description=description, prDeploys=True)
    made = half.value.made
    assert "environmentId" not in made.outputs
    done = await driver.update(made)
    (stored,) = driver.cloud.state.projects.values()
    assert (done.id, stored.pr_deploys) == (stored.id, True)
    assert done["environmentId"] in driver.cloud.state.environments
    read = await driver.refresh(done)
    assert read is not None
    assert read.outputs == done.outputs


async def test_a_leftover_project_whose_environment_is_not_listed_yet_is_waited_for(
    driver: Driver, address: Connection
) -> None:
    """An interrupted run has left it a moment ago; Railway lists its environment a little later."""
    left = await driver.create("Project", name="shop", description="of the test")
    # A new process has no memory of the first.
    driver.servicer.running.client.forget_project(left.id)
    driver.servicer.running.client._environments.clear()

    def unlist(projects: dict[str, Any]) -> None:
        for edge in projects["edges"]:
            edge["node"]["environments"]["edges"].clear()

    address.spoil("projects", unlist)

    made = await driver.create("Project", name="shop", description="of the test")

    assert (made.id, made["environmentId"]) == (left.id, left["environmentId"])


async def test_a_project_is_not_gone_with_its_default_environment(driver: Driver) -> None:
    """Somebody deletes it in the dashboard: the refresh says what to do, and no other environment is renamed."""
    place = await a_project(driver)
    await driver.create(
        "Environment", projectId=place.project.id, name="qa", sourceEnvironmentId=place.project["environmentId"]
    )
    click(driver.cloud, "environmentDelete", id=place.project["environmentId"])
    with pytest.raises(Refused, match=r"its default environment production .* was deleted.*deletes qa as well") as said:
        await place.refreshed(place.project)
    assert "pulumi state delete" not in str(said.value)
    assert (await driver.import_("Project", place.project.id) or place.project)["environmentName"] == "qa"
    click(driver.cloud, "projectDelete", id=place.project.id)
    assert await place.refreshed(place.project) is None


async def test_a_project_with_other_environments_is_not_taken_over(driver: Driver) -> None:
    """The project of an interrupted run has the environment that was asked for; another project is left alone."""
    place = await a_project(driver)
    first = place.project["environmentId"]
    await driver.create("Environment", projectId=place.project.id, name="qa", sourceEnvironmentId=first)
    driver.servicer.running.client.forget_project(place.project.id)
    with pytest.raises(Refused, match=r"none of its environments, production, qa, is named 'live'"):
        await driver.create("Project", name="shop", description="of the test", environmentName="live")
    again = await driver.create("Project", name="shop", description="of the test", environmentName="qa")
    assert again["environmentId"] != first
    assert {each.name for each in driver.cloud.state.environments.values()} == {"production", "qa"}


async def test_two_resources_are_not_the_same_project(driver: Driver) -> None:
    """The second one would delete the project of the first when it leaves the program."""
    await driver.create("Project", name="shop", description="of the test")
    with pytest.raises(Refused, match="two resources are the project named 'shop'"):
        await driver.create("Project", name="shop", description="of the test")
