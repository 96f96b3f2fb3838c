"""Variables as resources of their own, shared and of a service: only what is named is owned."""

from __future__ import annotations

from typing import Any

import pytest

from tests.provider.driver import Driver, Made, Place, Refused, a_project
from tests.provider.in_process import Connection, without_sealed

KINDS = ["SharedVariables", "Variables"]
WHERE: dict[str, Any] = {"projectId": "p", "environmentId": "e", "serviceId": "s"}
SECRET = "a value that is sealed"


async def make(place: Place, kind: str, variables: dict[str, str], **inputs: Any) -> Made:
    """Variables of the environment, or of a service in it that was made by hand."""
    if kind == "SharedVariables":
        return await place.driver.create(kind, variables=variables, **place.where, **inputs)
    return await place.make(kind, await place.service(), variables=variables, **inputs)


def stored(place: Place, made: Made) -> dict[str, Any]:
    """What Railway has at that place."""
    config = place.driver.cloud.state.environments[place.project["environmentId"]].config
    if made.kind == "SharedVariables":
        return config.setdefault("sharedVariables", {})
    return config["services"][made["serviceId"]].setdefault("variables", {})


def values(place: Place, made: Made) -> dict[str, str]:
    return {name: entry["value"] for name, entry in stored(place, made).items()}


@pytest.mark.parametrize(
    ("kind", "inputs", "reason"),
    [
        ("SharedVariables", {"variables": {"1A": "x"}}, "variables: must have names of letters"),
        ("Variables", {**WHERE, "variables": {"A-B": "x"}}, "variables: must have names of letters"),
        ("Variables", {**WHERE, "variables": {"A": "x"}, "sealed": ["B"]}, "sealed: must name variables that are set"),
        ("Variables", {**WHERE, "variables": {"A": "x"}, "sealed": ["A", "A"]}, "sealed: must name each only once"),
    ],
)
async def test_impossible_variables_are_refused(driver: Driver, kind: str, inputs: dict[str, Any], reason: str) -> None:
    """Exactly one reason, and no request."""
    (found,) = await driver.check(kind, {"projectId": "p", "environmentId": "e", **inputs})
    assert reason in found
    assert driver.operations == []


@pytest.mark.parametrize("kind", KINDS)
async def test_preview_makes_no_request(driver: Driver, kind: str) -> None:
    """A preview shows what is wanted, and asks nobody."""
    where = {key: value for key, value in WHERE.items() if kind == "Variables" or key != "serviceId"}
    shown = await driver.preview(kind, variables={"A": "1"}, **where)
    assert shown["variables"] == {"A": "1"}
    assert driver.operations == []


@pytest.mark.parametrize("kind", KINDS)
async def test_variables_lifecycle(driver: Driver, kind: str) -> None:
    """Set, unchanged, changed with one removed, cleared, imported, deleted twice; the variables of others stay."""
    place = await a_project(driver)
    made = await make(place, kind, {"A": "1", "EMPTY": "", "REFERENCE": "${{other.URL}}"})
    read = await place.refreshed(made)
    assert read is not None
    assert (made.inputs, made.outputs) == (read.inputs, read.outputs)
    assert await driver.diff(read) == {}
    before = driver.operations.count("environmentPatchCommit")
    await driver.update(made)
    assert driver.operations.count("environmentPatchCommit") == before

    stored(place, made)["THEIRS"] = {"value": "stays"}
    place.forget()
    changed = {"A": "2", "B": "3"}
    assert await driver.diff(made, variables=changed) == {
        "variables.A": "UPDATE",
        "variables.B": "ADD",
        "variables.EMPTY": "DELETE",
        "variables.REFERENCE": "DELETE",
    }
    updated = await driver.update(made, variables=changed)
    assert values(place, made) == {"A": "2", "B": "3", "THEIRS": "stays"}
    assert driver.operations.count("environmentPatchCommit") == before + 1
    imported = await driver.import_(kind, made.id)
    assert imported is not None
    assert imported["variables"] == {"A": "2", "B": "3", "THEIRS": "stays"}

    cleared = await driver.update(updated, variables={})
    assert values(place, made) == {"THEIRS": "stays"}
    full = await driver.update(cleared, variables={"A": "4"})
    await driver.delete(full)
    await driver.delete(full)
    assert values(place, made) == {"THEIRS": "stays"}
    assert await place.refreshed(full) is None


