"""A commit that Railway accepts and refuses when it applies it: told in Railway's words, and nothing of it is believed.

The simulated Railway refuses sizes and what the plan lacks in that way by itself; here a commit is refused for any
reason, and what Railway keeps of it differs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, get_args

import pytest

from railway_sandbox.railway import operations
from railway_sandbox.railway.cloud import RailwayCloud
from railway_sandbox.railway.errors import not_authorized
from railway_sandbox.railway.records import Aftermath, Patch
from tests.provider.driver import Driver, Half, Made, Place, Refused, a_project, driving
from tests.simulated import Address

TOO_LARGE = "Max size of 50000 MB on current plan. Please select a valid size or upgrade"
AFTERMATHS: tuple[Aftermath, ...] = get_args(Aftermath)


def order(cloud: RailwayCloud, change: Callable[[Patch], None], *, commits: int = 1) -> None:
    """Change the record of the next commits before they are applied."""
    patches, left = cloud.state.patches, [commits]
    add = patches.__setitem__

    class Ordering(type(patches)):
        def __setitem__(self, key: str, patch: Patch) -> None:
            add(key, patch)
            if left[0] and patch.workflow_id is not None:
                left[0] -= 1
                change(patch)

    patches.__class__ = Ordering


def refuse(cloud: RailwayCloud, why: str, aftermath: Aftermath = "staged", *, commits: int = 1) -> None:
    """Let the next commits be refused when they are applied."""

    def change(patch: Patch) -> None:
        patch.refused_with, patch.aftermath = why, aftermath

    order(cloud, change, commits=commits)


def warnings(driver: Driver) -> list[str]:
    return [text for severity, text in driver.engine.said if severity == "WARNING"]


async def _running(driver: Driver, **more: Any) -> tuple[Place, Made, Made]:
    place = await a_project(driver)
    service = await place.service()
    return place, service, await place.instance(service, variables={"A": "1"}, **more)


@pytest.mark.parametrize("aftermath", AFTERMATHS)
async def test_refused_settings_are_told_and_not_stored(driver: Driver, aftermath: Aftermath) -> None:
    """Whatever Railway keeps of the commit: its text is the error, nothing is deployed, nobody is blamed."""
    place, service, instance = await _running(driver)
    before = len(driver.cloud.state.deployments)
    refuse(driver.cloud, "This setting is not for you", aftermath)
    with pytest.raises(Refused, match="This setting is not for you"):
        await driver.update(instance, startCommand="run", image="app:2")
    assert place.config(service)["source"] == {"image": "app:1"}
    assert len(driver.cloud.state.deployments) == before
    assert warnings(driver) == []
    read = await place.refreshed(instance)
    assert read is not None
    assert read.inputs == instance.inputs
    again = await driver.update(instance, startCommand="run", image="app:2")
    assert (again["image"], again["deploymentStatus"]) == ("app:2", "SUCCESS")
    assert warnings(driver) == []


@pytest.mark.parametrize("aftermath", AFTERMATHS)
async def test_a_reason_that_quotes_a_secret_is_told_without_it(driver: Driver, aftermath: Aftermath) -> None:
    """Railway says why in the record of the commit, and may name the value that it refuses."""
    _, _, instance = await _running(driver)
    refuse(driver.cloud, 'The value "correct-horse-battery" is not allowed', aftermath)
    with pytest.raises(Refused, match="is not allowed") as caught:
        await driver.update(instance, variables={"A": "correct-horse-battery"})
    assert "correct-horse" not in str(caught.value)


@pytest.mark.parametrize("aftermath", AFTERMATHS)
async def test_refused_size_of_a_new_volume_is_not_in_the_state(driver: Driver, aftermath: Aftermath) -> None:
    """The volume exists and is kept with the size that it has; the error is Railway's, with what helps."""
    place = await a_project(driver)
    service = await place.service()
    refuse(driver.cloud, TOO_LARGE, aftermath)
    with pytest.raises(Half, match="Max size of 50000 MB on current plan") as caught:
        await place.make("Volume", service, mountPath="/data", sizeMb=60_000, backupSchedules=["DAILY"])
    half = caught.value.made
    assert "smaller value" in str(caught.value)
    assert half["sizeMb"] == 50_000
    assert "backupSchedules" not in half.outputs
    assert warnings(driver) == []
    read = await place.refreshed(half)
    assert read is not None
    assert read["sizeMb"] == 50_000
    done = await driver.update(half)
    assert (done["sizeMb"], done["backupSchedules"]) == (60_000, ["DAILY"])


async def test_refused_size_of_an_old_volume_leaves_the_state_alone(driver: Driver) -> None:
    """A plan that does not allow the size is told as Railway tells it; the state keeps the size that is there."""
    place = await a_project(driver)
    volume = await place.make("Volume", await place.service(), mountPath="/data", sizeMb=60_000)
    driver.cloud.state.plan = "hobby"
    with pytest.raises(Refused, match=r"Max size of 5000 MB on current plan\. Please select a valid size or upgrade"):
        await driver.update(volume, sizeMb=70_000)
    read = await place.refreshed(volume)
    assert read is not None
    assert read["sizeMb"] == 60_000


