"""The owner of a token, and what its workspaces allow: only commands that explain a set-up ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from railway_api.operation import Operation, query

if TYPE_CHECKING:
    from railway_api.answers import GitHubAccess, User, Workspace

ME: Operation[User] = query("me", {}, "{ id name }")
"""Answers account tokens alone: a workspace's token is not a person."""
WORKSPACE: Operation[Workspace] = query(
    "workspace", {"workspaceId": "String!"}, "{ id name plan apiTokenRateLimit { remainingPoints resetsAt } }"
)
GITHUB_ACCESS: Operation[GitHubAccess] = query(
    "gitHubRepoAccessAvailable", {"fullRepoName": "String!"}, "{ hasAccess isPublic }"
)
"""Query that tells whether Railway's GitHub app reaches a repository, for the person whose token is sent."""

OPERATIONS = (ME, WORKSPACE, GITHUB_ACCESS)
