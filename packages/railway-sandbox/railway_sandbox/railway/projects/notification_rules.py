"""Notification rules of a workspace, with their channels.

Owns the rules. Nothing is ever sent. The form of a channel is not published, so any JSON object that says something is
taken, and a marker is added to it, as Railway may do.
"""

from __future__ import annotations

from typing import Any, cast

from railway_sandbox.railway.access import Arguments, Caller, Operations
from railway_sandbox.railway.errors import invalid, not_found
from railway_sandbox.railway.records import NotificationChannel, NotificationRule

EVERY_SEVERITY = ["INFO", "NOTICE", "WARNING", "CRITICAL"]


def _channels(caller: Caller, workspace_id: str, configs: list[Any]) -> list[NotificationChannel]:
    channels: list[NotificationChannel] = []
    for config in configs:
        if not isinstance(config, dict) or not config:
            raise invalid("channelConfigs")
        channels.append(
            NotificationChannel(
                id=caller.cloud.new_id(),
                workspace_id=workspace_id,
                config={**cast("dict[str, Any]", config), "version": 1},
                created_at=caller.now,
                updated_at=caller.now,
            )
        )
    return channels


def _event_types(names: list[str]) -> list[str]:
    if not names or not all(name.strip() for name in names):
        raise invalid("eventTypes")
    return names


def _create(caller: Caller, arguments: Arguments) -> NotificationRule:
    inputs = arguments["input"]
    workspace = caller.workspace(inputs["workspaceId"])
    project = caller.project(inputs["projectId"]) if inputs.get("projectId") else None
    if project is not None and project.workspace_id != workspace.id:
        raise not_found("Project")
    rule = NotificationRule(
        id=caller.cloud.new_id(),
        workspace_id=workspace.id,
        project_id=project.id if project else None,
        event_types=_event_types(inputs["eventTypes"]),
        severities=inputs.get("severities") or EVERY_SEVERITY,
        ephemeral_environments=bool(inputs.get("ephemeralEnvironments")),
        channels=_channels(caller, workspace.id, inputs["channelConfigs"]),
        created_at=caller.now,
        updated_at=caller.now,
    )
    caller.cloud.state.notification_rules[rule.id] = rule
    return rule


def _rule(caller: Caller, id: str) -> NotificationRule:
    rule = caller.cloud.state.notification_rules.get(id)
    if rule is None or (rule.project_id and caller.cloud.project_deleted(rule.project_id)):
        raise not_found("NotificationRule")
    caller.workspace(rule.workspace_id)
    return rule


def _update(caller: Caller, arguments: Arguments) -> NotificationRule:
    rule, inputs = _rule(caller, arguments["id"]), arguments["input"]
    if inputs.get("eventTypes") is not None:
        rule.event_types = _event_types(inputs["eventTypes"])
    if inputs.get("channelConfigs") is not None:
        rule.channels = _channels(caller, rule.workspace_id, inputs["channelConfigs"])
    if "severities" in inputs:
        rule.severities = inputs["severities"] or EVERY_SEVERITY
    if "ephemeralEnvironments" in inputs:
        rule.ephemeral_environments = bool(inputs["ephemeralEnvironments"])
    rule.updated_at = caller.now
    return rule


def _delete(caller: Caller, arguments: Arguments) -> bool:
    del caller.cloud.state.notification_rules[_rule(caller, arguments["id"]).id]
    return True


def _list(caller: Caller, arguments: Arguments) -> list[NotificationRule]:
    workspace = caller.workspace(arguments["workspaceId"])
    project_id = arguments.get("projectId")
    if project_id is not None:
        caller.project(project_id)
    return [
        rule
        for rule in caller.cloud.state.notification_rules.values()
        if rule.workspace_id == workspace.id
        and project_id in (None, rule.project_id)
        and not (rule.project_id and caller.cloud.project_deleted(rule.project_id))
    ]


QUERIES: Operations = {"notificationRules": _list}
MUTATIONS: Operations = {
    "notificationRuleCreate": _create,
    "notificationRuleUpdate": _update,
    "notificationRuleDelete": _delete,
}
