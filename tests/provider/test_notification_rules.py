"""Notification rules, whose channels pass through as they are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.provider.driver import Driver, Made, Refused, a_project

HOOK = '{"type": "WEBHOOK", "url": "https://hooks.example.com/a-secret-path"}'
MAIL = '{"type": "EMAIL", "nested": {"to": ["ops@example.com"]}}'


async def make(driver: Driver, **inputs: Any) -> Made:
    options = {"interrupted": inputs.pop("interrupted", False)}
    wanted = {"eventTypes": ["Deployment.failed", "Deployment.crashed"], "channelConfigs": [HOOK, MAIL], **inputs}
    return await driver.create("NotificationRule", **options, **wanted)


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"eventTypes": []}, "eventTypes: must name at least one"),
        ({"eventTypes": ["a", "a"]}, "eventTypes: must name each only once"),
        ({"channelConfigs": []}, "channelConfigs: must name at least one channel"),
        ({"channelConfigs": [HOOK, "https://x"]}, "channelConfigs: must be JSON objects as strings, which number 2 is"),
        ({"channelConfigs": ["[1]"]}, "channelConfigs: must be JSON objects as strings, which number 1 is not"),
        ({"severities": ["INFO", "INFO"]}, "severities: must name each only once"),
    ],
)
async def test_impossible_rules_are_refused(driver: Driver, inputs: dict[str, Any], reason: str) -> None:
    """One reason that shows no address, and no request."""
    wanted = {"eventTypes": ["Deployment.failed"], "channelConfigs": [HOOK], **inputs}
    (found,) = await driver.check("NotificationRule", wanted)
    assert reason in found
    assert driver.operations == []


async def test_preview_makes_no_request(driver: Driver) -> None:
    """A preview shows what is wanted, and asks nobody."""
    shown = await driver.preview("NotificationRule", eventTypes=["Deployment.failed"], channelConfigs=[HOOK])
    assert shown["eventTypes"] == ["Deployment.failed"]
    assert driver.operations == []


async def test_rule_lifecycle(driver: Driver) -> None:
    """Made, unchanged although Railway adds to a channel, changed in place, cleared, imported, deleted twice."""
    place = await a_project(driver)
    made = await make(driver, projectId=place.project.id, severities=["CRITICAL", "WARNING"])
    rule = driver.cloud.state.notification_rules[made["ruleId"]]
    assert made.id == f"{rule.workspace_id}/{rule.id}"
    read = await driver.refresh(made)
    assert read is not None
    assert (made.inputs, made.outputs) == (read.inputs, read.outputs)
    assert await driver.diff(read) == {}
    before = len(driver.operations)
    await driver.update(made)
    assert driver.operations[before:] == []

    changes: dict[str, Any] = {"eventTypes": ["Deployment.success"], "channelConfigs": [MAIL]}
    updated = await driver.update(made, **changes, ephemeralEnvironments=True)
    assert (rule.event_types, rule.ephemeral_environments) == (["Deployment.success"], True)
    assert [channel.config["type"] for channel in rule.channels] == ["EMAIL"]
    cleared = await driver.update(updated, severities=None, ephemeralEnvironments=None)
    assert (len(rule.severities), rule.ephemeral_environments) == (4, False)
    read = await driver.refresh(cleared)
    assert read is not None
    assert cleared.inputs == read.inputs

    imported = await driver.import_("NotificationRule", made.id)
    assert imported is not None
    assert imported["workspaceId"] == rule.workspace_id
    assert json.loads(imported["channelConfigs"][0]) == {**json.loads(MAIL), "version": 1}
    await driver.delete(cleared)
    await driver.delete(cleared)
    assert driver.cloud.state.notification_rules == {}
    assert await driver.refresh(cleared) is None


async def test_another_owner_replaces_a_rule(driver: Driver) -> None:
    """A rule does not move; naming the workspace that it is in changes nothing."""
    made = await make(driver)
    workspace = next(iter(driver.cloud.state.workspaces))
    named = await driver.update(made, workspaceId=workspace)
    assert await driver.diff(named, workspaceId="another") == {"workspaceId": "UPDATE_REPLACE"}
    assert await driver.diff(named, workspaceId=None) == {}
    assert await driver.diff(made, projectId="p") == {"projectId": "ADD_REPLACE"}
    with pytest.raises(Refused, match="the rule is in workspace"):
        await driver.update(made, workspaceId="another")


async def test_changes_by_others_are_drift(driver: Driver) -> None:
    """Another channel or event is drift; the order of either is not."""
    made = await make(driver)
    rule = driver.cloud.state.notification_rules[made["ruleId"]]
    rule.channels.reverse()
    rule.event_types.reverse()
    read = await driver.refresh(made)
    assert read is not None
    assert made.inputs == read.inputs
    rule.channels.pop()
    rule.event_types = ["Deployment.success"]
    read = await driver.refresh(made)
    assert read is not None
    assert read["channelConfigs"] == [MAIL]
    assert read["eventTypes"] == ["Deployment.success"]
    driver.cloud.state.notification_rules.clear()
    assert await driver.refresh(made) is None


async def test_rule_is_gone_with_its_project(driver: Driver) -> None:
    """A rule for a deleted project has nothing left to tell."""
    place = await a_project(driver)
    made = await make(driver, projectId=place.project.id)
    await driver.delete(place.project)
    assert await driver.refresh(made) is None
    await driver.delete(made)


@pytest.mark.parametrize("when", ["before", "after", "lost"])
async def test_lost_answer_doubles_no_rule(driver: Driver, when: str) -> None:
    """A rule whose creation was not confirmed is found by its content."""
    theirs = await make(driver, eventTypes=["Deployment.failed"])
    driver.address.fail("notificationRuleCreate", when=when)
    made = await make(driver)
    assert set(driver.cloud.state.notification_rules) == {theirs["ruleId"], made["ruleId"]}


async def test_rule_of_an_interrupted_run_is_taken_over(driver: Driver) -> None:
    """A second run after a killed one finds the rule of the first."""
    made = await make(driver)
    again = await make(driver, interrupted=True)
    assert again.id == made.id


async def test_an_equal_rule_is_not_doubled(driver: Driver) -> None:
    """Without a note of an interrupted run an equal rule is somebody's, and two would send everything twice."""
    theirs = await make(driver)
    with pytest.raises(Refused, match=f"import railway:index:NotificationRule <resource name> {theirs.id}"):
        await make(driver)


async def test_refusal_shows_no_address(driver: Driver) -> None:
    """The address of a webhook stays out of what people see, also when Railway quotes it."""
    message = "Invalid input: https://hooks.example.com/a-secret-path"
    driver.address.fail("notificationRuleCreate", status=200, message=message)
    with pytest.raises(Refused) as caught:
        await make(driver)
    assert "a-secret-path" not in str(caught.value)
