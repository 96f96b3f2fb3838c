"""Operations on notification rules, which belong to a workspace."""

from __future__ import annotations

from railway_api.operation import mutation, query

_RULE = "{ id workspaceId projectId eventTypes severities ephemeralEnvironments channels { id config } }"

NOTIFICATION_RULES = query("notificationRules", {"workspaceId": "String!", "projectId": "String"}, _RULE)
NOTIFICATION_RULE_CREATE = mutation("notificationRuleCreate", {"input": "CreateNotificationRuleInput!"}, _RULE)
NOTIFICATION_RULE_UPDATE = mutation(
    "notificationRuleUpdate", {"id": "String!", "input": "UpdateNotificationRuleInput!"}, _RULE, repeatable=True
)
NOTIFICATION_RULE_DELETE = mutation("notificationRuleDelete", {"id": "String!"}, repeatable=True)

OPERATIONS = (
    NOTIFICATION_RULES,
    NOTIFICATION_RULE_CREATE,
    NOTIFICATION_RULE_UPDATE,
    NOTIFICATION_RULE_DELETE,
)