@pytest.mark.parametrize("aftermath", AFTERMATHS)
async def test_neighbours_of_a_refused_commit_keep_their_own_outcome(driver: Driver, aftermath: Aftermath) -> None:
    """Of three instances and a volume that leave together only what Railway refuses fails, with its reason."""
    driver.cloud.state.plan = "hobby"
    place = await a_project(driver)
    good, bad, fine = await place.services(3)
    volume = await place.make("Volume", fine, mountPath="/data")

    def settle_as(patch: Patch) -> None:
        patch.aftermath = aftermath

    order(driver.cloud, settle_as, commits=9)
    ended = await asyncio.gather(
        place.instance(good, variables={"A": "1"}),
        place.instance(bad, vcpus=49),
        place.instance(fine, variables={"A": "1"}),
        driver.update(volume, sizeMb=6_000),
        return_exceptions=True,
    )
    refused = [str(each) for each in ended if isinstance(each, Half | Refused)]
    assert ["48 vCPU" in text for text in refused if "Max size" not in text] == [True]
    assert ["Max size of 5000 MB" in text for text in refused if "48 vCPU" not in text] == [True]
    assert [isinstance(each, Made) for each in ended] == [True, False, True, False]
    assert {each["deploymentStatus"] for each in ended if isinstance(each, Made)} == {"SUCCESS"}
    assert driver.cloud.find_instance(place.project["environmentId"], bad["serviceId"]) is not None
    assert "source" not in place.config(bad) or not place.config(bad)["source"]
    assert warnings(driver) == []


@pytest.mark.parametrize("aftermath", AFTERMATHS)
async def test_a_later_run_blames_nobody_for_what_was_refused(
    driver: Driver, cloud: RailwayCloud, address: Address, aftermath: Aftermath
) -> None:
    """What Railway keeps as staged of a refused commit is no change of somebody in the dashboard."""
    place, service, instance = await _running(driver)
    refuse(cloud, "No room", aftermath)
    with pytest.raises(Refused, match="No room"):
        await driver.update(instance, startCommand="run")
    async with driving(cloud, address) as later:
        await later.update(instance, variables={"A": "2"})
        assert warnings(later) == []
    assert "startCommand" not in place.config(service)["deploy"]


async def test_workflow_that_fails_although_all_is_in_effect(driver: Driver) -> None:
    """What is there counts: the state has it, it is deployed, and Railway's complaint is a warning."""
    place, service, instance = await _running(driver)

    def fail_afterwards(patch: Patch) -> None:
        patch.failed_with, patch.aftermath = "Could not start what follows", "committed"

    order(driver.cloud, fail_afterwards)
    done = await driver.update(instance, variables={"A": "2"}, image="app:2")
    assert (done["image"], done["deploymentStatus"]) == ("app:2", "SUCCESS")
    assert place.config(service)["variables"]["A"]["value"] == "2"
    (warning,) = warnings(driver)
    assert "Could not start what follows" in warning
    assert "in effect nevertheless" in warning


async def test_workflow_without_an_end_is_not_waited_for_for_ever(driver: Driver) -> None:
    """After five minutes the run says that Railway is still at it, and the next one goes on from there."""
    place, service, instance = await _running(driver)

    def put_off(patch: Patch) -> None:
        patch.applies_at = (patch.applies_at or 0) + 500

    order(driver.cloud, put_off)
    with pytest.raises(Refused, match="still applying the configuration after 300 s"):
        await driver.update(instance, image="app:2")
    done = await driver.update(instance, image="app:2")
    assert (done["image"], done["deploymentStatus"]) == ("app:2", "SUCCESS")
    assert place.config(service)["source"] == {"image": "app:2"}
    assert warnings(driver) == []


@pytest.mark.parametrize("aftermath", AFTERMATHS)
@pytest.mark.parametrize("answer", ["Not Authorized", "NotFound"])
async def test_a_token_that_may_not_see_workflows_learns_it_from_the_rest(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, aftermath: Aftermath, answer: str
) -> None:
    """Where the workflow tells nothing, the patch and the configuration do: the run fails, and the state is right."""

    def hidden(*_: Any) -> dict[str, Any]:
        if answer == "NotFound":
            return {"status": "NotFound", "error": None}
        raise not_authorized()

    monkeypatch.setitem(operations.QUERIES, "workflowStatus", hidden)
    place, _, instance = await _running(driver, startCommand="run")
    volume = await place.make("Volume", await place.service("db"), mountPath="/data", sizeMb=60_000)
    refuse(driver.cloud, "No room", aftermath, commits=2)
    with pytest.raises(Refused, match=r"No room|did not apply|does not say why"):
        await driver.update(instance, startCommand="walk")
    with pytest.raises(Refused, match=r"No room|did not apply|does not say why"):
        await driver.update(volume, sizeMb=70_000)
    assert warnings(driver) == []
    asked = [name for name in driver.operations if name == "workflowStatus"]
    assert answer == "NotFound" or len(asked) <= 2


async def test_good_path_asks_for_the_workflow_within_the_poll(driver: Driver) -> None:
    """Following the workflow costs no request of its own."""
    await _running(driver)
    alone = [each for each in driver.address.requests if each["operations"] == ["workflowStatus"]]
    together = [each for each in driver.address.requests if "workflowStatus" in each["operations"]]
    assert alone == []
    assert len(together) >= 1
