"""Members of a project, from being added to being removed."""

from __future__ import annotations

from typing import Any

import pytest

from railway_sandbox.railway.projects.members import open_account
from tests.provider.driver import Driver, Half, Made, Place, Refused, a_project
from tests.provider.in_process import Connection


async def add(place: Place, user_id: str, role: str = "MEMBER", **options: Any) -> Made:
    return await place.driver.create("ProjectMember", projectId=place.project.id, userId=user_id, role=role, **options)


def grace(driver: Driver) -> str:
    """Somebody with an account."""
    return open_account(driver.cloud, "Grace", "grace@example.com")


def roles(driver: Driver) -> dict[str, str]:
    return {found.user_id: found.role for found in driver.cloud.state.project_members.values()}


async def test_impossible_members_are_refused(driver: Driver) -> None:
    """A role that Railway does not have; no request, and none in a preview."""
    (found,) = await driver.check("ProjectMember", {"projectId": "p", "userId": "u", "role": "OWNER"})
    assert found == "role: must be one of ADMIN, MEMBER, VIEWER"
    shown = await driver.preview("ProjectMember", projectId="p", userId="u", role="VIEWER")
    assert shown["role"] == "VIEWER"
    assert driver.operations == []


async def test_member_lifecycle(driver: Driver) -> None:
    """Added, unchanged, given another role in place, imported, removed twice."""
    place, user_id = await a_project(driver), grace(driver)
    made = await add(place, user_id)
    assert made.id == f"{place.project.id}/{user_id}"
    assert (made["email"], made["name"]) == ("grace@example.com", "Grace")
    read = await driver.refresh(made)
    assert read is not None
    assert (made.inputs, made.outputs) == (read.inputs, read.outputs)
    assert await driver.diff(read) == {}
    before = len(driver.operations)
    await driver.update(made)
    assert driver.operations[before:] == []

    assert await driver.diff(made, role="ADMIN") == {"role": "UPDATE"}
    updated = await driver.update(made, role="ADMIN")
    assert roles(driver) == {user_id: "ADMIN"}
    imported = await driver.import_("ProjectMember", made.id)
    assert imported is not None
    assert updated.inputs == imported.inputs
    assert await driver.diff(made, userId="u") == {"userId": "UPDATE_REPLACE"}
    assert await driver.diff(made, projectId="p") == {"projectId": "UPDATE_REPLACE"}

    await driver.delete(updated)
    await driver.delete(updated)
    assert roles(driver) == {}
    assert await driver.refresh(updated) is None


async def test_changes_by_others_are_drift(driver: Driver) -> None:
    """Another role in the dashboard is drift and put back; a removal reads as gone."""
    place, user_id = await a_project(driver), grace(driver)
    made = await add(place, user_id)
    next(iter(driver.cloud.state.project_members.values())).role = "VIEWER"
    read = await driver.refresh(made)
    assert read is not None
    assert await driver.diff(read, role="MEMBER") == {"role": "UPDATE"}
    await driver.update(read, role="MEMBER")
    assert roles(driver) == {user_id: "MEMBER"}
    driver.cloud.state.project_members.clear()
    assert await driver.refresh(made) is None


async def test_member_is_gone_with_the_project(driver: Driver) -> None:
    """A deleted project has no members."""
    place = await a_project(driver)
    made = await add(place, grace(driver))
    await driver.delete(place.project)
    assert await driver.refresh(made) is None
    await driver.delete(made)


@pytest.mark.parametrize("when", ["before", "after", "lost"])
async def test_lost_answer_adds_a_member_once(driver: Driver, when: str) -> None:
    """Who was added without an answer is found in the list."""
    place, user_id = await a_project(driver), grace(driver)
    driver.address.fail("projectMemberAdd", when=when)
    await add(place, user_id)
    assert roles(driver) == {user_id: "MEMBER"}
    assert driver.operations.count("projectMemberAdd") == (2 if when == "before" else 1)


async def test_existing_member_is_only_taken_after_an_interruption(driver: Driver) -> None:
    """Somebody's membership is imported; after an interruption it is taken, with the role that is asked for."""
    place, user_id = await a_project(driver), grace(driver)
    made = await add(place, user_id)
    with pytest.raises(Refused, match=f"pulumi import railway:index:ProjectMember <resource name> {made.id}"):
        await add(place, user_id)
    again = await add(place, user_id, role="ADMIN", interrupted=True)
    assert (again.id, roles(driver)) == (made.id, {user_id: "ADMIN"})


async def test_member_whose_role_is_refused_is_kept(driver: Driver) -> None:
    """A membership that was taken over after an interruption is in the state with the role that it has."""
    place, user_id = await a_project(driver), grace(driver)
    await add(place, user_id)
    driver.address.fail("projectMemberUpdate", status=200, message="Not Authorized")
    with pytest.raises(Half) as half:
        await add(place, user_id, role="ADMIN", interrupted=True)
    assert half.value.made["role"] == "MEMBER"
    await driver.update(half.value.made)
    assert roles(driver) == {user_id: "ADMIN"}


async def test_a_role_that_this_version_does_not_know_is_drift(driver: Driver, address: Connection) -> None:
    """Railway may have a newer one: the refresh shows it, and the program's own is put back."""
    place, user_id = await a_project(driver), grace(driver)
    made = await add(place, user_id)
    address.spoil("projectMembers", lambda members: [each.update(role="OWNER") for each in members])
    read = await driver.refresh(made)
    assert read is not None
    assert read["role"] == "OWNER"
    assert await driver.diff(read, role="MEMBER") == {"role": "UPDATE"}


async def test_unknown_account_is_refused_with_railways_words(driver: Driver) -> None:
    """Nobody without an account becomes a member."""
    with pytest.raises(Refused, match="User not found"):
        await add(await a_project(driver), "nobody")
