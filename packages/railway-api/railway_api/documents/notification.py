"""Operations on notification rules, which belong to a workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from railway_api.operation import Operation, mutation, query

if TYPE_CHECKING:
    from railway_api.answers import NotificationRule

_RULE = "{ id workspaceId projectId eventTypes severities ephemeralEnvironments channels { id config } }"

NOTIFICATION_RULES: Operation[list[NotificationRule]] = query(
    "notificationRules", {"workspaceId": "String!", "projectId": "String"}, _RULE
)
NOTIFICATION_RULE_CREATE: Operation[NotificationRule] = mutation(
    "notificationRuleCreate", {"input": "CreateNotificationRuleInput!"}, _RULE
)
NOTIFICATION_RULE_UPDATE: Operation[NotificationRule] = mutation(
    "notificationRuleUpdate", {"id": "String!", "input": "UpdateNotificationRuleInput!"}, _RULE, repeatable=True
)
NOTIFICATION_RULE_DELETE: Operation[bool] = mutation("notificationRuleDelete", {"id": "String!"}, repeatable=True)

OPERATIONS = (
    NOTIFICATION_RULES,
    NOTIFICATION_RULE_CREATE,
    NOTIFICATION_RULE_UPDATE,
    NOTIFICATION_RULE_DELETE,
)
