"""Whose a token is, and what its workspaces allow: only commands that explain a set-up ask."""

from __future__ import annotations

from railway_api.operation import query

ME = query("me", {}, "{ id name }")
"""Answers account tokens alone: a workspace's token is not a person."""
WORKSPACE = query(
    "workspace", {"workspaceId": "String!"}, "{ id name plan apiTokenRateLimit { remainingPoints resetsAt } }"
)

OPERATIONS = (ME, WORKSPACE)
