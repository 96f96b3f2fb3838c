"""Operations on an account and its workspaces: the owner of the token, SSH keys, usage limits, notification rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from railway_api.operation import Document, Operation, mutation, query

if TYPE_CHECKING:
    from railway_api.answers import GitHubAccess, NotificationRule, SshPublicKey, UsageLimitOfWorkspace, User, Workspace
    from railway_api.relay import Page


ME: Operation[User] = query("me", {}, "{ id name }")
"""Answers account tokens alone: a workspace's token is not a person."""
WORKSPACE: Operation[Workspace] = query(
    "workspace", {"workspaceId": "String!"}, "{ id name plan apiTokenRateLimit { remainingPoints resetsAt } }"
)
GITHUB_ACCESS: Operation[GitHubAccess] = query(
    "gitHubRepoAccessAvailable", {"fullRepoName": "String!"}, "{ hasAccess isPublic }"
)
"""Query for whether Railway's GitHub app reaches a repository, for the person whose token is sent."""


# Without a workspace SSH keys are those of the token's workspace, or the user's own.
_KEY = "{ id name publicKey createdAt }"

SSH_KEYS: Operation[Page[SshPublicKey]] = query(
    "sshPublicKeys",
    {"first": "Int", "after": "String"},
    f"{{ edges {{ node {_KEY} }} pageInfo {{ hasNextPage endCursor }} }}",
)
SSH_KEY_CREATE: Operation[SshPublicKey] = mutation("sshPublicKeyCreate", {"input": "SshPublicKeyCreateInput!"}, _KEY)
SSH_KEY_DELETE: Operation[bool] = mutation("sshPublicKeyDelete", {"id": "String!"}, repeatable=True)


USAGE_LIMIT: Document[UsageLimitOfWorkspace] = Document(
    name="usageLimitOfWorkspace",
    text="""query usageLimitOfWorkspace($workspaceId: String!) {
  workspace(workspaceId: $workspaceId) { id customer { id usageLimit { softLimit hardLimit } } }
}""",
)
USAGE_LIMIT_SET: Operation[bool] = mutation("usageLimitSet", {"input": "UsageLimitSetInput!"}, repeatable=True)
USAGE_LIMIT_REMOVE: Operation[bool] = mutation("usageLimitRemove", {"input": "UsageLimitRemoveInput!"}, repeatable=True)


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
