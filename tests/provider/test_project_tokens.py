"""Project tokens: a secret that is shown once, so nothing may be lost and nobody else's be deleted."""

from __future__ import annotations

from typing import Any

import pytest

from pulumiverse_railway.provider.resources.project_token import ORPHAN_S
from tests.provider.driver import Driver, Made, Place, Refused, a_project, driving


async def make(place: Place, name: str = "ci", **options: Any) -> Made:
    return await place.driver.create("ProjectToken", name=name, **place.where, **options)


def tokens(driver: Driver) -> dict[str, str]:
    """Secrets of the project tokens that Railway has, by id."""
    return {found.id: found.secret for found in driver.cloud.state.tokens.values() if found.kind == "project"}


def by_hand(place: Place, name: str = "ci") -> str:
    """A token that somebody makes in the dashboard; its id."""
    cloud = place.driver.cloud
    where = {"project_id": place.project.id, "environment_id": place.project["environmentId"]}
    secret = cloud.add_token("project", name, **where)
    return next(token_id for token_id, found in tokens(place.driver).items() if found == secret)


async def test_impossible_tokens_are_refused(driver: Driver) -> None:
    """One reason, no request; a preview makes none either, and does not know the secret."""
    where = {"projectId": "p", "environmentId": "e"}
    (found,) = await driver.check("ProjectToken", {"name": "", **where})
    assert found == "name: must not be empty"
    shown = await driver.preview("ProjectToken", name="ci", **where)
    assert shown["name"] == "ci"
    assert repr(shown["token"]) == "UNKNOWN"
    assert driver.operations == []


async def test_token_lifecycle(driver: Driver) -> None:
    """Made, unchanged, replaced by any change, imported without its secret, deleted twice."""
    place = await a_project(driver)
    made = await make(place)
    token_id = made["tokenId"]
    assert made.id == f"{place.project.id}/{token_id}"
    assert tokens(driver) == {token_id: made["token"]}
    assert made["displayToken"].endswith(made["token"][-4:])
    read = await driver.refresh(made)
    assert read is not None
    assert (made.inputs, made.outputs) == (read.inputs, read.outputs)
    assert await driver.diff(read) == {}
    assert await driver.diff(made, name="other") == {"name": "UPDATE_REPLACE"}
    assert await driver.diff(made, environmentId="e") == {"environmentId": "UPDATE_REPLACE"}

    imported = await driver.import_("ProjectToken", made.id)
    assert imported is not None
    assert made.inputs == imported.inputs
    assert "token" not in imported.outputs
    assert any("does not show the secret" in text for _, text in driver.engine.said)

    await driver.delete(made)
    await driver.delete(made)
    assert tokens(driver) == {}
    assert await driver.refresh(made) is None


async def test_token_is_a_secret_and_opens_its_environment(driver: Driver) -> None:
    """The output can be used as RAILWAY_TOKEN, and is never said aloud."""
    place = await a_project(driver)
    made = await make(place)
    token = driver.cloud.state.tokens[made["tokenId"]]
    assert (token.kind, token.environment_id) == ("project", place.project["environmentId"])
    assert not any(made["token"] in text for _, text in driver.engine.said)


async def test_revoked_token_is_gone(driver: Driver) -> None:
    """Revoked in the dashboard: the next run makes a new one."""
    made = await make(await a_project(driver))
    driver.cloud.state.tokens.pop(made["tokenId"])
    assert await driver.refresh(made) is None


async def test_token_is_gone_with_its_project(driver: Driver) -> None:
    """Railway's refusal to list the tokens of a deleted project counts as gone."""
    place = await a_project(driver)
    made = await make(place)
    await driver.delete(place.project)
    assert await driver.refresh(made) is None
    await driver.delete(made)


@pytest.mark.parametrize("when", ["before", "after", "lost"])
async def test_lost_answer_leaves_one_usable_token(driver: Driver, when: str) -> None:
    """The token without a known secret is deleted; one of the same name that was there before stays."""
    place = await a_project(driver)
    theirs = by_hand(place)
    driver.address.fail("projectTokenCreate", when=when)
    made = await make(place)
    assert set(tokens(driver)) == {theirs, made["tokenId"]}
    assert tokens(driver)[made["tokenId"]] == made["token"]


async def test_token_of_an_interrupted_run_is_replaced(driver: Driver) -> None:
    """A killed run may have left one whose secret nobody knows: it goes when the new one is there."""
    place = await a_project(driver)
    orphan = by_hand(place)
    made = await make(place, interrupted=True)
    assert set(tokens(driver)) == {made["tokenId"]}
    assert orphan != made["tokenId"]


async def test_a_token_is_kept_when_the_one_before_it_cannot_be_deleted(driver: Driver) -> None:
    """Its secret is shown once, so it is in the state, and the user is told of the other one."""
    place = await a_project(driver)
    orphan = by_hand(place)
    driver.address.fail("projectTokenDelete", status=200, message="Not Authorized")
    made = await make(place, interrupted=True)
    assert set(tokens(driver)) == {orphan, made["tokenId"]}
    warnings = [text for severity, text in driver.engine.said if severity == "WARNING"]
    assert any("one may be of an interrupted run" in text for text in warnings)


@pytest.mark.parametrize("age_s", [[2 * ORPHAN_S], [10.0, 20.0]], ids=["old", "two"])
async def test_doubtful_tokens_are_left_alone(driver: Driver, age_s: list[float]) -> None:
    """An old one may be somebody's, and of two nobody knows which one is left over: the user is told instead."""
    place = await a_project(driver)
    theirs = [by_hand(place) for _ in age_s]
    for token_id, age in zip(theirs, age_s, strict=True):
        driver.cloud.state.tokens[token_id].created_at -= age
    made = await make(place, interrupted=True)
    assert set(tokens(driver)) == {*theirs, made["tokenId"]}
    warnings = [text for severity, text in driver.engine.said if severity == "WARNING"]
    assert any("one may be of an interrupted run" in text for text in warnings)


async def test_token_to_be_replaced_is_not_taken_for_what_a_run_left(driver: Driver) -> None:
    """The engine deletes it afterwards; what a killed replacement left beside it goes with the new one's making."""
    place = await a_project(driver)
    old = await make(place)
    orphan = by_hand(place)
    async with driving(driver.cloud, driver.address) as again:
        assert await again.diff(old) == {}
        made = await again.create("ProjectToken", interrupted=True, **old.inputs)
        assert set(tokens(again)) == {old["tokenId"], made["tokenId"]}
        assert orphan not in tokens(again)
        await again.delete(old, same_run=True)
        assert set(tokens(again)) == {made["tokenId"]}
        assert [text for severity, text in again.engine.said if severity == "WARNING"] == []


async def test_two_resources_of_one_name_are_refused(driver: Driver) -> None:
    """What a lost answer left could not be told apart."""
    place = await a_project(driver)
    await make(place)
    with pytest.raises(Refused, match="two resources are the project token named 'ci'"):
        await make(place)
