"""Other people change the environment too: what they did is told, and never replaced silently."""

from __future__ import annotations

import asyncio
from typing import Any

from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.environments import config_patch
from tests.provider.driver import Driver, Half, Made, Place, Refused, a_project, driving
from tests.simulated import Address


def warnings(driver: Driver) -> list[str]:
    return [text for severity, text in driver.engine.said if severity == "WARNING"]


def stage(place: Place, patch: dict[str, Any]) -> None:
    """What the dashboard does when somebody edits and does not deploy."""
    cloud = place.driver.cloud
    config_patch.stage(cloud, cloud.state.environments[place.project["environmentId"]], patch, cloud.now())


def by_hand(place: Place, patch: dict[str, Any]) -> None:
    """What the dashboard does when somebody edits and deploys."""
    cloud = place.driver.cloud
    with cloud.lock:
        environment = cloud.state.environments[place.project["environmentId"]]
        config_patch.commit(cloud, environment, patch, message="by hand")


def variables(service: Made, **values: str) -> dict[str, Any]:
    entries = {name: {"value": value} for name, value in values.items()}
    return {"services": {service["serviceId"]: {"variables": entries}}}


async def test_staged_changes_are_told_and_left_alone(driver: Driver) -> None:
    """They are named, without values, once; those that would undo this run are marked; nothing of them is deployed."""
    place = await a_project(driver)
    service = await place.service()
    instance = await place.instance(service, variables={"A": "1"})
    stage(place, variables(service, A="staged-value", B="staged-value"))
    place.forget()
    updated = await driver.update(instance, variables={"A": "2"})
    (warning,) = warnings(driver)
    assert "web.variables.A (which this run has set, and deploying it would undo)" in warning
    assert "web.variables.B" in warning
    assert "deploy or discard them in the dashboard" in warning
    assert "staged-value" not in warning
    assert place.config(service)["variables"]["A"]["value"] == "2"
    assert "B" not in place.config(service)["variables"]
    assert config_patch.staged(driver.cloud, place.project["environmentId"]) is not None
    await driver.update(updated, variables={"A": "3"})
    assert len(warnings(driver)) == 1


async def test_nothing_staged_costs_nothing(driver: Driver) -> None:
    """The read of the environment tells whether there is anything to ask about."""
    place = await a_project(driver)
    await place.instance(await place.service())
    assert "environmentStagedChanges" not in driver.operations
    assert warnings(driver) == []


async def test_edit_between_preview_and_up_is_told(driver: Driver, cloud: RailwayCloud, address: Address) -> None:
    """A new process that changes what somebody changed in the dashboard says so, and what it replaced."""
    place = await a_project(driver)
    service = await place.service()
    instance = await place.instance(service, variables={"A": "1", "B": "1"}, numReplicas=1)
    by_hand(place, variables(service, A="by-hand", C="theirs"))
    await driver.settle(60)
    async with driving(cloud, address) as later:
        preview = await later.diff(instance, variables={"A": "2", "B": "1"})
        assert preview == {"variables.A": "UPDATE"}
        updated = await later.update(instance, variables={"A": "2", "B": "1"})
        (warning,) = warnings(later)
        assert "somebody changed web.variables.A since the last run" in warning
        assert "by-hand" not in warning
        assert "pulumi refresh" in warning
        assert updated["deploymentStatus"] == "SUCCESS"
    values = {name: entry["value"] for name, entry in place.config(service)["variables"].items()}
    assert values == {"A": "2", "B": "1", "C": "theirs"}


async def test_edit_of_variables_of_their_own_is_told(driver: Driver, cloud: RailwayCloud, address: Address) -> None:
    """The same for the resources that hold variables alone."""
    place = await a_project(driver)
    service = await place.service()
    own = await place.make("Variables", service, variables={"A": "1"})
    shared = await driver.create("SharedVariables", **place.where, variables={"S": "1"})
    by_hand(place, {**variables(service, A="by-hand"), "sharedVariables": {"S": {"value": "by-hand"}}})
    await driver.settle(10)
    async with driving(cloud, address) as later:
        await later.update(own, variables={"A": "2"})
        await later.update(shared, variables={"S": "2"})
        assert ["variables.A" in warnings(later)[0], "variables.S" in warnings(later)[1]] == [True, True]


async def test_commit_of_somebody_else_is_waited_for_and_seen(driver: Driver) -> None:
    """While theirs is being applied ours waits, and is then made for what is there, so that nothing is missed."""
    place = await a_project(driver)
    service = await place.service()
    instance = await place.instance(service, variables={"A": "1"})
    by_hand(place, variables(service, A="by-hand", B="theirs"))
    await driver.update(instance, variables={"A": "2"})
    text = "\n".join(warnings(driver))
    assert "web.variables.A" in text
    assert place.config(service)["variables"]["A"]["value"] == "2"
    assert place.config(service)["variables"]["B"]["value"] == "theirs"


async def test_two_runs_at_one_environment(driver: Driver, cloud: RailwayCloud, address: Address) -> None:
    """Each either ends with what it asked for, or says that somebody else was there; nothing is half of both."""
    place = await a_project(driver)
    service = await place.service()
    instance = await place.instance(service, variables={"A": "1"})
    async with driving(cloud, address) as one, driving(cloud, address) as two:
        ended = await asyncio.gather(
            one.update(instance, variables={"A": "one"}),
            two.update(instance, variables={"A": "two"}),
            return_exceptions=True,
        )
        texts = [*warnings(one), *warnings(two), *(str(each) for each in ended if isinstance(each, Half | Refused))]
        assert all(isinstance(each, Made | Half | Refused) for each in ended)
        assert any(isinstance(each, Made) for each in ended)
        assert any("somebody" in text or "superseded" in text for text in texts), texts
    assert place.config(service)["variables"]["A"]["value"] in {"one", "two"}