@pytest.mark.parametrize("kind", KINDS)
async def test_only_owned_variables_drift(driver: Driver, kind: str) -> None:
    """A changed and a removed one are drift and are put back; one that somebody added is not looked at."""
    place = await a_project(driver)
    made = await make(place, kind, {"A": "1", "B": "2"})
    there = stored(place, made)
    there["A"] = {"value": "changed"}
    del there["B"]
    there["THEIRS"] = {"value": "stays"}
    read = await place.refreshed(made)
    assert read is not None
    assert read["variables"] == {"A": "changed"}
    drift = await driver.diff(read, variables={"A": "1", "B": "2"})
    assert drift == {"variables.A": "UPDATE", "variables.B": "ADD"}
    await driver.update(read, variables={"A": "1", "B": "2"})
    assert values(place, made) == {"A": "1", "B": "2", "THEIRS": "stays"}


@pytest.mark.parametrize("kind", KINDS)
async def test_another_place_replaces_variables(driver: Driver, kind: str) -> None:
    """Variables do not move."""
    made = await make(await a_project(driver), kind, {"A": "1"})
    assert await driver.diff(made, environmentId="e") == {"environmentId": "UPDATE_REPLACE"}
    if kind == "Variables":
        assert await driver.diff(made, serviceId="s") == {"serviceId": "UPDATE_REPLACE"}


@pytest.mark.parametrize("kind", KINDS)
async def test_variables_are_gone_with_their_project(driver: Driver, kind: str) -> None:
    """A deleted project takes them along."""
    place = await a_project(driver)
    made = await make(place, kind, {"A": "1"})
    await driver.delete(place.project)
    assert await place.refreshed(made) is None
    await driver.delete(made)


@pytest.mark.parametrize("when", ["before", "after", "lost"])
@pytest.mark.parametrize("kind", KINDS)
async def test_lost_answer_sets_variables_once(driver: Driver, kind: str, when: str) -> None:
    """A commit that was not confirmed is looked for; names make the result the same."""
    place = await a_project(driver)
    driver.address.fail("environmentPatchCommit", when=when)
    made = await make(place, kind, {"A": "1"})
    assert values(place, made) == {"A": "1"}
    # A patch that is sent again is merged again, so one repetition does for every kind of lost answer.
    assert driver.operations.count("environmentPatchCommit") == 2


async def test_shared_variable_redeploys_who_refers_to_it(driver: Driver) -> None:
    """Both leave in one commit, so the service starts with the value; a change is Railway's reason to redeploy."""
    place = await a_project(driver)
    service = await place.service()
    shared, _ = await driver.all(
        make(place, "SharedVariables", {"HOST": "one"}),
        place.instance(service, variables={"HOST": "${{shared.HOST}}"}),
    )
    assert driver.operations.count("environmentPatchCommit") == 1
    assert len(driver.cloud.state.deployments) == 1
    await driver.update(shared, variables={"HOST": "two"})
    assert len(driver.cloud.state.deployments) == 2


async def test_variables_of_a_missing_service_are_refused(driver: Driver) -> None:
    """Railway would drop them silently."""
    place = await a_project(driver)
    with pytest.raises(Refused, match="service nowhere is not in environment"):
        await driver.create("Variables", serviceId="nowhere", variables={"A": "1"}, **place.where)


