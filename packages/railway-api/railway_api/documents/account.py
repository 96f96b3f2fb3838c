"""The owner of a token, and what its workspaces allow: only commands that explain a set-up ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from railway_api.operation import Operation, query

if TYPE_CHECKING:
    from railway_api.answers import User, Workspace

ME: Operation[User] = query("me", {}, "{ id name }")
"""Answers account tokens alone: a workspace's token is not a person."""
WORKSPACE: Operation[Workspace] = query(
    "workspace", {"workspaceId": "String!"}, "{ id name plan apiTokenRateLimit { remainingPoints resetsAt } }"
)

OPERATIONS = (ME, WORKSPACE)