async def test_sealed_variables_are_kept_in_the_state(driver: Driver) -> None:
    """A sealed value is sent once, never read, and is no drift; another value is sent, the same one is not."""
    place = await a_project(driver)
    made = await make(place, "Variables", {"KEY": SECRET, "PLAIN": "1"}, sealed=["KEY"])
    assert stored(place, made)["KEY"] == {"value": SECRET, "isSealed": True}
    assert not any("did not apply" in text for _, text in driver.engine.said)
    read = await place.refreshed(made)
    assert read is not None
    assert (made.inputs, made.outputs) == (read.inputs, read.outputs)
    before = driver.operations.count("environmentPatchCommit")
    await driver.update(made)
    assert driver.operations.count("environmentPatchCommit") == before
    updated = await driver.update(made, variables={"KEY": "another", "PLAIN": "1"})
    assert stored(place, made)["KEY"] == {"value": "another", "isSealed": True}
    await driver.delete(updated)
    assert stored(place, made) == {}


async def test_sealed_variable_that_is_gone_is_drift(driver: Driver) -> None:
    """Existence is what Railway tells of a sealed one; it is set again."""
    place = await a_project(driver)
    wanted: dict[str, Any] = {"variables": {"KEY": SECRET, "PLAIN": "1"}, "sealed": ["KEY"]}
    made = await make(place, "Variables", **wanted)
    del stored(place, made)["KEY"]
    read = await place.refreshed(made)
    assert read is not None
    assert read["variables"] == {"PLAIN": "1"}
    await driver.update(read, **wanted)
    assert stored(place, made)["KEY"] == {"value": SECRET, "isSealed": True}


async def test_variable_is_sealed_in_place_and_unsealed_by_a_new_one(driver: Driver) -> None:
    """Railway seals what is there, but never takes it back."""
    place = await a_project(driver)
    made = await make(place, "Variables", {"KEY": SECRET})
    sealed = await driver.update(made, sealed=["KEY"])
    assert stored(place, made)["KEY"] == {"value": SECRET, "isSealed": True}
    await driver.update(sealed, sealed=None)
    assert stored(place, made)["KEY"] == {"value": SECRET}


async def test_variables_are_unsealed_together(driver: Driver) -> None:
    """However many they are, one commit removes them and one sets them again."""
    place = await a_project(driver)
    made = await make(place, "Variables", {"A": SECRET, "B": SECRET, "C": SECRET}, sealed=["A", "B", "C"])
    before = driver.operations.count("environmentPatchCommit")
    await driver.update(made, sealed=None)
    assert stored(place, made) == {name: {"value": SECRET} for name in "ABC"}
    assert driver.operations.count("environmentPatchCommit") == before + 2


async def test_sealed_variables_that_the_configuration_does_not_show_are_removed(
    driver: Driver, address: Connection
) -> None:
    """By an update that changes nothing else, by one that unseals, and by a delete."""
    place = await a_project(driver)
    wanted = dict.fromkeys("ABC", SECRET)
    made = await make(place, "Variables", wanted, sealed=[*wanted])
    address.spoil("environment", without_sealed)
    place.forget()

    fewer = await driver.update(made, variables={"A": SECRET, "B": SECRET}, sealed=["A", "B"])
    assert sorted(stored(place, made)) == ["A", "B"]
    opened = await driver.update(fewer, sealed=["B"])
    assert stored(place, made)["A"] == {"value": SECRET}
    last = await driver.update(opened, variables={"B": SECRET})
    await driver.delete(last)
    assert stored(place, made) == {}


async def test_import_leaves_sealed_variables_out_and_says_so(driver: Driver) -> None:
    """What cannot be read is not invented."""
    place = await a_project(driver)
    made = await make(place, "Variables", {"KEY": SECRET, "PLAIN": "1"}, sealed=["KEY"])
    imported = await driver.import_("Variables", made.id)
    assert imported is not None
    assert imported["variables"] == {"PLAIN": "1"}
    assert any(severity == "WARNING" and text.startswith("KEY: sealed") for severity, text in driver.engine.said)
    assert not any(SECRET in text for _, text in driver.engine.said)
